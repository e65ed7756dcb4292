"""One thread of a web process takes the requests, as long as none of them has to wait: leader and followers.

Several threads that all have something to compute take the interpreter from each other at every answer of the database, and their requests
wander between cores whose caches are cold: that costs a quarter of a request. Yet a request that waits (for a password hash, another
server, a slow body, a stalled database) must not hold up the others. So only one thread, the leader, waits for the server's next request;
the others, the followers, wait until the leader says that it is about to wait itself, or until the watch sees that it does.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from threading import get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["MUST_RETURN", "Turns", "let_others_pass"]

MUST_RETURN = "idp.must_return"
"""Name in the environment of a request whose thread has to go back to the server: that still holds of its body what was not read."""

TICK = 0.005
"""Seconds between two looks of the watch: a leader that is at the same request for one to two of them has to wait for something."""
_LOOKS_BEFORE_SLEEP = 200
_WITHOUT_BODY = ("204", "304")
_OF_REQUEST = ("HTTP_", "PATH_INFO", "QUERY_STRING")
_MOST_KEPT = 16_384

_led: dict[int, "Turns"] = {}


def let_others_pass() -> None:
    """Let another thread take the next requests, if this one does: it is about to wait."""
    turns = _led.get(get_ident())
    if turns:
        turns.give_way(get_ident())


class Turns:
    """An application whose requests are taken by one thread of the server at a time.

    A thread that has lost the lead waits in `close` of its answer, once the server has sent it: so it takes no further request. Where the
    receiver of the answer would wait with it, it goes back to the server instead.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application
        self._change = threading.Lock()
        self._leader: int | None = None
        self._answering = False
        self._taken = 0
        self._followers: list[tuple[int, threading.Lock]] = []
        self._asleep = False
        self._wanted = threading.Event()
        threading.Thread(target=self._watch, name="turns", daemon=True).start()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request on this thread."""
        self._begin(get_ident())
        said: tuple[str, list[tuple[str, str]]] = ("", [])

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal said
            said = status, headers
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            answer = self._application(environ, start)
        except BaseException:
            self._end(may_wait=False)
            raise
        if isinstance(answer, list) and self._leader == get_ident():
            self._answering = False
            return answer
        return _Answer(self, answer, environ, _expected(environ, *said))

    def led_by(self, thread: int) -> bool:
        """Tell whether a thread leads."""
        return self._leader == thread

    def give_way(self, leader: int) -> None:
        """Let a follower lead; without one the next thread that comes or has finished."""
        with self._change:
            if self._leader != leader:
                return
            _led.pop(leader, None)
            self._leader, self._answering = None, False
            if self._followers:
                follower, called = self._followers.pop()
                self._lead(follower)
                called.release()

    def _begin(self, me: int) -> None:
        if self._leader != me:
            with self._change:
                if self._answering:
                    return
                self._lead(me)  # there is none, or it waits for a request too, if the server has not ended it
        self._taken += 1
        self._answering = True
        if self._asleep:
            self._wanted.set()

    def _end(self, *, may_wait: bool) -> None:
        me = get_ident()
        if self._leader == me:
            self._answering = False
            return
        with self._change:
            if self._leader is None:
                self._lead(me)
                return
            if not may_wait:
                return
            called = threading.Lock()
            called.acquire()
            self._followers.append((me, called))
        called.acquire()

    def _lead(self, thread: int) -> None:
        if self._leader is not None:
            _led.pop(self._leader, None)
        self._leader, self._answering = thread, False
        _led[thread] = self

    def _watch(self) -> None:
        seen, idle = 0, 0
        while True:
            time.sleep(TICK)
            leader = self._leader
            if not self._answering:
                idle += 1
            elif seen == self._taken and leader is not None:
                self.give_way(leader)
            else:
                idle = 0
            seen = self._taken
            if idle > _LOOKS_BEFORE_SLEEP:
                self._sleep()
                idle = 0

    def _sleep(self) -> None:
        self._wanted.clear()
        self._asleep = True
        if not self._answering:
            self._wanted.wait()
        self._asleep = False


def _expected(environ: "WSGIEnvironment", status: str, headers: list[tuple[str, str]]) -> int | None:
    """Tell how many bytes the receiver waits for (RFC 9112 §6.3); None if only the end of the answer tells, as always in HTTP/2."""
    if MUST_RETURN in environ or not environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1"):
        return None
    if status[:3] in _WITHOUT_BODY or environ["REQUEST_METHOD"] == "HEAD":
        return 0
    length = next((value for name, value in headers if name.lower() == "content-length"), "")
    return int(length) if length.isdecimal() else None


def _is_small(environ: "WSGIEnvironment") -> bool:
    """Tell whether a thread may keep what the server does until it returns: all fields, which may be 400 KB."""
    return sum(len(value) for name, value in environ.items() if name.startswith(_OF_REQUEST)) <= _MOST_KEPT


class _Answer:
    """An answer whose thread is not free before the server has sent it."""

    def __init__(self, turns: Turns, parts: Iterable[bytes], environ: "WSGIEnvironment", expected: int | None) -> None:
        self._turns = turns
        self._parts = parts
        self._environ = environ
        self._expected = expected

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            if self._expected is not None:
                self._expected -= len(part)
            yield part

    def close(self) -> None:
        """End the request; one whose receiver still waits for something (the answer broke off) ends when the thread goes back."""
        try:
            close = getattr(self._parts, "close", None)
            if close:
                close()
        finally:
            may_wait = not self._turns.led_by(get_ident()) and self._expected is not None and self._expected <= 0
            may_wait = may_wait and _is_small(self._environ)
            self._parts = ()
            self._environ.clear()  # what came and was read need not stay while the thread waits
            self._turns._end(may_wait=may_wait)  # noqa: SLF001 - one thing in two classes
