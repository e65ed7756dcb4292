"""Signed requests by way of PAR: FAPI 2.0 Message Signing §5.3, RFC 9101 with RFC 9126 §3."""

import itertools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import flask
import pytest
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.oidc.authorization.tables import PushedRequest
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests.conftest import SettableClock
from tests.http.oidc import browsing
from tests.http.oidc.browsing import REDIRECT_URI, Browser, answered, asking
from tests.http.oidc.dpop.proofs import KeyHolder, Signer, signed
from tests.http.oidc.relying import RelyingParty
from tests.http.oidc.signing import OBJECT, claims_at, signer, unsigned

_numbers = itertools.count()


@pytest.fixture
def fapi(app: flask.Flask, units: Units) -> KeyHolder:
    """A client of FAPI 2.0 Message Signing: it signs each request."""
    return fapi_client(app, units, require_signed_request_object=True)


def fapi_client(app: flask.Flask, units: Units, **metadata: Any) -> KeyHolder:
    """Register a FAPI client and give what speaks for it."""
    own = Signer(app, "fapi")
    with units.write() as work:
        known = {"redirect_uris": [REDIRECT_URI], "jwks": own.jwks, "grant_types": ["authorization_code", "refresh_token"]}
        clients.register(work, known | metadata, client_id="fapi", first_party=True, profile="fapi2")
    return KeyHolder(app, "fapi", signer=own)


@pytest.fixture
def claims(clock: SettableClock) -> Callable[..., dict[str, Any]]:
    """Make the claims of an object of the FAPI client that is good, but for the changes."""
    return lambda **changes: claims_at(clock(), **{"client_id": "fapi", "iss": "fapi", "jti": f"{next(_numbers)}"} | changes)


def object_of(party: KeyHolder, claims: dict[str, Any], **header: Any) -> str:
    """Sign an object by the client's key."""
    assert party.signer
    return signed({"alg": "ES256", "typ": OBJECT} | header, claims, party.signer.key)


def push(party: KeyHolder, claims: dict[str, Any], **form: Any) -> TestResponse:
    """Push an object, and nothing else unless told so."""
    return party.post("/par", {"request": object_of(party, claims)} | form)


def opened(browser: Browser, response: TestResponse, **others: str) -> TestResponse:
    """Open what was pushed."""
    assert response.status_code == 201, response.text
    query = {"client_id": "fapi", "request_uri": response.json["request_uri"]} | others
    return browser.get("/authorize?" + urlencode(query))


def refused(response: TestResponse, error: str = "invalid_request_object") -> bool:
    """Tell whether a push was refused so."""
    return (response.status_code, response.json["error"]) == (400, error)


