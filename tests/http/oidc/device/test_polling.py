"""A device asks again and again until its person has decided."""

import json

import pytest
from sqlalchemy import select

from idp import metrics
from idp.app import EXPIRING
from idp.audit.tables import AuditEvent
from idp.authn import sessions
from idp.authn.events import EndReason
from idp.directory import accounts, provisioning
from idp.directory.tables import Account
from idp.oidc.authorization import consent
from idp.oidc.clients import clients
from idp.oidc.clients.metadata import DEVICE_CODE
from idp.oidc.tokens.tables import SessionClient, TokenFamily
from idp.operations import cleaning
from idp.unit_of_work import SYSTEM, Units
from tests import builders
from tests.builders import PHONE_1, PHONE_2
from tests.http.oidc.device.conftest import Person, Phone
from tests.http.oidc.dpop.proofs import Prover
from tests.http.oidc.relying import RelyingParty, claims_of

ONE_PHONE = json.dumps([{"type": "cloud_phone", "contract": PHONE_1}])
OFFLINE = {"scope": "openid offline_access"}


def test_rfc8628_3_5_before_the_decision_authorization_is_pending(phone: Phone) -> None:
    phone.begin()
    assert phone.error() == "authorization_pending"


def test_rfc8628_3_5_asking_too_early_slows_down_by_five_seconds_each_time(phone: Phone, clock) -> None:
    phone.begin()
    assert phone.error() == "authorization_pending"
    assert phone.error() == "slow_down"
    clock.advance(seconds=6)
    assert phone.error() == "slow_down", "now it is 10 seconds"
    clock.advance(seconds=15)
    assert phone.error() == "authorization_pending"
    clock.advance(seconds=15)
    assert phone.error() == "authorization_pending"


def test_rfc8628_3_5_asking_every_five_seconds_is_welcome(phone: Phone, clock) -> None:
    phone.begin()
    for _ in range(5):
        assert phone.error() == "authorization_pending"
        clock.advance(seconds=4.5)


def test_rfc8628_3_4_after_a_yes_the_device_gets_its_tokens_once(phone: Phone, person: Person, account) -> None:
    person.connect(phone.begin(scope="openid profile"))
    answer = phone.poll()
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["scope"] == "openid profile"
    assert claims_of(answer.json["access_token"])["sub"] == account.sub
    assert claims_of(answer.json["id_token"])["aud"] == "phone"
    assert phone.userinfo(answer.json["access_token"]).json["name"] == account.name
    assert phone.error() == "invalid_grant"


def test_a_device_that_asked_too_early_gets_its_tokens_all_the_same(phone: Phone, person: Person) -> None:
    code = phone.begin()
    phone.poll()
    person.connect(code)
    assert phone.poll().status_code == 200


def test_rfc8628_3_5_after_a_no_access_is_denied(phone: Phone, person: Person) -> None:
    page = person.confirmation(phone.begin())
    person.decide(page, "deny")
    assert phone.error() == "access_denied"
    assert phone.error() == "access_denied"


def test_rfc8628_3_5_after_ten_minutes_the_code_has_expired_approved_or_not(phone: Phone, person: Person, clock) -> None:
    code = phone.begin()
    clock.advance(minutes=9, seconds=59)
    person.connect(code)
    clock.advance(seconds=1)
    assert phone.error() == "expired_token"
    phone.begin()
    clock.advance(minutes=10)
    assert phone.error() == "expired_token"


def test_expired_requests_are_deleted_after_an_hour(phone: Phone, app, units: Units, clock) -> None:
    phone.begin()
    clock.advance(minutes=69)
    cleaning.clean(units, EXPIRING)
    assert phone.error() == "expired_token"
    clock.advance(minutes=1)
    cleaning.clean(units, EXPIRING)
    assert phone.error() == "invalid_grant"


@pytest.mark.parametrize("code", ["", "unknown", "x" * 30_000, "\ud800"])
def test_rfc6749_5_2_unknown_codes_are_invalid(phone: Phone, code: str) -> None:
    phone.begin()
    refused = phone.poll(device_code=code.encode("utf-8", "surrogatepass"))
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_request" if not code else "invalid_grant")


def test_rfc8628_3_4_a_code_is_of_its_own_client_only(phone: Phone, person: Person, app, register) -> None:
    person.connect(phone.begin())
    register("other")
    thief = Phone(app, "other")
    thief.begun = phone.begun
    assert thief.error() == "invalid_grant"
    assert phone.poll().status_code == 200, "nothing was spent"


def test_the_user_code_is_worth_nothing_at_the_token_endpoint(phone: Phone, person: Person) -> None:
    code = phone.begin()
    person.connect(code)
    assert phone.poll(device_code=code).json["error"] == "invalid_grant"


def test_rfc6749_5_2_a_client_without_the_grant_cannot_redeem(app, register, phone: Phone) -> None:
    register("web", grant_types=["authorization_code"], redirect_uris=["https://app.example/cb"])
    web = Phone(app, "web")
    phone.begin()
    web.begun = phone.begun
    assert web.error() == "unauthorized_client"


# --- whose the tokens are


def test_tokens_belong_to_the_session_that_approved(phone: Phone, person: Person, units: Units) -> None:
    person.connect(phone.begin(scope="openid profile"))
    tokens = phone.poll().json
    with units.write(SYSTEM) as work:
        ids = work.db.execute(select(TokenFamily.session_id)).scalars().all()
        sessions.end(work, ids, EndReason.LOGOUT)
    assert phone.userinfo(tokens["access_token"]).status_code == 401
    assert phone.refresh(tokens["refresh_token"], client_id="phone").json["error"] == "invalid_grant"


