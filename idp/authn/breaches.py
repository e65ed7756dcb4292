"""Whether a password stands in a list of breached ones: a local file, or a service that learns only five digits of its hash.

The file is HIBP's SHA-1 download: lines `HASH:COUNT`, sorted by hash. The service answers HIBP's range API.
"""

import hashlib
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import structlog

from idp.outbound import Answer, OutboundClient, OutboundFailed, OutboundRefused
from idp.settings import Settings

log = structlog.get_logger(__name__)

Fetch = Callable[[str], Answer]
_PREFIX = 5


class Breach(StrEnum):
    """What the list says."""

    NONE = "none"
    FOUND = "found"
    UNKNOWN = "unknown"
    """The list is out of reach; the password passes."""


def look_up(settings: Settings, password: str, fetch: Fetch | None = None) -> Breach:
    """Look a password up; slow, so outside of transactions. Without a configured list nothing is breached."""
    source = settings.breached_passwords
    if not source:
        return Breach.NONE
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        if source.startswith(("http://", "https://")):
            found = _in_service(source, digest, fetch or _caller(settings))
        else:
            found = _in_file(Path(source), digest)
    except (OSError, OutboundFailed, OutboundRefused) as error:
        log.warning("breach_check_unavailable", reason=type(error).__name__)
        return Breach.UNKNOWN
    return Breach.FOUND if found else Breach.NONE


def _caller(settings: Settings) -> Fetch:
    client = OutboundClient(settings.outbound_allow)
    return lambda url: client.get(url, exceptions=True)


def _in_service(address: str, digest: str, fetch: Fetch) -> bool:
    """Ask for all hashes with the same first digits (k-anonymity). Raises: OutboundFailed."""
    answer = fetch(f"{address.rstrip('/')}/range/{digest[:_PREFIX]}")
    if answer.status != 200:
        raise OutboundFailed(f"status {answer.status}")
    for line in answer.body.decode("ascii", "ignore").splitlines():
        suffix, _, count = line.strip().partition(":")
        if suffix.upper() == digest[_PREFIX:]:
            return count.strip() != "0"  # a padding line counts none
    return False


def _in_file(path: Path, digest: str) -> bool:
    """Search the sorted file by halves; lines differ in length, so each probe starts at the next whole line."""
    wanted = digest.encode()
    with path.open("rb") as file:
        low, high = 0, path.stat().st_size
        while low < high:
            middle = (low + high) // 2
            file.seek(middle)
            if middle:
                file.readline()
            if file.tell() >= high:
                high = middle
                continue
            found = file.readline().partition(b":")[0].strip().upper()
            if found == wanted:
                return True
            if found and found < wanted:
                low = file.tell()
            else:
                high = middle
        file.seek(low)
        return file.readline().partition(b":")[0].strip().upper() == wanted
