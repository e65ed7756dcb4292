"""Access tokens that say nothing by themselves, for the resources that want them so."""

import json
import re

import flask
import pytest
from sqlalchemy import select

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.directory.accounts import Account
from idp.oidc.clients import clients, resources
from idp.oidc.clients.resources import TokenFormat
from idp.oidc.keys.jose import Algorithm
from idp.oidc.tokens import issue, references
from idp.oidc.tokens.tables import AccessToken
from idp.unit_of_work import SYSTEM, Units
from tests.builders import PHONE_1
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.dpop.proofs import KeyHolder
from tests.http.oidc.relying import RelyingParty, claims_of, header_of, machine
from tests.statements import heard

ISSUER = "http://localhost"
OPAQUE, SECOND, SIGNED = "https://phones.example/api", "https://faxes.example/api", "https://open.example/api"
ASK = {"grant_type": "client_credentials"}
INACTIVE = {"active": False}
NO_REFERENCES = [
    references.PREFIX,
    references.PREFIX + "x" * 42,
    references.PREFIX + "x" * 43,
    references.PREFIX + "x" * 44,
    references.PREFIX + "ä" * 43,
    references.PREFIX + "x" * 42 + "\n",
    references.PREFIX + "x" * 30_000,
    references.PREFIX.upper() + "x" * 43,
    references.PREFIX + "'" * 43,
    references.PREFIX + "\ud800" * 43,
]


@pytest.fixture(autouse=True)
def registered(units: Units) -> None:
    """Two resources with opaque tokens and one with signed ones, the services behind them, and apps that ask for tokens."""
    with units.write() as work:
        for client_id in ("gateway", "open", "stranger"):
            machine(work, client_id, scope="")
        resources.create(work, OPAQUE, scopes=("phones:read",), token_format="opaque", introspection_client_id="gateway")
        resources.create(work, SECOND, scopes=("faxes:read",), token_format="opaque", introspection_client_id="gateway")
        resources.create(work, SIGNED, introspection_client_id="open")
        machine(work, "backend", scope="phones:read faxes:read", resources=[OPAQUE, SECOND, SIGNED])
        details = {"authorization_details_types": ["cloud_phone"]}
        browsing.registered(work, "phones", scope="openid roles phones:read", resources=[OPAQUE, SIGNED], **details)


@pytest.fixture
def backend(app: flask.Flask) -> RelyingParty:
    """A machine; its tokens are for the opaque resource unless it asks otherwise."""
    return RelyingParty(app, "backend")


@pytest.fixture
def phones(app: flask.Flask) -> RelyingParty:
    """An app that people use."""
    return RelyingParty(app, "phones")


@pytest.fixture
def gateway(app: flask.Flask) -> RelyingParty:
    """The service that may ask about opaque tokens."""
    return RelyingParty(app, "gateway")


@pytest.fixture
def stranger(app: flask.Flask) -> RelyingParty:
    """Another service."""
    return RelyingParty(app, "stranger")


def token_of(party: RelyingParty, **asked: object) -> str:
    response = party.post("/token", ASK | asked)
    assert response.status_code == 200, response.text
    return str(response.json["access_token"])


def with_format(units: Units, identifier: str, token_format: str) -> None:
    with units.write() as work:
        known = resources.show(work, identifier)
        resources.change(
            work,
            identifier,
            name=known.name,
            scopes=known.scopes,
            introspection_client_id=known.introspection_client_id,
            token_format=token_format,
        )


def test_rfc6749_1_4_an_opaque_token_is_a_random_reference_of_256_bits(backend: RelyingParty) -> None:
    one, other = token_of(backend), token_of(backend)
    assert one != other
    assert re.fullmatch(r"idp_at_[A-Za-z0-9_-]{43}", one)


def test_rfc6749_1_4_the_reference_is_kept_nowhere(backend: RelyingParty, units: Units) -> None:
    token = token_of(backend)
    with units.read() as work:
        for table in work.db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all():
            rows = work.db.exec_driver_sql(f'SELECT * FROM "{table}"').all()
            assert token.removeprefix(references.PREFIX) not in str(rows), table


def test_a_signed_token_is_kept_without_what_it_says(backend: RelyingParty, units: Units) -> None:
    token_of(backend, resource=SIGNED)
    token_of(backend, resource=ISSUER)
    with units.read() as work:
        assert work.db.execute(select(AccessToken.claims)).all() == [(None,), (None,)]
        assert work.db.exec_driver_sql("SELECT count(*) FROM access_tokens WHERE claims IS NULL").scalar_one() == 2


