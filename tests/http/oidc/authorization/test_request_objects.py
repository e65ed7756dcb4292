"""Request objects by value at the authorization endpoint (RFC 9101, Core §6)."""

from typing import Any
from urllib.parse import urlencode

import pytest

from idp.oidc.clients import clients
from idp.oidc.keys.jose import Algorithm
from tests.conftest import SettableClock
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered, asking
from tests.http.oidc.signing import REFERENCE, encoded, refused, send, signer, unsigned


def test_rfc9101_5_1_a_signed_object_is_a_request(signing: Browser, claims) -> None:
    answer = answered(send(signing, signer().sign(claims(state="inside"))))
    assert (answer["state"], "code" in answer) == ("inside", True)


def test_rfc9101_5_1_an_object_may_be_posted(signing: Browser, claims) -> None:
    response = signing.post("/authorize", {"client_id": "app", "request": signer().sign(claims(state="inside"))})
    assert answered(signing.get(response.location))["state"] == "inside"


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_rfc9101_10_5_each_algorithm_of_the_discovery_document_is_verified(signing: Browser, unit, claims, algorithm: Algorithm) -> None:
    own = signer(algorithm)
    with unit() as work:
        clients.change(work, "app", {"jwks": own.jwks, "request_object_signing_alg": algorithm.value})
    assert "code" in answered(send(signing, own.sign(claims(), algorithm=algorithm)))


@pytest.mark.parametrize("typ", ["oauth-authz-req+jwt", "JWT", "jwt", "application/oauth-authz-req+jwt"])
def test_rfc9101_10_8_its_type_is_its_own_or_that_of_any_token(signing: Browser, claims, typ: str) -> None:
    assert "code" in answered(send(signing, signer().sign(claims(), typ=typ)))


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "dpop+jwt", ""])
def test_rfc9101_10_8_tokens_of_other_types_are_refused(signing: Browser, claims, typ: str) -> None:
    assert refused(send(signing, signer().sign(claims(), typ=typ)), "invalid_request_object")


def test_rfc9101_4_members_may_be_numbers_lists_and_objects(signing: Browser, unit, claims) -> None:
    with unit() as work:
        clients.change(work, "app", {"authorization_details_types": ["cloud_phone"]})
    wanted = claims(
        max_age=3600,
        resource=["http://localhost", "http://localhost"],
        claims={"id_token": {"auth_time": {"essential": True}}},
        authorization_details=[{"type": "cloud_phone", "contract": "unknown"}],
    )
    assert answered(send(signing, signer().sign(wanted)))["error"] == "access_denied"
    del wanted["authorization_details"]
    assert "code" in answered(send(signing, signer().sign(wanted)))


def test_rfc9101_6_3_what_stands_inside_counts_alone(signing: Browser, claims) -> None:
    outside = {"state": "outside", "prompt": "none login", "redirect_uri": "https://evil.example/", "max_age": "soon"}
    assert answered(send(signing, signer().sign(claims(state=None)), **outside)).keys() == {"code", "iss"}


def test_core_6_1_the_object_goes_before_what_stands_outside(signing: Browser, claims) -> None:
    """The suite's oidcc-ensure-request-object-with-redirect-uri."""
    outside = asking(redirect_uri="https://evil.example/", state="outside")
    assert answered(send(signing, signer().sign(claims(state="inside")), **outside))["state"] == "inside"


def test_core_6_3_3_an_openid_request_may_say_outside_what_its_object_does_not(signing: Browser) -> None:
    answer = answered(send(signing, signer().sign({"max_age": 3600}), **asking(state="outside")))
    assert (answer["state"], "code" in answer) == ("outside", True)


@pytest.mark.parametrize("changes", [{"response_type": "token"}, {"response_type": "code id_token"}])
def test_core_6_1_response_type_matches_the_one_outside(signing: Browser, claims, changes: dict) -> None:
    answer = answered(send(signing, signer().sign(claims(**changes)), **asking()))
    assert answer["error"] == "invalid_request_object"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"client_id": 1},
        {"client_id": ["app"]},
        {"iss": "other"},
        {"iss": "http://localhost"},
        {"aud": "app"},
        {"aud": "http://localhost/"},
        {"aud": ["app", "http://localhost/token"]},
        {"aud": []},
        {"aud": {"http://localhost": 1}},
        {"exp": 0},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 1e300},
        {"exp": -(10**400)},
        {"nbf": 10**11},
        {"nbf": "now"},
        {"iat": 10**11},
        {"sub": "app"},
        {"request": "x"},
        {"request_uri": "https://app.example/request.jwt"},
        {"request_uri": None, "request": ""},
    ],
    ids=str,
)
def test_rfc9101_6_3_an_object_that_is_not_for_us_or_not_now_is_refused(signing: Browser, claims, changes: dict) -> None:
    assert refused(send(signing, signer().sign(claims() | changes)), "invalid_request_object")


@pytest.mark.parametrize("left_out", ["iss", "aud", "exp", "nbf", "client_id"])
def test_core_6_1_an_openid_client_need_not_say_them(signing: Browser, claims, left_out: str) -> None:
    assert "code" in answered(send(signing, signer().sign(claims(**{left_out: None}))))


def test_rfc7519_4_1_4_an_object_ends_by_its_exp(signing: Browser, claims, clock: SettableClock) -> None:
    request = signer().sign(claims())
    clock.advance(seconds=299)
    assert "code" in answered(send(signing, request))
    clock.advance(seconds=1)
    assert refused(send(signing, request), "invalid_request_object")


