"""Audit events as lines of the log, for those who watch many systems in one place (SIEM).

A line has the event's name, its outcome, ids, and of the details only what is listed here and looks like a code or an id: names,
addresses and numbers of people stay in the database. The request's own facts (`request_id`, `network`) are those of every line.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import structlog

from idp.audit.events import UNKNOWN_OUTCOMES, UNSUCCESSFUL

__all__ = ["outcome_of", "write"]

_IDS = ("actor_kind", "actor_id", "on_behalf_of", "session_id", "account_id", "customer_id", "client_id", "request_id")
_KEPT = (
    "acr active alg area at_once by_client days enabled error family first_party issued_to jti job kid kind members minutes "
    "more old_ended origin reason renewed retired retry_after role scopes sent sessions state template tries_left uses"
)
_DETAILS = frozenset(_KEPT.split())
_CODE = re.compile(r"[A-Za-z0-9_:/.~-]{1,128}")
_HASH = re.compile(r"[0-9a-f]{64}")
_ODD = "[not an id]"

log = structlog.get_logger("idp.audit")


def outcome_of(event: str) -> str:
    """Tell whether what was tried came about."""
    if event in UNSUCCESSFUL:
        return "failure"
    return "unknown" if event in UNKNOWN_OUTCOMES else "success"


def write(row: Mapping[str, Any]) -> None:
    """Write the line of one event, after its commit."""
    ids = {name: row[name] if _CODE.fullmatch(row[name]) else _ODD for name in _IDS if row[name]}
    log.info(row["event"], outcome=outcome_of(row["event"]), at=row["at"].isoformat(), **ids, detail=dict(_details(row["detail"])))


def codes_of(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Give the details that are codes, numbers or ids of what is listed here."""
    return {name: value for name, value in detail.items() if name in _DETAILS and _is_plain(value)}


def _details(detail: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in detail.items():
        if name == "name":  # a typed name only as its keyed hash, by which attempts at one account are recognised
            if isinstance(value, str) and _HASH.fullmatch(value):
                yield "name_hash", value
        elif name in _DETAILS and _is_plain(value):
            yield name, value


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(part) for part in value)
    return isinstance(value, bool | int) or (isinstance(value, str) and _CODE.fullmatch(value) is not None)
