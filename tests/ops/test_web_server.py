"""The web server itself, with threads that take turns: every kind of answer arrives whole, from whichever thread it comes."""

import http.client
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing

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
        start_response(status, headers)
        return (part for part in parts) if one_by_one else list(parts)

    return answer


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


@pytest.mark.parametrize("how", ["told", "untold"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_arrives_whole_from_threads_that_have_waited(port, kind, how):
    wrong = []

    def visit():
        with connected(port) as connection:
            got = [ask(connection, path) for path in (f"{kind}?{how}", kind, f"{kind}?{how}", kind)]
            wrong.extend(answer for answer in got if answer != KINDS[kind][4])

    visitors = [threading.Thread(target=visit) for _ in range(6)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(PATIENCE)
        assert not visitor.is_alive()
    assert wrong == []


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
