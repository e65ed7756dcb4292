"""Requests of machines take turns; who waits lets others pass."""

import threading

import pytest

from idp.turns import let_others_pass, take_turn

SECONDS = 5


class Other:
    """Another thread that wants a turn."""

    def __init__(self) -> None:
        self.has_turn = threading.Event()
        self.may_end = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        with take_turn():
            self.has_turn.set()
            self.may_end.wait(SECONDS)

    def end(self) -> None:
        self.may_end.set()
        self.thread.join(SECONDS)


@pytest.fixture
def other():
    """Start another thread while this one has a turn."""
    with take_turn():
        started = Other()
        assert not started.has_turn.wait(0.05)
        yield started
    started.end()


def test_another_thread_waits_until_the_turn_is_over(other):
    assert not other.has_turn.is_set()


def test_another_thread_comes_on_while_this_one_waits(other):
    with let_others_pass():
        assert other.has_turn.wait(SECONDS)
        other.end()
    another = Other()
    assert not another.has_turn.wait(0.05)  # the turn was taken back
    with let_others_pass():
        another.end()


def test_a_turn_within_a_turn_waits_for_nobody():
    with take_turn(), take_turn():
        pass
    other = Other()
    assert other.has_turn.wait(SECONDS)
    other.end()


def test_whoever_has_no_turn_lets_nobody_pass():
    with let_others_pass(), take_turn():
        pass


@pytest.mark.parametrize("wait", [take_turn, let_others_pass])
def test_an_error_leaves_the_turn_as_it_should_be(wait):
    with pytest.raises(ValueError, match="of the test"), take_turn(), wait():
        raise ValueError("of the test")
    other = Other()
    assert other.has_turn.wait(SECONDS)
    other.end()
