"""Every option of the provider, typed and documented; `docs/settings.md` and `config/idp.example.toml` are generated from here.

Read once at start. The environment (`IDP_<NAME>`, or `IDP_<NAME>_FILE` for a secret kept in a file) beats the file.
"""

import os
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from idp.errors import SettingsError

PROFILES = Path(__file__).parent.parent / "config"
SHORTEST_SECRET = 32
PLACEHOLDERS = ("change-me", "changeme", "change_me", "example", "placeholder", "password", "secret for")
DEMO_PASSWORDS = {"idp", "demo", "postgres", "secret", "test", "admin"}
Profile = Literal["demo", "small", "production"]
_DATABASE = re.compile(r"(postgresql(\+psycopg)?|sqlite(\+pysqlite)?)://")


class Settings(BaseSettings):
    """All options; lengths of time are in the unit that the name says."""

    model_config = SettingsConfigDict(env_prefix="IDP_", extra="forbid", frozen=True)

    profile: Profile = Field("small", description="How careful to be: `production` refuses demo conveniences.")

    # --- addresses and serving
    issuer: str = Field("", description="The provider's public address; unset: `http://localhost:{port}`. May have a path.")
    port: int = Field(8000, ge=1, le=65535, description="Port that `idp serve` listens on.")
    host: str = Field("127.0.0.1", description="Address that `idp serve` listens on.")
    replicas: int = Field(1, ge=1, le=1000, description="Number of nodes that serve this installation; the chart sets it.")
    workers: int = Field(1, ge=1, le=64, description="Number of web processes.")
    threads: int = Field(
        64, ge=16, le=1024, description="Threads of a web process: one takes requests, others wait for hashes, bodies, servers."
    )
    embedded_worker: bool = Field(True, description="Run the message worker as a supervised child of `idp serve`.")
    metrics_port: int = Field(9464, ge=0, le=65535, description="Port of `/metrics`; 0 switches it off.")
    trusted_proxies: int = Field(0, ge=0, le=5, description="Number of proxies whose X-Forwarded headers are believed.")
    portal_url: str = Field("", description="Address of the customer portal: in mails, after activation and logout.")
    staff_origin: str = Field("", description="Origin on which alone staff pages exist; empty: on the issuer's.")
    outbound_allow: list[str] = Field([], description="Hosts or CIDRs that outgoing calls may reach although not public or not https.")

    # --- storage and secrets
    data_dir: Path = Field(Path("var"), description="Folder of the embedded database, the master secret and demo credentials.")
    database_url: SecretStr = Field(SecretStr(""), description="`postgresql://…` or `sqlite:///…`; empty: SQLite in the data folder.")
    database_direct_url: SecretStr = Field(SecretStr(""), description="Address for migrations when `database_url` goes through a pooler.")
    database_pooler: bool = Field(False, description="`database_url` is pgbouncer in transaction mode.")
    database_pool_size: int = Field(5, ge=1, le=100, description="Database connections of one process.")
    database_replica_url: SecretStr = Field(SecretStr(""), description="PostgreSQL read replica for lists in consoles; empty: the primary.")
    database_replica_lag_seconds: int = Field(60, ge=15, description="Lists are read from the primary when the replica is further behind.")
    redis_url: SecretStr = Field(SecretStr(""), description="Redis for rate limits shared by several processes; empty: in memory.")
    master_secret: SecretStr = Field(SecretStr(""), description="Secret that all keys derive from; empty: made in the data folder.")
    master_secret_previous: SecretStr = Field(
        SecretStr(""), description="The master secret before, while `idp master-secret rotate` replaces it."
    )

    # --- messages
    mail_sender: Literal["smtp", "demo"] = Field("smtp", description="How mail leaves; `demo` keeps it in the database.")
    mail_from: str = Field("e:service <noreply@localhost>", description="Sender of all mails.")
    mail_reply_to: str = Field("", description="Address for answers to mails.")
    smtp_host: str = Field("localhost", description="Mail server.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection to the mail server is protected.")
    smtp_username: str = Field("", description="User name at the mail server; empty: no authentication.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    smtp_ca_file: str = Field("", description="Certificate authorities for the mail server; empty: the system's.")
    smtp_timeout_seconds: int = Field(15, ge=1, le=120, description="Longest wait for the mail server.")
    sms_sender: Literal["vonage", "demo"] = Field("vonage", description="How SMS leave; `demo` keeps them in the database.")
    sms_from: str = Field("eservice", description="Sender name or number of SMS.")
    vonage_api_key: str = Field("", description="Vonage API key.")
    vonage_api_secret: SecretStr = Field(SecretStr(""), description="Vonage API secret.")
    vonage_host: str = Field("rest.nexmo.com", description="Host (and port) of Vonage's SMS API.")
    vonage_ca_file: str = Field("", description="Certificate authorities for Vonage's host; empty: the system's.")
    vonage_timeout_seconds: int = Field(10, ge=1, le=60, description="Longest wait for Vonage.")

    # --- brand
    brand_name: str = Field("", description="Name of the carrier's brand, shown in titles, mails and pages; may be empty.")
    brand_color: str = Field("#0a6b78", pattern=r"^#[0-9a-fA-F]{6}$", description="Brand colour; darkened where contrast needs it.")
    brand_logo: str = Field("", description="Logo (SVG or PNG file) for pages; empty: the product name as text.")
    brand_signature: str = Field(
        "", description="Signature block of mails; lines are kept. Empty: »Ihr Service-Team«, in the mail's language."
    )
    brand_service_phone: str = Field("", description="Phone number of the service desk.")
    brand_service_email: str = Field("", description="Mail address of the service desk.")
    brand_imprint_url: str = Field("", description="Address of the imprint.")
    brand_privacy_url: str = Field("", description="Address of the privacy notice.")
    brand_portal_product: str = Field("e:service", description="Product name of the customer portal.")
    brand_phone_product: str = Field("cloud.phone", description="Product name of the cloud telephone system.")
    default_locale: Literal["de", "en"] = Field("de", description="Language where nothing else tells.")
    timezone: str = Field("Europe/Berlin", description="Time zone in which people read and enter times.")

    # --- lives and limits
    limits_factor: int = Field(
        1, ge=1, le=1000, description="Multiplies budgets and throttle thresholds, sets cool-downs to 0 when above 1; tests and demo only."
    )
    session_idle_minutes: int = Field(30, ge=1, description="A session ends after so long without activity.")
    session_absolute_hours: int = Field(10, ge=1, description="A session ends after so long whatever happens.")
    invitation_days: int = Field(14, ge=1, description="Life of an invitation's link.")
    password_reset_minutes: int = Field(60, ge=5, description="Life of the link of »Passwort vergessen«.")
    pin_minutes: int = Field(5, ge=1, le=15, description="Life of an SMS PIN.")
    authorization_request_minutes: int = Field(30, ge=1, description="Life of an authorization request with its sign-in.")
    access_token_seconds: int = Field(300, ge=30, description="Life of an access token.")
    id_token_seconds: int = Field(300, ge=30, description="Life of an ID token.")
    refresh_grace_seconds: int = Field(60, ge=0, description="How long a rotated refresh token still answers with its successor.")
    offline_idle_days: int = Field(30, ge=1, description="An offline refresh token ends after so long without use.")
    offline_absolute_days: int = Field(90, ge=1, description="An offline refresh token ends after so long whatever happens.")
    jwks_max_age_seconds: int = Field(300, ge=0, description="How long relying parties may keep the JWKS.")
    open_registration: bool = Field(False, description="Let anybody register clients; else an initial access token is needed.")
    key_rotation_days: int = Field(90, ge=1, description="Signing keys are rotated after so long by the worker.")

    # --- passwords
    argon2_memory_kib: int = Field(19456, ge=8, description="Memory of a password hash (Argon2id).")
    argon2_rounds: int = Field(2, ge=1, description="Rounds of a password hash.")
    hashing_threads: int = Field(
        1, ge=1, le=16, description="Password hashes computed at the same time by one process; each needs its memory for good."
    )
    breached_passwords: str = Field("", description="HIBP SHA-1 file (path) or k-anonymity endpoint (https address); empty: no check.")

    # --- logs and traces
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severity that is logged.")
    log_networks: Literal["hashed", "plain"] = Field(
        "hashed", description="How log lines name the network of a caller: by a keyed hash, or as it is."
    )
    audit_log: bool = Field(False, description="Write each audit event also as a log line (`idp.audit`), for a SIEM.")
    audit_keep_days: int = Field(
        400,
        ge=0,
        le=36500,
        description="Audit events are deleted after so long, whole sealed runs at a time; 0: kept for ever.",
    )
    tracing_endpoint: str = Field("", description="OTLP/HTTP address for traces, such as `http://otel:4318/v1/traces`; empty: none.")
    tracing_sample_ratio: float = Field(0.1, ge=0, le=1, description="Share of requests whose trace is kept, unless a proxy has decided.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what `load_settings` merged; it reads the environment itself, so that the command line can beat it."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @model_validator(mode="after")
    def check_together(self) -> Self:
        """Refuse what only makes sense apart, naming every mistake and what to do."""
        found = [*_mistakes_of_addresses(self), *_mistakes_of_storage(self)]
        if self.profile == "production":
            found += _mistakes_in_production(self)
        if found:
            raise ValueError("\n".join(found))
        return self

    @property
    def issuer_address(self) -> str:
        """The issuer identifier (Discovery 1.0 §3)."""
        return self.issuer or f"http://localhost:{self.port}"

    @property
    def over_https(self) -> bool:
        """Whether browsers reach the provider by TLS; cookies are then Secure and `__Host-`."""
        return self.issuer_address.startswith("https://")

    @property
    def issuer_is_http_loopback(self) -> bool:
        """Whether this is a developer's installation, where http on the loopback is fine."""
        address = urlsplit(self.issuer_address)
        return address.scheme == "http" and address.hostname in ("localhost", "127.0.0.1", "::1")

    @property
    def database_address(self) -> str:
        """The database URL for SQLAlchemy."""
        given = self.database_url.get_secret_value()
        return given or f"sqlite:///{self.data_dir.resolve() / 'idp.sqlite3'}"

    @property
    def portal_product(self) -> str:
        """The portal's product name, as the subject of pages and mails."""
        return self.brand_portal_product


class WrongSettings(SettingsError):
    """Settings that cannot be used; `mistakes` has a line for each."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


def _mistakes_of_addresses(settings: Settings) -> Iterator[str]:
    address = urlsplit(settings.issuer)
    if settings.issuer and (address.scheme not in ("http", "https") or not address.hostname or address.query or address.fragment):
        yield "issuer: must be an http(s) address without query or fragment"
    if settings.issuer.endswith("/"):
        yield "issuer: must not end with a slash"
    staff = urlsplit(settings.staff_origin)
    if settings.staff_origin and (
        staff.scheme != urlsplit(settings.issuer_address).scheme or not staff.hostname or staff[2:] != ("", "", "")
    ):
        yield "staff_origin: must be an origin such as https://staff.example, with the issuer's scheme and nothing behind it"


def _mistakes_of_storage(settings: Settings) -> Iterator[str]:
    on_postgresql = settings.database_address.startswith("postgresql")
    for name in ("database_url", "database_direct_url", "database_replica_url"):
        given = getattr(settings, name).get_secret_value()
        if given and not _DATABASE.match(given):
            yield f"{name}: set IDP_{name.upper()} to an address such as postgresql://user:password@host/name, or sqlite:////path/of/file"
    if not on_postgresql and settings.replicas > 1:
        yield "database_url: SQLite serves one replica only; set IDP_DATABASE_URL to a PostgreSQL database, or IDP_REPLICAS to 1"
    if not on_postgresql and settings.database_pooler:
        yield "database_pooler: only PostgreSQL has a pooler; take IDP_DATABASE_POOLER away"
    if settings.database_replica_url.get_secret_value() and not on_postgresql:
        yield "database_replica_url: a replica needs database_url to be a PostgreSQL database"
    previous = settings.master_secret_previous.get_secret_value()
    if previous and previous == settings.master_secret.get_secret_value():
        yield "master_secret_previous: is the master secret itself; set IDP_MASTER_SECRET to the new one"


def _mistakes_in_production(settings: Settings) -> Iterator[str]:
    if not settings.over_https:
        yield "issuer: set IDP_ISSUER to an https address in production"
    if settings.portal_url and not settings.portal_url.startswith("https://"):
        yield "portal_url: set IDP_PORTAL_URL to an https address in production"
    if settings.limits_factor != 1:
        yield "limits_factor: must be 1 in production"
    for name, sender in (("mail_sender", settings.mail_sender), ("sms_sender", settings.sms_sender)):
        if sender == "demo":
            yield f"{name}: the demo sender is refused in production; take IDP_{name.upper()} away"
    secret = settings.master_secret.get_secret_value()
    if not secret:
        yield "master_secret: set IDP_MASTER_SECRET or IDP_MASTER_SECRET_FILE in production"
    elif len(secret) < SHORTEST_SECRET or any(word in secret.lower() for word in PLACEHOLDERS):
        yield f"master_secret: is no secret; set IDP_MASTER_SECRET to at least {SHORTEST_SECRET} characters that chance has chosen"
    for name in ("database_url", "database_direct_url"):
        password = urlsplit(getattr(settings, name).get_secret_value()).password
        if password and (password.lower() in DEMO_PASSWORDS or any(word in password.lower() for word in PLACEHOLDERS)):
            yield f"{name}: its password is one that everybody tries; give the database another, and name it in IDP_{name.upper()}"


def config_file(profile: str | None) -> str:
    """Name the settings file: that of the environment (`IDP_CONFIG`), else the profile's; empty: none."""
    return os.environ.get("IDP_CONFIG") or (str(PROFILES / f"{profile}.toml") if profile else "")


def load_settings(profile: str | None = None, config: str | None = None, **overrides: Any) -> Settings:
    """Read the file of a profile (or `IDP_CONFIG`) and the environment.

    `overrides` (command line) beat both. Raises: SettingsError with one line for each mistake.
    """
    file = config or config_file(profile)
    values: dict[str, Any] = {}
    if file:
        try:
            values = tomllib.loads(Path(file).read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"cannot read the settings file {file}: {error}") from error
    try:
        return Settings(**(values | _secrets_from_files() | EnvSettingsSource(Settings)() | overrides))
    except ValidationError as error:
        raise WrongSettings([line for one in error.errors(include_input=False, include_url=False) for line in _lines_of(one)]) from None


def misspelt_variables() -> list[str]:
    """Name variables of the environment that look like a setting and are none; others may begin with `IDP_` for their own reasons."""
    known = [f"IDP_{name.upper()}{end}" for name in Settings.model_fields for end in ("", "_FILE")] + ["IDP_CONFIG"]
    unknown = sorted(name for name in os.environ if name.startswith("IDP_") and name not in known)
    likely = ((name, get_close_matches(name, known, 1, 0.85)) for name in unknown)
    return [f"{name}: no such setting; do you mean {found[0]}?" for name, found in likely if found]


def _lines_of(mistake: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with a setting, and how it is set."""
    said = str(mistake["msg"]).removeprefix("Value error, ")
    if not mistake["loc"]:
        return said.split("\n")
    name = str(mistake["loc"][0])
    if mistake["type"] == "extra_forbidden":
        likely = get_close_matches(name, Settings.model_fields, 1)
        return [f"{name}: no such setting" + (f"; do you mean {likely[0]}?" if likely else "")]
    return [": ".join([*map(str, mistake["loc"]), said]) + f" (IDP_{name.upper()})"]


def _secrets_from_files() -> dict[str, str]:
    """Read each `IDP_<NAME>_FILE`, the way secrets are mounted into a container."""
    found = {}
    for name in Settings.model_fields:
        path = os.environ.get(f"IDP_{name.upper()}_FILE")
        if path and f"IDP_{name.upper()}" not in os.environ:
            try:
                found[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{name}: cannot read {path}: {error.strerror}") from error
    return found


def master_secret(settings: Settings) -> str:
    """Give the master secret: the setting, or the file in the data folder, made at first start (mode 0600). Production names one."""
    given = settings.master_secret.get_secret_value()
    if given:
        return given
    path = settings.data_dir / "master-secret"
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    made = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(made + "\n")
    return made
