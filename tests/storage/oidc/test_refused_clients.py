"""Whatever a client that is refused calls itself, the refusal is told and noted, on both databases."""

import json
import threading
from base64 import urlsafe_b64encode

import flask
import pytest
from sqlalchemy import select

from idp.audit import Event
from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients, refusals
from idp.oidc.keys.jose import Algorithm, generate
from idp.operations.cleaning import clean_kind
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


def refuse(app: flask.Flask, times: int, client_id: str = "somebody", network: str = "192.0.2.1", path: str = "/token") -> None:
    """Be refused so often."""
    browser = app.test_client()
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "wrong"}
    for _ in range(times):
        assert browser.post(path, data=form, environ_base={"REMOTE_ADDR": network}).status_code == 401


def noted(units: Units) -> list[tuple[str | None, int | None]]:
    """Give the noted refusals: the client, and how many more."""
    with units.read() as work:
        rows = work.db.execute(
            select(AuditEvent.client_id, AuditEvent.detail).where(AuditEvent.event == Event.CLIENT_REFUSED.value).order_by(AuditEvent.id)
        )
        return [(client_id, detail.get("more")) for client_id, detail in rows]


def test_only_the_first_refusals_of_a_client_from_a_network_are_written(app: flask.Flask, units: Units) -> None:
    refuse(app, refusals.OF_CLIENT_AND_NETWORK + 5)
    assert noted(units) == [("somebody", None)] * refusals.OF_CLIENT_AND_NETWORK


def test_another_client_and_another_network_are_written_for_themselves(app: flask.Flask, units: Units) -> None:
    refuse(app, refusals.OF_CLIENT_AND_NETWORK + 1)
    refuse(app, 1, "somebody-else")
    refuse(app, 1, network="198.51.100.7")
    assert noted(units)[-2:] == [("somebody-else", None), ("somebody", None)]


def test_the_rest_is_told_once_as_a_number_when_the_hour_is_over(app: flask.Flask, units: Units, clock) -> None:
    refuse(app, refusals.OF_CLIENT_AND_NETWORK + 5)
    assert clean_kind(units, refusals.tell_rest) == 0
    clock.advance(hours=1)
    assert clean_kind(units, refusals.tell_rest) == 2
    assert noted(units)[-1] == ("somebody", 5)
    assert clean_kind(units, refusals.tell_rest) == 0
    assert len(noted(units)) == refusals.OF_CLIENT_AND_NETWORK + 1


def test_the_next_hour_begins_by_telling_the_rest_of_the_last(app: flask.Flask, units: Units, clock) -> None:
    refuse(app, refusals.OF_CLIENT_AND_NETWORK + 5)
    clock.advance(hours=2)
    refuse(app, 1)
    assert noted(units)[-2:] == [("somebody", 5), ("somebody", None)]


def test_made_up_clients_of_one_network_are_bounded_together(app: flask.Flask, units: Units, clock, monkeypatch) -> None:
    monkeypatch.setitem(refusals._WRITTEN, "network_refused", 4)
    for number in range(9):
        refuse(app, 1, f"made-up-{number}")
    assert len(noted(units)) == 4
    clock.advance(hours=1)
    clean_kind(units, refusals.tell_rest)
    assert noted(units)[4:] == [(None, 5)]


def test_a_long_name_is_told_by_its_beginning(app: flask.Flask, units: Units, clock) -> None:
    refuse(app, refusals.OF_CLIENT_AND_NETWORK + 1, "c" * 128)
    clock.advance(hours=1)
    clean_kind(units, refusals.tell_rest)
    assert noted(units)[-1] == (None, 1)


def test_every_endpoint_counts_for_the_same(app: flask.Flask, units: Units) -> None:
    for path in ("/token", "/par", "/introspect", "/revoke"):
        refuse(app, 4, path=path)
    assert len(noted(units)) == refusals.OF_CLIENT_AND_NETWORK


def test_of_parallel_refusals_none_is_written_beyond_the_number_and_none_is_lost(app: flask.Flask, units: Units, clock) -> None:
    crowd = [threading.Thread(target=refuse, args=(app, 4)) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    clock.advance(hours=1)
    clean_kind(units, refusals.tell_rest)
    rows = noted(units)
    assert len(rows) == refusals.OF_CLIENT_AND_NETWORK + 1
    assert rows[-1] == ("somebody", 16 - refusals.OF_CLIENT_AND_NETWORK)
