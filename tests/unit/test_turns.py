"""One thread takes the requests as long as none has to wait; a server of plain threads stands for the web server."""

import random
import threading
import time
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from weakref import ref

import pytest

from idp.turns import MUST_RETURN, Turns, let_others_pass

SECONDS = 10
SIZED = [("Content-Length", "2")]


class Request:
    """A request: what happens while it is answered, and what came of it."""

    def __init__(self, act=lambda: None, headers=SIZED, parts: Iterable[bytes] = (b"ok",), **environ):
        self.act, self.headers, self.parts = act, headers, parts
        self.environ = {"request": self, "REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1"} | environ
        self.thread: int | None = None
        self.body: bytes | None = None
        self.answered, self.done = threading.Event(), threading.Event()

    def wait(self) -> "Request":
        assert self.answered.wait(SECONDS)
        return self


def whole(answer: Iterable[bytes]) -> Iterator[bytes]:
    """Give the parts until one breaks."""
    try:
        yield from answer
    except ZeroDivisionError:
        return


def broken() -> Iterator[bytes]:
    yield b"o"
    raise ZeroDivisionError


class Server:
    """Threads that take requests from one queue, as the web server does."""

    def __init__(self, threads: int) -> None:
        self.requests: SimpleQueue[Request | None] = SimpleQueue()
        self.turns = Turns(self.answer)
        for _ in range(threads):
            self.start_thread()

    def start_thread(self) -> threading.Thread:
        thread = threading.Thread(target=self.serve, daemon=True)
        thread.start()
        return thread

    def answer(self, environ, start_response):
        request = environ["request"]
        request.thread = threading.get_ident()
        request.act()
        start_response("200 OK", request.headers)
        return request.parts

    def serve(self) -> None:
        while request := self.requests.get():
            try:
                answer = self.turns(request.environ, lambda *_: None)
            except ZeroDivisionError:
                answer = []
            request.body = b"".join(whole(answer))
            request.answered.set()  # the server sends what it is given; it calls `close` when that is done
            if hasattr(answer, "close"):
                answer.close()
            request.done.set()

    def ask(self, *given, **named) -> Request:
        request = Request(*given, **named)
        self.requests.put(request)
        return request

    def settle(self) -> int:
        """Let all threads that wait for a request come once, so that one leads; give it."""
        while len({self.ask(parts=[b"ok"]).wait().thread for _ in range(20)}) > 1:
            crowd = [self.ask(lambda: time.sleep(0.02), parts=[b"ok"]) for _ in range(4)]
            for request in crowd:
                request.wait()
        return self.ask(parts=[b"ok"]).wait().thread or 0


@pytest.fixture
def server():
    started = Server(4)
    yield started
    for _ in range(40):
        started.requests.put(None)


def test_as_long_as_none_waits_one_thread_takes_all_requests(server):
    leader = server.settle()
    asked = [server.ask(parts=[b"ok"]) for _ in range(100)]
    assert {request.wait().thread for request in asked} == {leader}


@pytest.mark.parametrize("told", [True, False])
def test_while_one_waits_another_takes_the_next(server, told):
    server.settle()
    let, waits = threading.Event(), threading.Event()

    def wait():
        if told:
            let_others_pass()
        waits.set()
        assert let.wait(SECONDS)

    slow = server.ask(wait)
    assert waits.wait(SECONDS)
    quick = server.ask(parts=[b"ok"]).wait()
    assert quick.thread != slow.thread
    assert not slow.answered.is_set()
    let.set()
    assert slow.wait().body == b"ok"
    assert {server.ask(parts=[b"ok"]).wait().thread for _ in range(50)} == {quick.thread}  # the slow one follows from now on


def test_all_may_wait_and_none_is_lost(server):
    let = threading.Event()

    def wait():
        let_others_pass()
        assert let.wait(SECONDS)

    crowd = [server.ask(wait) for _ in range(4)]
    late = server.ask()
    assert not late.answered.wait(0.05)  # the threads have run out
    let.set()
    assert all(request.wait().body == b"ok" for request in [*crowd, late])
    server.settle()