def test_rfc7662_2_2_the_resources_client_learns_what_a_signed_token_would_say(
    gateway: RelyingParty, phones: RelyingParty, units: Units, signed_in: Browser, account: Account
) -> None:
    with units.write() as work:
        clients.change(work, "gateway", {"authorization_details_types": ["cloud_phone"]})
    details = [{"type": "cloud_phone", "contract": PHONE_1}]
    asked = {"scope": "openid roles phones:read", "authorization_details": json.dumps(details)}
    tokens = phones.tokens(signed_in, **asked)
    told = gateway.introspect(tokens["access_token"])
    assert (told["active"], told["scope"], told["token_type"]) == (True, "phones:read", "Bearer")
    assert (told["sub"], told["client_id"], told["iss"], told["aud"]) == (account.sub, "phones", ISSUER, [OPAQUE, ISSUER])
    assert told["exp"] - told["iat"] == tokens["expires_in"] == 300
    assert (told["roles"], told["authorization_details"]) == (["administrator-telefonanlage"], details)
    with_format(units, OPAQUE, "jwt")
    signed = gateway.introspect(phones.tokens(signed_in, **asked)["access_token"])
    assert {name: value for name, value in signed.items() if name != "jti"} == {
        name: value for name, value in told.items() if name != "jti"
    }


def test_rfc7662_2_2_neither_its_holder_nor_a_stranger_learns_what_an_opaque_token_says(
    backend: RelyingParty, gateway: RelyingParty, stranger: RelyingParty
) -> None:
    token = token_of(backend)
    assert gateway.introspect(token)["client_id"] == "backend"
    assert (backend.introspect(token), stranger.introspect(token)) == (INACTIVE, INACTIVE)


def test_a_holder_that_asks_for_the_resource_itself_learns_what_it_says(units: Units, backend: RelyingParty) -> None:
    with units.write() as work:
        resources.change(work, OPAQUE, name="", scopes=["phones:read"], introspection_client_id="backend")
    assert backend.introspect(token_of(backend))["scope"] == "phones:read"


def test_nobody_learns_anything_once_the_asking_client_is_gone(units: Units, backend: RelyingParty, stranger: RelyingParty) -> None:
    with units.write() as work:
        clients.delete(work, "gateway")
    token = token_of(backend)
    assert token.startswith(references.PREFIX)
    assert (backend.introspect(token), stranger.introspect(token)) == (INACTIVE, INACTIVE)


def test_rfc9701_5_the_signed_answer_tells_of_opaque_tokens_too(gateway: RelyingParty, backend: RelyingParty) -> None:
    accept = {"Accept": "application/token-introspection+jwt"}
    answer = gateway.post("/introspect", {"token": token_of(backend)}, headers=accept).text
    assert claims_of(answer)["token_introspection"]["scope"] == "phones:read"


def test_rfc7662_2_2_an_expired_opaque_token_is_not_active(gateway: RelyingParty, backend: RelyingParty, clock) -> None:
    token = token_of(backend)
    clock.advance(seconds=299)
    assert gateway.is_active(token)
    clock.advance(seconds=1)
    assert gateway.introspect(token) == INACTIVE


def test_an_opaque_token_ends_with_its_session(
    gateway: RelyingParty, phones: RelyingParty, signed_in: Browser, units: Units, account: Account
) -> None:
    token = phones.tokens(signed_in, scope="openid phones:read")["access_token"]
    assert gateway.is_active(token)
    with units.write(SYSTEM) as work:
        sessions.end_all_of(work, [account.id], EndReason.SIGNED_OUT_BY_ADMIN)
    assert gateway.introspect(token) == INACTIVE
    assert phones.userinfo(token).status_code == 401


def test_rfc6749_6_refreshing_gives_an_opaque_token_and_the_one_before_lives_on(
    gateway: RelyingParty, phones: RelyingParty, signed_in: Browser
) -> None:
    first = phones.tokens(signed_in, scope="openid roles phones:read")
    narrower = phones.refresh(first["refresh_token"], scope="phones:read").json["access_token"]
    assert narrower.startswith(references.PREFIX)
    assert "roles" in gateway.introspect(first["access_token"])
    assert "roles" not in gateway.introspect(narrower)
    assert gateway.introspect(narrower)["aud"] == OPAQUE


@pytest.mark.parametrize("name", ["RS256", "Ed25519"])
def test_core_3_1_3_6_the_id_token_holds_the_hash_of_an_opaque_token(
    phones: RelyingParty, units: Units, signed_in: Browser, name: str
) -> None:
    with units.write() as work:
        clients.change(work, "phones", {"id_token_signed_response_alg": name})
    tokens = phones.tokens(signed_in, scope="openid phones:read")
    assert claims_of(tokens["id_token"])["at_hash"] == issue.half_hash(tokens["access_token"], Algorithm(name))


