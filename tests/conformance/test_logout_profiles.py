"""Modules of the certification suite's RP-initiated logout profile; each ends by asking whether somebody is still signed in."""

from urllib.parse import urlencode

import flask
import pytest
from werkzeug.test import TestResponse

from idp.directory.accounts import Account
from tests.conformance.flows import Flow
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, csrf_token
from tests.http.oidc.relying import RelyingParty

GOODBYE = "https://app.example/goodbye"


@pytest.fixture
def flow(app: flask.Flask, visitor: Browser, account: Account, unit) -> Flow:
    """An app with a place to return to, and a person."""
    with unit() as work:
        browsing.registered(work, require_pkce=False, post_logout_redirect_uris=[GOODBYE])
    return Flow(RelyingParty(app), visitor, account)


@pytest.fixture
def hint(flow: Flow) -> str:
    """The ID token of a person who is signed in."""
    return str(flow.sign_in()["id_token"])


def end_session(flow: Flow, **parameters: str) -> TestResponse:
    return flow.visitor.get("/end-session?" + urlencode(parameters))


def is_signed_in(flow: Flow) -> bool:
    """Ask as the suite does at the end of each module."""
    return flow.answer(flow.ask(prompt="none")).get("error") != "login_required"


def test_oidcc_rp_initiated_logout(flow: Flow, hint: str) -> None:
    response = end_session(flow, id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="some state")
    assert (response.status_code, response.location) == (303, f"{GOODBYE}?state=some+state")
    assert not is_signed_in(flow)


def test_oidcc_rp_initiated_logout_no_state(flow: Flow, hint: str) -> None:
    assert end_session(flow, id_token_hint=hint, post_logout_redirect_uri=GOODBYE).location == GOODBYE
    assert not is_signed_in(flow)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(flow: Flow, hint: str) -> None:
    response = end_session(flow, id_token_hint=hint, state="s")
    assert (response.status_code, response.location) == (200, None)
    assert not is_signed_in(flow)


@pytest.mark.parametrize("parameters", [{}, {"state": "s"}], ids=["no-params", "only-state"])
def test_oidcc_rp_initiated_logout_without_anything_that_proves_the_app_asks_first(flow: Flow, hint: str, parameters: dict) -> None:
    page = end_session(flow, **parameters)
    assert page.status_code == 200
    assert is_signed_in(flow)
    done = flow.visitor.post("/end-session/confirm", {"csrf_token": csrf_token(page)})
    assert (done.status_code, done.location) == (200, None)
    assert not is_signed_in(flow)


def test_oidcc_rp_initiated_logout_no_id_token_hint_returns_nowhere_unasked(flow: Flow, hint: str) -> None:
    response = end_session(flow, post_logout_redirect_uri=GOODBYE)
    assert response.location is None
    assert is_signed_in(flow)


@pytest.mark.parametrize("uri", ["https://app.example/elsewhere", f"{GOODBYE}?foo=bar", f"{GOODBYE}/"])
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri_is_not_gone_to(flow: Flow, hint: str, uri: str) -> None:
    response = end_session(flow, id_token_hint=hint, post_logout_redirect_uri=uri)
    assert (response.status_code, response.location) == (400, None)
    assert is_signed_in(flow)


def test_oidcc_rp_initiated_logout_modified_id_token_hint_returns_nowhere(flow: Flow, hint: str) -> None:
    header, payload, signature = hint.split(".")
    changed = f"{header}.{payload}.{signature[::-1]}"
    assert end_session(flow, id_token_hint=changed, post_logout_redirect_uri=GOODBYE).location is None
    assert is_signed_in(flow)


def test_oidcc_rp_initiated_logout_bad_id_token_hint_returns_nowhere(flow: Flow, hint: str) -> None:
    assert end_session(flow, id_token_hint="not.an.idtoken", post_logout_redirect_uri=GOODBYE).location is None
    assert is_signed_in(flow)
