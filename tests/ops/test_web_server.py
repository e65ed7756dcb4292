"""The web server itself, with threads that take turns: every kind of answer arrives whole, from whichever thread it comes."""

import http.client
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress

import pytest

from idp.turns import let_others_pass
from tests.conftest import PATIENCE
from tests.servers import ROOT, free_port, wait_until

THREADS = 16
PART = b"a" * 100_000
SIZED = [("Content-Length", "200000")]
KINDS = {  # status, headers, parts, whether they come one by one, what arrives
    "/whole": ("200 OK", SIZED, [PART, PART], False, (200, 200_000)),
    "/unsized": ("200 OK", [], [PART, PART], False, (200, 200_000)),
    "/empty": ("200 OK", [("Content-Length", "0")], [], False, (200, 0)),
    "/nothing": ("204 No Content", [], [], False, (204, 0)),
    "/unchanged": ("304 Not Modified", [("ETag", '"x"')], [], False, (304, 0)),
    "/stream": ("200 OK", SIZED, [PART, PART], True, (200, 200_000)),
    "/large": ("200 OK", [("Content-Length", "20000000")], [PART] * 200, True, (200, 20_000_000)),
    "/unsized-stream": ("200 OK", [], [PART, PART], True, (200, 200_000)),
}


def application():
    """Make an application whose requests wait when they are asked to, saying so or not."""

    def answer(environ, start_response):
        status, headers, parts, one_by_one, _ = KINDS[environ["PATH_INFO"]]
        if environ["QUERY_STRING"] == "told":
            let_others_pass()
        if environ["QUERY_STRING"]:
            time.sleep(0.03)
        if environ["REQUEST_METHOD"] == "BREAK":
            parts, one_by_one = broken(), True
        start_response(status, headers)
        return (part for part in parts) if one_by_one else list(parts)

    return answer


def broken():
    yield PART
    raise OSError("the disk is gone")


@pytest.fixture(scope="module")
def port():
    """Serve it with one process, which ends in time although threads of it wait."""
    where = free_port()
    server = [sys.executable, "-m", "idp.operations.web", "--port", str(where), "--threads", str(THREADS), "--take-turns"]
    process = subprocess.Popen([*server, "tests.ops.test_web_server:application"], cwd=ROOT)
    try:
        wait_until(lambda: answers(where), seconds=60, process=process)
        yield where
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()


def answers(port):
    try:
        with connected(port) as connection:
            return ask(connection, "/whole")
    except OSError:
        return None


def connected(port):
    return closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE))


def ask(connection, path, method="GET"):
    """Ask on a connection that stays open; give status and length of the body."""
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, len(answer.read())


def all_at_once(visit):
    """Let visitors come together, so that most threads have to wait afterwards; give what they saw."""
    with ThreadPoolExecutor(6) as visitors:
        return list(visitors.map(lambda _: visit(), range(6)))


@pytest.mark.parametrize("how", ["told", "untold"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_arrives_whole_from_threads_that_have_waited(port, kind, how):
    def visit():
        with connected(port) as connection:
            return [ask(connection, path) for path in (f"{kind}?{how}", kind, f"{kind}?{how}", kind)]

    assert all_at_once(visit) == [[KINDS[kind][4]] * 4] * 6


def test_rfc9112_8_whoever_gets_half_an_answer_learns_it_at_once(port):
    """Once they are told that it is whole, they would wait for the rest until somebody else needs the thread."""

    def visit():
        with connected(port) as connection, pytest.raises((http.client.IncompleteRead, ConnectionError)):
            ask(connection, "/whole?told", "BREAK")

    all_at_once(visit)


def test_rfc9112_9_3_the_connection_of_a_body_that_is_not_wanted_is_closed(port):
    """Many clients read no answer before they have sent all, and the server takes no more of it."""

    def visit():
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(b"POST /empty?told HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\nbegins")
            return received(connection)

    assert {answer[:12] for answer in all_at_once(visit)} == {b"HTTP/1.1 200"}


def received(connection):
    """Receive until the other side closes."""
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def test_rfc9113_8_1_in_http2_the_stream_is_ended(port):
    """There the length ends nothing: proxies wait for the last frame."""
    fields = b"\x82\x86\x04\x0b/empty?told\x01\x01a"  # RFC 7541: GET, http, path, authority

    def visit():
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection, connection.makefile("rb") as frames:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 5, 1, fields))
            ended = False
            while not ended:
                head = frames.read(9)
                frames.read(int.from_bytes(head[:3]))
                ended = head[5:] == (1).to_bytes(4) and bool(head[4] & 1)  # of our stream, with END_STREAM

    all_at_once(visit)


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


@pytest.mark.parametrize("kind", KINDS)
def test_rfc9110_9_3_2_head_has_no_body(port, kind):
    with connected(port) as connection:
        assert [ask(connection, path, "HEAD") for path in (f"{kind}?told", kind)] == [(KINDS[kind][4][0], 0)] * 2


def test_more_that_wait_than_there_are_threads_hold_up_others_no_longer_than_they_wait(port):
    with ExitStack() as stack:
        crowd = [stack.enter_context(connected(port)) for _ in range(3 * THREADS)]
        for connection in crowd:
            connection.request("GET", "/whole?told")
        assert ask(stack.enter_context(connected(port)), "/whole") == (200, 200_000)
        assert {connection.getresponse().status for connection in crowd} == {200}


def test_receivers_that_read_slowly_hold_up_nobody(port):
    """The server and the wire keep a few parts; the thread waits for the rest to be taken."""
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(port)) for _ in range(THREADS // 2)]
        for connection in slow:
            connection.request("GET", "/large")
        quick = stack.enter_context(connected(port))
        assert [ask(quick, "/whole") for _ in range(20)] == [(200, 200_000)] * 20
        assert {len(connection.getresponse().read()) for connection in slow} == {20_000_000}
