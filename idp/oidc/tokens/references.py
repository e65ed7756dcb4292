"""Opaque access tokens (RFC 6749 §1.4): random references that say nothing by themselves.

Only the hash of one is kept, as the id (`jti`) of its row, which holds what a signed token would say.
"""

import hashlib
import re
from base64 import urlsafe_b64encode

from idp.identifiers import new_token

PREFIX = "idp_at_"
"""By this people, and programs that look for lost secrets, recognise one."""
_REFERENCE = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{43}")


def make() -> str:
    """Make a reference of 256 random bits."""
    return PREFIX + new_token()


def id_behind(reference: str) -> str:
    """Give the id of a reference's row: 192 bits of its hash, as many as the column holds."""
    return urlsafe_b64encode(hashlib.sha256(reference.encode()).digest()[:24]).decode()


def read(token: str) -> str | None:
    """Give the id of the row that a token refers to, if there is one; None for what is no reference."""
    return id_behind(token) if _REFERENCE.fullmatch(token) else None