def test_core_11_offline_access_outlives_the_session(phone: Phone, person: Person, units: Units) -> None:
    person.connect(phone.begin(**OFFLINE))
    tokens = phone.poll().json
    with units.write(SYSTEM) as work:
        ids = work.db.execute(select(TokenFamily.session_id)).scalars().all()
        sessions.end(work, ids, EndReason.LOGOUT)
    assert phone.refresh(tokens["refresh_token"], client_id="phone").status_code == 200


@pytest.mark.parametrize("asked", [{"scope": "openid"}, OFFLINE])
def test_a_session_that_ends_before_the_device_asks_leaves_nothing_to_redeem(phone: Phone, account, asked, person: Person, units) -> None:
    person.connect(phone.begin(**asked))
    with units.write(SYSTEM) as work:
        sessions.end_all_of(work, [account.id], EndReason.PASSWORD_RESET)
    assert phone.error() == "invalid_grant"


def test_an_account_deactivated_before_the_device_asks_leaves_nothing_to_redeem(phone: Phone, account, person: Person, units) -> None:
    person.connect(phone.begin(**OFFLINE))
    with units.write(SYSTEM) as work:
        accounts.deactivate(work, builders.known_customer(work).id, account.id)
    assert phone.error() == "invalid_grant"


def test_rfc9396_a_contract_that_ends_before_the_device_asks_leaves_nothing_to_redeem(phone: Phone, person: Person, units) -> None:
    person.connect(phone.begin(authorization_details=ONE_PHONE))
    left = [contract for contract in builders.document().contracts if contract.id != PHONE_1]
    with units.write(SYSTEM) as work:
        provisioning.provision(work, builders.NUMBER, builders.document(contracts=tuple(left)))
    assert phone.error() == "invalid_grant"


def test_rfc9396_7_the_device_gets_the_contract_that_was_approved_and_may_narrow_no_further(phone: Phone, person: Person) -> None:
    both = json.dumps([{"type": "cloud_phone", "contract": PHONE_1}, {"type": "cloud_phone", "contract": PHONE_2}])
    person.connect(phone.begin(authorization_details=both))
    assert phone.poll(authorization_details='[{"type": "cloud_phone", "contract": "X"}]').json["error"] == "invalid_authorization_details"
    answer = phone.poll(authorization_details=ONE_PHONE).json
    assert answer["authorization_details"] == [{"type": "cloud_phone", "contract": PHONE_1}]
    assert claims_of(answer["access_token"])["authorization_details"] == answer["authorization_details"]


def test_rfc9449_5_a_phone_that_can_keep_a_key_gets_bound_tokens(phone: Phone, person: Person, app, units: Units) -> None:
    with units.write() as work:
        clients.change(work, "phone", {"dpop_bound_access_tokens": True})
    person.connect(phone.begin())
    assert phone.error() == "invalid_request"
    prover = Prover(app)
    form = {"grant_type": DEVICE_CODE, "device_code": phone.begun["device_code"], "client_id": "phone"}
    tokens = phone.post("/token", form, headers={"DPoP": prover.proof("POST", "/token")}).json
    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": prover.jkt}
    assert phone.refresh(tokens["refresh_token"], client_id="phone").status_code == 400, "public clients' refresh tokens are bound, too"


def test_a_level_that_rose_since_leaves_nothing_to_redeem(phone: Phone, person: Person, account, units: Units) -> None:
    person.connect(phone.begin())
    with units.write(SYSTEM) as work:
        work.db.execute(Account.__table__.update().where(Account.id == account.id).values(role="administrator-kundenportal"))
    assert phone.error() == "invalid_grant"


def test_a_consent_taken_back_before_the_device_asks_leaves_nothing_to_redeem(app, register, person: Person, account, units) -> None:
    register("third", first_party=False)
    third = Phone(app, "third")
    person.connect(third.begin())
    with units.write(SYSTEM) as work:
        assert consent.revoke(work, account.id, "third")
    assert third.error() == "invalid_grant"


def test_logout_tells_the_devices_app(phone: Phone, person: Person, units: Units) -> None:
    person.connect(phone.begin())
    phone.poll()
    with units.read() as work:
        assert work.db.execute(select(SessionClient.client_id)).scalars().all() == ["phone"]


def test_what_happened_is_audited(phone: Phone, person: Person, account, units: Units, app) -> None:
    person.connect(phone.begin(device_name="Empfang"))
    phone.poll()
    with units.read() as work:
        rows = work.db.execute(select(AuditEvent.event, AuditEvent.client_id, AuditEvent.account_id, AuditEvent.detail)).all()
    happened = {row.event: row for row in rows if row.client_id == "phone" and row.account_id == account.id}
    assert happened["authorization.granted"].detail["device"] == "Empfang"
    assert happened["authorization.granted"].detail["network"] == app.extensions["idp.networks"].name("198.51.100.7") != "198.51.100.7"
    assert "token.issued" in happened


def test_a_device_that_waits_is_not_counted_as_refused(phone: Phone) -> None:
    def counted(result: str) -> float:
        return metrics.TOKENS.labels(grant=DEVICE_CODE, result=result)._value.get()

    before = counted("waiting"), counted("refused")
    phone.begin()
    phone.poll()
    phone.poll()
    assert (counted("waiting"), counted("refused")) == (before[0] + 2, before[1])


def test_rfc8628_the_device_grant_is_advertised(party: RelyingParty) -> None:
    document = party.client.get("/.well-known/openid-configuration").json
    assert document["device_authorization_endpoint"] == "http://localhost/device-authorization"
    assert "urn:ietf:params:oauth:grant-type:device_code" in document["grant_types_supported"]


@pytest.fixture
def party(app) -> RelyingParty:
    return RelyingParty(app)
