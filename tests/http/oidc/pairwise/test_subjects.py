"""Pairwise clients know people by names of their own (OpenID Connect Core §8.1)."""

import json
from typing import Any

import flask
import pytest

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.directory.accounts import Account
from idp.oidc.clients import clients, resources, sectors
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import Origin
from idp.oidc.logout import backchannel
from idp.oidc.tokens.subjects import subject_of
from idp.outbox.tables import Job
from idp.unit_of_work import Units
from tests.http.oidc.browsing import Browser, answered, asking, phone_admin, registered, with_password
from tests.http.oidc.relying import RelyingParty, claims_of

ELSEWHERE = "https://elsewhere.example/cb"
SISTER = "https://app.example/sister"


@pytest.fixture
def account(units: Units) -> Account:
    """Somebody."""
    return with_password(units, phone_admin)


@pytest.fixture
def browser(app: flask.Flask, account: Account) -> Browser:
    """Their browser, signed in."""
    made = Browser(app)
    made.with_session(account)
    return made


@pytest.fixture
def party(app: flask.Flask, units: Units):
    """Register an app and give it: `party("a", redirect_uris=[…])`; pairwise unless told otherwise."""

    def made(client_id: str = "app", **metadata: Any) -> RelyingParty:
        with units.write() as work:
            registered(work, client_id, **({"subject_type": "pairwise"} | metadata))
        return RelyingParty(app, client_id)

    return made


def tokens_of(party: RelyingParty, browser: Browser, redirect_uri: str = "https://app.example/callback", **asked) -> dict[str, Any]:
    code = answered(browser.authorize(client_id=party.client_id, redirect_uri=redirect_uri, **asked), redirect_uri)["code"]
    response = party.redeem(code, redirect_uri=redirect_uri)
    assert response.status_code == 200, response.text
    return dict(response.json)


def sub_of(tokens: dict[str, Any]) -> str:
    return str(claims_of(tokens["id_token"])["sub"])


def test_core_8_both_types_are_advertised(client) -> None:
    assert client.get("/.well-known/openid-configuration").json["subject_types_supported"] == ["public", "pairwise"]


def test_core_8_1_all_that_a_pairwise_client_gets_says_the_same_sub(party, browser: Browser, account: Account) -> None:
    pairwise = party()
    tokens = tokens_of(pairwise, browser)
    sub = sub_of(tokens)
    assert claims_of(tokens["access_token"])["sub"] == sub
    assert pairwise.userinfo(tokens["access_token"]).json["sub"] == sub
    assert pairwise.introspect(tokens["access_token"])["sub"] == sub
    assert pairwise.introspect(tokens["refresh_token"])["sub"] == sub
    assert sub_of(pairwise.refresh(tokens["refresh_token"]).json) == sub
    assert account.sub not in json.dumps([claims_of(tokens["access_token"]), claims_of(tokens["id_token"])])


def test_core_8_1_it_is_stable_over_sessions(app, party, browser: Browser, account: Account) -> None:
    pairwise = party()
    another = Browser(app)
    another.with_session(account)
    assert sub_of(tokens_of(pairwise, browser)) == sub_of(tokens_of(pairwise, another))


def test_core_8_1_clients_of_different_sectors_know_different_subs(party, browser: Browser, account: Account) -> None:
    here, there = party("a"), party("b", redirect_uris=[ELSEWHERE])
    public = party("c", subject_type="public")
    found = {sub_of(tokens_of(here, browser)), sub_of(tokens_of(there, browser, ELSEWHERE)), sub_of(tokens_of(public, browser))}
    assert len(found) == 3
    assert account.sub in found


def test_core_8_1_clients_of_one_sector_know_the_same_sub(party, browser: Browser) -> None:
    assert sub_of(tokens_of(party("a"), browser)) == sub_of(tokens_of(party("b", redirect_uris=[SISTER]), browser, SISTER))


def test_core_8_1_two_people_have_two_subs(app, party, browser: Browser, units: Units) -> None:
    with units.write() as work:
        other = phone_admin(work)
    second = Browser(app)
    second.with_session(other)
    pairwise = party()
    assert sub_of(tokens_of(pairwise, browser)) != sub_of(tokens_of(pairwise, second))


def test_core_8_1_a_sub_does_not_depend_on_what_a_client_can_choose_but_its_sector(units: Units, account: Account) -> None:
    """Neither names nor several sectors run together in what is hashed."""
    with units.write() as work:
        one = registered(work, "a", subject_type="pairwise").client
        renamed = clients.change(work, "a", {"client_name": "Other"})
        assert subject_of(work, one, account) == subject_of(work, renamed, account)
        assert len(subject_of(work, one, account)) == 43


def test_a_resource_cannot_put_together_what_two_pairwise_clients_send_it(app, party, browser, units: Units, account: Account) -> None:
    with units.write() as work:
        registered(work, "api", grant_types=["client_credentials"], redirect_uris=[], scope="", require_pkce=False)
        resources.create(work, "https://api.example", scopes=["read"], introspection_client_id="api")
    known = {"scope": "openid read", "resources": ["https://api.example"]}
    here, there = party("a", **known), party("b", redirect_uris=[ELSEWHERE], **known)
    asked = {"scope": "openid read", "resource": "https://api.example"}
    tokens = [tokens_of(here, browser, **asked), tokens_of(there, browser, ELSEWHERE, **asked)]
    seen = [RelyingParty(app, "api").introspect(one["access_token"]) for one in tokens]
    assert all(one["active"] for one in seen)
    assert len({one["sub"] for one in seen} | {account.sub}) == 3


