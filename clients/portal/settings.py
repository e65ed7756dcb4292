"""Every option of the portal, read once from the environment at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "PORTAL_"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SHORTEST_SECRET = 32


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line that names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The portal's options; each is the variable `PORTAL_<NAME>` in capitals."""

    issuer: str  # the identity provider, to the letter as in its discovery document
    client_id: str
    client_secret: str
    base_url: str  # own origin, as browsers see it
    session_secret: str  # signs the cookie; the same in all processes
    data_dir: Path  # holds the SQLite file of sessions, shared by all processes
    cloudphone_initiate_url: str  # where the cloud phone UI lets a sign-in begin (Core §4)
    cloudphone_url: str  # origin of the cloud phone UI
    console_url: str  # »Benutzerverwaltung Kundenportal«
    account_url: str  # »Mein Konto« at the provider: apps with access, running sessions
    brand: str
    product: str
    service_phone: str
    service_email: str
    imprint_url: str
    privacy_url: str
    signing_alg: str  # of ID tokens, as registered
    session_idle_seconds: int
    session_seconds: int

    @property
    def secure(self) -> bool:
        """Say whether browsers come by https."""
        return self.base_url.startswith("https://")

    @property
    def on_loopback(self) -> bool:
        """Say whether the portal runs on the developer's machine."""
        return urlsplit(self.base_url).hostname in LOOPBACK

    @property
    def cookie_name(self) -> str:
        """Give the session cookie's name; ports do not separate cookies, so it names the application."""
        return "__Host-portal_session" if self.secure else "portal_session"

    @property
    def redirect_uri(self) -> str:
        """Give the address of the provider's answers."""
        return f"{self.base_url}/oidc/callback"

    @property
    def post_logout_redirect_uri(self) -> str:
        """Give the address to come back to after the logout."""
        return f"{self.base_url}/signed-out"


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read and check all options.

    Raises: SettingsError with the name of the first one that is missing or wrong.
    """
    issuer = _address(environ, "ISSUER")
    initiate_url = _address(environ, "CLOUDPHONE_INITIATE_URL")
    return Settings(
        issuer=issuer,
        client_id=_required(environ, "CLIENT_ID"),
        client_secret=_required(environ, "CLIENT_SECRET"),
        base_url=_origin(environ, "BASE_URL"),
        session_secret=_secret(environ, "SESSION_SECRET"),
        data_dir=Path(_optional(environ, "DATA_DIR", "var/portal")),
        cloudphone_initiate_url=initiate_url,
        cloudphone_url=_origin(environ, "CLOUDPHONE_URL", "{0.scheme}://{0.netloc}".format(urlsplit(initiate_url))),
        console_url=_address(environ, "CONSOLE_URL", f"{issuer.rstrip('/')}/console"),
        account_url=_address(environ, "ACCOUNT_URL", f"{issuer.rstrip('/')}/account/"),
        brand=_optional(environ, "BRAND"),
        product=_optional(environ, "PRODUCT", "e:service"),
        service_phone=_optional(environ, "SERVICE_PHONE"),
        service_email=_optional(environ, "SERVICE_EMAIL"),
        imprint_url=_optional(environ, "IMPRINT_URL"),
        privacy_url=_optional(environ, "PRIVACY_URL"),
        signing_alg=_optional(environ, "SIGNING_ALG", "RS256"),
        session_idle_seconds=60 * _number(environ, "SESSION_IDLE_MINUTES", 30),
        session_seconds=3600 * _number(environ, "SESSION_HOURS", 10),
    )


def _optional(environ: Mapping[str, str], name: str, default: str = "") -> str:
    return environ.get(PREFIX + name, "").strip() or default


def _required(environ: Mapping[str, str], name: str, default: str = "") -> str:
    value = _optional(environ, name, default)
    if not value:
        raise SettingsError(f"{PREFIX}{name} is missing")
    return value


def _secret(environ: Mapping[str, str], name: str) -> str:
    value = _required(environ, name)
    if len(value) < SHORTEST_SECRET:
        raise SettingsError(f"{PREFIX}{name} needs at least {SHORTEST_SECRET} characters")
    return value


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    value = _optional(environ, name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise SettingsError(f"{PREFIX}{name} must be a whole number above 0")
    return int(value)


def _address(environ: Mapping[str, str], name: str, default: str = "") -> str:
    """Read an https address; plain http is for the own machine only, because tokens travel over it."""
    value = _required(environ, name, default)
    parts = urlsplit(value)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise SettingsError(f"{PREFIX}{name} must be an https address (http only for localhost)")
    if not parts.hostname:
        raise SettingsError(f"{PREFIX}{name} has no host")
    return value


def _origin(environ: Mapping[str, str], name: str, default: str = "") -> str:
    value = _address(environ, name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.path or parts.query or parts.fragment:
        raise SettingsError(f"{PREFIX}{name} must be an origin without a path")
    return value
