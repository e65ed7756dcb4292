"""Tokens of ours whose signature was proven a moment ago: whoever shows one shows it again, to this or another endpoint."""

import hashlib
from threading import Lock

from idp.oidc.keys.jose import Verified

__all__ = ["ProvenTokens"]

_MOST = 512
"""So many tokens are remembered by a process, by their hashes: one to two megabytes, by what they say."""


class ProvenTokens:
    """What the newest proven tokens say; a signature stays proven, whether a token still counts is asked elsewhere."""

    def __init__(self) -> None:
        self._said: dict[bytes, Verified] = {}
        self._keeping = Lock()

    def find(self, token: str) -> Verified | None:
        """Give what a token says, if it was proven lately. The key that its header names is the one that proved it."""
        return self._said.get(_hash(token))

    def keep(self, token: str, said: Verified) -> None:
        """Remember a token that names its key; the oldest one is forgotten for it."""
        with self._keeping:
            while len(self._said) >= _MOST:
                del self._said[next(iter(self._said))]
            self._said[_hash(token)] = said


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