# --- sectors


def client_of(units: Units, origin: Origin = Origin.DYNAMIC, **metadata: Any) -> Client:
    known = {"redirect_uris": ["https://app.example/cb"], "subject_type": "pairwise"}
    with units.write() as work:
        return clients.register(work, known | metadata, origin=origin).client


@pytest.mark.parametrize(
    ("metadata", "sector"),
    [
        ({}, "app.example"),
        ({"redirect_uris": ["https://app.example:8443/a", "https://APP.example/b"]}, "app.example"),
        ({"sector_identifier_uri": "https://sector.example/x", "redirect_uris": ["https://a.example/"]}, "sector.example"),
    ],
)
def test_core_8_1_a_sector_is_a_host(units: Units, metadata: dict, sector: str) -> None:
    assert sectors.of(client_of(units, **metadata)) == sector


@pytest.mark.parametrize(
    "metadata",
    [
        {"redirect_uris": ["http://127.0.0.1/cb"], "application_type": "native"},
        {"redirect_uris": ["com.example.app:/cb"], "application_type": "native"},
        {"redirect_uris": ["com.example.app://victim.example/cb"], "application_type": "native"},
        {"redirect_uris": ["https://victim.example/cb", "com.example.app://victim.example/cb"], "application_type": "native"},
        {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]},
        {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]},
        {
            "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
            "sector_identifier_uri": "https://sector.example/x",
        },
        {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"], "redirect_uris": []},
    ],
)
def test_who_could_name_anothers_host_or_none_is_a_sector_of_its_own(units: Units, metadata: dict) -> None:
    client = client_of(units, **metadata)
    assert sectors.of(client) == f"client:{client.id}"


# --- hints and claims that name a subject


def test_core_3_1_2_1_an_id_token_hint_of_a_pairwise_client_means_its_person(party, browser: Browser) -> None:
    pairwise = party()
    hint = tokens_of(pairwise, browser)["id_token"]
    assert "code" in answered(browser.authorize(id_token_hint=hint, prompt="none"))


def test_core_3_1_2_1_a_pairwise_hint_about_another_is_login_required(app, party, browser: Browser, units: Units) -> None:
    pairwise = party()
    hint = tokens_of(pairwise, browser)["id_token"]
    with units.write() as work:
        other = phone_admin(work)
    second = Browser(app)
    second.with_session(other)
    assert answered(second.authorize(id_token_hint=hint, prompt="none"))["error"] == "login_required"


def test_core_5_5_1_the_claim_sub_means_the_pairwise_one_and_never_the_public_one(party, browser: Browser, account: Account) -> None:
    sub = sub_of(tokens_of(party(), browser))

    def asked_for(value: str) -> dict[str, str]:
        return answered(browser.authorize(claims=json.dumps({"id_token": {"sub": {"value": value}}}), prompt="none"))

    assert "code" in asked_for(sub)
    assert asked_for(account.sub)["error"] == "login_required"


def test_a_hint_without_session_lets_its_person_in_and_nobody_else(app, party, browser: Browser, account: Account, units: Units) -> None:
    pairwise = party()
    hint = tokens_of(pairwise, browser)["id_token"]
    other = with_password(units, phone_admin)
    for person, good in ((account, True), (other, False)):
        fresh = Browser(app)
        response = fresh.sign_in(fresh.authorize(**asking(id_token_hint=hint)), person)
        answer = answered(fresh.get(response.location))
        assert ("code" in answer) is good, answer


# --- logout


def test_a_pairwise_client_has_a_sid_of_its_own(party, browser: Browser) -> None:
    sids = [claims_of(tokens_of(party(name), browser)["id_token"])["sid"] for name in ("a", "b")]
    public = claims_of(tokens_of(party("c", subject_type="public"), browser)["id_token"])["sid"]
    assert len({*sids, public}) == 3, "by a common sid two apps could tell that it is one person"
    assert claims_of(tokens_of(RelyingParty(browser.client.application, "a"), browser)["id_token"])["sid"] == sids[0]


def test_backchannel_2_4_a_logout_token_says_the_pairwise_sub_and_sid(app, party, browser: Browser, units: Units) -> None:
    pairwise = party(backchannel_logout_uri="https://app.example/out")
    said = claims_of(tokens_of(pairwise, browser)["id_token"])
    with units.write() as work:
        (session_id,) = work.db.exec_driver_sql("SELECT session_id FROM session_clients").scalars()
        sessions.end(work, [session_id], EndReason.LOGOUT)
    with units.read() as work:
        job = work.db.execute(Job.__table__.select().where(Job.kind == backchannel.KIND)).one()
        told = backchannel.token_claims(work, clients.record(work, "app").client, job)
    assert (told["sub"], told["sid"]) == (said["sub"], said["sid"])


def test_rp_initiated_2_a_pairwise_hint_of_this_session_logs_out_at_once(party, browser: Browser) -> None:
    hint = tokens_of(party(post_logout_redirect_uris=["https://app.example/bye"]), browser)["id_token"]
    response = browser.get("/end-session", query_string={"id_token_hint": hint, "post_logout_redirect_uri": "https://app.example/bye"})
    assert response.status_code == 303
    assert response.location == "https://app.example/bye"
