"""Initial access tokens: who holds one may register clients (RFC 7591 §3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping

from idp import audit
from idp.audit import Event
from idp.crypto import hash_token
from idp.errors import InvalidField, NotFound
from idp.identifiers import new_id, new_token
from idp.oidc.clients.store import initial_tokens as store
from idp.texts import text
from idp.unit_of_work import UnitOfWork

LONGEST_DAYS = 3650
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class InitialToken:
    """A token as operators see it; `uses_left` none: any number."""

    id: str
    name: str
    created_at: datetime
    expires_at: datetime
    uses_left: int | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewInitialToken:
    """A new token; `secret` is told this once."""

    token: InitialToken
    secret: str


class InitialTokenUnknown(NotFound):
    """There is no initial access token with this id."""

    code = "initial_token_unknown"


def create(work: UnitOfWork, name: str, *, days: int = 30, uses: int | None = None) -> NewInitialToken:
    """Make a token for somebody who is to register clients. Raises: InvalidField."""
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise InvalidField("name", text("Say for whom the token is, in 1 to 200 characters."))
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidField("days", text("Use 1 to {most} days.", most=LONGEST_DAYS))
    if uses is not None and not 1 <= uses <= 1_000_000:
        raise InvalidField("uses", text("Use a number from 1 to {most}.", most=1_000_000))
    secret = new_token()
    made = InitialToken(new_id(), name.strip(), work.now, work.now + timedelta(days=days), uses, None)
    row = {field: getattr(made, field) for field in InitialToken.__slots__}
    store.add(work.db, row | {"token_hash": hash_token(secret)})
    audit.record(work, Event.INITIAL_TOKEN_CREATED, token=made.id, name=made.name, expires_at=made.expires_at.isoformat(), uses=uses)
    return NewInitialToken(made, secret)


def list_all(work: UnitOfWork) -> list[InitialToken]:
    """List the tokens that have not expired, the newest first."""
    return [_token(row) for row in store.list_living(work.db, work.now)]


def end(work: UnitOfWork, token_id: str) -> None:
    """End a token; clients registered by it stay. Raises: InitialTokenUnknown, also if it has ended."""
    if not store.end(work.db, token_id, work.now):
        raise InitialTokenUnknown(f"no initial access token {token_id}")
    audit.record(work, Event.INITIAL_TOKEN_ENDED, token=token_id)


def usable(work: UnitOfWork, secret: str) -> bool:
    """Tell whether a token may register a client now."""
    return store.find_usable(work.db, hash_token(secret), work.now) is not None


def spend(work: UnitOfWork, secret: str) -> str | None:
    """Use a token once; give its id, or none if it may not be used (any longer)."""
    return store.spend(work.db, hash_token(secret), work.now)


def _token(row: RowMapping) -> InitialToken:
    return InitialToken(**{field: row[field] for field in InitialToken.__slots__})
