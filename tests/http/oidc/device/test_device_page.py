"""A person types a device's code, sees what it is about, and decides."""

import json
import re

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.directory.accounts import Account
from idp.oidc.authorization.tables import Consent, DeviceRequest
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests import builders
from tests.builders import PHONE_1
from tests.http.oidc import browsing
from tests.http.oidc.browsing import ISSUER, csrf_token
from tests.http.oidc.device.conftest import PHONE_NETWORK, Person, Phone

ONE_PHONE = json.dumps([{"type": "cloud_phone", "contract": PHONE_1}])
WRONG = "BBBB-BBBB"


def rows(units: Units, column):
    with units.read() as work:
        return work.db.execute(select(column)).scalars().all()


# --- the code


@pytest.mark.parametrize(
    "change", [str, str.lower, lambda code: code.replace("-", ""), lambda code: f"  {code[:2]} {code[2:]}\N{EN DASH} ", " ".join]
)
def test_spaces_dashes_and_case_are_forgiven(phone: Phone, person: Person, change) -> None:
    assert person.enter(change(phone.begin())).status_code == 303


@pytest.mark.parametrize("typed", ["", "AAAA-AAAA", "BCDF", WRONG, "ß" * 8, "\ud800", "BCDFGHJK" * 1000, "B\0CDFGHJK"])
def test_a_wrong_code_says_so_at_the_field(person: Person, typed: str) -> None:
    page = person.enter(typed.encode("utf-8", "surrogatepass"))
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text


def test_rfc8628_5_4_the_complete_address_only_fills_the_field_in(phone: Phone, person: Person, units: Units) -> None:
    code = phone.begin()
    page = person.get(f"/device?user_code={code.lower()}")
    assert f'value="{code}"' in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert rows(units, DeviceRequest.browser_hash) == [None], "nothing is taken up"
    assert phone.error() == "authorization_pending"


@pytest.mark.parametrize("junk", ["%22%3E%3Cscript%3E", "AAAA", "x" * 5000, "%00", "%ED%A0%80"])
def test_an_address_with_junk_shows_an_empty_field(person: Person, junk: str) -> None:
    page = person.get(f"/device?user_code={junk}")
    assert page.status_code == 200
    assert re.search(r'name="user_code"[^>]* value=""', page.text)


def test_a_code_that_was_decided_or_has_expired_is_wrong(phone: Phone, person: Person, clock) -> None:
    decided, late = phone.begin(), phone.begin()
    person.connect(decided)
    assert person.enter(decided).status_code == 422
    clock.advance(minutes=10)
    assert person.enter(late).status_code == 422


# --- guessing


def test_rfc8628_5_1_wrong_codes_from_one_browser_have_to_wait(phone: Phone, stranger: Person, clock) -> None:
    code = phone.begin()
    assert [stranger.enter(WRONG).status_code for _ in range(5)] == [422] * 5
    page = stranger.enter(code)
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) == 5
    clock.advance(seconds=5)
    assert stranger.enter(code).status_code == 303


def test_rfc8628_5_1_a_right_code_of_the_guessers_own_device_forgets_nothing(phone: Phone, stranger: Person) -> None:
    for _ in range(4):
        stranger.enter(WRONG)
    assert stranger.enter(phone.begin()).status_code == 303
    assert stranger.enter(WRONG).status_code == 422
    assert stranger.enter(WRONG).status_code == 429


def test_rfc8628_5_1_wrong_codes_from_one_network_have_to_wait_whatever_the_browser(phone: Phone, app) -> None:
    statuses = [Person(app).enter(WRONG).status_code for _ in range(21)]
    assert statuses == [422] * 20 + [429]
    assert Person(app, network="203.0.113.5").enter(phone.begin()).status_code == 303


def test_rfc8628_5_1_wrong_codes_of_one_account_have_to_wait_wherever(phone: Phone, app, account: Account) -> None:
    statuses = []
    for number in range(11):
        person = Person(app, network=f"203.0.113.{number}")
        person.with_session(account)
        statuses.append(person.enter(WRONG).status_code)
    assert statuses == [422] * 10 + [429]


