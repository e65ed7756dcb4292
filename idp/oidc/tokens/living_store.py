"""SQL of access tokens that are shown: all that decides whether one counts, in one question."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, select

from idp.authn.areas import Area
from idp.authn.store import sessions
from idp.authn.store.sessions import Session
from idp.authn.tables import Session as SessionRow
from idp.directory.entries import Account
from idp.directory.store import accounts
from idp.directory.tables import Account as AccountRow
from idp.directory.tables import Customer
from idp.oidc.clients.tables import Client
from idp.oidc.tokens.store import Family, family_from
from idp.oidc.tokens.tables import AccessToken, TokenFamily

_parents = TokenFamily.__table__.alias("parents")
_FAMILY = Family.__slots__
_SESSION_AT = len(_FAMILY) + 1
_ACCOUNT_AT = _SESSION_AT + len(sessions.NAMES)


@dataclass(frozen=True, slots=True)
class Shown:
    """The family of an access token that has not ended; its account, its session if that is live, how its enabled client wants UserInfo."""

    family: Family
    account: Account | None
    session: Session | None
    userinfo_alg: str | None
    claims: dict[str, Any] | None = None
    """What an opaque token says; a signed one says it itself."""


# what has to be there beside the token is joined from outside all the same, and looked at below: a plan that was made while the tables
# were empty could begin at the clients, and stay when they hold millions of tokens
_shown = (
    select(
        *(TokenFamily.__table__.c[name] for name in _FAMILY),
        Client.metadata_document["userinfo_signed_response_alg"].as_string(),
        *sessions.COLUMNS,
        *accounts.COLUMNS,
        Client.id,
    )
    .join_from(AccessToken, TokenFamily, AccessToken.family_id == TokenFamily.id)
    .outerjoin(Client, and_(Client.id == TokenFamily.client_id, Client.disabled_at.is_(None)))
    .outerjoin(SessionRow, and_(SessionRow.id == TokenFamily.session_id, *sessions.LIVE))
    .outerjoin(AccountRow, AccountRow.id == TokenFamily.account_id)
    .outerjoin(Customer, Customer.id == AccountRow.customer_id)
    .where(
        AccessToken.jti == bindparam("jti"),
        AccessToken.revoked_at.is_(None),
        AccessToken.expires_at > bindparam("now"),
        TokenFamily.ended_at.is_(None),
        TokenFamily.parent_id.is_(None) | exists().where(_parents.c.id == TokenFamily.parent_id, _parents.c.ended_at.is_(None)),
    )
)

_shown_by_reference = _shown.add_columns(AccessToken.__table__.c.claims)


def shown(db: Connection, jti: str, *, now: datetime, idle_since: datetime) -> Shown | None:
    """Tell what stands behind an access token that has neither expired nor been revoked; all by their keys."""
    row: Any = db.execute(_shown, {"jti": jti, "now": now, "idle_since": idle_since, "area": Area.PUBLIC}).first()
    return None if row is None else _from(row)


def shown_by_reference(db: Connection, jti: str, *, now: datetime, idle_since: datetime) -> Shown | None:
    """Tell the same of an access token with what it says, which is known of opaque ones only."""
    row: Any = db.execute(_shown_by_reference, {"jti": jti, "now": now, "idle_since": idle_since, "area": Area.PUBLIC}).first()
    return None if row is None else _from(row[:-1], row[-1])


def _from(row: Any, claims: dict[str, Any] | None = None) -> Shown | None:
    if row[-1] is None:
        return None
    session = dict(zip(sessions.NAMES, row[_SESSION_AT:_ACCOUNT_AT], strict=True))
    account = dict(zip(accounts.NAMES, row[_ACCOUNT_AT:-1], strict=True))
    return Shown(
        family=family_from(row[: len(_FAMILY)]),
        account=accounts.account_from(account) if account["id"] else None,
        session=sessions.session_from(session) if session["id"] else None,
        userinfo_alg=row[len(_FAMILY)],
        claims=claims,
    )
