"""What no client library sends, byte by byte to the running server: it answers each, none with a 5xx, and stays up."""

import socket
from urllib.parse import urlencode

import pytest

from tests.conformance.provider import Provider

ENDPOINTS = [
    "/authorize", "/par", "/token", "/userinfo", "/introspect", "/revoke", "/end-session", "/jwks", "/register",
    "/device-authorization", "/device", "/.well-known/openid-configuration", "/api/v1/me/contracts",
]  # fmt: skip
LARGE = "x" * 100_000
BODIES = {
    "nothing": b"",
    "no form": b"\xff\xfe\x00=&=&&;%zz%",
    "NUL": b"grant_type=client_credentials%00&client_id=%00&token=%00&scope=%00",
    "broken UTF-8": b"grant_type=%ff%fe&client_id=%c0%80&token=%ed%a0%80&client_assertion=%ff",
    "large": urlencode({"grant_type": "authorization_code", "code": LARGE, "client_id": LARGE, "token": LARGE}).encode(),
    "many": "&".join(f"a{number}=1" for number in range(5000)).encode(),
    "twice": b"client_id=a&client_id=b&grant_type=refresh_token&grant_type=password&token=a&token=b",
    "deep": b"request=" + b"a." * 5000 + b"&claims=" + b"%5B" * 20000,
}
FORM = "application/x-www-form-urlencoded"


def send(provider: Provider, head: str, body: bytes = b"") -> tuple[int, bytes]:
    """Send bytes over a connection of their own; give status and answer. 0: the server hung up."""
    with socket.create_connection(("127.0.0.1", provider.port), timeout=20) as connection:
        connection.sendall(head.encode("latin-1") + b"\r\n" + body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return int(received.split(b" ", 2)[1]) if received else 0, received


def request(provider: Provider, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Send a request that is well-formed but for what the test changes."""
    known = {"Host": f"localhost:{provider.port}", "Connection": "close", "Content-Length": str(len(body))}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in (known | headers).items())]
    return send(provider, "\r\n".join(lines) + "\r\n", body)


@pytest.mark.parametrize("kind", BODIES)
def test_no_body_is_a_failure_of_ours(provider: Provider, kind: str) -> None:
    for path in ENDPOINTS:
        for media_type in (FORM, "application/json", "multipart/form-data", ""):
            status, _ = request(provider, "POST", path, BODIES[kind], Content_Type=media_type)
            assert 200 <= status < 500, (path, media_type)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X" * 20])
def test_no_method_is_a_failure_of_ours(provider: Provider, method: str) -> None:
    for path in ENDPOINTS:
        status, _ = request(provider, method, path)
        assert 200 <= status < 500, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic " + "A" * 20_000}, {"Authorization": "Basic !!!"}, {"Authorization": "Basic /////w=="},
        {"Authorization": "Bearer " + "a." * 3000}, {"Authorization": "DPoP \xff\xfe"}, {"Authorization": "Negotiate x", "DPoP": "\xff"},
        {"DPoP": "e30.e30.e30", "Authorization": "DPoP e30.e30.e30"}, {"Cookie": "idp_session=\xff; idp_browser=" + "b" * 4000},
        {"Host": "evil.example"}, {"X_Forwarded_For": "'; DROP TABLE", "Forwarded": "for=\x01"}, {"Accept_Language": "\xff" * 500},
        {"If_None_Match": '"' * 3000}, {"Origin": "null", "Sec_Fetch_Site": "\xff"},
    ],
    ids=lambda headers: next(iter(headers.values()))[:20].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_no_header_is_a_failure_of_ours(provider: Provider, headers: dict[str, str]) -> None:
    for path in ENDPOINTS:
        for method in ("GET", "POST"):
            status, _ = request(provider, method, path, Content_Type=FORM, **headers)
            assert status < 500, (method, path)


@pytest.mark.parametrize("query", ["?" + "%00" * 50, "?%ff=%fe", "?client_id=" + "x" * 20_000, "?" + "a=1&" * 3000, "?=&=&&", "?%"])
def test_no_query_is_a_failure_of_ours(provider: Provider, query: str) -> None:
    for path in ENDPOINTS:
        status, _ = request(provider, "GET", path + query)
        assert status < 500, path


@pytest.mark.parametrize(
    "path", ["/authorize/%00", "/authorize/" + "a" * 5000, "/signin/%ff%fe/password", "/..%2f..%2fetc/passwd", "//evil.example/", "/\\evil"]
)
def test_no_path_is_a_failure_of_ours_or_leads_away(provider: Provider, path: str) -> None:
    status, answer = request(provider, "GET", path)
    assert status < 500
    assert b"\nlocation: //evil" not in answer.lower()
    assert b"\nlocation: http://evil" not in answer.lower()


def test_two_lengths_or_a_length_beside_chunks_are_no_second_request(provider: Provider) -> None:
    """Request smuggling: what one of two readers could take for a second request is not answered as one."""
    inner = f"GET /jwks HTTP/1.1\r\nHost: localhost:{provider.port}\r\n\r\n"
    start = f"POST /token HTTP/1.1\r\nHost: localhost:{provider.port}\r\nContent-Type: {FORM}\r\nConnection: close\r\n"
    for lengths in (f"Content-Length: 4\r\nContent-Length: {len(inner) + 4}\r\n", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"):
        _, answer = send(provider, start + lengths, b"0\r\n\r\n" + inner.encode())
        assert b'"keys"' not in answer


def test_the_server_is_as_ready_as_before(provider: Provider) -> None:
    assert request(provider, "GET", "/health/ready")[0] == 200
    assert [line for line in provider.log() if line.get("level") in ("error", "critical")] == []