def test_core_5_3_userinfo_takes_an_opaque_token_that_is_for_the_issuer_too(
    phones: RelyingParty, signed_in: Browser, account: Account
) -> None:
    code = phones.code(signed_in, scope="openid roles phones:read")
    token = phones.redeem(code).json["access_token"]
    answer = phones.userinfo(token)
    assert (answer.status_code, answer.json["sub"], answer.json["roles"]) == (200, account.sub, ["administrator-telefonanlage"])
    assert phones.client.post("/userinfo", data={"access_token": token}).json["sub"] == account.sub


def test_core_5_3_userinfo_refuses_an_opaque_token_that_is_for_the_resource_alone(phones: RelyingParty, signed_in: Browser) -> None:
    token = phones.redeem(phones.code(signed_in, scope="openid phones:read"), resource=OPAQUE).json["access_token"]
    assert (phones.userinfo(token).status_code, phones.userinfo(token).json["error"]) == (401, "invalid_token")


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"}, {"token_type_hint": "refresh_token"}])
def test_rfc7009_2_1_a_revoked_opaque_token_is_dead_at_once_and_alone(gateway: RelyingParty, backend: RelyingParty, hint: dict) -> None:
    token, other = token_of(backend), token_of(backend)
    assert backend.post("/revoke", {"token": token} | hint).status_code == 200
    assert gateway.introspect(token) == INACTIVE
    assert gateway.is_active(other)
    assert backend.post("/revoke", {"token": token}).status_code == 200


def test_rfc7009_2_1_another_clients_opaque_token_is_refused_and_lives_on(gateway: RelyingParty, backend: RelyingParty) -> None:
    token = token_of(backend)
    assert gateway.post("/revoke", {"token": token}).json["error"] == "invalid_grant"
    assert gateway.is_active(token)


def test_rfc8707_2_the_resource_chooses_the_format(backend: RelyingParty) -> None:
    assert token_of(backend, resource=SECOND).startswith(references.PREFIX)
    assert header_of(token_of(backend, resource=SIGNED))["typ"] == "at+jwt"
    assert header_of(token_of(backend, resource=ISSUER))["typ"] == "at+jwt"


def test_rfc8707_2_resources_of_one_format_share_a_token(backend: RelyingParty, gateway: RelyingParty) -> None:
    told = gateway.introspect(token_of(backend, resource=[OPAQUE, SECOND, ISSUER]))
    assert (told["aud"], told["scope"]) == ([OPAQUE, SECOND, ISSUER], "faxes:read phones:read")


def test_rfc8707_2_resources_of_different_formats_share_none(backend: RelyingParty) -> None:
    answer = backend.post("/token", ASK | {"resource": [OPAQUE, SIGNED]})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_target")
    assert "different formats" in answer.json["error_description"]


def test_rfc8707_2_2_who_was_granted_both_asks_for_one_after_the_other(phones: RelyingParty, signed_in: Browser) -> None:
    code = phones.code(signed_in, scope="openid phones:read", resource=[OPAQUE, SIGNED])
    assert phones.redeem(code).json["error"] == "invalid_target"
    tokens = phones.redeem(code, resource=OPAQUE).json  # the refusal has spent nothing
    assert tokens["access_token"].startswith(references.PREFIX)
    assert phones.refresh(tokens["refresh_token"]).json["error"] == "invalid_target"
    fresh = phones.refresh(tokens["refresh_token"], resource=SIGNED).json
    assert claims_of(fresh["access_token"])["aud"] == SIGNED


def test_a_changed_format_counts_for_new_tokens_alone(backend: RelyingParty, gateway: RelyingParty, units: Units) -> None:
    opaque = token_of(backend)
    with_format(units, OPAQUE, "jwt")
    signed = token_of(backend)
    assert claims_of(signed)["aud"] == OPAQUE
    assert (gateway.is_active(opaque), gateway.is_active(signed)) == (True, True)
    with_format(units, OPAQUE, "opaque")
    assert token_of(backend).startswith(references.PREFIX)
    assert (gateway.is_active(opaque), gateway.is_active(signed)) == (True, True)


