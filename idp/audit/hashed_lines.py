"""What is sealed of an event: a keyed hash of its line, so that details may go later and the seal still holds.

An event whose details were erased keeps the hash of the line that it had, and a second one over that and what is left: it proves that
this program erased them, and that nothing else of the row was changed with them.
"""

import hmac
import json
from datetime import UTC, datetime

from idp.audit.entries import FIELDS, Entry
from idp.audit.store import Sealable
from idp.crypto import Secrets

_WRITTEN = "audit-line"
_ERASED = "audit-line-erased"


def hash_of(secrets: Secrets, row: Sealable) -> str:
    """Give the hash of an event as it was written."""
    return row.sealed_as.partition(".")[0] if row.sealed_as else secrets.mac(_WRITTEN, line(row.entry).encode()).hex()


def sealed_as(secrets: Secrets, was: Sealable, left: Entry) -> str:
    """Give what an event keeps that is to become another by losing details."""
    before = hash_of(secrets, was)
    return f"{before}.{_proof(secrets, before, left)}"


def is_genuine(secrets: Secrets, row: Sealable) -> bool:
    """Tell whether this program erased an event's details, and left the rest as it is."""
    before, _, proof = (row.sealed_as or "").partition(".")
    return hmac.compare_digest(_proof(secrets, before, row.entry), proof)


def line(entry: Entry) -> str:
    """Write an event as one line that reads the same from either database."""
    values = [getattr(entry, name) for name in FIELDS]
    values = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in values]
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _proof(secrets: Secrets, before: str, left: Entry) -> str:
    return secrets.mac(_ERASED, f"{before}\n{line(left)}".encode()).hex()
