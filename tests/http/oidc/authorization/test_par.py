"""Pushed authorization requests (RFC 9126)."""

from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from idp.directory.accounts import Account
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered, asking, basic


def push(browser: Browser, **changes) -> TestResponse:
    """Push a request as the app's server does."""
    form = asking(**changes)
    return browser.post("/par", urlencode(form, doseq=True), auth=basic(), content_type="application/x-www-form-urlencoded")


def pushed(browser: Browser, **changes) -> str:
    """The reference of a pushed request."""
    response = push(browser, **changes)
    assert response.status_code == 201, response.text
    return response.json["request_uri"]


def opened(browser: Browser, request_uri: str, **others: str) -> TestResponse:
    """Open a pushed request."""
    return browser.get("/authorize?" + urlencode({"client_id": "app", "request_uri": request_uri} | others))


def test_rfc9126_2_2_the_answer_is_a_reference_of_90_seconds(visitor: Browser) -> None:
    response = push(visitor)
    assert response.status_code == 201
    assert response.json["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert response.json["expires_in"] == 90
    assert response.headers["Cache-Control"] == "no-store"


def test_rfc6749_3_1_what_is_sent_without_a_value_counts_as_left_out(visitor: Browser) -> None:
    assert push(visitor, client_secret="", client_assertion="", client_id="").status_code == 201


@pytest.mark.parametrize("media_type", ["multipart/form-data", "application/json"])
def test_rfc9126_2_1_only_a_form_is_pushed(visitor: Browser, media_type: str) -> None:
    response = (
        visitor.post("/par", asking(), auth=basic(), content_type=media_type)
        if "form" in media_type
        else visitor.post("/par", "{}", auth=basic(), content_type=media_type)
    )
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


def test_rfc9126_4_a_pushed_request_is_answered(signed_in: Browser) -> None:
    assert answered(opened(signed_in, pushed(signed_in, state="pushed")))["state"] == "pushed"


def test_rfc9126_4_parameters_beside_the_reference_do_not_count(signed_in: Browser) -> None:
    reference = pushed(signed_in, state="pushed")
    response = opened(signed_in, reference, state="other", redirect_uri="https://evil.example/", prompt="none", scope="x")
    assert answered(response)["state"] == "pushed"


def test_rfc9126_4_it_may_be_opened_several_times_until_a_code_is_issued(visitor: Browser, account: Account) -> None:
    reference = pushed(visitor)
    first, second = opened(visitor, reference), opened(visitor, reference)
    assert first.location != second.location
    done = visitor.sign_in(second, account)
    assert "code" in answered(visitor.get(done.location))
    assert opened(visitor, reference).status_code == 400


def test_rfc9126_7_3_of_two_openings_one_gets_the_code_the_other_invalid_request_uri(visitor: Browser, account: Account) -> None:
    reference = pushed(visitor, prompt="login")
    first, second = opened(visitor, reference), opened(visitor, reference)
    one, two = visitor.sign_in(first, account), visitor.sign_in(second, account)
    assert "code" in answered(visitor.get(two.location))
    assert answered(visitor.get(one.location))["error"] == "invalid_request_uri"


def test_rfc9126_2_2_after_90_seconds_it_cannot_be_opened(signed_in: Browser, clock) -> None:
    reference = pushed(signed_in)
    clock.advance(seconds=90)
    response = opened(signed_in, reference)
    assert (response.status_code, response.location) == (400, None)
    assert "invalid_request_uri" in response.text


def test_an_opened_request_outlives_the_90_seconds(visitor: Browser, account: Account, clock) -> None:
    response = opened(visitor, pushed(visitor))
    clock.advance(minutes=10)
    done = visitor.sign_in(response, account)
    assert "code" in answered(visitor.get(done.location))


def test_rfc9126_2_2_it_is_bound_to_its_client(signed_in: Browser, unit) -> None:
    with unit() as work:
        browsing.registered(work, "thief")
    assert opened(signed_in, pushed(signed_in), client_id="thief").status_code == 400


def test_rfc9126_4_client_id_is_needed_to_open_it(signed_in: Browser) -> None:
    assert signed_in.get("/authorize?" + urlencode({"request_uri": pushed(signed_in)})).status_code == 400


def test_rfc9126_5_a_client_that_must_push_is_answered_then(signed_in: Browser, unit) -> None:
    from idp.oidc.clients import clients  # noqa: PLC0415 - only here

    with unit() as work:
        clients.change(work, "app", {"require_pushed_authorization_requests": True})
    assert "code" in answered(opened(signed_in, pushed(signed_in)))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"request_uri": "https://app.example/request.jwt"}, "invalid_request"),
        ({"request": "eyJ.eyJ."}, "invalid_request_object"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "nothing"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"state": ["a", "b"]}, "invalid_request"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"client_id": "somebody-else"}, "invalid_request"),
    ],
    ids=str,
)
def test_rfc9126_2_3_a_wrong_request_is_refused_by_its_code(visitor: Browser, changes: dict, error: str) -> None:
    response = push(visitor, **changes)
    assert (response.status_code, response.json["error"]) == (400, error)


def test_rfc9126_2_1_the_client_must_authenticate(visitor: Browser) -> None:
    without = visitor.post("/par", asking())
    wrong = visitor.post("/par", asking(), auth=("app", "wrong"))
    assert (without.status_code, without.json["error"]) == (401, "invalid_client")
    assert (wrong.status_code, wrong.json["error"]) == (401, "invalid_client")
    assert wrong.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_rfc9126_2_3_only_post_is_taken(visitor: Browser) -> None:
    assert visitor.get("/par").status_code == 405


def test_secrets_of_the_push_are_not_kept(visitor: Browser, units) -> None:
    form = asking() | {"client_secret": browsing.secret_of("post"), "client_id": "post"}
    with units.write() as work:
        browsing.registered(work, "post", token_endpoint_auth_method="client_secret_post")
    assert visitor.post("/par", form).status_code == 201
    with units.read() as work:
        from idp.oidc.authorization.tables import PushedRequest  # noqa: PLC0415 - only here

        kept = work.db.execute(PushedRequest.__table__.select()).mappings().one()["parameters"]
    assert browsing.secret_of("post") not in str(kept)