def test_rfc9101_4_aud_may_name_others_too(signing: Browser, claims) -> None:
    assert "code" in answered(send(signing, signer().sign(claims(aud=["https://other.example", "http://localhost"]))))


def test_rfc9101_6_2_an_object_of_another_key_is_refused(signing: Browser, unit, claims) -> None:
    forged = signer(number=2).sign(claims())
    assert refused(send(signing, forged), "invalid_request_object")
    with unit() as work:
        browsing.registered(work, "other", jwks=signer(number=2).jwks)
    assert refused(send(signing, forged), "invalid_request_object")


def test_rfc9101_6_2_a_changed_object_is_refused(signing: Browser, claims) -> None:
    header, _, signature = signer().sign(claims()).split(".")
    assert refused(send(signing, f"{header}.{encoded(claims(scope='openid email'))}.{signature}"), "invalid_request_object")


def test_rfc9101_10_5_only_the_registered_algorithm_will_do(signing: Browser, unit, claims) -> None:
    rsa = signer(Algorithm.RS256)
    public = {name: value for name, value in rsa.public.items() if name != "alg"}
    with unit() as work:
        clients.change(work, "app", {"jwks": {"keys": [public]}, "request_object_signing_alg": "PS256"})
    assert refused(send(signing, rsa.sign(claims())), "invalid_request_object")


def test_rfc9101_6_2_a_client_without_keys_cannot_sign(signed_in: Browser, claims) -> None:
    assert refused(send(signed_in, signer().sign(claims())), "invalid_request_object")


def test_rfc9101_6_2_a_broken_object_is_told_to_a_proven_redirect_uri(signing: Browser) -> None:
    answer = answered(send(signing, "no.object.", **asking(state="outside")))
    assert (answer["error"], answer["state"]) == ("invalid_request_object", "outside")
    assert refused(send(signing, "no.object.", **asking(redirect_uri="https://evil.example/")), "invalid_request_object")


def test_rfc9700_2_1_1_an_object_does_not_make_a_redirect_uri_registered(signing: Browser, claims) -> None:
    assert refused(send(signing, signer().sign(claims(redirect_uri="https://evil.example/")), **asking()), "invalid_request")


def test_rfc9101_5_client_id_stands_outside(signing: Browser, claims) -> None:
    response = signing.get("/authorize?" + urlencode({"request": signer().sign(claims())}))
    assert refused(response, "invalid_request")


def test_rfc6749_3_1_an_object_does_not_come_twice(signing: Browser, claims) -> None:
    request = signer().sign(claims())
    assert answered(send(signing, [request, request], **asking()))["error"] == "invalid_request"  # type: ignore[arg-type]


def test_rfc6749_3_1_nothing_comes_twice_beside_it_either(signing: Browser, claims) -> None:
    assert answered(send(signing, signer().sign(claims()), display=["page", "popup"]))["error"] == "invalid_request"


def test_rfc9101_5_an_object_goes_not_with_a_reference(signing: Browser, claims) -> None:
    assert refused(send(signing, signer().sign(claims()), request_uri=REFERENCE), "invalid_request")


def test_core_7_2_1_registration_inside_is_refused(signing: Browser, claims) -> None:
    answer = answered(send(signing, signer().sign(claims(registration={"client_name": "x"}))))
    assert answer["error"] == "registration_not_supported"


# --- unsigned


def test_core_6_1_unsigned_objects_are_for_clients_that_registered_it(unsigning: Browser, claims) -> None:
    assert "code" in answered(send(unsigning, unsigned(claims())))


def test_core_6_1_all_others_are_refused_unsigned_objects(signing: Browser, claims) -> None:
    assert refused(send(signing, unsigned(claims())), "invalid_request_object")


def test_core_6_1_a_client_that_registered_none_signs_nothing(unsigning: Browser, claims) -> None:
    assert refused(send(unsigning, signer().sign(claims())), "invalid_request_object")


def test_rfc7515_an_unsigned_object_has_no_signature_and_asks_for_no_extension(unsigning: Browser, claims) -> None:
    for broken in (unsigned(claims()) + "x", unsigned(claims(), crit=["b64"], b64=False), unsigned([]), unsigned({})):
        assert refused(send(unsigning, broken), "invalid_request_object")


@pytest.mark.parametrize("alg", ["None", "NONE", "nOnE", None, 1, [], {}, "HS256", "RS512", "", "dir"])
def test_rfc9101_10_5_no_other_name_passes_for_unsigned(unsigning: Browser, signing: Browser, claims, alg: Any) -> None:
    assert refused(send(unsigning, unsigned(claims(), alg=alg)), "invalid_request_object")


# --- clients that have to sign


def test_rfc9101_10_5_a_client_that_signs_is_refused_without(only_signing: Browser, claims) -> None:
    assert answered(only_signing.authorize())["error"] == "invalid_request"
    assert "code" in answered(send(only_signing, signer().sign(claims())))


def test_rfc9101_6_3_of_a_client_that_signs_only_the_object_counts(only_signing: Browser, claims) -> None:
    answer = answered(send(only_signing, signer().sign(claims(state=None)), **asking(state="outside", prompt="none login")))
    assert answer.keys() == {"code", "iss"}
    without = send(only_signing, signer().sign(claims(redirect_uri=None)), **asking())
    assert refused(without, "invalid_request")


def test_a_broken_object_of_a_client_that_signs_is_told_on_a_page(only_signing: Browser) -> None:
    assert refused(send(only_signing, "no.object.", **asking()), "invalid_request_object")
