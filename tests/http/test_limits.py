"""The coarse limit on forms, in memory and shared by Redis."""

import threading
import time

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


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the counting, which a test moves."""
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    return now


def test_a_window_ends_a_minute_after_its_first_form(passing: list[float]) -> None:
    counter = limits.InProcess(2)
    told = []
    for moment in (0, 30, 59.9, 60, 61, 62, 120):
        passing[0] = 1000 + moment
        told.append(counter.hit("k"))
    assert told == [True, True, False, True, True, False, True]


def test_a_flood_from_many_networks_takes_bounded_memory_and_time(passing: list[float]) -> None:
    counter = limits.InProcess(1)
    began = time.perf_counter()
    for number in range(100_000):
        passing[0] += 0.0001
        assert counter.hit(str(number))
        assert len(counter._counted) <= limits._MOST_KEYS
    assert time.perf_counter() - began < servers.on_this_machine(5)
    assert not counter.hit("99999")


def test_the_busy_are_not_forgotten_for_those_who_began_anew(passing: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_KEYS", 4)
    counter = limits.InProcess(1)
    counter.hit("first")
    for name in "abc":
        counter.hit(name)
    passing[0] += 60
    assert counter.hit("first")  # a new window
    counter.hit("d")
    assert not counter.hit("first")


def test_threads_count_together() -> None:
    counter, told = limits.InProcess(500), []

    def run() -> None:
        told.extend([counter.hit("k") for _ in range(300)])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 500


def test_a_redis_that_comes_back_is_asked_again_after_a_rest(redis_server, redis_url: str, passing: list[float], capsys) -> None:
    lost = limits.Shared(f"redis://:hush-hush@127.0.0.1:{servers.free_port()}/0", 1)
    assert [lost.hit("k"), lost.hit("k")] == [True, False]
    assert "hush" not in "".join(capsys.readouterr())
    shared = limits.Shared(redis_url, 1)
    shared._rests_until = passing[0] + limits._REST
    assert [shared.hit("k"), shared.hit("k")] == [True, False]  # by itself
    passing[0] += limits._REST
    assert [shared.hit("k"), shared.hit("k")] == [True, False]  # by Redis, which knows nothing of these


def test_callers_behind_a_proxy_are_told_apart(few: int, database: str, tmp_path, clock) -> None:
    with closing_app(make_settings(database, tmp_path, trusted_proxies=1), clock) as app:
        client = app.test_client()
        told = [client.post("/access-request", data={}, headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(few + 2)]
        assert 429 not in {answer.status_code for answer in told}
        same = [client.post("/access-request", data={}, headers={"X-Forwarded-For": f"{number}, 192.0.2.99"}) for number in range(few + 2)]
        assert sum(answer.status_code == 429 for answer in same) == 2


def test_the_addresses_of_one_household_are_one_network(few: int, settings: Settings, clock) -> None:
    with closing_app(settings, clock) as app:
        client = app.test_client()
        addresses = [f"2001:db8::{number}" for number in range(few)] + ["2001:db8::ffff", "2001:db8:0:1::1"]
        told = [client.post("/access-request", data={}, environ_base={"REMOTE_ADDR": address}).status_code for address in addresses]
        assert [status == 429 for status in told] == [False] * few + [True, False]
