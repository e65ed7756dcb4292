"""Clients that registered themselves read, change and delete themselves (RFC 7592)."""

import json

import flask
import pytest

from idp.oidc.authorization import consent
from idp.oidc.clients import clients, registration
from idp.oidc.protocol import OAuthError
from idp.unit_of_work import Units
from tests.http.oidc.browsing import REDIRECT_URI, Browser, phone_admin, registered, secret_of
from tests.http.oidc.registration.conftest import Registrar
from tests.http.oidc.relying import RelyingParty
from tests.publisher import Publisher

INVALID = (400, "invalid_client_metadata")
UNKNOWN = (401, "invalid_token")
LOGO = "https://app.example/logo.png"


@pytest.fixture
def made(registrar: Registrar) -> dict:
    """A client that has registered itself."""
    return registrar.made(logo_uri=LOGO)


def refusal(response) -> tuple[int, str]:
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, response.json["error"]


def update(made: dict, **changes) -> dict:
    """The body of an update; None leaves a member out."""
    known = {"client_id": made["client_id"], "redirect_uris": [REDIRECT_URI]}
    return {name: value for name, value in (known | changes).items() if value is not None}


def a_party(app: flask.Flask, units: Units, made: dict) -> tuple[RelyingParty, Browser]:
    """The client at our endpoints, and a browser of somebody signed in."""
    with units.write() as work:
        clients.change(work, made["client_id"], {}, first_party=True)  # an operator spares the test the consent
        account = phone_admin(work)
    browser = Browser(app)
    browser.with_session(account)
    party = RelyingParty(app, made["client_id"])
    party.auth = (made["client_id"], made["client_secret"])
    return party, browser


def lets_in(registrar: Registrar, client_id: str, secret: str) -> bool:
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT_URI}
    response = registrar.client.post("/token", data=form, auth=(client_id, secret))
    return response.json["error"] == "invalid_grant"


def test_rfc7592_2_1_reading_gives_what_is_registered(registrar: Registrar, made: dict) -> None:
    response = registrar.managing(made)
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    without_secret = {name: value for name, value in made.items() if name not in ("client_secret", "client_secret_expires_at")}
    assert response.json == without_secret, "the secret is hashed; it was told once"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("token", ["wrong", "é", "x" * 10_000])
def test_rfc7592_2_a_wrong_token_is_401(registrar: Registrar, made: dict, method: str, token: str) -> None:
    response = registrar.managing(made, method, token=token, **({"json": update(made)} if method == "PUT" else {}))
    assert refusal(response) == UNKNOWN
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert registrar.managing(made).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_rfc7592_2_a_client_manages_no_other(registrar: Registrar, made: dict, method: str) -> None:
    other = registrar.made()
    body = {"json": update(other)} if method == "PUT" else {}
    assert refusal(registrar.managing(other, method, token=made["registration_access_token"], **body)) == UNKNOWN
    assert registrar.managing(other).status_code == 200


def test_rfc7592_2_the_initial_access_token_manages_nothing(registrar: Registrar, made: dict) -> None:
    assert refusal(registrar.managing(made, token=registrar.token)) == UNKNOWN


@pytest.mark.parametrize("client_id", ["unknown", "%00", "%ED%A0%80", "x" * 5000, "app"])
def test_rfc7592_2_1_a_client_that_does_not_exist_or_is_the_operators_is_401(registrar: Registrar, made, units, client_id: str) -> None:
    with units.write() as work:
        registered(work, "app")
    headers = {"Authorization": f"Bearer {made['registration_access_token']}"}
    for method in ("GET", "DELETE"):
        assert refusal(registrar.client.open(f"/register/{client_id}", method=method, headers=headers)) == UNKNOWN
    assert secret_of("app")


def test_without_a_token_nothing_is_told(registrar: Registrar, made: dict) -> None:
    response = registrar.client.get(f"/register/{made['client_id']}")
    assert refusal(response) == UNKNOWN
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="idp"'


def test_rfc7592_2_1_an_operator_renews_the_token_and_the_old_one_dies(registrar: Registrar, made: dict, units: Units) -> None:
    with units.write() as work:
        renewed = registration.renew_token(work, made["client_id"])
    for method, body in (("GET", {}), ("PUT", {"json": update(made)}), ("DELETE", {})):
        assert refusal(registrar.managing(made, method, **body)) == UNKNOWN
    told = registrar.managing(made, token=renewed)
    assert (told.status_code, told.json["registration_access_token"]) == (200, renewed)
    assert registrar.managing(made, "PUT", token=renewed, json=update(made)).status_code == 200


