"""The coarse limit on forms, in memory and shared by Redis."""

import pytest

from idp.pages import limits
from idp.settings import Settings
from tests import servers
from tests.conftest import closing_app, make_settings


def refusals(clients, forms: int) -> int:
    """Send so many forms, each by the next of the clients; count the refusals."""
    answers = [
        clients[number % len(clients)].post("/access-request", data={}, environ_base={"REMOTE_ADDR": "192.0.2.7"})
        for number in range(forms)
    ]
    return sum(answer.status_code == 429 for answer in answers)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """A limit that a test reaches quickly."""
    monkeypatch.setattr(limits, "PER_MINUTE", 5)
    return 5


def test_a_flood_of_forms_from_one_network_is_refused_with_a_waiting_time(few: int, settings: Settings, clock) -> None:
    with closing_app(settings, clock) as app:
        client = app.test_client()
        assert refusals([client], few) == 0
        refused = client.post("/access-request", data={}, environ_base={"REMOTE_ADDR": "192.0.2.7"})
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "60"
        assert client.get("/access-request").status_code != 429


def test_two_processes_share_the_limit_by_redis(few: int, database: str, tmp_path, redis_url: str, clock) -> None:
    shared = make_settings(database, tmp_path, redis_url=redis_url)
    with closing_app(shared, clock) as one, closing_app(shared, clock) as other:
        assert refusals([one.test_client(), other.test_client()], few + 3) == 3


def test_a_lost_redis_limits_in_each_process_instead_of_failing(few: int, database: str, tmp_path, clock) -> None:
    lost = make_settings(database, tmp_path, redis_url=f"redis://127.0.0.1:{servers.free_port()}/0")
    with closing_app(lost, clock) as app:
        assert refusals([app.test_client()], few + 3) == 3


def test_reading_pages_is_never_limited(few: int, settings: Settings, clock) -> None:
    with closing_app(settings, clock) as app:
        client = app.test_client()
        assert {client.get("/health/live").status_code for _ in range(few * 3)} == {200}
