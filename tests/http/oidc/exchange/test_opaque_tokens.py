"""Opaque access tokens can be exchanged, and come out of an exchange, as signed ones (RFC 8693 §2.1)."""

from typing import Any

import pytest

from idp.oidc.clients import clients as registered
from idp.oidc.clients import resources
from idp.oidc.tokens import references
from idp.unit_of_work import Units
from tests.builders import PHONE_1
from tests.http.oidc.browsing import ISSUER, Browser
from tests.http.oidc.exchange.conftest import CALLS, ELSEWHERE, PBX, Exchanger, phones
from tests.http.oidc.relying import claims_of


def want_opaque(units: Units, identifier: str, introspection_client_id: str) -> None:
    """Let tokens for a resource be opaque from now on."""
    with units.write() as work:
        scopes = resources.show(work, identifier).scopes
        asked: dict[str, Any] = {"token_format": "opaque", "introspection_client_id": introspection_client_id}
        resources.change(work, identifier, name="", scopes=scopes, **asked)


@pytest.fixture
def opaque(portal: Exchanger, units: Units, signed_in: Browser) -> str:
    """The portal's access token, for its backend `pbx` and for ourselves."""
    want_opaque(units, PBX, "pbx")
    code = portal.code(signed_in, scope="openid profile roles contracts", resource=[PBX, ISSUER])
    token = str(portal.redeem(code).json["access_token"])
    assert token.startswith(references.PREFIX)
    return token


def test_rfc8693_2_1_an_opaque_token_becomes_a_signed_one_for_a_signed_resource(pbx: Exchanger, opaque: str) -> None:
    claims = claims_of(pbx.exchanged(opaque, resource=CALLS, scope="roles"))
    assert (claims["client_id"], claims["aud"], claims["act"]) == ("pbx", CALLS, {"sub": "pbx"})
    assert claims["exp"] - claims["iat"] == 300


def test_rfc8693_4_1_an_opaque_token_of_an_exchange_names_who_acts(pbx: Exchanger, calls: Exchanger, units: Units, opaque: str) -> None:
    want_opaque(units, CALLS, "calls")
    told = calls.introspect(pbx.exchanged(opaque, resource=CALLS))
    assert (told["client_id"], told["aud"], told["act"]) == ("pbx", CALLS, {"sub": "pbx"})
    assert pbx.introspect(pbx.exchanged(opaque, resource=CALLS)) == {"active": False}


def test_rfc8693_4_1_a_chain_of_exchanges_is_told(pbx: Exchanger, calls: Exchanger, portal: Exchanger, units: Units, opaque: str) -> None:
    want_opaque(units, CALLS, "calls")
    narrower = portal.exchanged(opaque, resource=PBX, authorization_details=phones(PHONE_1))
    told = calls.introspect(pbx.exchanged(narrower, resource=CALLS))
    assert told["act"] == {"sub": "pbx", "act": {"sub": "portal"}}
    assert told["authorization_details"] == [{"type": "cloud_phone", "contract": PHONE_1}]


def test_rfc8693_2_2_2_a_stranger_exchanges_no_opaque_token(stranger: Exchanger, opaque: str) -> None:
    assert stranger.error(opaque) == "invalid_request"


@pytest.mark.parametrize("shown", ["jti", "prefix", "cut", "longer", "unknown"])
def test_rfc8693_2_2_2_what_is_no_token_is_refused_as_any_other(portal: Exchanger, pbx: Exchanger, opaque: str, shown: str) -> None:
    jti = pbx.introspect(opaque)["jti"]
    sent = {
        "jti": jti,
        "prefix": references.PREFIX,
        "cut": opaque[:-1],
        "longer": opaque + "A",
        "unknown": references.PREFIX + "A" * 43,
    }[shown]
    answer, known = portal.exchange(sent), portal.exchange("unknown")
    assert (answer.status_code, answer.json) == (known.status_code, known.json)
    assert answer.json["error"] == "invalid_request"


def test_rfc8693_2_2_2_a_revoked_opaque_token_is_not_exchanged(portal: Exchanger, opaque: str) -> None:
    portal.post("/revoke", {"token": opaque})
    assert portal.error(opaque) == "invalid_request"


def test_what_was_exchanged_for_a_revoked_opaque_token_ends_with_it(
    portal: Exchanger, pbx: Exchanger, calls: Exchanger, opaque: str
) -> None:
    derived = pbx.exchanged(opaque, resource=CALLS)
    assert calls.is_active(derived)
    portal.post("/revoke", {"token": opaque})
    assert not calls.is_active(derived)


def test_a_client_named_as_audience_gets_the_format_of_its_resource(portal: Exchanger, pbx: Exchanger, opaque: str) -> None:
    """Naming the service in place of its resource makes nothing readable that is to be opaque."""
    token = portal.exchanged(opaque, audience="pbx")
    assert token.startswith(references.PREFIX)
    assert pbx.introspect(token)["aud"] == "pbx"


def test_rfc8707_2_targets_of_different_formats_share_no_token(portal: Exchanger, units: Units, opaque: str) -> None:
    with units.write() as work:
        resources.change(work, ELSEWHERE, name="", scopes=(), introspection_client_id="calls")
        registered.change(work, "portal", {"resources": [PBX, ELSEWHERE]})
    for named in ({"resource": [PBX, ELSEWHERE]}, {"audience": ["pbx", "calls"]}, {"audience": "pbx", "resource": ELSEWHERE}):
        assert portal.error(opaque, **named) == "invalid_target"
    assert claims_of(portal.exchanged(opaque, audience="calls", resource=ELSEWHERE))["aud"] == [ELSEWHERE, "calls"]


def test_a_bound_opaque_token_becomes_nothing_that_anybody_could_bear(portal: Exchanger, units: Units, signed_in: Browser) -> None:
    want_opaque(units, PBX, "pbx")
    bound = portal.redeem(portal.code(signed_in, scope="openid roles", resource=PBX), prover=portal.key).json["access_token"]
    assert portal.error(bound) == "invalid_dpop_proof"
    assert portal.exchanged(bound, prover=portal.key).startswith(references.PREFIX)
