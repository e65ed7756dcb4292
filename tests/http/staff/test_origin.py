"""`IDP_STAFF_ORIGIN`: staff's pages exist there and nowhere else, and there exists nothing else but static files and health."""

from urllib.parse import urljoin

import flask
import pytest
from werkzeug.test import TestResponse

from idp.directory.accounts import Account
from idp.oidc.protocol import Path
from idp.settings import Settings
from tests import builders
from tests.conftest import make_settings
from tests.http.oidc import browsing
from tests.http.staff.conftest import CLIENTS, NEW
from tests.visitor import PASSWORD, forms_of, pins_of

PUBLIC, STAFF = "https://login.example", "https://staff.example"


@pytest.fixture
def settings(database: str, tmp_path) -> Settings:
    return make_settings(database, tmp_path, issuer=PUBLIC, staff_origin=STAFF)


@pytest.mark.parametrize(
    "origin", ["staff.example", "http://staff.example", "https://", "https://staff.example/", "https://staff.example/staff", "https://a?b"]
)
def test_what_is_no_origin_is_refused_at_start(database: str, tmp_path, origin: str) -> None:
    with pytest.raises(ValueError, match="staff_origin"):
        make_settings(database, tmp_path, issuer=PUBLIC, staff_origin=origin)


class Person:
    """A browser that goes to two hosts."""

    def __init__(self, app: flask.Flask) -> None:
        self.client = app.test_client()

    def get(self, address: str) -> TestResponse:
        """Open an address and follow on the same host."""
        for _ in range(8):
            page = self.client.get(address, base_url=address[: address.index("/", 8)], headers={"Accept-Language": "de"})
            if page.status_code not in (302, 303):
                break
            address = urljoin(address, page.location)
        self.page, self.address = page, address
        return page

    def send(self, having: str, **fields: str) -> TestResponse:
        """Send a form of the page."""
        form = next(form for form in forms_of(self.page.text, self.address) if having in form.fields)
        origin = form.action[: form.action.index("/", 8)]
        answer = self.client.post(form.action, data=form.fields | fields, base_url=origin)
        return self.get(urljoin(form.action, answer.location)) if answer.status_code == 303 else answer

    def cookies(self, host: str) -> set[str]:
        """Name the cookies that a host gets."""
        return {cookie.key for cookie in self.client._cookies.values() if cookie.domain == host}


@pytest.fixture
def person(app: flask.Flask) -> Person:
    return Person(app)


def signed_in(app: flask.Flask, person: Person, operator: Account, page: str = NEW) -> Person:
    person.get(STAFF + page)
    person.send("password", username=operator.username, password=PASSWORD)
    person.send("pin", pin=pins_of(app, builders.MOBILE)[-1])
    return person


def test_staff_sign_in_there_and_come_back_to_the_page(app, person: Person, operator) -> None:
    signed_in(app, person, operator)
    assert person.address == STAFF + NEW
    assert "App registrieren" in person.page.text


def test_the_session_is_a_cookie_of_that_host_alone(app, person: Person, operator) -> None:
    signed_in(app, person, operator)
    assert person.cookies("staff.example") == {"__Host-idp_staff", "__Host-idp_browser", "__Host-idp_state"}
    assert person.cookies("login.example") == set()


@pytest.mark.parametrize("page", ["/staff/", CLIENTS, NEW, "/staff/redirect-uri?value=x", "/staff/session", "/staff/session/signed-out"])
def test_the_public_host_has_no_staff_pages(person: Person, page: str) -> None:
    assert person.get(PUBLIC + page).status_code == 404
    assert "/staff/" not in person.page.text


def test_an_error_on_the_staff_host_leads_to_its_first_page(person: Person) -> None:
    assert 'href="/staff/">Zur Startseite</a>' in person.get(STAFF + "/staff/nowhere").text


def test_forms_of_staff_are_not_taken_on_the_public_host(person: Person) -> None:
    person.get(PUBLIC + "/signin")
    token = forms_of(person.page.text, person.address)[0].fields["csrf_token"]
    answer = person.client.post("/staff/sign-out", data={"csrf_token": token}, base_url=PUBLIC)
    assert answer.status_code == 404


PUBLIC_PAGES = ["/signin", "/password/forgot", "/access-request", "/console/", "/account/", "/demo/mailbox", "/authorize", "/end-session",
                "/.well-known/openid-configuration", "/jwks", "/api/v1/openapi.json", "/userinfo", "/nowhere", "/device"]  # fmt: skip


@pytest.mark.parametrize("page", PUBLIC_PAGES)
def test_the_staff_host_has_nothing_else(person: Person, page: str) -> None:
    assert person.get(STAFF + page).status_code == 404


@pytest.mark.parametrize("path", list(Path))
def test_the_staff_host_has_no_endpoint_of_the_protocol(person: Person, path: Path) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = person.client.open(path.value, method=method, base_url=STAFF)
        assert answer.status_code == 404, (method, path)


def test_a_document_that_was_ready_for_the_public_host_is_not_there_on_the_staff_host(person: Person) -> None:
    assert person.get(PUBLIC + "/.well-known/openid-configuration").status_code == 200
    assert person.get(PUBLIC + "/.well-known/openid-configuration").status_code == 200
    assert person.get(STAFF + "/.well-known/openid-configuration").status_code == 404


def test_static_files_and_health_are_on_both(person: Person) -> None:
    sheet = person.get(PUBLIC + "/signin").text.partition('href="/static/')[2].partition('"')[0]
    for host in (PUBLIC, STAFF):
        assert person.get(f"{host}/static/{sheet}").status_code == 200
        assert person.get(host + "/health/live").status_code == 200


def test_the_root_of_the_staff_host_leads_to_the_sign_in(person: Person) -> None:
    person.get(STAFF + "/")
    assert person.address.startswith(STAFF + "/signin/")
    assert "Anmeldung erforderlich" in person.page.text
    assert f'href="{PUBLIC}/password/forgot"' in person.page.text


def test_a_public_sign_in_cannot_be_gone_through_on_the_staff_host(app, person: Person, unit) -> None:
    person.get(PUBLIC + "/signin")
    begun = person.address.removeprefix(PUBLIC)
    browser = person.client.get_cookie("__Host-idp_browser", domain="login.example")
    person.client.set_cookie("__Host-idp_browser", browser.value, domain="staff.example")
    assert person.get(STAFF + begun).status_code == 410


def test_a_staff_sign_in_cannot_be_gone_through_on_the_public_host(app, person: Person, operator) -> None:
    person.get(STAFF + NEW)
    begun = person.address.removeprefix(STAFF)
    browser = person.client.get_cookie("__Host-idp_browser", domain="staff.example")
    person.client.set_cookie("__Host-idp_browser", browser.value, domain="login.example")
    assert person.get(PUBLIC + begun).status_code == 410


def test_a_staff_session_carried_to_the_public_host_is_no_session(app, person: Person, operator, unit) -> None:
    with unit() as work:
        browsing.registered(work)
    signed_in(app, person, operator)
    token = person.client.get_cookie("__Host-idp_staff", domain="staff.example").value
    for name in ("__Host-idp_session", "__Host-idp_staff"):
        person.client.set_cookie(name, token, domain="login.example")
    person.get(PUBLIC + "/account/")
    assert "/signin/" in person.address


def test_another_host_is_led_to_the_public_one(person: Person) -> None:
    answer = person.client.get(CLIENTS, base_url="https://other.example")
    assert answer.location == PUBLIC + CLIENTS
