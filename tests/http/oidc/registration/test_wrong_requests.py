"""Where wrong requests of clients that registered themselves lead: nowhere, until somebody has signed in."""

import flask
import pytest
from werkzeug.test import TestResponse

from tests.http.oidc.browsing import Browser, answered, asking
from tests.http.oidc.registration.conftest import Registrar


def told_on_a_page(response: TestResponse, error: str) -> bool:
    return (response.status_code, response.location) == (400, None) and f"<code>{error}</code>" in response.text


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"request": "x.y."}, "invalid_request_object"),
    ],
)
def test_rfc9700_4_11_2_a_wrong_request_of_a_strangers_app_leads_nobody_there(
    app: flask.Flask, registrar: Registrar, wrong: dict, error: str
) -> None:
    """Whoever registers an app could else send links of ours around that lead to a page of theirs, past any sign-in."""
    made = registrar.made()
    browser = Browser(app)
    assert told_on_a_page(browser.authorize(client_id=made["client_id"], **wrong), error)
    posted = browser.post("/authorize", asking(client_id=made["client_id"], **wrong))
    assert told_on_a_page(posted, error)
    silent = answered(browser.authorize(client_id=made["client_id"], prompt="none", **wrong))
    assert silent["error"] == error, "prompt=none asks for an answer without anybody"
