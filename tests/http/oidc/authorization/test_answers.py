"""How the authorization endpoint answers the client."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.http.oidc import browsing
from tests.http.oidc.browsing import REDIRECT_URI, Browser, answered


def test_rfc6749_4_1_2_a_live_session_answers_at_once_with_code_and_state(signed_in: Browser) -> None:
    answer = answered(signed_in.authorize(state="xyz &=#ä"))
    assert answer["state"] == "xyz &=#ä"
    assert len(answer["code"]) >= 43


def test_rfc9207_2_iss_is_in_every_answer(signed_in: Browser, other_visitor: Browser) -> None:
    success = answered(signed_in.authorize())
    error = answered(other_visitor.authorize(prompt="none"))
    assert (success["iss"], error["iss"]) == ("http://localhost", "http://localhost")


def test_rfc6749_4_1_1_no_state_asked_none_answered(signed_in: Browser) -> None:
    assert "state" not in answered(signed_in.authorize(state=None))


def test_rfc6749_3_1_2_a_registered_query_is_kept(signed_in: Browser, unit) -> None:
    uri = "https://app.example/callback?tenant=7"
    with unit() as work:
        browsing.registered(work, "with-query", redirect_uris=[uri])
    location = signed_in.authorize(client_id="with-query", redirect_uri=uri).location
    assert parse_qs(urlsplit(location).query)["tenant"] == ["7"]
    assert location.startswith(f"{uri}&code=")


def test_multiple_response_types_2_1_fragment(signed_in: Browser) -> None:
    location = signed_in.authorize(response_mode="fragment").location
    parts = urlsplit(location)
    assert parts.query == ""
    assert set(parse_qs(parts.fragment)) == {"code", "state", "iss"}


def test_form_post_2_the_answer_is_a_form_that_works_without_script(signed_in: Browser) -> None:
    page = signed_in.authorize(response_mode="form_post", state='"><b>&')
    assert page.status_code == 200
    assert f'action="{REDIRECT_URI}"' in page.text
    assert 'name="state" value="&#34;&gt;&lt;b&gt;&amp;"' in page.text
    assert 'name="code"' in page.text
    assert "<button" in page.text


def test_form_post_2_the_page_may_post_to_the_redirect_uri_and_is_not_kept(signed_in: Browser) -> None:
    page = signed_in.authorize(response_mode="form_post")
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_form_post_2_errors_travel_in_the_form_too(visitor: Browser) -> None:
    page = visitor.authorize(response_mode="form_post", prompt="none")
    assert 'name="error" value="login_required"' in page.text


def test_rfc9700_4_12_answers_redirect_by_303_and_are_not_kept(signed_in: Browser) -> None:
    response = signed_in.authorize()
    assert (response.status_code, response.headers["Cache-Control"]) == (303, "no-store")


@pytest.mark.parametrize("mode", ["web_message", "QUERY", "query.JWT", "jwt.jwt"])
def test_an_unknown_response_mode_is_invalid_request_by_the_query(signed_in: Browser, mode: str) -> None:
    assert answered(signed_in.authorize(response_mode=mode))["error"] == "invalid_request"


def test_core_3_1_2_1_a_request_by_post_goes_on_where_the_cookies_are(signed_in: Browser) -> None:
    response = signed_in.post("/authorize", browsing.asking(state="by post"))
    assert response.status_code == 303
    assert urlsplit(response.location).path.startswith("/authorize/")
    assert answered(signed_in.get(response.location))["state"] == "by post"


def test_a_post_from_another_site_is_taken_without_a_form_token(signed_in: Browser) -> None:
    response = signed_in.post("/authorize", browsing.asking(), headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example"})
    assert response.status_code == 303


def test_a_post_neither_makes_a_browser_cookie_nor_decides_by_session(signed_in: Browser, visitor: Browser) -> None:
    response = visitor.post("/authorize", browsing.asking(prompt="none"))
    assert "idp_browser" not in str(response.headers)
    assert urlsplit(response.location).path.startswith("/authorize/")


def test_a_post_reads_its_body_only(signed_in: Browser) -> None:
    response = signed_in.post("/authorize?prompt=none&client_id=nobody", browsing.asking())
    assert urlsplit(response.location).path.startswith("/authorize/")
