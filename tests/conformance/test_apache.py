"""mod_auth_openidc, the certified relying party for Apache, protects pages by the running provider, configured as the guide says."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

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


def test_the_guide_shows_the_configuration_that_runs_here() -> None:
    assert CONFIGURATION.read_text() in (ROOT / "docs" / "relying-apps.md").read_text()
