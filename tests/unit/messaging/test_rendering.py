"""What mails and SMS say."""

import re
from html import unescape

import pytest
from jinja2 import UndefinedError

from idp.messaging.messages import TEMPLATES
from idp.messaging.rendering import render_mail, render_sms
from idp.messaging.sms.gsm7 import ONE_SEGMENT, septets
from idp.settings import Settings

PERSON = {"salutation": "Frau", "given_name": "Tanja", "family_name": "Testerin", "username": "Admin.Telefonanlage1"}
OTHERS = {
    "link": "https://login.example/activate/abc?a=1&b=2",
    "mobile": "…4567",
    "requester_name": "Erika Muster",
    "requester_username": "erika",
    "approved": True,
}
MAILS = sorted(template for template in TEMPLATES if template.startswith("mail/"))


def settings_with(**changes):
    values = {"issuer": "https://login.example", "portal_url": "https://portal.example", "brand_name": "Muster"}
    return Settings(**(values | changes))


def rendered(template, locale="de", settings=None, **changes):
    return render_mail(settings or settings_with(), template, locale, PERSON | OTHERS | changes)


def words(html):
    """The words that a reader of the HTML sees, without the page's title."""
    body = html[html.index("<body") :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<!--.*?-->|<[^>]+>", " ", body))).strip()


def test_the_invitation_has_the_words_of_the_guide():
    assert rendered("mail/invitation").text == (
        "Ihr Zugang zum Muster Kundenportal\n\n"
        "Sehr geehrte Frau Testerin,\n\n"
        "die Nutzung des Muster Kundenportals e:service ist für Sie eingerichtet. Sie erreichen das Portal über folgende Webseite:\n\n"
        "https://portal.example\n\n"
        "Ihr Benutzername lautet: Admin.Telefonanlage1\n\n"
        "Ihr persönliches Passwort vergeben Sie selbst, bitte klicken Sie dazu auf folgenden Link:\n\n"
        "Passwort ändern: https://login.example/activate/abc?a=1&b=2\n\n"
        "Bitte denken Sie daran, Ihre Zugangsdaten zu dokumentieren. Wir weisen Sie ausdrücklich darauf hin, diese an einem gesicherten "
        "Ort zu verwahren sowie vor Missbrauch zu schützen und nicht an Dritte weiterzugeben.\n\n"
        "Mit den besten Grüßen\n\n"
        "Ihr Service-Team\n"
    )


@pytest.mark.parametrize("template", MAILS)
@pytest.mark.parametrize("locale", ["de", "en"])
def test_text_and_html_say_the_same(template, locale):
    mail = rendered(template, locale)
    shown = words(mail.html)
    position = 0
    for line in mail.text.splitlines():
        for part in filter(None, re.split(r"(?<=[:,]) (?=https?://|[\w….]+$)", line)):
            found = shown.find(part.removesuffix(":"), position)
            assert found >= 0, part
            position = found


@pytest.mark.parametrize("template", MAILS)
@pytest.mark.parametrize("locale", ["de", "en"])
def test_an_empty_brand_leaves_no_double_space(template, locale):
    mail = rendered(template, locale, settings_with(brand_name=""))
    assert "  " not in mail.subject + mail.text
    assert "  " not in re.sub(r"\n +", "\n", mail.html)


@pytest.mark.parametrize("template", MAILS)
def test_no_german_mail_holds_english_words(template):
    german, english = rendered(template, "de").text, rendered(template, "en").text
    values = {"https", "erika", "muster", "admin", "telefonanlage1"}
    same = set(re.findall(r"[a-zäöüß]{4,}", german.lower())) & {"your", "please", "password", "account", "this", "have", "with"}
    assert same - values == set()
    assert german != english


@pytest.mark.parametrize("template", MAILS)
def test_a_mail_loads_nothing_from_elsewhere(template):
    html = rendered(template).html
    assert not re.search(r"<img|<script|<link|url\(|@import|background=", html)


def test_the_link_stands_in_full_as_text_too():
    assert words(rendered("mail/invitation").html).count("https://login.example/activate/abc?a=1&b=2") == 1


def test_values_are_escaped_in_html_only():
    mail = rendered("mail/access_request_waiting", requester_name="<b>Bold & Co</b>")
    assert "&lt;b&gt;Bold &amp; Co&lt;/b&gt;" in mail.html
    assert "<b>Bold & Co</b>" in mail.text


def test_values_within_sentences_are_escaped_too():
    assert "<i>Muster" not in rendered("mail/invitation", settings=settings_with(brand_name="<i>Muster</i>")).html


def test_without_a_signature_of_its_own_a_mail_ends_in_its_language():
    assert rendered("mail/invitation", "de").text.endswith("Mit den besten Grüßen\n\nIhr Service-Team\n")
    assert rendered("mail/invitation", "en").text.endswith("Kind regards\n\nYour service team\n")


def test_the_signature_keeps_its_lines():
    mail = rendered("mail/invitation", settings=settings_with(brand_signature="Ihr Service-Team\n\nMuster AG\nTelefon: 0800"))
    assert mail.text.endswith("Ihr Service-Team\n\nMuster AG\nTelefon: 0800\n")
    assert "Ihr Service-Team<br><br>Muster AG<br>Telefon: 0800" in mail.html


@pytest.mark.parametrize(
    ("salutation", "german", "english"),
    [
        ("Herr", "Sehr geehrter Herr Testerin,", "Dear Mr Testerin,"),
        ("Frau", "Sehr geehrte Frau Testerin,", "Dear Ms Testerin,"),
        ("", "Sehr geehrte(r) Tanja Testerin,", "Dear Tanja Testerin,"),
        ("Dr.", "Sehr geehrte(r) Tanja Testerin,", "Dear Tanja Testerin,"),
    ],
)
def test_the_greeting_follows_the_salutation(salutation, german, english):
    assert german in rendered("mail/invitation", "de", salutation=salutation).text
    assert english in rendered("mail/invitation", "en", salutation=salutation).text


@pytest.mark.parametrize("name", ["https://evil.example", "evil.example", "Visit <a>", "a@evil.example"])
def test_a_name_that_a_mail_program_would_link_is_not_repeated(name):
    mail = rendered("mail/access_request_verify", salutation="", given_name=name)
    assert name not in mail.text
    assert "Guten Tag," in mail.text


def test_a_subject_is_one_line_whatever_the_brand_is():
    assert rendered("mail/invitation", settings=settings_with(brand_name="A\r\nBcc: x")).subject == "Ihr Zugang zum A Bcc: x Kundenportal"


def test_an_unknown_language_falls_back_to_the_setting():
    assert rendered("mail/invitation", "fr").text == rendered("mail/invitation", "de").text


def test_a_missing_value_is_an_error_and_not_an_empty_space():
    with pytest.raises(UndefinedError):
        render_mail(settings_with(), "mail/invitation", "de", PERSON)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de", "Ihre PIN für e:service: 2623565. Gültig 5 Minuten. Geben Sie sie an niemanden weiter."),
        ("en", "Your e:service PIN: 2623565. Valid for 5 minutes. Do not share it with anyone."),
    ],
)
def test_the_pins_sms_has_its_words_and_ends_with_the_webotp_line(locale, text):
    sms = render_sms(settings_with(issuer="https://login.example:8443/idp"), "sms/pin", locale, {"pin": "2623565"})
    assert sms == f"{text}\n@login.example #2623565"


@pytest.mark.parametrize("locale", ["de", "en"])
def test_the_pins_sms_is_one_segment_with_the_longest_sensible_host(locale):
    host = "anmeldung.kundenportal.geschaeftskunden.carrier-beispiel.example"[-60:]
    sms = render_sms(settings_with(issuer=f"https://{host}", pin_minutes=15), "sms/pin", locale, {"pin": "2623565"})
    assert len(host) == 60
    assert septets(sms) <= ONE_SEGMENT


@pytest.mark.parametrize(("text", "count"), [("abc", 3), ("äöüß€", 6), ("[x]", 5), ("e–service", None), ("ç", None), ("Ç", 1)])
def test_septets_count_as_the_networks_do(text, count):
    assert septets(text) == count
