"""The two relying apps beside a provider that says whatever the test needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudphone.app
import cloudphone.settings
import portal.app
import portal.settings
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.clients.provider_double import ProviderDouble, RunningDouble

PORTAL = "http://localhost:8001"
CLOUDPHONE = "http://localhost:8002"
SECRET = "0123456789abcdef0123456789abcdef"


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Browser:
    """A person's browser on one of the apps, with the provider's part played by the double."""

    client: FlaskClient
    origin: str
    provider: ProviderDouble

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path.removeprefix(self.origin), base_url=self.origin, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.client.post(path, base_url=self.origin, **options)

    def sign_in(self, path: str = "/", error: str | None = None) -> TestResponse:
        """Open a page, sign in at the provider, give the app's answer to what the provider said."""
        to_provider = self.get(path)
        while to_provider.location and not to_provider.location.startswith(self.provider.issuer):
            to_provider = self.get(to_provider.location)
        assert to_provider.status_code == 302, to_provider.text
        return self.get(self.provider.sign_in(to_provider.location, error))

    def sign_out(self, csrf_token: str | None = None) -> TestResponse:
        if csrf_token is None:
            self.get("/documentation")  # a page with the form
            with self.client.session_transaction(base_url=self.origin) as session:
                csrf_token = session.get("csrf", "")
        return self.post("/logout", data={"csrf_token": csrf_token})


@pytest.fixture(scope="session")
def running_provider() -> Iterator[RunningDouble]:
    running = RunningDouble()
    yield running
    running.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(running_provider: RunningDouble, clock: Clock) -> ProviderDouble:
    running_provider.double.reset()
    running_provider.double.clock = clock
    return running_provider.double


@pytest.fixture
def portal_environment(provider: ProviderDouble, tmp_path: Path) -> dict[str, str]:
    return {
        "PORTAL_ISSUER": provider.issuer,
        "PORTAL_CLIENT_ID": "portal",
        "PORTAL_CLIENT_SECRET": "portal-secret",
        "PORTAL_BASE_URL": PORTAL,
        "PORTAL_SESSION_SECRET": SECRET,
        "PORTAL_DATA_DIR": str(tmp_path / "portal"),
        "PORTAL_CLOUDPHONE_INITIATE_URL": f"{CLOUDPHONE}/login/initiate",
        "PORTAL_BRAND": "Muster",
        "PORTAL_SERVICE_PHONE": "0800 123456",
        "PORTAL_SERVICE_EMAIL": "service@example.com",
    }


@pytest.fixture
def portal_app(portal_environment: dict[str, str], clock: Clock) -> Flask:
    return portal.app.create_app(portal.settings.from_environment(portal_environment), clock)


@pytest.fixture
def portal_browser(portal_app: Flask, provider: ProviderDouble) -> Browser:
    return Browser(portal_app.test_client(), PORTAL, provider)


@pytest.fixture
def cloudphone_environment(provider: ProviderDouble, tmp_path: Path) -> dict[str, str]:
    return {
        "CLOUDPHONE_ISSUER": provider.issuer,
        "CLOUDPHONE_CLIENT_ID": "cloudphone",
        "CLOUDPHONE_CLIENT_SECRET": "cloudphone-secret",
        "CLOUDPHONE_BASE_URL": CLOUDPHONE,
        "CLOUDPHONE_SESSION_SECRET": SECRET,
        "CLOUDPHONE_DATA_DIR": str(tmp_path / "cloudphone"),
        "CLOUDPHONE_PORTAL_URL": PORTAL,
    }


@pytest.fixture
def cloudphone_app(cloudphone_environment: dict[str, str], clock: Clock) -> Flask:
    return cloudphone.app.create_app(cloudphone.settings.from_environment(cloudphone_environment), clock)


@pytest.fixture
def cloudphone_browser(cloudphone_app: Flask, provider: ProviderDouble) -> Browser:
    return Browser(cloudphone_app.test_client(), CLOUDPHONE, provider)


@pytest.fixture
def new_browser() -> Callable[[Flask, Browser], Browser]:
    """Give another browser on the same application."""
    return lambda app, like: Browser(app.test_client(), like.origin, like.provider)
