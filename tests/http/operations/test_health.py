"""Health pages: what they answer, and when not."""

import pytest

from tests import servers
from tests.conftest import closing_app, make_settings


def test_a_running_process_is_live(client):
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json) == (200, {"status": "live"})


def test_it_is_ready_when_the_database_answers(client):
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})


def test_health_answers_on_any_host_name(client):
    assert client.get("/health/ready", base_url="http://10.1.2.3:8000").status_code == 200


def test_health_is_kept_by_nobody(client):
    assert client.get("/health/ready").headers["Cache-Control"] == "no-store"


def test_it_is_not_ready_when_the_database_is_out_of_reach(tmp_path, clock):
    gone = f"postgresql://idp@127.0.0.1:{servers.free_port()}/idp"
    with closing_app(make_settings(gone, tmp_path), clock) as app:
        answer = app.test_client().get("/health/ready")
    assert (answer.status_code, answer.json) == (503, {"status": "not ready", "missing": ["database"]})


def test_it_is_ready_when_redis_answers(database, tmp_path, clock, redis_url):
    with closing_app(make_settings(database, tmp_path, redis_url=redis_url), clock) as app:
        assert app.test_client().get("/health/ready").status_code == 200


def test_it_is_ready_and_says_so_when_a_configured_redis_is_out_of_reach(database, tmp_path, clock):
    gone = f"redis://127.0.0.1:{servers.free_port()}/0"
    with closing_app(make_settings(database, tmp_path, redis_url=gone), clock) as app:
        answer = app.test_client().get("/health/ready")
    assert (answer.status_code, answer.json) == (200, {"status": "ready", "missing": ["redis"]})


def test_every_answer_carries_a_request_id(client):
    first, second = (client.get("/health/live").headers["X-Request-ID"] for _ in range(2))
    assert first
    assert first != second


@pytest.mark.parametrize("given", ["0123456789abcdef", "x"])
def test_a_request_id_from_outside_is_not_believed_without_a_proxy(client, given):
    assert client.get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given
