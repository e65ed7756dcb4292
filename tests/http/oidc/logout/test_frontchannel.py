"""Front-Channel Logout 1.0: the browser itself tells the apps, by frames of the page at the end."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.authn.sessions import Session
from idp.directory.accounts import Account
from idp.oidc.clients import clients
from idp.oidc.protocol import OAuthError
from idp.oidc.tokens import session_clients
from idp.outbox.tables import Job
from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.browsing import ISSUER, Browser, csrf_token
from tests.http.oidc.logout.conftest import GOODBYE

FRAME = "https://app.example/frontchannel"


@pytest.fixture
def listening(unit, session: Session) -> Callable[..., str]:
    """Let the session be used with an app that listens: `listening("other", FRAME, …)`; gives the app's `sid`."""

    def make(client_id: str = "app", uri: str = FRAME, **metadata: object) -> str:
        host = urlsplit(uri)
        with unit() as work:
            known = {"frontchannel_logout_uri": uri} | metadata
            if client_id == "app":
                client = clients.change(work, client_id, known)
            else:
                known["redirect_uris"] = [f"{host.scheme}://{host.netloc}/callback"]
                client = browsing.registered(work, client_id, **known).client
            return session_clients.remember(work, session.id, client)

    return make


@pytest.fixture
def log_out(visitor: Browser, session: Session, account: Account, id_token) -> Callable[..., TestResponse]:
    """Log out as the app asks for it."""

    def ask(**parameters: str) -> TestResponse:
        return visitor.get("/end-session?" + urlencode({"id_token_hint": id_token(account, session)} | parameters))

    return ask


def frames(page: TestResponse) -> list[str]:
    return [unescape(found) for found in re.findall(r'<iframe src="([^"]*)"', page.text)]


def policy(page: TestResponse) -> dict[str, str]:
    stated = page.headers["Content-Security-Policy"]
    return dict(part.partition(" ")[::2] for part in stated.split("; "))


def test_3_the_page_at_the_end_loads_each_apps_address_in_a_frame(listening, log_out) -> None:
    listening()
    listening("other", "https://other.example/out?page=1")
    page = log_out()
    assert page.status_code == 200
    assert sorted(frames(page)) == [FRAME, "https://other.example/out?page=1"]


def test_2_iss_and_sid_stand_in_the_address_of_who_requires_them(listening, log_out) -> None:
    sid = listening(uri=f"{FRAME}?page=1", frontchannel_logout_session_required=True)
    (address,) = frames(log_out())
    assert parse_qs(urlsplit(address).query) == {"page": ["1"], "iss": [ISSUER], "sid": [sid]}


def test_2_the_sid_is_the_one_by_which_the_app_knows_the_session(listening, log_out, unit, session: Session) -> None:
    listening(frontchannel_logout_session_required=True)
    with unit() as work:
        (used,) = session_clients.clients_of(work, [session.id])
    (address,) = frames(log_out())
    assert parse_qs(urlsplit(address).query)["sid"] == [used.sid]


def test_who_does_not_require_them_gets_the_address_as_registered(listening, log_out) -> None:
    listening(uri=f"{FRAME}?page=1")
    assert frames(log_out()) == [f"{FRAME}?page=1"]


def test_frame_src_names_exactly_the_origins_of_the_frames(listening, log_out) -> None:
    listening()
    listening("other", "https://other.example:8443/out")
    assert set(policy(log_out())["frame-src"].split()) == {"https://app.example", "https://other.example:8443"}


def test_apps_without_address_or_without_a_part_in_the_session_are_left_alone(visitor: Browser, listening, log_out, unit) -> None:
    listening()
    with unit() as work:
        deaf = browsing.registered(work, "deaf", redirect_uris=["https://deaf.example/callback"])
        uri = "https://unused.example/out"
        browsing.registered(work, "unused", redirect_uris=["https://unused.example/"], frontchannel_logout_uri=uri)
        (used,) = work.db.execute(select(sessions.store.tables.Session.id)).all()
        session_clients.remember(work, used.id, deaf.client)
    assert frames(log_out()) == [FRAME]


def test_a_disabled_app_is_told_nothing(listening, log_out, unit) -> None:
    listening("other", "https://other.example/out")
    with unit() as work:
        clients.enable(work, "other", enabled=False)
    page = log_out(post_logout_redirect_uri=GOODBYE)
    assert (page.status_code, page.location) == (303, GOODBYE)


def test_the_way_back_is_a_link_a_script_and_without_script_a_refresh(listening, log_out) -> None:
    listening()
    page = log_out(post_logout_redirect_uri=GOODBYE, state='a&b"<c>')
    address = f"{GOODBYE}?state=a%26b%22%3Cc%3E"
    assert f'<a class="btn btn-primary" href="{address}"' in page.text
    assert f'<noscript><meta http-equiv="refresh" content="3; url={address}"></noscript>' in page.text
    assert re.search(r'<script type="module" src="/static/\w+/logged-out.js">', page.text)


def test_without_a_way_back_the_page_stays(listening, log_out) -> None:
    listening()
    page = log_out()
    assert "http-equiv" not in page.text
    assert "logged-out.js" not in page.text
    assert "Sie können dieses Fenster schließen." in page.text


