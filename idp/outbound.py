"""The one HTTP client for addresses that others chose (back-channel logout and the like): no call of it can reach an internal host.

Https only, to public addresses only; the name is resolved once and the connection goes to what was found, so that no second
answer of the name server matters. No redirects, no proxies, no content codings; time and size are bounded as a whole. What
`outbound_allow` names may also be internal or plain http, but only for clients that an operator registered.
"""

import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from typing import Any, cast
from urllib.parse import SplitResult, urlencode, urlsplit

from idp import spans
from idp.spans import Kind
from idp.turns import let_others_pass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

SECONDS = 5.0
LARGEST_BODY = 256 * 1024
_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class OutboundRefused(Exception):
    """The address may not be called; trying again is no use."""


class OutboundFailed(Exception):
    """There was no whole answer in time (name, network, TLS, size); another try may succeed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OutboundClient:
    """Calls addresses under the rules of this module; safe to share between threads."""

    def __init__(
        self,
        allow: Sequence[str] = (),
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        self._allowed = Allowed(allow)
        self._resolve = resolve or resolve_by_system
        self._tls = tls or _tls_as_the_system()
        self._seconds = seconds
        self._largest_body = largest_body

    def get(self, url: str, *, exceptions: bool = False) -> Answer:
        """Fetch a document. `exceptions`: `outbound_allow` counts. Raises: OutboundRefused, OutboundFailed."""
        return self._call("GET", url, None, {}, exceptions)

    def post_form(self, url: str, fields: Mapping[str, str], *, exceptions: bool = False) -> Answer:
        """Post a form. `exceptions`: `outbound_allow` counts. Raises: OutboundRefused, OutboundFailed."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._call("POST", url, urlencode(fields).encode(), headers, exceptions)

    def _call(self, method: str, url: str, body: bytes | None, headers: dict[str, str], exceptions: bool) -> Answer:
        target = _parsed(url)
        let_others_pass()
        with spans.span(f"outbound {method}", Kind.CLIENT, server_address=target.hostname or ""):
            return self._call_now(method, target, body, headers, exceptions)

    def _call_now(self, method: str, target: SplitResult, body: bytes | None, headers: dict[str, str], exceptions: bool) -> Answer:
        deadline = Deadline(self._seconds)
        named = exceptions and self._allowed.host(target.hostname or "")
        if target.scheme == "http" and not exceptions:
            raise OutboundRefused("plain http")
        addresses = self._resolved(target, deadline)
        for address in addresses:
            self._check(target, address, named=named, exceptions=exceptions)
        try:
            return self._exchange(method, target, addresses, body, headers, deadline)
        except (OSError, HTTPException, ValueError) as error:
            raise OutboundFailed(type(error).__name__) from error

    def _check(self, target: SplitResult, address: Address, *, named: bool, exceptions: bool) -> None:
        """Refuse an address of the target that may not be called; one bad one among several is enough."""
        if named or (exceptions and self._allowed.address(address)):
            return
        if target.scheme != "https":
            raise OutboundRefused("plain http")
        if not is_public(address):
            raise OutboundRefused("the address is not public")

    def _resolved(self, target: SplitResult, deadline: "Deadline") -> list[Address]:
        host, port = target.hostname or "", target.port or _PORTS[target.scheme]
        literal = _literal(host)
        if literal:
            return [literal]
        answers: queue.SimpleQueue[Sequence[str] | OSError | UnicodeError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        # the system's resolver knows no time-out of ours
        threading.Thread(target=ask, name="outbound-resolve", daemon=True).start()
        try:
            found = answers.get(timeout=deadline.left())
        except (queue.Empty, TimeoutError) as error:
            raise OutboundFailed("the name server did not answer in time") from error
        if isinstance(found, Exception) or not found:
            raise OutboundFailed("the name does not resolve")
        return [ipaddress.ip_address(one.partition("%")[0]) for one in dict.fromkeys(found)]

    def _exchange(
        self,
        method: str,
        target: SplitResult,
        addresses: Sequence[Address],
        body: bytes | None,
        headers: dict[str, str],
        deadline: "Deadline",
    ) -> Answer:
        wire = self._connected(target, addresses, deadline)
        connection = HTTPConnection(target.hostname or "", target.port)
        connection.sock = cast("socket.socket", wire)
        try:
            path = (target.path or "/") + (f"?{target.query}" if target.query else "")
            common = {"Host": target.netloc, "Accept-Encoding": "identity", "Connection": "close", "User-Agent": "idp"}
            connection.request(method, path, body=body, headers=common | headers)
            response = connection.getresponse()
            content = response.read(self._largest_body + 1)
            if len(content) > self._largest_body:
                raise OutboundFailed("the answer is too large")
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
        finally:
            connection.close()
            wire.hang_up()

    def _connected(self, target: SplitResult, addresses: Sequence[Address], deadline: "Deadline") -> "Wire":
        """Connect to the first of the resolved addresses that takes the call. Raises: OSError."""
        port = target.port or _PORTS[target.scheme]
        refused: OSError = OSError("no address")
        for address in addresses:
            try:
                raw = socket.create_connection((str(address), port), timeout=deadline.left())
            except OSError as error:
                refused = error
                continue
            if target.scheme == "http":
                return Wire(raw, deadline)
            try:
                raw.settimeout(deadline.left())
                return Wire(self._tls.wrap_socket(raw, server_hostname=target.hostname), deadline)
            except BaseException:
                raw.close()
                raise
        raise refused


class Allowed:
    """The hosts and networks of `outbound_allow`."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._hosts: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in entries:
            try:
                self._networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                self._hosts.add(entry.lower())

    def host(self, name: str) -> bool:
        """Tell whether a host is named."""
        return name.lower() in self._hosts

    def address(self, address: Address) -> bool:
        """Tell whether an address lies in a named network."""
        return any(address in network for network in self._networks)


class Deadline:
    """The moment at which a call has to be over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Tell the seconds that are left. Raises: TimeoutError when none are."""
        seconds = self._at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the call took too long")
        return seconds


class Wire:
    """A connected socket as `http.client` uses it, each wait bounded by what is left of the whole call."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send everything. Raises: TimeoutError, OSError."""
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Give the answer's bytes as a file."""
        return io.BufferedReader(_Incoming(self._socket, self._deadline))

    def close(self) -> None:
        """Do nothing: `http.client` closes as soon as it has read the answer's head."""

    def hang_up(self) -> None:
        """Close the connection."""
        self._socket.close()


class _Incoming(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._socket = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)


@cache
def _tls_as_the_system() -> ssl.SSLContext:
    """Trust whom the system trusts; reading its authorities takes 20 ms, so a process does it once."""
    return ssl.create_default_context()


def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the system for all addresses of a name. Raises: OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: Address) -> bool:
    """Tell whether an address is anybody's on the internet; addresses that only wrap another count as that one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.is_site_local:  # "global" to the library, though houses may still use them
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _parsed(url: str) -> SplitResult:
    """Take an address apart. Raises: OutboundRefused when it is none that could be called."""
    try:
        target = urlsplit(url)
        usable = target.scheme in _PORTS and bool(target.hostname) and target.username is None and target.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise OutboundRefused("not an address that can be called")
    return target


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
