"""A cheap client: a few connections that stay open, driven by one thread; each operation is a generator of requests.

An operation yields the bytes of a request and is sent the answer; it returns when it has succeeded and raises Failed when not.
"""

import selectors
import socket
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from urllib.parse import urlencode

Steps = Generator[bytes, "Answer", None]
Operation = Callable[[], Steps]
HOST = "localhost"
LONGEST_WAIT = 20.0
MOST_FAILURES = 20


class Failed(Exception):
    """An operation did not go as it should."""


@dataclass(slots=True)
class Answer:
    """An HTTP answer, read as far as needed."""

    status: int
    head: bytes
    body: bytes

    def expect(self, status: int) -> "Answer":
        """Go on only with this status. Raises: Failed."""
        if self.status != status:
            raise Failed(f"{self.status} instead of {status}: {self.head[:300]!r} {self.body[:600]!r}")
        return self

    def header(self, name: str) -> str:
        """Give a header's value. Raises: Failed."""
        found = self._values(name)
        if not found:
            raise Failed(f"no {name}: {self.head!r}")
        return found[0]

    def cookies(self) -> dict[str, str]:
        """Give the cookies that are set."""
        pairs = (value.split(";", 1)[0].partition("=") for value in self._values("set-cookie"))
        return {name: value for name, _, value in pairs}

    def _values(self, name: str) -> list[str]:
        lines = (line.partition(b":") for line in self.head.split(b"\r\n")[1:])
        wanted = name.lower().encode()
        return [value.strip().decode() for key, _, value in lines if key.lower() == wanted]


def get(path: str, port: int, **headers: str) -> bytes:
    """Write a GET."""
    return _request("GET", path, port, headers, b"")


def post(path: str, port: int, form: dict[str, str], **headers: str) -> bytes:
    """Write a POST of a form."""
    return _request("POST", path, port, {"content_type": "application/x-www-form-urlencoded"} | headers, urlencode(form).encode())


def _request(method: str, path: str, port: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{port}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(slots=True)
class Connection:
    """One connection and the operation that runs on it."""

    port: int
    wire: socket.socket | None = None
    received: bytearray = field(default_factory=bytearray)
    steps: Steps | None = None

    def open(self) -> None:
        """Connect."""
        self.wire = socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST_WAIT)
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self) -> Answer | None:
        """Take what has come; give the answer once it is whole. Raises: Failed."""
        assert self.wire is not None
        part = self.wire.recv(65536)
        if not part:
            raise Failed("the server closed the connection")
        self.received += part
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.received[:end])
        length = _length(head)
        if len(self.received) < end + 4 + length:
            return None
        body = bytes(self.received[end + 4 : end + 4 + length])
        self.received.clear()
        return Answer(int(head[9:12]), head, body)


def _length(head: bytes) -> int:
    if head[9:12] in (b"204", b"304"):
        return 0
    at = head.lower().find(b"\r\ncontent-length:")
    if at < 0:
        raise Failed(f"an answer without length: {head!r}")
    return int(head[at + 17 :].split(b"\r\n", 1)[0])


@dataclass(slots=True)
class Done:
    """What a load has brought about."""

    succeeded: int = 0
    failures: list[str] = field(default_factory=list)


class Load:
    """Runs operations on several connections at once."""

    def __init__(self, port: int, connections: int) -> None:
        self._connections = [Connection(port) for _ in range(connections)]
        self._selector = selectors.DefaultSelector()
        self._done = Done()
        self._more: Callable[[], bool] = lambda: False
        self._operation: Operation

    def run(self, operation: Operation, *, seconds: float = 0.0, at_least: int = 0) -> Done:
        """Start operations for so long and so many; return when all have ended."""
        until = time.monotonic() + seconds
        places = iter(range(at_least))
        self._more = lambda: next(places, None) is not None or time.monotonic() < until
        self._operation, self._done = operation, Done()
        for connection in self._connections:
            self._begin(connection)
        while any(connection.steps for connection in self._connections):
            ready = self._selector.select(LONGEST_WAIT)
            if not ready:
                raise Failed("no answer")
            for key, _ in ready:
                self._take(key.data)
        return self._done

    def close(self) -> None:
        """Hang up."""
        for connection in self._connections:
            self._hang_up(connection)
        self._selector.close()

    def _take(self, connection: Connection) -> None:
        try:
            answer = connection.answer()
            if answer is not None:
                self._go_on(connection, answer)
        except (Failed, OSError) as problem:
            self._fail(connection, problem)

    def _begin(self, connection: Connection) -> None:
        connection.steps = None
        if self._more():
            connection.steps = self._operation()
            try:
                self._go_on(connection, None)
            except (Failed, OSError) as problem:
                self._fail(connection, problem)

    def _go_on(self, connection: Connection, answer: Answer | None) -> None:
        assert connection.steps is not None
        try:
            request = connection.steps.send(answer)  # type: ignore[arg-type]
        except StopIteration:
            self._done.succeeded += 1
            self._begin(connection)
            return
        if connection.wire is None:
            connection.open()
            self._selector.register(connection.wire, selectors.EVENT_READ, connection)
        connection.wire.sendall(request)

    def _fail(self, connection: Connection, problem: Exception) -> None:
        self._done.failures.append(f"{type(problem).__name__}: {problem}")
        self._hang_up(connection)
        if len(self._done.failures) < MOST_FAILURES:
            self._begin(connection)
        else:
            connection.steps = None

    def _hang_up(self, connection: Connection) -> None:
        if connection.wire is not None:
            self._selector.unregister(connection.wire)
            connection.wire.close()
            connection.wire = None
        connection.received.clear()
