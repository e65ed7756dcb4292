"""mod_auth_openidc, the certified relying party for Apache, protects pages by the running provider, configured as the guide says."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from idp.oidc.clients import clients, resources
from idp.unit_of_work import SYSTEM
from tests.conformance.apache import API, PAGES, Apache
from tests.conformance.person import Person
from tests.conformance.provider import Provider
from tests.conformance.stock_client import App, StockClient
from tests.servers import ROOT, wait_until

CALLBACK = "https://caller.example/callback"


@pytest.fixture(scope="module")
def apache(provider: Provider) -> Iterator[Apache]:
    """The web server."""
    server = Apache()
    made = provider.register(
        server.callback,
        client_name="Apache",
        scope="openid profile roles",
        post_logout_redirect_uris=[f"{server.address}/"],
        backchannel_logout_uri=f"{server.callback}?logout=backchannel",
    )
    try:
        server.start(provider.idp, made.client.id, str(made.secret))
        yield server
    finally:
        server.stop()


@pytest.fixture
def inside(apache: Apache, provider: Provider, person: Person) -> Person:
    """A person who has signed in to the protected pages."""
    assert person.signed_in(f"{apache.address}/protected/", provider.administrator) == f"{apache.address}/protected/", apache.log()
    return person


def test_a_person_signs_in_by_password_and_pin_and_sees_the_protected_page(inside: Person, provider: Provider) -> None:
    assert inside.page.text == "for people who are signed in"
    assert inside.page.headers["X-Signed-In"] == provider.administrator.username


def test_nobody_else_sees_it(apache: Apache, provider: Provider, person: Person) -> None:
    assert person.open(f"{apache.address}/protected/").startswith(f"{provider.idp}/signin/")


def test_the_role_decides_what_opens(apache: Apache, inside: Person) -> None:
    inside.open(f"{apache.address}/protected/telephony/")
    assert inside.page.status_code == 401, "an Administrator Kundenportal is no phone administrator here"


def test_rp_initiated_logout_ends_both_sessions_and_leads_back(apache: Apache, inside: Person, provider: Provider) -> None:
    back = urlencode({"logout": f"{apache.address}/"})
    assert inside.open(f"{apache.callback}?{back}") == f"{apache.address}/"
    assert any(step.startswith(f"{provider.idp}/end-session") for step in inside.steps)
    assert inside.open(f"{apache.address}/protected/").startswith(f"{provider.idp}/signin/")


def test_backchannel_logout_2_5_a_logout_elsewhere_ends_the_servers_session(apache: Apache, inside: Person, provider: Provider) -> None:
    inside.open(f"{provider.idp}/end-session")
    inside.send("/end-session/confirm")
    wait_until(lambda: "/signin/" in inside.open(f"{apache.address}/protected/"), seconds=10)


@pytest.fixture
def told_by_frames(apache: Apache, provider: Provider) -> Iterator[None]:
    """Let the server be told of logouts through the browser alone."""
    address = f"{apache.callback}?logout=get"
    by_frames = {"backchannel_logout_uri": None, "frontchannel_logout_uri": address, "frontchannel_logout_session_required": True}
    with provider.units.write(SYSTEM) as work:
        before = clients.record(work, apache.client_id).client.metadata
        clients.change(work, apache.client_id, by_frames)
    yield
    with provider.units.write(SYSTEM) as work:
        clients.change(work, apache.client_id, {name: before.get(name) for name in by_frames})


def test_frontchannel_logout_3_the_frames_of_the_last_page_end_the_servers_session(
    apache: Apache, told_by_frames: None, inside: Person, provider: Provider
) -> None:
    inside.open(f"{provider.idp}/end-session")
    inside.send("/end-session/confirm")
    (frame,) = re.findall(r'<iframe[^>]* src="([^"]+)"', inside.page.text)
    assert html.unescape(frame).startswith(f"{apache.callback}?logout=get&iss=")
    inside.open(html.unescape(frame))
    assert inside.page.status_code == 200
    assert "/signin/" in inside.open(f"{apache.address}/protected/")


# --- an API behind the server, by introspection


@pytest.fixture(scope="module")
def api(apache: Apache, provider: Provider) -> str:
    """The API as a resource whose tokens the server may introspect."""
    with provider.units.write(SYSTEM) as work:
        return resources.create(work, "https://phone.example/api", scopes=["calls"], introspection_client_id=apache.client_id).identifier


@pytest.fixture(scope="module")
def caller(api: str, provider: Provider, stock_client: StockClient) -> App:
    """An app that gets tokens for the API."""
    made = provider.register(CALLBACK, scope="openid calls", resources=[api])
    return App(stock_client, "caller", secret=made.secret).discover(made.client.id)


def call(apache: Apache, token: str) -> int:
    return requests.get(f"{apache.address}/api/", headers={"Authorization": f"Bearer {token}"}, timeout=20).status_code


@pytest.fixture
def token(caller: App, person: Person, provider: Provider) -> str:
    """A person's token for the API."""
    arrived = person.signed_in(caller.begin(redirect_uri=CALLBACK, scope="openid calls"), provider.administrator)
    return str(caller.finish(url=arrived)["access_token"])


def test_rfc7662_a_token_for_the_api_opens_it_until_it_is_revoked(apache: Apache, caller: App, token: str) -> None:
    assert call(apache, token) == 200, apache.log()
    caller.revoke(token=token)
    assert call(apache, token) == 401


def test_rfc7662_2_2_a_token_for_others_or_none_does_not(
    apache: Apache, provider: Provider, stock_client: StockClient, person: Person
) -> None:
    made = provider.register(CALLBACK, scope="openid")
    app = App(stock_client, "stranger", secret=made.secret).discover(made.client.id)
    arrived = person.signed_in(app.begin(redirect_uri=CALLBACK, scope="openid"), provider.administrator)
    assert call(apache, app.finish(url=arrived)["access_token"]) == 401
    assert call(apache, "made.up.token") == 401


@pytest.mark.parametrize("configuration", [PAGES, API], ids=["pages", "api"])
def test_the_guide_shows_the_configuration_that_runs_here(configuration: Path) -> None:
    assert configuration.read_text() in (ROOT / "docs" / "relying-apps.md").read_text()
