"""The console knows when its session ends, and one click extends it."""

import re

import pytest

from tests.http.console.administrator import HOME

ASK = "/console/session"


@pytest.fixture
def browser(console):
    """The browser of Max Muster, with the console open."""
    console.open(HOME)
    return console.visitor.client


def extend(browser):
    """Press »Angemeldet bleiben« as the script does."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(HOME).text)[1]
    return lambda: browser.post(ASK, data={"csrf_token": token})


def test_the_page_says_when_its_session_ends(browser):
    page = browser.get(HOME).text
    assert 'data-idle-in="1800"' in page
    assert 'data-ends-in="36000"' in page


def test_asking_leaves_the_session_alone(browser, clock):
    for minutes_left in (20, 10):
        clock.advance(minutes=10)
        assert browser.get(ASK).json["idle_in"] == minutes_left * 60


def test_one_click_extends_it(browser, clock):
    press = extend(browser)
    clock.advance(minutes=29)
    assert press().json["idle_in"] == 30 * 60
    clock.advance(minutes=29)
    assert browser.get(ASK).status_code == 200


def test_no_click_extends_it_beyond_its_absolute_end(browser, clock):
    press = extend(browser)
    for _ in range(20):
        clock.advance(minutes=29)
        press()
    assert press().json["ends_in"] == 20 * 60
    clock.advance(minutes=20)
    assert press().status_code == 401


def test_an_ended_session_is_told_and_not_extended(browser, clock):
    press = extend(browser)
    clock.advance(minutes=30)
    assert (browser.get(ASK).status_code, press().status_code) == (401, 401)


def test_a_stranger_learns_nothing(app):
    answer = app.test_client().get(ASK)
    assert (answer.status_code, answer.json) == (401, {"error": "session_over"})