def test_rfc7592_5_an_update_by_an_old_token_that_runs_at_that_moment_changes_nothing(registrar, made: dict, units: Units) -> None:
    """Its first look is before the renewal, its change after it."""
    token, document = made["registration_access_token"], update(made, client_name="Stolen")
    with units.write() as work:
        registration.check_update(work, made["client_id"], token, document)
    with units.write() as work:
        renewed = registration.renew_token(work, made["client_id"])
    with pytest.raises(OAuthError), units.write() as work:
        registration.replace(work, made["client_id"], token, document)
    assert registrar.managing(made, token=renewed).json["client_name"] == "Some App"


def test_rfc7592_5_reading_and_updating_leave_the_token_as_it_is(registrar: Registrar, made: dict) -> None:
    """A client that lost the answer with a new one would be locked out for good."""
    for response in (registrar.managing(made), registrar.managing(made, "PUT", json=update(made))):
        assert response.json["registration_access_token"] == made["registration_access_token"]


def test_only_clients_that_registered_themselves_get_a_registration_token(units: Units) -> None:
    with units.write() as work:
        registered(work, "app")
    for client_id, error in (("app", OAuthError), ("unknown", clients.ClientUnknown)):
        with pytest.raises(error), units.write() as work:
            registration.renew_token(work, client_id)


def test_rfc7592_2_2_an_update_replaces_the_whole(registrar: Registrar, made: dict) -> None:
    response = registrar.managing(made, "PUT", json=update(made, client_name="New Name", redirect_uris=["https://app.example/new"]))
    assert response.status_code == 200
    changed = response.json
    assert (changed["client_name"], changed["redirect_uris"]) == ("New Name", ["https://app.example/new"])
    assert "logo_uri" not in changed
    assert changed["registration_access_token"] == made["registration_access_token"]
    assert registrar.managing(made).json == changed


def test_rfc7592_2_2_an_update_repeats_the_secret_or_leaves_it(registrar: Registrar, made: dict) -> None:
    for secret in (None, made["client_secret"]):
        response = registrar.managing(made, "PUT", json=update(made, client_secret=secret))
        assert response.status_code == 200
        assert response.json.get("client_secret") == secret
    assert lets_in(registrar, made["client_id"], made["client_secret"])


@pytest.mark.parametrize("secret", ["another", "", 1, ["x"], "\ud800", "\x00"])
def test_rfc7592_2_2_an_update_cannot_choose_the_secret(registrar: Registrar, made: dict, secret) -> None:
    body = json.dumps(update(made, client_secret=secret))
    assert refusal(registrar.managing(made, "PUT", data=body, content_type="application/json")) == INVALID


@pytest.mark.parametrize("client_id", [None, "other", 1, "", ["x"]])
def test_rfc7592_2_2_an_update_names_the_client(registrar: Registrar, made: dict, client_id) -> None:
    body = {name: value for name, value in (update(made) | {"client_id": client_id}).items() if value is not None}
    assert refusal(registrar.managing(made, "PUT", json=body)) == INVALID


@pytest.mark.parametrize(
    "member", ["registration_access_token", "registration_client_uri", "client_id_issued_at", "client_secret_expires_at"]
)
def test_rfc7592_2_2_an_update_holds_nothing_of_the_servers(registrar: Registrar, made: dict, member: str) -> None:
    assert refusal(registrar.managing(made, "PUT", json=update(made, **{member: made[member]}))) == INVALID


def test_rfc7592_2_2_a_refused_update_changes_nothing(registrar: Registrar, made: dict) -> None:
    before = registrar.managing(made).json
    assert refusal(registrar.managing(made, "PUT", json=update(made, scope="provisioning"))) == INVALID
    assert refusal(registrar.managing(made, "PUT", json=update(made, redirect_uris=["http://app.example"]))) == (
        400,
        "invalid_redirect_uri",
    )
    assert registrar.managing(made).json == before


def test_an_update_to_another_sector_is_proven_anew(registrar: Registrar, made: dict, published: Publisher) -> None:
    """Registration §5."""
    published.documents["/sector"] = json.dumps(["https://other.example/cb"]).encode()
    changed = update(made, subject_type="pairwise", sector_identifier_uri="https://app.example/sector")
    assert refusal(registrar.managing(made, "PUT", json=changed)) == INVALID
    published.documents["/sector"] = json.dumps([REDIRECT_URI]).encode()
    assert registrar.managing(made, "PUT", json=changed).status_code == 200


