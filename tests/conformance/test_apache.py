"""mod_auth_openidc, the certified relying party for Apache, protects pages by the running provider, configured as the guide says."""

import html
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from idp.oidc.clients import clients
from idp.unit_of_work import SYSTEM
from tests.conformance.apache import CONFIGURATION, Apache
from tests.conformance.person import Person
from tests.conformance.provider import Provider
from tests.servers import ROOT, wait_until


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


def test_the_guide_shows_the_configuration_that_runs_here() -> None:
    assert CONFIGURATION.read_text() in (ROOT / "docs" / "relying-apps.md").read_text()
