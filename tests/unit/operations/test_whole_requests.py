"""The application is asked with whole requests."""

import io
import threading
from typing import Any

import pytest

from idp.operations.whole_requests import LARGEST, WholeRequests
from idp.turns import MUST_RETURN


class Slow:
    """A body that comes when it is let."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()

    def read(self) -> bytes:
        self.asked.set()
        assert self.let.wait(10)
        return b"abc"


def ask(application: WholeRequests, body: Any = None, method: str = "POST", **environ: str) -> tuple[str, bytes]:
    told: list[str] = []
    given = {"REQUEST_METHOD": method, "wsgi.input": body or io.BytesIO()} | environ
    answer = b"".join(application(given, lambda status, _: told.append(status)))
    return told[0], answer


def echo(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


def test_a_whole_body_reaches_the_application() -> None:
    application = WholeRequests(echo, 1)
    assert ask(application, io.BytesIO(b"abc"), CONTENT_LENGTH="3") == ("200 OK", b"abc")
    assert ask(application, io.BytesIO(b"abcd"), HTTP_TRANSFER_ENCODING="chunked") == ("200 OK", b"abcd")
    assert ask(application, io.BytesIO(b"x"), "GET") == ("200 OK", b"")


def test_rfc9112_8_what_broke_off_does_not() -> None:
    assert ask(WholeRequests(echo, 1), io.BytesIO(b"ab"), CONTENT_LENGTH="3")[0] == "400 Bad Request"


@pytest.mark.parametrize("length", [str(LARGEST + 1), None])
def test_no_more_is_kept_than_any_address_takes(length: str | None) -> None:
    body, given = io.BytesIO(b"x" * (LARGEST + 100)), {}
    application = WholeRequests(lambda environ, start: given.update(environ) or start("413", []) or [], 1)
    ask(application, body, **({"CONTENT_LENGTH": length} if length else {}))
    assert body.tell() == (0 if length else LARGEST + 1)
    assert MUST_RETURN in given


def test_of_what_was_read_whole_the_server_keeps_nothing_so_that_its_thread_may_wait() -> None:
    given: dict[str, Any] = {}
    application = WholeRequests(lambda environ, start: given.update(environ) or echo(environ, start), 1)
    for asked in ({"method": "GET"}, {"body": io.BytesIO(b"abc"), "CONTENT_LENGTH": "3"}):
        ask(application, **asked)
        assert MUST_RETURN not in given


def test_rfc9112_6_3_a_length_beside_chunks_bounds_nothing() -> None:
    body = io.BytesIO(b"x" * (LARGEST + 100))
    ask(WholeRequests(echo, 1), body, CONTENT_LENGTH="3", HTTP_TRANSFER_ENCODING="chunked")
    assert body.tell() == LARGEST + 1


def test_bodies_that_are_waited_for_leave_the_application_to_others_and_one_too_many_is_refused() -> None:
    application, slow = WholeRequests(echo, 2), [Slow(), Slow()]
    threads = [threading.Thread(target=ask, args=(application, body), kwargs={"CONTENT_LENGTH": "3"}) for body in slow]
    for thread, body in zip(threads, slow, strict=True):
        thread.start()
        assert body.asked.wait(10)
    assert ask(application, method="GET")[0] == "200 OK"
    assert ask(application, io.BytesIO(b"abc"), CONTENT_LENGTH="3")[0] == "503 Service Unavailable"
    for thread, body in zip(threads, slow, strict=True):
        body.let.set()
        thread.join(10)
    assert ask(application, io.BytesIO(b"abc"), CONTENT_LENGTH="3") == ("200 OK", b"abc")


def test_while_a_body_is_waited_for_others_pass_before_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[bool] = []
    monkeypatch.setattr("idp.operations.whole_requests.let_others_pass", lambda: passed.append(True))
    application, slow = WholeRequests(echo, 2), Slow()
    ask(application, io.BytesIO(b"abc"), CONTENT_LENGTH="3")
    assert not passed
    thread = threading.Thread(target=ask, args=(application, slow), kwargs={"CONTENT_LENGTH": "3"})
    thread.start()
    assert slow.asked.wait(10)
    assert not passed
    ask(application, io.BytesIO(b"abc"), CONTENT_LENGTH="3")
    assert passed
    slow.let.set()
    thread.join(10)
