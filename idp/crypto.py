"""Keys of one installation; sealing, hashing and comparing.

What is *sealed* (private keys, links in waiting mails) is sealed with the master secret, and sealed anew when that changes. What is
*derived* (refresh tokens, PINs, pairwise subjects …) comes from a derivation key that is itself kept sealed in the database: it stays
the same when the master secret changes, so nothing that people and apps hold becomes invalid.
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

if TYPE_CHECKING:
    from sqlalchemy import Connection

DERIVATION_KEY = "derivation-key"
"""The purpose for which the derivation key is sealed, and the context in which it stands."""

_NONCE = 12
_KEY_ID = 4
_SIZE = 32


class CannotOpen(Exception):
    """Sealed bytes were changed, or sealed with another secret or for another purpose."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a database knows of its secrets: the fingerprint of the master secret in force, the sealed derivation key."""

    fingerprint: str | None
    derivation_key: str | None


class Installation(Protocol):
    """Where secrets look up what the database knows of them."""

    def known(self) -> Known:
        """Read it, outside of any transaction of the caller's. Raises: TryAgain."""
        ...

    def held_fingerprint(self, db: "Connection") -> str | None:
        """Give the fingerprint in force, and keep it so until the caller's transaction ends."""
        ...


class Root:
    """A secret from which keys derive by purpose (HKDF-SHA-256, RFC 5869)."""

    def __init__(self, extracted: bytes) -> None:
        self.extracted = extracted
        self._derived: dict[str, bytes] = {}
        self._ciphers: dict[str, AESGCM] = {}

    @classmethod
    def of(cls, secret: str) -> "Root":
        """Take a secret of any length (HKDF-Extract without salt)."""
        return cls(hmac.new(bytes(_SIZE), secret.encode(), hashlib.sha256).digest())

    @classmethod
    def random(cls) -> "Root":
        """Make one that nobody can compute."""
        return cls(secrets.token_bytes(_SIZE))

    def key(self, purpose: str) -> bytes:
        """Give the 256-bit key of a purpose (HKDF-Expand)."""
        known = self._derived.get(purpose)
        if known is None:
            known = HKDFExpand(algorithm=hashes.SHA256(), length=_SIZE, info=b"idp/1/" + purpose.encode()).derive(self.extracted)
            self._derived[purpose] = known
        return known

    def fingerprint(self) -> str:
        """Name the secret without telling it."""
        return self.key("fingerprint").hex()[:32]

    def seal(self, purpose: str, plain: bytes, context: str) -> bytes:
        """Encrypt and authenticate (AES-256-GCM)."""
        nonce = secrets.token_bytes(_NONCE)
        return self._key_id(purpose) + nonce + self._cipher(purpose).encrypt(nonce, plain, context.encode())

    def sealed(self, purpose: str, sealed: bytes) -> bool:
        """Tell whether something was sealed with this secret, by the key's id before it."""
        return sealed[:_KEY_ID] == self._key_id(purpose)

    def unseal(self, purpose: str, sealed: bytes, context: str) -> bytes:
        """Decrypt. Raises: CannotOpen."""
        nonce, body = sealed[_KEY_ID : _KEY_ID + _NONCE], sealed[_KEY_ID + _NONCE :]
        try:
            return self._cipher(purpose).decrypt(nonce, body, context.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(purpose) from error

    def _cipher(self, purpose: str) -> AESGCM:
        cipher = self._ciphers.get(purpose)
        if cipher is None:
            cipher = self._ciphers[purpose] = AESGCM(self.key("seal/" + purpose))
        return cipher

    def _key_id(self, purpose: str) -> bytes:
        return hashlib.sha256(self.key("seal/" + purpose)).digest()[:_KEY_ID]


class Secrets:
    """All keys of one installation: of its master secret, of the one before while that is being replaced, and of its derivation key."""

    def __init__(self, master: str, previous: str = "", installation: Installation | None = None) -> None:
        self.present = Root.of(master)
        self.previous = Root.of(previous) if previous else None
        self._installation = installation
        self._derivation: Root | None = None
        self._replaced = self.previous is None

    def key(self, purpose: str) -> bytes:
        """Give the 256-bit key of a purpose, the same as long as the installation lives. The first call reads the database."""
        return self.derivation_key().key(purpose)

    def keyed_hash(self, purpose: str, value: str) -> str:
        """Hash a guessable value (a typed name, a network) so that only this installation can recognise it."""
        return hmac.new(self.key(purpose), value.encode(), hashlib.sha256).hexdigest()

    def mac(self, purpose: str, value: bytes) -> bytes:
        """Give HMAC-SHA-256 over the value under the purpose's key."""
        return hmac.new(self.key(purpose), value, hashlib.sha256).digest()

    def fingerprint(self) -> str:
        """Name the master secret without telling it; kept in the database to notice a mismatch at start."""
        return self.present.fingerprint()

    def named(self, fingerprint: str | None) -> Root | None:
        """Give the one of our master secrets that has this fingerprint."""
        return next((root for root in self._masters() if root.fingerprint() == fingerprint), None)

    def seal(self, purpose: str, plain: bytes, context: str, db: "Connection | None" = None) -> bytes:
        """Encrypt and authenticate, bound to `context`, the id of the row it stands in.

        While two master secrets are configured, the database (`db`: the transaction in which the row is written) says which is in
        force: processes that do not know the new one yet must be able to open it.
        """
        return self._in_force(db).seal(purpose, plain, context)

    def unseal(self, purpose: str, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal` made with either master secret. Raises: CannotOpen."""
        for root in self._masters():
            if root.sealed(purpose, sealed):
                return root.unseal(purpose, sealed, context)
        raise CannotOpen(purpose)

    def derivation_key(self) -> Root:
        """Give the key of all that is derived: the one kept in the database; without one, the master secret in force.

        Raises: CannotOpen when it was sealed with a master secret that is not configured.
        """
        if self._derivation is None:
            self._derivation = self._read_derivation_key()
        return self._derivation

    def seal_derivation_key(self, key: Root) -> str:
        """Write the derivation key as it is kept, sealed with the present master secret."""
        return b64encode(self.present.seal(DERIVATION_KEY, key.extracted, DERIVATION_KEY)).decode()

    def _read_derivation_key(self) -> Root:
        known = self._installation.known() if self._installation else Known(None, None)
        if known.derivation_key:
            return Root(self.unseal(DERIVATION_KEY, b64decode(known.derivation_key), DERIVATION_KEY))
        return self.named(known.fingerprint) or self.present

    def _in_force(self, db: "Connection | None") -> Root:
        if self._replaced or self._installation is None or db is None:
            return self.present
        in_force = self.named(self._installation.held_fingerprint(db)) or self.present
        self._replaced = in_force is self.present
        return in_force

    def _masters(self) -> tuple[Root, ...]:
        return (self.present, self.previous) if self.previous else (self.present,)


def hash_token(token: str) -> str:
    """Hash a random secret for storage (SHA-256, hexadecimal); never use it for passwords."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compare in constant time."""
    left = one.encode() if isinstance(one, str) else one
    right = other.encode() if isinstance(other, str) else other
    return hmac.compare_digest(left, right)
