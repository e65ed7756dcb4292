"""The ordering system: a client with the scope to provision, and what it sends."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from tests import builders
from tests.http.oidc.conftest import keys_made_once
from tests.http.oidc.relying import machine

__all__ = ["keys_made_once"]


def body(number: str = builders.NUMBER, **changes: Any) -> dict[str, Any]:
    """Give the document as the ordering system writes it."""
    return asdict(builders.document(number)) | changes


@pytest.fixture
def token(app: flask.Flask, unit: Callable) -> Callable[..., str]:
    """Fetch an access token by client credentials: `token("ordering", "provisioning")`."""

    def fetched(client_id: str = "ordering", scope: str = "provisioning") -> str:
        with unit() as work:
            registered = machine(work, client_id, scope=scope)
        answer = app.test_client().post("/token", data={"grant_type": "client_credentials"}, auth=(client_id, registered.secret))
        assert answer.status_code == 200, answer.text
        return str(answer.json["access_token"])

    return fetched


@pytest.fixture
def ordering(app: flask.Flask, token: Callable[..., str]) -> Callable[..., TestResponse]:
    """Call the API as the ordering system: `ordering("PUT", document)`, `ordering("GET")`."""
    client, bearer = app.test_client(), {"Authorization": f"Bearer {token()}"}

    def call(method: str, document: Any = None, number: str = builders.NUMBER, **options: Any) -> TestResponse:
        headers = bearer | options.pop("headers", {})
        sent = {"json": document} if document is not None else {}
        return client.open(f"/api/v1/customers/{number}", method=method, headers=headers, **(sent | options))

    return call