def test_the_session_is_over_before_the_page_is_shown(visitor: Browser, listening, log_out, units: Units, session: Session) -> None:
    listening()
    log_out()
    assert visitor.client.get_cookie("idp_session") is None
    with units.read() as work:
        assert sessions.find_by_id(work, session.id) is None


def test_our_own_sign_out_tells_the_apps_too(visitor: Browser, listening) -> None:
    listening()
    page = visitor.get("/end-session")
    done = visitor.post("/end-session/confirm", {"csrf_token": csrf_token(page)})
    assert frames(done) == [FRAME]


def test_who_has_signed_out_already_loads_nothing(visitor: Browser, listening, log_out) -> None:
    listening()
    assert frames(log_out())
    again = log_out(post_logout_redirect_uri=GOODBYE)
    assert (again.status_code, again.location) == (303, GOODBYE)


def test_another_browsers_session_is_not_named(app: flask.Flask, visitor: Browser, listening, account: Account, id_token, session) -> None:
    listening()
    other = Browser(app)
    other.with_session(account)
    page = other.get("/end-session?" + urlencode({"id_token_hint": id_token(account, session)}))
    assert "Möchten Sie sich abmelden?" in page.text
    done = other.post("/end-session/confirm", {"csrf_token": csrf_token(page)})
    assert frames(done) == []


def test_an_app_with_both_channels_gets_both(listening, log_out, units: Units) -> None:
    listening(backchannel_logout_uri="https://app.example/backchannel")
    assert frames(log_out()) == [FRAME]
    with units.read() as work:
        assert [row.payload["client_id"] for row in work.db.execute(select(Job.payload).where(Job.kind == "logout_token"))] == ["app"]


def test_a_time_out_loads_nothing(listening, log_out, unit, session: Session) -> None:
    listening()
    with unit() as work:
        sessions.end(work, [session.id], EndReason.TIMED_OUT)
    assert frames(log_out()) == []


@pytest.mark.parametrize("uri", ["https://evil.example/out", "https://app.example:8443/out", "http://app.example/out"])
def test_2_an_address_of_another_origin_than_the_redirect_uris_is_not_registered(visitor: Browser, unit, uri: str) -> None:
    with pytest.raises(OAuthError, match="frontchannel_logout_uri"), unit() as work:
        clients.change(work, "app", {"frontchannel_logout_uri": uri})


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        'https://app.example/"><script>alert(1)</script>',
        "https://app.example/\x00",
        "https://app.example; script-src *",
        "https://app.example#fragment",
        "data:text/html,x",
    ],
)
def test_what_could_break_out_of_the_page_is_not_registered(visitor: Browser, unit, uri: str) -> None:
    with pytest.raises(OAuthError), unit() as work:
        clients.change(work, "app", {"redirect_uris": [browsing.REDIRECT_URI], "frontchannel_logout_uri": uri})


@pytest.mark.parametrize("host", ["*", "*.example", "a.example;script-src", "a.example,https://b.example", "'self'"])
def test_a_host_that_is_a_pattern_opens_the_policy_to_nobody(listening, log_out, unit, host: str) -> None:
    try:
        listening("hostile", f"https://{host}/out")
    except OAuthError:
        return  # better still: it cannot be registered
    page = log_out()
    assert policy(page)["frame-src"] == "'none'"
    assert set(policy(page)) == {
        "default-src", "script-src", "style-src", "img-src", "font-src", "connect-src", "form-action", "frame-src", "frame-ancestors",
        "base-uri",
    }  # fmt: skip


def test_markup_in_a_registered_address_stays_inside_the_attribute(listening, log_out) -> None:
    listening(uri=f"{FRAME}?a='onload='alert(1)&b=&quot;")
    page = log_out()
    assert frames(page) == [f"{FRAME}?a='onload='alert(1)&b=&quot;"]
    assert "onload='" not in page.text


def test_frames_can_neither_lead_the_page_away_nor_see_where_they_are(listening, log_out) -> None:
    listening()
    (frame,) = re.findall(r"<iframe [^>]*>", log_out().text)
    assert 'sandbox="allow-scripts allow-same-origin allow-forms"' in frame
    assert 'referrerpolicy="no-referrer"' in frame


def test_3_discovery_says_that_it_is_supported(visitor: Browser) -> None:
    known = visitor.get("/.well-known/openid-configuration").json
    assert known["frontchannel_logout_supported"] is True
    assert known["frontchannel_logout_session_supported"] is True


def test_core_8_1_a_pairwise_app_is_told_its_own_sid(visitor: Browser, listening, session: Session, account, id_token, unit) -> None:
    listening(frontchannel_logout_session_required=True)
    own = listening("pairwise", "https://other.example/out", frontchannel_logout_session_required=True, subject_type="pairwise")
    hint = id_token(account, session, aud="pairwise", sid=own)
    told = {urlsplit(address).netloc: parse_qs(urlsplit(address).query)["sid"][0] for address in frames(
        visitor.get("/end-session?" + urlencode({"id_token_hint": hint}))
    )}  # fmt: skip
    assert told["other.example"] == own
    assert told["app.example"] != own