def test_rfc9449_6_2_an_opaque_token_is_bound_to_its_key(
    app: flask.Flask, units: Units, gateway: RelyingParty, signed_in: Browser, account: Account
) -> None:
    holder = KeyHolder(app, "phones")
    tokens = holder.tokens(signed_in, scope="openid phones:read")
    token = tokens["access_token"]
    assert (tokens["token_type"], token[:7]) == ("DPoP", references.PREFIX)
    told = gateway.introspect(token)
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": holder.prover.jkt})
    assert RelyingParty.userinfo(holder, token).status_code == 401
    shown = holder.prover.shows("GET", "/userinfo", token)
    assert holder.client.get("/userinfo", headers=shown).json["sub"] == account.sub
    assert holder.client.get("/userinfo", headers=shown).status_code == 401  # the proof has been used
    foreign = KeyHolder(app, "phones").prover.shows("GET", "/userinfo", token)
    assert holder.client.get("/userinfo", headers=foreign).status_code == 401


@pytest.mark.parametrize("token", NO_REFERENCES)
def test_what_is_no_reference_of_ours_is_like_any_unknown_token(gateway: RelyingParty, backend: RelyingParty, token: str) -> None:
    token_of(backend)
    sent = token.encode("utf-8", "surrogatepass")
    answer = gateway.post("/introspect", {"token": sent})
    assert (answer.status_code, answer.json) == (200, INACTIVE)
    assert (gateway.post("/revoke", {"token": sent}).status_code, gateway.post("/revoke", {"token": sent}).json) == (200, {})
    unknown = gateway.client.post("/userinfo", data={"access_token": "unknown"})
    shown = gateway.client.post("/userinfo", data={"access_token": sent})
    assert (shown.status_code, shown.json, shown.headers["WWW-Authenticate"]) == (401, unknown.json, unknown.headers["WWW-Authenticate"])


def test_a_reference_with_much_behind_it_is_too_large(gateway: RelyingParty, backend: RelyingParty) -> None:
    assert gateway.post("/introspect", {"token": token_of(backend) + "x" * 100_000}).status_code == 413


def test_a_nul_beside_a_reference_is_refused_as_in_any_parameter(gateway: RelyingParty, backend: RelyingParty) -> None:
    answer = gateway.post("/introspect", {"token": token_of(backend) + "\0"})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_an_id_is_no_reference(backend: RelyingParty, gateway: RelyingParty, app: flask.Flask) -> None:
    """Neither what introspection calls `jti`, nor that of a signed token, opens anything."""
    opaque = gateway.introspect(token_of(backend))["jti"]
    signed = [claims_of(token_of(backend, resource=resource))["jti"] for resource in (SIGNED, ISSUER)]
    for jti in (opaque, *signed):
        for shown in (jti, references.PREFIX + jti, (references.PREFIX + jti).ljust(50, "A")):
            assert gateway.introspect(shown) == backend.introspect(shown) == RelyingParty(app, "open").introspect(shown) == INACTIVE
            assert backend.userinfo(shown).status_code == 401


def test_the_id_of_a_signed_token_is_not_the_hash_of_something_that_counts(backend: RelyingParty, units: Units, monkeypatch) -> None:
    """A token for a resource gets its id before anybody knows its format; a reference that was never given away opens nothing."""
    made = []
    make = references.make
    monkeypatch.setattr(references, "make", lambda: made.append(make()) or made[-1])
    token = token_of(backend, resource=SIGNED)
    assert claims_of(token)["jti"] == references.id_behind(made[0])
    with units.write() as work:
        resources.change(work, SIGNED, name="", scopes=[], token_format=TokenFormat.OPAQUE, introspection_client_id="gateway")
    gateway = RelyingParty(backend.client.application, "gateway")
    assert (gateway.is_active(token), gateway.introspect(made[0])) == (True, INACTIVE)


@pytest.mark.parametrize(("resource", "statements"), [(ISSUER, 0), (SIGNED, 0), (OPAQUE, 0)])
def test_no_format_costs_a_statement(backend: RelyingParty, units: Units, resource: str, statements: int) -> None:
    """The format of a resource is found by the statement that adds the token."""
    counts = []
    for named in (ISSUER, resource):
        token_of(backend, resource=named)
        with heard(units) as asked:
            token_of(backend, resource=named)
        counts.append(len(asked))
    assert counts[1] - counts[0] == statements


def test_introspecting_an_opaque_token_asks_no_more_than_a_signed_one(backend: RelyingParty, app: flask.Flask, units: Units) -> None:
    counts = {}
    for client_id, resource in (("open", SIGNED), ("gateway", OPAQUE)):
        asking, token = RelyingParty(app, client_id), token_of(backend, resource=resource)
        assert asking.is_active(token)
        with heard(units) as asked:
            assert asking.is_active(token)
        counts[client_id] = len(asked)
    assert counts["gateway"] == counts["open"]