@pytest.mark.parametrize("before", ["pairwise", "public"])
def test_core_8_1_what_was_issued_in_one_sector_tells_no_names_of_another(app, registrar: Registrar, units: Units, before: str) -> None:
    grants = {"grant_types": ["authorization_code", "refresh_token"]}
    made = registrar.made(subject_type=before, **grants)
    party, browser = a_party(app, units, made)
    token, code = party.tokens(browser)["refresh_token"], party.code(browser)
    elsewhere = update(made, subject_type="pairwise", redirect_uris=["https://another.example/cb"], **grants)
    assert registrar.managing(made, "PUT", json=elsewhere).status_code == 200
    assert not party.introspect(token)["active"]
    assert party.refresh(token).json["error"] == "invalid_grant"
    assert party.redeem(code).json["error"] == "invalid_grant"


def test_an_update_within_the_sector_ends_nothing(app, registrar: Registrar, units: Units) -> None:
    known = {"grant_types": ["authorization_code", "refresh_token"], "subject_type": "pairwise"}
    made = registrar.made(**known)
    party, browser = a_party(app, units, made)
    token, code = party.tokens(browser)["refresh_token"], party.code(browser)
    assert registrar.managing(made, "PUT", json=update(made, client_name="New", **known)).status_code == 200
    assert party.refresh(token).status_code == 200
    assert party.redeem(code).status_code == 200


def test_a_client_without_secret_any_longer_has_none_and_gets_one_again(registrar: Registrar, made: dict) -> None:
    response = registrar.managing(made, "PUT", json=update(made, token_endpoint_auth_method="none", client_secret=made["client_secret"]))
    assert "client_secret" not in response.json
    again = registrar.managing(made, "PUT", json=update(made)).json
    assert again["client_secret"] != made["client_secret"]
    assert lets_in(registrar, made["client_id"], again["client_secret"])
    assert not lets_in(registrar, made["client_id"], made["client_secret"])


def test_updates_of_one_client_are_limited(registrar: Registrar, made: dict, monkeypatch) -> None:
    monkeypatch.setattr(registration, "CHANGES", registration.Limit("registration_change", 2, registration.timedelta(hours=1)))
    statuses = [registrar.managing(made, "PUT", json=update(made)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert registrar.managing(registrar.made()).status_code == 200


def test_rfc7592_2_3_a_deleted_client_is_gone_with_its_tokens(app, registrar: Registrar, made: dict, units: Units) -> None:
    party, browser = a_party(app, units, made)
    token = party.tokens(browser)["access_token"]
    assert party.userinfo(token).status_code == 200
    response = registrar.managing(made, "DELETE")
    assert (response.status_code, response.data) == (204, b"")
    assert party.userinfo(token).status_code == 401
    assert not lets_in(registrar, made["client_id"], made["client_secret"])
    for method in ("GET", "DELETE"):
        assert refusal(registrar.managing(made, method)) == UNKNOWN


def test_a_disabled_client_cannot_manage_itself(registrar: Registrar, made: dict, units: Units) -> None:
    with units.write() as work:
        clients.enable(work, made["client_id"], enabled=False)
    assert refusal(registrar.managing(made)) == UNKNOWN
    assert refusal(registrar.managing(made, "DELETE")) == UNKNOWN


def test_tokens_and_secrets_are_stored_hashed(registrar: Registrar, made: dict, units: Units) -> None:
    with units.read() as work:
        stored = repr(
            [work.db.exec_driver_sql(f"SELECT * FROM {table}").all() for table in ("clients", "client_secrets", "initial_access_tokens")]
        )
    for secret in (registrar.token, made["registration_access_token"], made["client_secret"]):
        assert secret not in stored


def test_what_people_agreed_to_dies_with_the_app_and_is_nothing_to_another_of_its_id(units: Units) -> None:
    with units.write() as work:
        account = phone_admin(work)
        consent.remember(work, registered(work, "app", first_party=False).client, account.id, ("openid",))
        assert len(consent.of_account(work, account.id)) == 1
    with units.write() as work:
        clients.delete(work, "app")
    with units.write() as work:
        registered(work, "app", first_party=False)
        assert consent.of_account(work, account.id) == []