def test_what_can_be_no_code_costs_nothing(phone: Phone, stranger: Person) -> None:
    assert {stranger.enter("AAAA").status_code for _ in range(10)} == {422}
    assert stranger.enter(phone.begin()).status_code == 303


def test_wrong_codes_are_audited_without_the_code(person: Person, account: Account, units: Units) -> None:
    person.enter("BCDF-GHJK")
    with units.read() as work:
        event = work.db.execute(select(AuditEvent).where(AuditEvent.event == "authorization.user_code_wrong")).one()
    assert event
    assert "BCDF" not in str(event)


# --- the confirmation


def test_rfc8628_5_4_the_page_names_app_device_network_time_and_what_it_gets(phone: Phone, person: Person, account: Account) -> None:
    page = person.confirmation(phone.begin(scope="openid profile", device_name="Telefon <Empfang>", authorization_details=ONE_PHONE)).text
    assert "Tischtelefon" in page
    assert "Telefon &lt;Empfang&gt;" in page
    assert f"einem anderen Netz ({PHONE_NETWORK})" in page
    assert "Mo., 02.03.2026, 13:00 Uhr" in page
    assert account.username in page
    assert "Ihren Namen und Ihre Nutzerkennung sehen" in page
    assert PHONE_1 in page
    assert "Hat Ihnen jemand den Code oder den Link geschickt, lehnen Sie ab." in page
    assert page.count("Gerät verbinden") >= 1


def test_the_page_says_when_the_device_asked_from_the_same_network(phone: Phone, app, account: Account) -> None:
    person = Person(app, network=PHONE_NETWORK)
    person.with_session(account)
    assert f"Ihrem eigenen Netz ({PHONE_NETWORK})" in person.confirmation(phone.begin()).text


def test_the_page_speaks_english(phone: Phone, person: Person) -> None:
    entered = person.enter(phone.begin())
    page = person.client.get(entered.location, base_url=ISSUER, headers={"Accept-Language": "en"})
    assert "Connect this device?" in page.text


def test_looking_decides_nothing(phone: Phone, person: Person) -> None:
    page = person.confirmation(phone.begin())
    for query in ("", "?decision=allow", "?decision=deny"):
        person.get(page.request.path + query)
    assert phone.error() == "authorization_pending"


def test_the_end_is_a_page_that_can_be_opened_again(phone: Phone, person: Person) -> None:
    page = person.confirmation(phone.begin())
    done = person.decide(page)
    for _ in range(2):
        assert "Gerät verbunden" in person.get(done.location).text
    page = person.confirmation(phone.begin())
    assert "Gerät abgelehnt" in person.get(person.decide(page, "deny").location).text


def test_a_decision_counts_once(phone: Phone, person: Person) -> None:
    page = person.confirmation(phone.begin())
    person.decide(page, "deny")
    assert person.decide(page, "allow").status_code == 410
    assert phone.error() == "access_denied"


@pytest.mark.parametrize("decision", ["", "ALLOW", "yes"])
def test_only_the_pages_own_words_decide(phone: Phone, person: Person, decision: str) -> None:
    person.decide(person.confirmation(phone.begin()), decision)
    assert phone.error() == "authorization_pending"


def test_a_decision_needs_the_forms_token(phone: Phone, person: Person, account: Account) -> None:
    page = person.confirmation(phone.begin())
    assert person.post(page.request.path, {"account": account.id, "decision": "allow"}).status_code == 400
    assert phone.error() == "authorization_pending"


# --- who may


def test_approving_in_another_browser_is_refused(phone: Phone, person: Person, another: Person) -> None:
    page = person.confirmation(phone.begin())
    assert another.get(page.request.path).status_code == 410
    token = csrf_token(another.get("/device"))
    refused = another.post(page.request.path, {"csrf_token": token, "account": "any", "decision": "allow"})
    assert refused.status_code == 410
    assert phone.error() == "authorization_pending"
    person.decide(page)
    assert phone.poll().status_code == 200


def test_the_browser_in_which_the_code_was_typed_last_has_it(phone: Phone, person: Person, another: Person) -> None:
    code = phone.begin()
    page = person.confirmation(code)
    another.confirmation(code)
    assert person.decide(page).status_code == 410
    assert phone.error() == "authorization_pending"


