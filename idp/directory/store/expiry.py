"""Cleaning away rows that have no more use."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from idp.directory.tables import AccessRequest, Attempt, ContactChange, Invitation

_ENDED_LINKS_KEPT = timedelta(days=90)
_ATTEMPTS_KEPT = timedelta(days=1)

_STATEMENTS = (
    delete(AccessRequest).where(
        AccessRequest.id.in_(select(AccessRequest.id).where(AccessRequest.expires_at < bindparam("now")).limit(bindparam("limit")))
    ),
    delete(Attempt).where(Attempt.id.in_(select(Attempt.id).where(Attempt.at < bindparam("attempts_until")).limit(bindparam("limit")))),
    delete(ContactChange).where(
        ContactChange.id.in_(select(ContactChange.id).where(ContactChange.expires_at < bindparam("links_until")).limit(bindparam("limit")))
    ),
    delete(Invitation).where(
        Invitation.id.in_(select(Invitation.id).where(Invitation.ended_at < bindparam("links_until")).limit(bindparam("limit")))
    ),
)


def delete_expired(db: Connection, now: datetime, limit: int) -> int:
    """Delete at most `limit` rows of each kind that expired; gives their number.

    Ended links are kept 90 days, so that who opens an old one is told what became of it; open invitations stay for ever.
    """
    values = {"now": now, "links_until": now - _ENDED_LINKS_KEPT, "attempts_until": now - _ATTEMPTS_KEPT, "limit": limit}
    return sum(db.execute(statement, values).rowcount for statement in _STATEMENTS)