def test_message_signing_5_3_1_a_signed_request_is_pushed_and_answered(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    """The suite's happy flow with signed requests."""
    code = answered(opened(signed_in, push(fapi, claims(state="inside"))))
    assert code["state"] == "inside"
    assert fapi.redeem(code["code"]).status_code == 200


def test_message_signing_5_3_1_plain_parameters_are_refused_at_par(fapi: KeyHolder, signed_in: Browser) -> None:
    """The suite's ensure-unsigned-request-at-par-endpoint-fails."""
    assert refused(fapi.post("/par", asking(client_id="fapi")), "invalid_request")


def test_message_signing_5_3_1_and_at_the_authorization_endpoint(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    """The suite's ensure-unsigned-authorization-request-without-using-par-fails."""
    assert answered(signed_in.authorize(client_id="fapi"))["error"] == "invalid_request"
    by_value = signed_in.get("/authorize?" + urlencode({"client_id": "fapi", "request": object_of(fapi, claims())}))
    assert answered(by_value)["error"] == "invalid_request"


def test_fapi2_5_3_2_2_without_message_signing_a_plain_push_is_taken(app: flask.Flask, units: Units, signed_in: Browser) -> None:
    party = fapi_client(app, units)
    assert "code" in answered(opened(signed_in, party.post("/par", asking(client_id="fapi"))))


def test_message_signing_5_3_1_objects_of_any_fapi_client_are_held_to_it(app: flask.Flask, units: Units, signed_in, claims) -> None:
    party = fapi_client(app, units)
    assert push(party, claims()).status_code == 201
    assert refused(push(party, claims(nbf=None)))


MINUTES = 60


@pytest.mark.parametrize(
    ("nbf", "exp", "taken"),
    [
        (0, 5 * MINUTES, True),
        (0, 60 * MINUTES, True),
        (-59 * MINUTES, 1 * MINUTES, True),
        (-60 * MINUTES, 0, False),
        (-60 * MINUTES, 1, False),
        (0, 60 * MINUTES + 1, False),
        (-70 * MINUTES, 5 * MINUTES, False),
        (0, 70 * MINUTES, False),
        (8, 5 * MINUTES, True),  # a clock that is a little ahead
        (10, 5 * MINUTES, True),
        (61, 5 * MINUTES, False),
        (0, -5 * MINUTES, False),
        (0, 0, False),
        (None, 5 * MINUTES, False),
        (0, None, False),
    ],
)
def test_message_signing_5_3_1_nbf_and_exp_are_bounded(fapi, signed_in, claims, clock, nbf: int | None, exp: int | None, taken) -> None:
    """The suite's request-object tests with nbf and exp."""
    now = int(clock().timestamp())
    times = {"nbf": None if nbf is None else now + nbf, "exp": None if exp is None else now + exp}
    response = push(fapi, claims(**times))
    assert response.status_code == 201 if taken else refused(response)


@pytest.mark.parametrize("audience", ["http://localhost", ["http://localhost"], ["https://other.example", "http://localhost"]])
def test_message_signing_5_3_1_aud_is_the_issuer_also_inside_a_list(fapi: KeyHolder, signed_in: Browser, claims, audience: Any) -> None:
    assert push(fapi, claims(aud=audience)).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": None}, {"aud": "https://other.example"}, {"aud": "http://localhost/par"}, {"aud": ["https://other.example"]},
        {"iss": "other"}, {"client_id": "other"}, {"client_id": None}, {"sub": "fapi"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:x"}, {"request": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_rfc9101_6_3_what_is_wrong_inside_is_refused(fapi: KeyHolder, signed_in: Browser, claims, changes: dict) -> None:
    assert refused(push(fapi, claims(**changes)))


def test_rfc9126_2_1_a_reference_beside_the_object_is_refused(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    assert refused(push(fapi, claims(), request_uri="urn:ietf:params:oauth:request_uri:x"), "invalid_request")


def test_rfc9101_10_5_unsigned_objects_are_refused(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    """The suite's ensure-request-object-signature-algorithm-is-not-none."""
    assert refused(fapi.post("/par", {"request": unsigned(claims())}))


def test_fapi2_5_4_1_rs256_is_refused(fapi: KeyHolder, signed_in: Browser, units: Units, claims) -> None:
    """The suite's ensure-signed-request-object-with-RS256-fails."""
    key = RSAKey.generate_key(2048)
    assert fapi.signer
    with units.write() as work:
        clients.change(work, "fapi", {"jwks": {"keys": [*fapi.signer.jwks["keys"], key.as_dict(private=False)]}})
    assert refused(fapi.post("/par", {"request": signed({"alg": "RS256", "typ": OBJECT}, claims(), key)}))
    assert fapi.post("/par", {"request": signed({"alg": "PS256", "typ": OBJECT}, claims(), key)}).status_code == 201


def test_rfc9101_6_2_another_key_is_refused(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    """The suite's ensure-matching-key-in-authorization-request and -with-invalid-signature-fails."""
    good = object_of(fapi, claims())
    other = signed({"alg": "ES256", "typ": OBJECT}, claims(), ECKey.generate_key("P-256"))
    assert refused(fapi.post("/par", {"request": other}))
    assert refused(fapi.post("/par", {"request": good[:-8] + "AAAAAAAA"}))


def test_rfc9126_3_only_what_stands_in_the_object_counts(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    """The suite's state-only-outside-request-object-not-used and ensure-different-state-inside-and-outside."""
    response = push(fapi, claims(state=None), **asking(client_id="fapi", state="outside", prompt="none login"))
    assert answered(opened(signed_in, response)).keys() == {"code", "iss"}
    response = push(fapi, claims(state="inside"), **asking(client_id="fapi", state="outside"))
    assert answered(opened(signed_in, response))["state"] == "inside"


def test_rfc9126_3_that_goes_for_any_client(party: RelyingParty, signed_in: Browser, clock: SettableClock) -> None:
    request = signer().sign(claims_at(clock(), state=None))
    pushed = party.post("/par", asking(state="outside", prompt="none login") | {"request": request})
    opened = signed_in.get("/authorize?" + urlencode({"client_id": "app", "request_uri": pushed.json["request_uri"]}))
    assert answered(opened).keys() == {"code", "iss"}


def test_rfc9126_4_nothing_beside_the_reference_counts_either(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    others = {"state": "outside", "prompt": "none login", "request": "x.y.z", "redirect_uri": "https://evil.example/", "scope": "x"}
    assert answered(opened(signed_in, push(fapi, claims(state=None)), **others)).keys() == {"code", "iss"}


def test_message_signing_5_3_1_redirect_uri_stands_in_the_object(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    """The suite's ensure-request-object-without-redirect-uri-fails."""
    assert refused(push(fapi, claims(redirect_uri=None), redirect_uri=REDIRECT_URI), "invalid_request")


def test_rfc9101_5_an_object_is_of_the_client_that_pushes_it(app, units: Units, fapi: KeyHolder, signed_in: Browser, claims) -> None:
    with units.write() as work:
        browsing.registered(work, "other")
    stolen = object_of(fapi, claims())
    response = app.test_client().post("/par", data={"request": stolen}, auth=browsing.basic("other"))
    assert refused(response)


def test_rfc9126_3_the_object_itself_is_not_kept(fapi: KeyHolder, signed_in: Browser, claims, units: Units) -> None:
    push(fapi, claims(unknown="forgotten"))
    with units.read() as work:
        kept = work.db.execute(select(PushedRequest.parameters)).scalars().one()
    assert "request" not in kept["values"]
    assert "unknown" not in kept["values"]
    assert kept["values"]["client_id"] == "fapi"


def test_fapi2_5_3_2_2_long_state_and_nonce_are_kept(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    answer = answered(opened(signed_in, push(fapi, claims(state="s" * 4000, nonce="n" * 4000))))
    assert answer["state"] == "s" * 4000


def test_rfc9101_an_object_may_ask_for_a_signed_answer(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    response = opened(signed_in, push(fapi, claims(response_mode="jwt")))
    assert response.location.startswith(f"{REDIRECT_URI}?response=ey")


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é", "x" * 50_000, "\x00", "..", "[]"])
def test_whatever_is_pushed_as_an_object_is_no_failure_of_ours(fapi: KeyHolder, signed_in: Browser, text: str) -> None:
    assert fapi.post("/par", {"request": text}).status_code == 400


def test_rfc6749_3_1_an_object_is_not_pushed_twice(fapi: KeyHolder, signed_in: Browser, claims) -> None:
    request = object_of(fapi, claims())
    assert refused(fapi.post("/par", {"request": [request, request]}), "invalid_request")
