"""Refresh tokens as text: family, generation, and a MAC over both; derived, so that nothing of them is stored."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass

from idp.crypto import same
from idp.identifiers import TokenFamilyId
from idp.unit_of_work import UnitOfWork

_LONGEST = 128


@dataclass(frozen=True, slots=True)
class Presented:
    """Which token somebody holds."""

    family_id: TokenFamilyId
    generation: int


def make(work: UnitOfWork, family_id: TokenFamilyId, generation: int) -> str:
    """Derive a family's refresh token of one generation; always the same."""
    named = f"{family_id}.{generation}"
    mac = urlsafe_b64encode(work.secrets.mac("refresh-token", named.encode())).rstrip(b"=").decode()
    return f"{named}.{mac}"


def read(work: UnitOfWork, token: str) -> Presented | None:
    """Tell which token this is, if we made it."""
    family_id, _, rest = token.partition(".")
    generation = rest.partition(".")[0]
    if len(token) > _LONGEST or not token.isascii() or not generation.isdecimal():
        return None
    presented = Presented(TokenFamilyId(family_id), int(generation))
    return presented if same(make(work, presented.family_id, presented.generation), token) else None