def test_whatever_happens_each_request_is_answered(server):
    chance = random.Random(1)

    def act():
        kind = chance.randrange(5)
        if kind == 0:
            let_others_pass()
            time.sleep(0.001)
        elif kind == 1:
            time.sleep(0.012)  # untold, longer than the watch looks on
        elif kind == 2:
            raise ZeroDivisionError

    kinds = [{"parts": [b"ok"]}, {}, {"headers": [], "parts": [b"ok"]}]
    asked = [server.ask(act, **kinds[count % 3]) for count in range(600)]
    assert {request.wait().body for request in asked} == {b"ok", b""}
    server.settle()


@pytest.mark.parametrize(
    "returning",
    [
        {"headers": []},
        {"headers": [("Content-Length", "x")]},
        {"headers": [("Content-Length", "3")]},
        {"parts": broken()},
        {"SERVER_PROTOCOL": "HTTP/2"},
        {MUST_RETURN: True},
        {"HTTP_X": "x" * 8_000, "QUERY_STRING": "x" * 8_400},
    ],
    ids=["no length", "odd length", "too short", "broken off", "http/2", "body unread", "much to keep"],
)
def test_rfc9112_6_3_a_request_that_its_receiver_cannot_see_ended_is_ended_at_once(server, returning):
    """A thread that waits in `close` would never let its receiver know; and what the server keeps meanwhile would add up."""
    server.settle()
    let = threading.Event()

    def wait():
        let_others_pass()
        assert let.wait(SECONDS)

    slow = [server.ask(wait, **given) for given in (returning, {}, {"REQUEST_METHOD": "HEAD", "parts": ()})]
    assert server.ask(parts=[b"ok"]).wait()
    let.set()
    assert slow[0].done.wait(SECONDS)
    assert all(request.wait() for request in slow)
    assert not slow[1].done.wait(0.05)
    assert not slow[2].done.is_set()


def test_a_thread_that_waits_keeps_nothing_of_its_request(server):
    class Parts(list):
        pass

    server.settle()
    let, parts = threading.Event(), Parts([b"ok"])
    slow = server.ask(lambda: (let_others_pass(), let.wait(SECONDS)), parts=parts)
    assert server.ask(parts=[b"ok"]).wait()
    kept = ref(parts)
    let.set()
    slow.wait().parts = ()
    del parts
    deadline = time.monotonic() + SECONDS
    while kept() is not None or slow.environ:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert not slow.done.is_set()


def test_a_thread_that_the_server_has_ended_leads_no_more():
    server = Server(1)
    assert server.ask(parts=[b"ok"]).wait()
    server.requests.put(None)
    server.start_thread()
    asked = [server.ask(parts=[b"ok"]) for _ in range(20)]
    assert len({request.wait().thread for request in asked}) == 1
    let, waits = threading.Event(), threading.Event()
    server.start_thread()
    slow = server.ask(lambda: (let_others_pass(), waits.set(), let.wait(SECONDS)))
    assert waits.wait(SECONDS)
    assert server.ask().wait().thread != slow.thread
    let.set()
    assert slow.wait()
    server.requests.put(None)


def test_the_watch_sleeps_while_nothing_is_asked_and_wakes_up_again(server, monkeypatch):
    monkeypatch.setattr("idp.turns.TICK", 0.0001)
    server.settle()
    deadline = time.monotonic() + SECONDS
    while not server.turns._asleep:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    let, waits = threading.Event(), threading.Event()
    slow = server.ask(lambda: (waits.set(), let.wait(SECONDS)))
    assert waits.wait(SECONDS)
    assert server.ask(parts=[b"ok"]).wait().thread != slow.thread
    let.set()
    assert slow.wait()


def test_whoever_does_not_lead_lets_nobody_pass():
    let_others_pass()
