"""Redirect URIs: which may be registered, and which of a request is one of them (RFC 6749 §3.1.2, RFC 8252 §7)."""

import re
from typing import Protocol
from urllib.parse import urlsplit

from idp.settings import Settings

NATIVE, WEB = "native", "web"
_LONGEST = 2000
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_AWKWARD = re.compile(r'["<>\\^`{|}]')
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
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
    if not is_plain_address(uri):
        return "is not an absolute URI of printable ASCII characters"
    scheme = urlsplit(uri).scheme.lower()
    if "#" in uri:
        return "has a fragment"
    if scheme == "https":
        return None if has_host(uri) else "has no host, or a user name in it"
    if scheme == "http":
        if https_only:
            return "needs https"
        return _http_problem(uri, application_type, settings)
    if "." not in scheme:
        return "needs https, or as a custom scheme a dot in it (com.example.app:/callback)"
    return None if application_type == NATIVE else "has a custom scheme, which only application_type native may have"


def matches(client: Registered, settings: Settings, redirect_uri: str) -> bool:
    """Tell whether a request's redirect URI is registered: character by character, but for a native client's loopback port."""
    native = client.application_type == NATIVE
    if redirect_uri.startswith("http:") and not native and not settings.issuer_is_http_loopback:
        return False  # registered while the issuer was a developer's
    if redirect_uri in client.redirect_uris:
        return True
    asked = _ANY_PORT.fullmatch(redirect_uri) if native and is_plain_address(redirect_uri) else None
    if asked is None or "#" in redirect_uri:
        return False
    return any((known := _ANY_PORT.fullmatch(uri)) and known.groups() == asked.groups() for uri in client.redirect_uris)


def is_plain_address(uri: str) -> bool:
    """Tell whether a text is an absolute URI without characters that parsers read in different ways."""
    if len(uri) > _LONGEST or not _PRINTABLE.fullmatch(uri) or _AWKWARD.search(uri) or not _SCHEME.match(uri):
        return False
    try:
        urlsplit(uri).port  # noqa: B018 - reading it proves that it is a number
    except ValueError:
        return False
    return True


def has_host(uri: str) -> bool:
    """Tell whether an http(s) address names a host, and no user."""
    parts = urlsplit(uri)
    return bool(parts.hostname) and "@" not in parts.netloc and "//" in uri


def is_loopback(uri: str) -> bool:
    """Tell whether an address is on the machine itself."""
    return has_host(uri) and urlsplit(uri).hostname in LOOPBACK_HOSTS


def _http_problem(uri: str, application_type: str, settings: Settings) -> str | None:
    if not is_loopback(uri):
        return "needs https; http is for loopback addresses only"
    if settings.issuer_is_http_loopback or application_type == NATIVE:
        return None
    return "needs https; http on a loopback address is for application_type native"
