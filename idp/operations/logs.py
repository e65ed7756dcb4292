"""Logs: one JSON object a line on standard error, with nothing in it that opens a door or names a number.

Two nets: values under names that hold secrets are dropped, and what looks like a token, a phone number or a secret in an
address is cut out of every text, tracebacks and the lines of libraries included.
"""

import json
import logging
import re
import sys
from contextlib import suppress
from functools import lru_cache
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from idp.clock import system_clock

HIDDEN = "[hidden]"
ALWAYS = "idp.audit"
"""The logger whose lines have a switch of their own, the setting `audit_log`."""
LEVELS = {name.lower(): level for name, level in logging.getLevelNamesMapping().items()}

SECRET_NAMES = re.compile(
    r"(?i)password|passwd|secret|token|\bpin\b|^code$|(?<!exit)(?<!status)_code$|verifier|authorization$|cookie|assertion|credential|api_key|^proof$|^dpop$"
)
SECRET_PARAMETERS = re.compile(
    r"(?i)\b((?:[a-z_]*(?:token|secret|password|assertion|verifier)|code|pin|state|nonce|request|id_token_hint|login_hint|username)=)"
    r"[^&\s\"'<>]+"
)
QUERY = re.compile(r"(?i)((?:/authorize|/par|/token|/callback)\b[^\s\"'?]*)\?[^\s\"'<>]+")
JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*")
BEARER = re.compile(r"(?i)\b(bearer|dpop|basic)\s+[\w.~+/=-]{8,}")
SECRET_PATHS = re.compile(
    r"(?i)(/(?:activation|invitation|activate|reset|password-reset|forgotten|access-request|contact-change|confirm)s?/)[\w-]{20,}"
)
PHONE_NUMBER = re.compile(r"\+\d[\d ()/-]{4,18}(\d{4})(?!\d)")
DATABASE_DETAIL = re.compile(r"\bDETAIL:[^\n]*")
"""PostgreSQL's second line, which quotes the row."""
URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]+:)[^\s@/]+@")
SUSPICIOUS = re.compile(r"[?=/+\s]|eyJ")
"""Each of the above needs one of these; most values of a line have none."""
_json = json.JSONEncoder(default=str).encode
NETS = (
    ("?", QUERY, r"\1?" + HIDDEN),
    ("=", SECRET_PARAMETERS, r"\1" + HIDDEN),
    ("/", SECRET_PATHS, r"\1" + HIDDEN),
    ("eyJ", JWT, HIDDEN),
    ("", BEARER, r"\1 " + HIDDEN),
    ("://", URL_PASSWORD, r"\1" + HIDDEN + "@"),
    ("+", PHONE_NUMBER, r"…\1"),
    ("DETAIL:", DATABASE_DETAIL, "DETAIL: " + HIDDEN),
)
"""In this order; what a text must hold for the net to find anything."""


def set_up(level: str = "INFO") -> None:
    """Send our own lines and those of libraries through the same nets to standard error."""
    shared: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level]
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    last: list[Processor] = [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer(default=str)]
    structlog.configure(
        processors=[finish],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        logger_factory=OurLogger,
        cache_logger_on_first_use=True,
    )
    handler = ToStandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                *shared,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.PositionalArgumentsFormatter(),
                stamp,
                structlog.stdlib.ExtraAdder(),
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for loud in ("vonage", "vonage_http_client", "urllib3", "requests", "alembic", "authlib"):
        logging.getLogger(loud).setLevel(max(logging.WARNING, root.level))  # their lower levels print bodies and addresses


class OurLogger:
    """Writes finished lines to what standard error is at that moment; the standard library's records would cost more than all else."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def write(self, line: str) -> None:
        """Write one line; one that cannot be written must not stop what it tells of."""
        with suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = write


def finish(logger: OurLogger, method: str, event: EventDict) -> str:
    """Make the line of one of our own events, in one step: a chain of steps costs each request's line three times as much.

    Below the level that the root logger has now there is none, but for the audit log's. Raises: DropEvent.
    """
    if logging.root.level > LEVELS[method] and logger.name != ALWAYS:
        raise structlog.DropEvent
    if "request_id" not in event or "network" not in event:
        event = structlog.contextvars.merge_contextvars(logger, method, event)
    event.update(level=method, logger=logger.name, timestamp=system_clock().isoformat().replace("+00:00", "Z"))
    if "exc_info" in event:
        event = structlog.processors.format_exc_info(logger, method, event)
    return _json(redact(logger, method, event))


class ToStandardError(logging.Handler):
    """Writes to what standard error is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - a line that cannot be written must not stop what it tells of
            self.handleError(record)


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Take out of one line what no log may hold."""
    if event.pop("harmless", False):  # its writer names each value: nothing in it comes from outside
        return event
    return {name: HIDDEN if names_secret(name) and value else cleaned(value) for name, value in event.items()}


@lru_cache(1024)
def names_secret(name: str) -> bool:
    """Tell whether values under a name are dropped."""
    return SECRET_NAMES.search(name) is not None


def cleaned(value: Any) -> Any:
    """Clean a value of any shape; keys of nested mappings count as names."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: HIDDEN if names_secret(str(key)) and part else cleaned(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [cleaned(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return clean(str(value))


def clean(text: str) -> str:
    """Cut tokens, secrets in addresses, and all but the last four digits of phone numbers out of a text."""
    if not SUSPICIOUS.search(text):
        return text
    for needed, net, left in NETS:
        if needed in text:
            text = net.sub(left, text)
    return text
