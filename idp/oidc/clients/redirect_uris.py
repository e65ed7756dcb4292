"""Redirect URIs: which may be registered, and which of a request is one of them (RFC 6749 §3.1.2, RFC 8252 §7)."""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol
from urllib.parse import urlsplit

from idp.settings import Settings

NATIVE, WEB = "native", "web"
_LONGEST = 2000
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_AWKWARD = re.compile(r'["<>\\^`{|}]')
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMBER = re.compile(r"\d+|0[xX][0-9A-Fa-f]*")
_PORT = re.compile(r"[1-9]\d{0,4}")
_LONGEST_HOST, _LAST_PORT = 253, 65535
_WRONG_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%[01][0-9A-Fa-f]|%7[Ff]")
"""No code of a character, or that of a control character."""
_ANY_PORT = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::\d{1,5})?((?:[/?].*)?)")
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Registered(Protocol):
    """What of a client decides about its redirect URIs."""

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """The registered ones."""

    @property
    def application_type(self) -> str:
        """`web` or `native`."""


def problem(uri: str, application_type: str, settings: Settings, *, https_only: bool = False) -> str | None:
    """Say in English why a redirect URI may not be registered; None if it may. `https_only`: for FAPI 2.0."""
    for wrong in _WRONG_ANYWHERE:
        if problem := wrong(uri):
            return problem
    scheme = urlsplit(uri).scheme
    if not uri.startswith(scheme):
        return "has a scheme in capital letters"
    if scheme == "https":
        return None
    if scheme == "http":
        if https_only:
            return "needs https"
        return _http_problem(uri, application_type, settings)
    if not _OWN_SCHEME.fullmatch(scheme):
        return "needs https, or as a custom scheme a dot in it (com.example.app:/callback)"
    return None if application_type == NATIVE else "has a custom scheme, which only application_type native may have"


def matches(client: Registered, settings: Settings, redirect_uri: str) -> bool:
    """Tell whether a request's redirect URI is registered: character by character, but for a native client's loopback port."""
    native = client.application_type == NATIVE
    if redirect_uri.startswith("http:") and not native and not settings.issuer_is_http_loopback:
        return False  # registered while the issuer was a developer's
    if redirect_uri in client.redirect_uris:
        return True
    asked = _ANY_PORT.fullmatch(redirect_uri) if native and is_plain_address(redirect_uri) and has_host(redirect_uri) else None
    if asked is None or "#" in redirect_uri:
        return False
    return any((known := _ANY_PORT.fullmatch(uri)) and known.groups() == asked.groups() for uri in client.redirect_uris)


def is_plain_address(uri: str) -> bool:
    """Tell whether a text is an absolute URI without characters that parsers read in different ways."""
    if not _is_written_plainly(uri) or _WRONG_PERCENT.search(uri):
        return False
    try:
        urlsplit(uri).port  # noqa: B018 - reading it proves that it is a number
    except ValueError:
        return False
    return True


def has_host(uri: str) -> bool:
    """Tell whether an http(s) address names a host that can be, if any a port that can be, and no user."""
    return _host_problem(uri) is None


def is_loopback(uri: str) -> bool:
    """Tell whether an address is on the machine itself."""
    return has_host(uri) and urlsplit(uri).hostname in LOOPBACK_HOSTS


def _http_problem(uri: str, application_type: str, settings: Settings) -> str | None:
    if not is_loopback(uri):
        return "needs https; http is for loopback addresses only"
    if settings.issuer_is_http_loopback or application_type == NATIVE:
        return None
    return "needs https; http on a loopback address is for application_type native"


def _is_written_plainly(uri: str) -> bool:
    return len(uri) <= _LONGEST and bool(_PRINTABLE.fullmatch(uri) and _SCHEME.match(uri)) and not _AWKWARD.search(uri)


def _form_problem(uri: str) -> str | None:
    if not _is_written_plainly(uri):
        return "is not an absolute URI of printable ASCII characters"
    if _WRONG_PERCENT.search(uri):
        return "has a % that begins no code of a printable character"
    return "has a *, but redirect URIs are compared character by character" if "*" in uri else None


def _fragment_problem(uri: str) -> str | None:
    return "has a fragment" if "#" in uri else None


def _authority_problem(uri: str) -> str | None:
    scheme = uri.partition(":")[0].lower()
    if scheme in ("http", "https"):
        return _host_problem(uri)
    return None if is_plain_address(uri) else "is not an absolute URI of printable ASCII characters"


def _host_problem(uri: str) -> str | None:
    """Look at what stands between `//` and the path as browsers will; they take other forms of a host for a number."""
    _, slashes, behind = uri.partition("//")
    authority = re.split(r"[/?#]", behind, maxsplit=1)[0]
    if not slashes or not authority or "@" in authority or authority.startswith(":"):
        return "has no host, or a user name in it"
    found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::(.*))?", authority)
    if found is None:
        return "is not an absolute URI of printable ASCII characters"
    if not _can_be(found[1]):
        return "has a host that is neither a name nor an address"
    if found[2] is not None and (not _PORT.fullmatch(found[2]) or int(found[2]) > _LAST_PORT):
        return "has a port that is none"
    return None


def _can_be(host: str) -> bool:
    """Tell whether there could be such a host: a DNS name, or an IP address as it is usually written."""
    try:
        if host.startswith("["):
            return bool(IPv6Address(host[1:-1])) and "%" not in host
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            return bool(IPv4Address(host))
    except ValueError:
        return False
    return len(host) <= _LONGEST_HOST and all(map(_LABEL.fullmatch, host.split(".")))


_WRONG_ANYWHERE = (_form_problem, _fragment_problem, _authority_problem)
