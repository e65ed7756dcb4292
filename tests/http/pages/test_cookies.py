"""The browser's binding and session cookies."""

import re

from flask.testing import FlaskClient

TWO_YEARS = "Max-Age=63072000"


def test_a_get_gives_the_browser_its_name(client: FlaskClient) -> None:
    cookie = client.get("/sample/browser").headers["Set-Cookie"]
    assert re.fullmatch(r"idp_browser=[\w-]{43}; .*", cookie)
    assert {TWO_YEARS, "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_the_browser_keeps_its_name(client: FlaskClient) -> None:
    first = client.get("/sample/browser")
    second = client.get("/sample/browser")
    assert first.text.split()[0] == second.text.split()[0]
    assert "Set-Cookie" not in second.headers


def test_a_name_just_made_is_not_known_yet(client: FlaskClient) -> None:
    assert [client.get("/sample/browser").text.split()[1] for _ in range(2)] == ["False", "True"]


def test_the_name_is_never_told_in_clear(client: FlaskClient) -> None:
    answer = client.get("/sample/browser")
    assert answer.headers["Set-Cookie"].split(";")[0].partition("=")[2] not in answer.text


def test_a_post_without_the_cookie_is_another_browser(client: FlaskClient) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sample/form").text)
    assert token
    answer = client.post("/sample/browser", data={"csrf_token": token[1]})
    assert answer.text == "none"
    assert "idp_browser" not in answer.headers.get("Set-Cookie", "")


def test_a_post_can_never_make_the_cookie(client: FlaskClient) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sample/form").text)
    assert token
    answer = client.post("/sample/browser/wrong", data={"csrf_token": token[1]})
    assert answer.status_code == 500
    assert "idp_browser" not in answer.headers.get("Set-Cookie", "")


def test_a_made_up_name_is_replaced(client: FlaskClient) -> None:
    client.set_cookie("idp_browser", "short")
    assert "idp_browser=" in client.get("/sample/browser").headers["Set-Cookie"]


def test_a_session_is_set_read_and_cleared(client: FlaskClient) -> None:
    assert client.get("/sample/session/set").text == "none"
    assert client.get("/sample/session/clear").text == "the-token"
    assert client.get("/sample/session/clear").text == "none"


def test_a_session_ends_with_the_browser(client: FlaskClient) -> None:
    cookie = client.get("/sample/session/set").headers["Set-Cookie"]
    assert "Max-Age" not in cookie
    assert "Expires" not in cookie


def test_the_state_cookie_holds_no_identity(client: FlaskClient) -> None:
    client.get("/sample/session/set")
    with client.session_transaction() as state:
        assert "the-token" not in repr(dict(state))
