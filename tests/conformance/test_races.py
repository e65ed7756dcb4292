"""Eight redeem the same thing at the same moment, over connections of their own: on a server with threads, and on one with processes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import requests

from tests.conformance.person import Person, parameters_of
from tests.conformance.provider import Provider
from tests.http.oidc.browsing import CHALLENGE, VERIFIER
from tests.servers import Postgres

MANY = 8
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
CALLBACK = "https://racing.example/callback"


@pytest.fixture(scope="module")
def provider_on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Provider]:
    """Two web processes on PostgreSQL."""
    with postgres.database() as url:
        running = Provider(tmp_path_factory.mktemp("provider-on-postgres"), {"IDP_DATABASE_URL": url, "IDP_WORKERS": "2"})
        running.command("db", "upgrade")
        try:
            running.start()
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def racing(request: pytest.FixtureRequest) -> Provider:
    """A running provider on each database."""
    provider: Provider = request.getfixturevalue({"sqlite": "provider", "postgresql": "provider_on_postgres"}[request.param])
    return provider


@pytest.fixture(scope="module")
def app(racing: Provider) -> "Racer":
    """An app of one client, and a browser that is signed in."""
    made = racing.register(CALLBACK, grant_types=["authorization_code", "refresh_token", DEVICE_CODE])
    person = Person(racing)
    person.signed_in(f"{racing.idp}/signin", racing.administrator)
    return Racer(racing, (made.client.id, str(made.secret)), person)


class Racer:
    """The app; what it does eight times goes over eight connections that are open before."""

    def __init__(self, provider: Provider, auth: tuple[str, str], person: Person) -> None:
        self.provider = provider
        self.auth = auth
        self.person = person

    def post(self, path: str, fields: dict[str, str], connection: Any = requests) -> requests.Response:
        """Send a form as the client."""
        response: requests.Response = connection.post(f"{self.provider.idp}{path}", fields, auth=self.auth, timeout=20)
        return response

    def together(self, act: Callable[[requests.Session], requests.Response]) -> list[requests.Response]:
        """Do the same at the same moment."""
        start = Barrier(MANY)

        def one(_: int) -> requests.Response:
            with requests.Session() as connection:
                connection.trust_env = False
                connection.cookies.update(self.person.browser.cookies)
                connection.get(f"{self.provider.idp}/health/live", timeout=20)
                start.wait(10)
                return act(connection)

        with ThreadPoolExecutor(MANY) as threads:
            return list(threads.map(one, range(MANY)))

    def asked(self, **changes: str) -> dict[str, str]:
        """Give the parameters of a request."""
        known = {"response_type": "code", "client_id": self.auth[0], "redirect_uri": CALLBACK, "scope": "openid", "state": "s"}
        return known | {"code_challenge": CHALLENGE, "code_challenge_method": "S256"} | changes

    def pushed(self) -> dict[str, str]:
        """Push a request; give what opens it."""
        response = self.post("/par", self.asked())
        return {"client_id": self.auth[0], "request_uri": response.json()["request_uri"]}

    def code(self) -> str:
        """Fetch a code by the signed-in browser."""
        response = self.person.browser.get(f"{self.provider.idp}/authorize", params=self.asked(), allow_redirects=False, timeout=20)
        return parameters_of(response.headers["Location"])["code"]

    def device_code(self) -> str:
        """Let a device ask, and the person agree."""
        device = self.post("/device-authorization", {"scope": "openid"}).json()
        self.person.open(device["verification_uri_complete"])
        self.person.send("user_code")
        self.person.send("account", decision="allow")
        return str(device["device_code"])

    def poll(self, device_code: str, connection: Any = requests) -> requests.Response:
        """Ask for the device's tokens."""
        return self.post("/token", {"grant_type": DEVICE_CODE, "device_code": device_code}, connection)

    def redeem(self, code: str, connection: Any = requests) -> requests.Response:
        """Exchange a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return self.post("/token", form, connection)

    def refresh(self, token: str, connection: Any = requests) -> requests.Response:
        """Exchange a refresh token."""
        return self.post("/token", {"grant_type": "refresh_token", "refresh_token": token}, connection)


def outcomes(answers: list[requests.Response]) -> list[tuple[int, str | None]]:
    """Sort the answers by status and error."""
    return sorted((answer.status_code, answer.json().get("error")) for answer in answers)


def test_rfc6749_4_1_2_of_eight_redemptions_of_a_code_one_succeeds_and_its_tokens_end(app: Racer) -> None:
    code = app.code()
    answers = app.together(lambda connection: app.redeem(code, connection))
    assert outcomes(answers) == [(200, None)] + [(400, "invalid_grant")] * (MANY - 1)
    (tokens,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert app.post("/introspect", {"token": tokens["access_token"]}).json() == {"active": False}, "the code was used twice"


def test_rfc9126_7_3_of_eight_openings_of_a_reference_exactly_one_gets_a_code(app: Racer) -> None:
    reference = app.pushed()
    address = f"{app.provider.idp}/authorize"
    answers = app.together(lambda connection: connection.get(address, params=reference, allow_redirects=False, timeout=20))
    led = [parameters_of(answer.headers["Location"]) for answer in answers if answer.status_code == 303]
    assert sum("code" in answer for answer in led) == 1
    assert {answer["error"] for answer in led if "code" not in answer} <= {"invalid_request_uri"}
    assert {answer.status_code for answer in answers} <= {303, 400}, "one who comes too late sees it on a page"


def test_of_eight_uses_of_a_refresh_token_one_rotates_and_all_get_its_successor(app: Racer) -> None:
    token = app.redeem(app.code()).json()["refresh_token"]
    answers = app.together(lambda connection: app.refresh(token, connection))
    assert outcomes(answers) == [(200, None)] * MANY
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert app.refresh(successor).status_code == 200, "the family lives"


def test_rfc9700_4_14_2_of_eight_uses_of_an_overtaken_refresh_token_none_succeeds(app: Racer) -> None:
    token = app.redeem(app.code()).json()["refresh_token"]
    successor = app.refresh(token).json()["refresh_token"]
    latest = app.refresh(successor).json()["refresh_token"]
    answers = app.together(lambda connection: app.refresh(token, connection))
    assert outcomes(answers) == [(400, "invalid_grant")] * MANY
    assert app.refresh(latest).json()["error"] == "invalid_grant", "the family has ended"


def test_rfc7009_of_eight_revocations_none_fails(app: Racer) -> None:
    token = app.redeem(app.code()).json()["refresh_token"]
    answers = app.together(lambda connection: app.post("/revoke", {"token": token}, connection))
    assert {answer.status_code for answer in answers} == {200}
    assert app.refresh(token).json()["error"] == "invalid_grant"


def test_rfc8628_3_4_of_eight_polls_with_an_approved_device_code_exactly_one_gets_tokens(app: Racer) -> None:
    device_code = app.device_code()
    answers = app.together(lambda connection: app.poll(device_code, connection))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (MANY - 1)
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} <= {"invalid_grant", "slow_down"}
    assert app.poll(device_code).json()["error"] in ("invalid_grant", "slow_down")
