"""Authorization answers as one signed token (JARM; FAPI 2.0 Message Signing §5.4)."""

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.oidc.clients import clients
from idp.oidc.keys.jose import Algorithm, Verified
from tests.conftest import SettableClock
from tests.http.oidc import browsing
from tests.http.oidc.browsing import REDIRECT_URI, Browser, asking, basic
from tests.http.oidc.relying import RelyingParty
from tests.http.oidc.signing import proven, signer


def response_of(response: TestResponse) -> str:
    """Take the one parameter that an answer has."""
    if response.status_code == 200:
        assert f'action="{REDIRECT_URI}"' in response.text
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', response.text))
    else:
        assert response.status_code == 303, response.text[:500]
        parts = urlsplit(response.location)
        fields = {name: value for name, [value] in parse_qs(parts.query or parts.fragment, strict_parsing=True).items()}
    fields.pop("csrf_token", None)
    assert fields.keys() == {"response"}
    return fields["response"]


def said(browser: Browser, response: TestResponse) -> Verified:
    """Prove what an answer says by the provider's published keys."""
    return proven(browser.client, response_of(response))


def test_jarm_2_1_1_a_code_travels_in_a_signed_token(signed_in: Browser, clock: SettableClock) -> None:
    token = said(signed_in, signed_in.authorize(response_mode="jwt", state="a state"))
    assert token.claims.keys() == {"iss", "aud", "exp", "code", "state"}
    assert (token.claims["iss"], token.claims["aud"], token.claims["state"]) == ("http://localhost", "app", "a state")
    assert clock().timestamp() < token.claims["exp"] <= clock().timestamp() + 600
    assert (token.header["alg"], token.header["typ"]) == ("RS256", "JWT")


def test_jarm_2_1_1_an_error_travels_so_too(visitor: Browser) -> None:
    claims = said(visitor, visitor.authorize(response_mode="jwt", prompt="none")).claims
    assert (claims["error"], claims["state"], claims["aud"]) == ("login_required", "a state", "app")
    assert claims.keys() == {"iss", "aud", "exp", "error", "error_description", "state"}


def test_jarm_2_1_no_state_asked_none_answered(signed_in: Browser) -> None:
    assert "state" not in said(signed_in, signed_in.authorize(response_mode="jwt", state=None)).claims


@pytest.mark.parametrize(
    ("mode", "glue"),
    [("jwt", "?"), ("query.jwt", "?"), ("fragment.jwt", "#")],
)
def test_jarm_2_3_query_and_fragment_carry_it(signed_in: Browser, mode: str, glue: str) -> None:
    response = signed_in.authorize(response_mode=mode)
    assert response.location.startswith(f"{REDIRECT_URI}{glue}response=ey")
    assert said(signed_in, response).claims["code"]


def test_jarm_2_3_3_a_form_carries_it(signed_in: Browser) -> None:
    page = signed_in.authorize(response_mode="form_post.jwt")
    assert page.status_code == 200
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]
    assert said(signed_in, page).claims["code"]


def test_jarm_2_3_1_a_registered_query_is_kept(signed_in: Browser, unit) -> None:
    uri = f"{REDIRECT_URI}?tenant=7"
    with unit() as work:
        browsing.registered(work, "with-query", redirect_uris=[uri])
    assert signed_in.authorize(client_id="with-query", redirect_uri=uri, response_mode="jwt").location.startswith(f"{uri}&response=ey")


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_jarm_3_it_is_signed_as_the_client_registered(signed_in: Browser, unit, algorithm: Algorithm) -> None:
    with unit() as work:
        clients.change(work, "app", {"authorization_signed_response_alg": algorithm.value})
    assert said(signed_in, signed_in.authorize(response_mode="jwt")).header["alg"] == algorithm.value


def test_jarm_3_a_registered_algorithm_alone_changes_no_mode(signed_in: Browser, unit) -> None:
    with unit() as work:
        clients.change(work, "app", {"authorization_signed_response_alg": "ES256"})
    assert "code" in browsing.answered(signed_in.authorize())


def test_jarm_2_1_the_code_in_it_can_be_redeemed(signed_in: Browser, party: RelyingParty) -> None:
    code = said(signed_in, signed_in.authorize(response_mode="jwt")).claims["code"]
    assert party.redeem(code).status_code == 200


@pytest.mark.parametrize("mode", ["jwt", "fragment.jwt", "form_post.jwt"])
def test_jarm_2_1_a_kept_request_is_answered_so_after_the_sign_in(signed_in: Browser, visitor: Browser, account, mode: str) -> None:
    response = visitor.post("/authorize", asking(response_mode=mode, state="kept"))
    visitor.with_session(account)
    assert said(visitor, visitor.get(response.location)).claims["state"] == "kept"


def test_jarm_2_1_a_pushed_request_is_answered_so(signed_in: Browser) -> None:
    reference = signed_in.post("/par", asking(response_mode="jwt", state="pushed"), auth=basic()).json["request_uri"]
    response = signed_in.get("/authorize?" + urlencode({"client_id": "app", "request_uri": reference}))
    assert said(signed_in, response).claims["state"] == "pushed"


def test_jarm_2_1_the_persons_no_travels_so_too(signed_in: Browser, unit) -> None:
    with unit() as work:
        browsing.registered(work, "third", first_party=False)
    page = signed_in.get(signed_in.authorize(client_id="third", response_mode="jwt").location)
    form: dict[str, Any] = {"csrf_token": browsing.csrf_token(page), "decision": "deny"}
    address = re.search(r'action="([^"]+/consent)"', page.text)
    assert address
    claims = said(signed_in, signed_in.post(urlsplit(address[1]).path, form)).claims
    assert (claims["error"], claims["aud"]) == ("access_denied", "third")


def test_jarm_2_1_it_is_no_id_token_hint(signed_in: Browser) -> None:
    token = response_of(signed_in.authorize(response_mode="jwt"))
    assert browsing.answered(signed_in.authorize(id_token_hint=token))["error"] == "invalid_request"


def test_message_signing_5_4_1_discovery_names_the_modes_and_algorithms(signed_in: Browser) -> None:
    metadata = signed_in.get("/.well-known/openid-configuration").json
    assert {"jwt", "query.jwt", "fragment.jwt", "form_post.jwt"} <= set(metadata["response_modes_supported"])
    assert {"PS256", "ES256", "Ed25519"} <= set(metadata["authorization_signing_alg_values_supported"])


def test_jarm_a_fapi_client_is_answered_by_a_fapi_algorithm(signed_in: Browser, unit) -> None:
    """FAPI 2.0 Security Profile §5.4.1."""
    with unit() as work:
        registered = clients.register(
            work,
            {"redirect_uris": [REDIRECT_URI], "jwks": signer().jwks},
            client_id="fapi",
            first_party=True,
            profile="fapi2",
        )
    assert registered.client.signs_answers_with is Algorithm.ES256
