"""Keys derived from the master secret; sealing, hashing and comparing."""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_KEY_ID = 4


class CannotOpen(Exception):
    """Sealed bytes were changed, or sealed with another secret or for another purpose."""


class Secrets:
    """All keys of one installation, derived from its master secret by purpose (HKDF-SHA-256, RFC 5869)."""

    def __init__(self, master: str) -> None:
        self._master = master.encode()
        self._derived: dict[str, bytes] = {}
        self._ciphers: dict[str, AESGCM] = {}

    def key(self, purpose: str) -> bytes:
        """Give the 256-bit key of a purpose."""
        known = self._derived.get(purpose)
        if known is None:
            info = b"idp/1/" + purpose.encode()
            known = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(self._master)
            self._derived[purpose] = known
        return known

    def fingerprint(self) -> str:
        """Name the master secret without telling it; kept in the database to notice a mismatch at start."""
        return self.key("fingerprint").hex()[:32]

    def seal(self, purpose: str, plain: bytes, context: str) -> bytes:
        """Encrypt and authenticate (AES-256-GCM), bound to `context`, the id of the row it stands in."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._cipher(purpose).encrypt(nonce, plain, context.encode())
        return self._key_id(purpose) + nonce + sealed

    def unseal(self, purpose: str, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal` made. Raises: CannotOpen."""
        nonce, body = sealed[_KEY_ID : _KEY_ID + _NONCE], sealed[_KEY_ID + _NONCE :]
        try:
            return self._cipher(purpose).decrypt(nonce, body, context.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(purpose) from error

    def keyed_hash(self, purpose: str, value: str) -> str:
        """Hash a guessable value (a typed name, a network) so that only this installation can recognise it."""
        return hmac.new(self.key(purpose), value.encode(), hashlib.sha256).hexdigest()

    def mac(self, purpose: str, value: bytes) -> bytes:
        """Give HMAC-SHA-256 over the value under the purpose's key."""
        return hmac.new(self.key(purpose), value, hashlib.sha256).digest()

    def _cipher(self, purpose: str) -> AESGCM:
        cipher = self._ciphers.get(purpose)
        if cipher is None:
            cipher = self._ciphers[purpose] = AESGCM(self.key("seal/" + purpose))
        return cipher

    def _key_id(self, purpose: str) -> bytes:
        return hashlib.sha256(self.key("seal/" + purpose)).digest()[:_KEY_ID]


def hash_token(token: str) -> str:
    """Hash a random secret for storage (SHA-256, hexadecimal); never use it for passwords."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compare in constant time."""
    left = one.encode() if isinstance(one, str) else one
    right = other.encode() if isinstance(other, str) else other
    return hmac.compare_digest(left, right)