def test_what_was_shown_to_one_account_is_not_approved_by_another(phone: Phone, person: Person, units: Units) -> None:
    page = person.confirmation(phone.begin())
    with units.write() as work:
        other = builders.active_account(work)
    person.with_session(other)
    person.decide(page)
    assert phone.error() == "authorization_pending"


def test_without_a_session_nobody_approves(phone: Phone, person: Person) -> None:
    page = person.confirmation(phone.begin())
    person.client.delete_cookie("idp_session")
    assert "/signin/" in person.get(person.decide(page).location).location
    assert phone.error() == "authorization_pending"


def test_a_browser_without_cookies_is_told_so(phone: Phone, app) -> None:
    person = Person(app)
    token = csrf_token(person.get("/device"))
    person.client.delete_cookie("idp_browser")
    assert person.post("/device", {"csrf_token": token, "user_code": phone.begin()}).status_code == 400


@pytest.mark.parametrize("request_id", ["unknown", "x" * 22, "%00", "x" * 5000, "%ED%A0%80"])
def test_unknown_requests_lead_back_to_the_code(person: Person, request_id: str) -> None:
    page = person.get(f"/device/{request_id}")
    assert page.status_code == 410
    assert 'href="/device"' in page.text


def test_signing_in_comes_between_and_leads_back(phone: Phone, stranger: Person, account: Account) -> None:
    entered = stranger.enter(phone.begin())
    to_signin = stranger.get(entered.location)
    back = stranger.sign_in(to_signin, account)
    assert back.location == entered.location
    page = stranger.get(back.location)
    assert account.username in page.text
    stranger.decide(page)
    assert phone.poll().status_code == 200


def test_the_level_is_computed_anew(phone: Phone, app, units: Units) -> None:
    administrator = browsing.with_password(units, builders.administrator)
    person = Person(app)
    person.with_session(administrator)  # by password alone
    entered = person.enter(phone.begin())
    back = person.sign_in(person.get(entered.location), administrator)
    assert "Gerät verbinden" in person.get(back.location).text


def test_somebody_else_can_sign_in_instead(phone: Phone, person: Person, units: Units) -> None:
    other = browsing.with_password(units, browsing.phone_admin)
    page = person.confirmation(phone.begin())
    back = person.sign_in(person.decide(page, "other"), other)
    page = person.get(back.location)
    assert other.username in page.text
    person.decide(page)
    assert phone.poll().status_code == 200


def test_rfc9396_5_an_account_that_may_not_use_the_contract_is_told_and_can_decline(phone: Phone, person: Person) -> None:
    foreign = json.dumps([{"type": "cloud_phone", "contract": "CP-9999"}])
    entered = person.enter(phone.begin(authorization_details=foreign))
    page = person.get(entered.location)
    assert page.status_code == 403
    assert "Mit anderem Benutzerkonto anmelden" in page.text
    form = {"csrf_token": csrf_token(page), "account": "", "decision": "allow"}
    person.post(entered.location, form)
    assert phone.error() == "authorization_pending"
    person.post(entered.location, form | {"decision": "deny"})
    assert phone.error() == "access_denied"


# --- another's app


def test_core_11_anothers_app_is_agreed_to_by_the_same_page_and_remembered(app, register, person: Person, account, units: Units) -> None:
    register("third", first_party=False)
    third = Phone(app, "third")
    person.connect(third.begin(scope="openid profile offline_access"))
    answer = third.poll().json
    assert answer["scope"] == "openid profile offline_access"
    assert answer["refresh_token"]
    with units.read() as work:
        consent = work.db.execute(select(Consent.account_id, Consent.client_id, Consent.scopes)).one()
    assert tuple(consent) == (account.id, "third", ["offline_access", "openid", "profile"])


def test_a_remembered_consent_spares_no_confirmation(app, register, person: Person) -> None:
    register("third", first_party=False)
    third = Phone(app, "third")
    person.connect(third.begin())
    third.poll()
    person.confirmation(third.begin())
    assert third.error() == "authorization_pending"


def test_a_client_that_is_gone_leaves_nothing_to_confirm(phone: Phone, person: Person, units: Units) -> None:
    page = person.confirmation(phone.begin())
    with units.write() as work:
        clients.enable(work, "phone", enabled=False)
    assert person.decide(page).status_code == 410
