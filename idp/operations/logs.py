"""Logs: one JSON object a line on standard error, with nothing in it that opens a door or names a number.

Two nets: values under names that hold secrets are dropped, and what looks like a token, a phone number or a secret in an
address is cut out of every text, tracebacks and the lines of libraries included.
"""

import logging
import re
import sys
from collections.abc import Iterable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"

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
URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]+:)[^\s@/]+@")


def set_up(level: str = "INFO") -> None:
    """Send structlog and the standard library's logging through the same nets to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = ToStandardError()
    handler.setFormatter(formatter(shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for loud in ("vonage", "vonage_http_client", "urllib3", "requests", "alembic", "authlib"):
        logging.getLogger(loud).setLevel(max(logging.WARNING, root.level))  # their lower levels print bodies and addresses


class ToStandardError(logging.Handler):
    """Writes to what standard error is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - a line that cannot be written must not stop what it tells of
            self.handleError(record)


def formatter(shared: Iterable[Processor]) -> logging.Formatter:
    """Make the last steps of every line, whoever wrote it."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(default=str),
        ],
    )


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Take out of one line what no log may hold."""
    return {name: HIDDEN if SECRET_NAMES.search(name) and value else cleaned(value) for name, value in event.items()}


def cleaned(value: Any) -> Any:
    """Clean a value of any shape; keys of nested mappings count as names."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: HIDDEN if SECRET_NAMES.search(str(key)) and part else cleaned(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [cleaned(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return clean(str(value))


def clean(text: str) -> str:
    """Cut tokens, secrets in addresses, and all but the last four digits of phone numbers out of a text."""
    text = QUERY.sub(r"\1?" + HIDDEN, text)
    text = SECRET_PARAMETERS.sub(r"\1" + HIDDEN, text)
    text = SECRET_PATHS.sub(r"\1" + HIDDEN, text)
    text = JWT.sub(HIDDEN, text)
    text = BEARER.sub(r"\1 " + HIDDEN, text)
    text = URL_PASSWORD.sub(r"\1" + HIDDEN + "@", text)
    return PHONE_NUMBER.sub(r"…\1", text)
