"""Whatever a client that is refused calls itself, the refusal is told and noted, on both databases."""

import json
from base64 import urlsafe_b64encode

import flask
import pytest
from sqlalchemy import select

from idp.audit import Event
from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients
from idp.oidc.keys.jose import Algorithm, generate
from idp.unit_of_work import Units

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLAIMED = ["a\0b", "x" * 3000, "ä", "\ud800".encode("utf-8", "surrogatepass")]


@pytest.mark.parametrize("claimed", CLAIMED, ids=["nul", "long", "umlaut", "surrogate"])
@pytest.mark.parametrize("path", ["/token", "/par", "/introspect", "/revoke", "/device-authorization"])
def test_rfc7521_4_2_1_an_assertion_of_another_type_is_refused_whoever_sends_it(app: flask.Flask, path: str, claimed: str | bytes) -> None:
    form = {"client_id": claimed, "client_assertion": "a.b.c", "client_assertion_type": "other", "grant_type": "client_credentials"}
    answer = app.test_client().post(path, data=form)
    assert answer.status_code in (400, 401), answer.text


def test_rfc6749_5_2_what_an_assertion_names_is_not_said_again(app: flask.Flask, units: Units) -> None:
    _, public, _ = generate(Algorithm.ES256)
    with units.write() as work:
        metadata = {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public]}}
        clients.register(work, metadata, client_id="keyed")
    header, claims = (
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": '"\\ü' * 1000}, {"sub": "keyed"})
    )
    form = {"grant_type": "client_credentials", "client_assertion_type": BEARER, "client_assertion": f"{header}.{claims}.eA"}
    answer = app.test_client().post("/token", data=form)
    assert answer.status_code == 401
    assert "ü" not in answer.json["error_description"]
    with units.read() as work:
        noted = work.db.scalar(select(AuditEvent.detail).where(AuditEvent.event == Event.CLIENT_REFUSED.value))
    assert len(noted["reason"]) < 200
