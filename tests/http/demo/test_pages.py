"""The demo's mailbox and phone."""

from types import SimpleNamespace

import pytest

from idp import messaging
from idp.app import worker_of
from idp.identifiers import EmailAddress, PhoneNumber
from tests.conftest import closing_app, make_settings

MAX = SimpleNamespace(salutation="Herr", given_name="Max", family_name="<b>Muster</b>", username="customer2300229")
LINK = "http://localhost/activate/abc"


@pytest.fixture
def delivered(app, unit):
    with unit() as work:
        messaging.send_mail(
            work, "mail/password_reset", EmailAddress("max@customer.example"), "de", messaging.person(MAX), secret_values={"link": LINK}
        )
        messaging.send_sms(work, "sms/pin", PhoneNumber("+4915112345678"), "de", secret_values={"pin": "2623565"})
    worker_of(app).drain()


def page(client, address):
    answer = client.get(address, headers={"Accept-Language": "de"})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(("address", "words"), [("/demo/mailbox", "Noch keine E-Mail"), ("/demo/phone", "Noch keine SMS")])
def test_an_empty_page_says_that_nothing_has_come(client, address, words):
    assert words in page(client, address)


def test_the_mailbox_leads_to_each_mail_and_its_link(client, delivered):
    assert "Neues Passwort für das Kundenportal" in page(client, "/demo/mailbox")
    assert f'href="{LINK}"' in page(client, "/demo/mailbox/2")


def test_the_phone_shows_the_pin_as_it_was_sent(client, delivered):
    assert "Ihre PIN für e:service: 2623565." in page(client, "/demo/phone")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/demo/mailbox?to=MAX@customer.example", True),
        ("/demo/mailbox?to=eve@customer.example", False),
        ("/demo/phone?to=%2B4915112345678", True),
        ("/demo/phone?to=%2B4915100000000", False),
    ],
)
def test_a_recipient_may_be_asked_for(client, delivered, address, shown):
    assert ("Neues Passwort" in page(client, address) or "2623565" in page(client, address)) is shown


def test_a_mail_is_framed_without_script_and_opens_its_links_in_the_whole_window(client, delivered):
    framed = client.get("/demo/mailbox/2/html")
    assert '<base target="_top">' in framed.text
    assert "sandbox" in framed.headers["Content-Security-Policy"]
    assert "script-src" not in framed.headers["Content-Security-Policy"]
    assert "frame-src http://localhost" in client.get("/demo/mailbox/2").headers["Content-Security-Policy"]


def test_a_name_cannot_put_markup_into_a_mail(client, delivered):
    assert "<b>Muster" not in client.get("/demo/mailbox/2/html").text
    assert "<b>Muster" not in page(client, "/demo/mailbox/2")


@pytest.mark.parametrize("address", ["/demo/mailbox/1", "/demo/mailbox/4711", "/demo/mailbox/4711/html"])
def test_what_is_no_mail_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_there_are_no_such_pages_where_messages_leave_the_house(database, tmp_path, clock):
    settings = make_settings(database, tmp_path, mail_sender="smtp", sms_sender="vonage")
    with closing_app(settings, clock) as app:
        assert app.test_client().get("/demo/mailbox").status_code == 404
