"""SQL of token families, access tokens and the apps of sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Insert,
    RowMapping,
    Select,
    Update,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    null,
    select,
    update,
)

from idp.database import Json, upsert
from idp.directory.tables import Account, ContractGrant
from idp.identifiers import AccountId, ClientId, SessionId, TokenFamilyId
from idp.oidc.clients.resources import TokenFormat
from idp.oidc.clients.tables import Resource
from idp.oidc.tokens.grants import Grant
from idp.oidc.tokens.tables import AccessToken, FamilyContract, SessionClient, TokenFamily
from idp.statements import write_later

_KEPT_AFTER_END = timedelta(days=1)
_SESSIONS_ARE_OVER = timedelta(days=30)
_families = TokenFamily.__table__
_tokens = AccessToken.__table__
_children = _families.alias("children")


@dataclass(frozen=True, slots=True)
class Family:
    """All tokens that came from one grant."""

    id: TokenFamilyId
    client_id: ClientId
    account_id: AccountId | None
    session_id: SessionId | None
    offline: bool
    grant: Grant
    created_at: datetime
    expires_at: datetime
    generation: int
    generation_used_at: datetime | None
    ended_at: datetime | None


_GRANT_AT = Family.__slots__.index("grant")
_family_columns = [_families.c[name] for name in Family.__slots__]
_find_family = select(*_family_columns).where(TokenFamily.id == bindparam("id"))
_find_family_locked = _find_family.with_for_update()
_add_family = insert(TokenFamily)
_add_family_contract = insert(FamilyContract)
_add_token = insert(AccessToken)


def _adding_for(these: ColumnElement[bool]) -> Insert:
    """Add a token for resources, with its claims if they want it opaque, and tell how many do: in one statement, so both hold."""
    opaque = select(func.count()).select_from(Resource).where(these, Resource.token_format == TokenFormat.OPAQUE.value).scalar_subquery()
    kept = case((opaque > 0, bindparam("told", type_=Json)), else_=null())
    row: dict[str, Any] = {name: bindparam(name) for name in ("jti", "family_id", "expires_at", "revoked_at")}
    return insert(AccessToken).values(claims=kept, **row).returning(opaque)


_add_token_for_one = _adding_for(Resource.identifier == bindparam("resource"))
_add_token_for_several = _adding_for(Resource.identifier.in_(bindparam("resources", expanding=True)))
_told = select(_tokens.c.claims).where(AccessToken.jti == bindparam("jti"))
_rotate = (
    update(TokenFamily)
    .where(TokenFamily.id == bindparam("family_id"), TokenFamily.generation == bindparam("presented"), TokenFamily.ended_at.is_(None))
    .values(
        generation=bindparam("presented") + 1,
        generation_used_at=bindparam("now"),
        expires_at=bindparam("until"),
    )
)
_prolong = update(TokenFamily).where(TokenFamily.id == bindparam("family_id")).values(expires_at=bindparam("until"))


def _ending(*of: ColumnElement[bool]) -> Update:
    """End living families that meet conditions, with all that was exchanged for their tokens (RFC 8693).

    An exchange that happens at the same moment may be missed; its tokens are dead all the same, because `living_store` looks at
    the parent. What is exchanged has account and session of its parent, so that whatever ends those needs no look at children.
    """
    ending = select(TokenFamily.id).where(TokenFamily.ended_at.is_(None), *of).cte("ending", recursive=True, nesting=True)
    ending = ending.union(select(_children.c.id).join(ending, _children.c.parent_id == ending.c.id))
    return _ended.where(TokenFamily.id.in_(select(ending.c.id)))


_ended = update(TokenFamily).where(TokenFamily.ended_at.is_(None)).values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
_of_ids: BindParameter[str] = bindparam("ids", expanding=True)
_end = _ending(TokenFamily.id == bindparam("family_id"))
_end_of_sessions = _ended.where(TokenFamily.session_id.in_(_of_ids), TokenFamily.offline.is_(False))
_end_of_accounts = _ended.where(TokenFamily.account_id.in_(_of_ids))
_end_of_client = _ending(TokenFamily.client_id == bindparam("of_client"))
_end_of_account_and_client = _ending(TokenFamily.client_id == bindparam("of_client"), TokenFamily.account_id == bindparam("of_account"))
_end_of_contracts = _ending(TokenFamily.id.in_(select(FamilyContract.family_id).where(FamilyContract.contract_id.in_(_of_ids))))
_end_beyond_contract_grants = _ending(
    TokenFamily.account_id.in_(_of_ids),
    TokenFamily.account_id.in_(select(Account.id).where(Account.limited_to_contracts)),
    exists().where(
        FamilyContract.family_id == TokenFamily.id,
        ~exists()
        .where(ContractGrant.account_id == TokenFamily.account_id, ContractGrant.contract_id == FamilyContract.contract_id)
        .correlate_except(ContractGrant),
    ),
)
_revoke_token = (
    update(AccessToken).where(AccessToken.jti == bindparam("key"), AccessToken.revoked_at.is_(None)).values(revoked_at=bindparam("now"))
)
_end_exchanged = _ending(TokenFamily.parent_id.in_(select(AccessToken.family_id).where(AccessToken.jti == bindparam("key"))))
_add_session_client = upsert(SessionClient).on_conflict_do_nothing(index_elements=["session_id", "client_id"])
_session_clients = select(SessionClient.__table__).where(SessionClient.session_id.in_(bindparam("ids", expanding=True)))


def find_family(db: Connection, family_id: str) -> Family | None:
    """Give a family."""
    return _first(db, _find_family, {"id": family_id})


def find_family_to_change(db: Connection, family_id: str) -> Family | None:
    """Give a family and hold it until the end of the transaction."""
    return _first(db, _find_family_locked, {"id": family_id})


def add_family(db: Connection, row: Mapping[str, Any]) -> None:
    """Add a family."""
    write_later(db, _add_family, row)


def add_family_contracts(db: Connection, family_id: TokenFamilyId, contract_ids: Sequence[str]) -> None:
    """Note the contracts that a family's authorization details name."""
    if contract_ids:
        db.execute(_add_family_contract, [{"family_id": family_id, "contract_id": contract} for contract in contract_ids])


def add_access_token(db: Connection, jti: str, family_id: TokenFamilyId, expires_at: datetime) -> None:
    """Add an access token."""
    write_later(db, _add_token, {"jti": jti, "family_id": family_id, "expires_at": expires_at, "revoked_at": None})


def add_access_token_for(
    db: Connection, jti: str, family_id: TokenFamilyId, expires_at: datetime, resources: Sequence[str], claims: Mapping[str, Any]
) -> int:
    """Add an access token for resources, and what it says if it is to be opaque; give how many of them want that."""
    row = {"jti": jti, "family_id": family_id, "expires_at": expires_at, "revoked_at": None, "told": claims}
    if len(resources) == 1:
        return int(db.execute(_add_token_for_one, row | {"resource": resources[0]}).scalar_one())
    return int(db.execute(_add_token_for_several, row | {"resources": list(resources)}).scalar_one())


def told_by(db: Connection, jti: str) -> dict[str, Any] | None:
    """Give what an opaque access token says, whether it still counts or not."""
    told: dict[str, Any] | None = db.execute(_told, {"jti": jti}).scalar_one_or_none()
    return told


def rotate(db: Connection, family_id: str, presented: int, expires_at: datetime, now: datetime) -> None:
    """Move a living family on from its newest generation; whoever does so holds it (`find_family_to_change`) and has seen both."""
    write_later(db, _rotate, {"family_id": family_id, "presented": presented, "until": expires_at, "now": now})


def prolong(db: Connection, family_id: str, expires_at: datetime) -> None:
    """Let a family live on without another generation."""
    write_later(db, _prolong, {"family_id": family_id, "until": expires_at})


def end_family(db: Connection, family_id: str, reason: str, now: datetime) -> bool:
    """End one family with all that was exchanged for its tokens; False if it had ended."""
    return db.execute(_end, {"family_id": family_id, "reason": reason, "now": now}).rowcount > 0


def end_of_sessions(db: Connection, session_ids: Sequence[str], reason: str, now: datetime) -> int:
    """End the families that belong to sessions; offline ones outlive them."""
    return db.execute(_end_of_sessions, {"ids": list(session_ids), "reason": reason, "now": now}).rowcount


def end_of_accounts(db: Connection, account_ids: Sequence[str], reason: str, now: datetime) -> int:
    """End all families of accounts, offline ones too."""
    return db.execute(_end_of_accounts, {"ids": list(account_ids), "reason": reason, "now": now}).rowcount


def end_of_client(db: Connection, client_id: str, reason: str, now: datetime) -> int:
    """End all families of a client."""
    return db.execute(_end_of_client, {"of_client": client_id, "reason": reason, "now": now}).rowcount


def end_of_account_and_client(db: Connection, account_id: str, client_id: str, reason: str, now: datetime) -> int:
    """End all families of an account at one client."""
    row = {"of_account": account_id, "of_client": client_id, "reason": reason, "now": now}
    return db.execute(_end_of_account_and_client, row).rowcount


def end_of_contracts(db: Connection, contract_ids: Sequence[str], reason: str, now: datetime) -> int:
    """End the families whose authorization details name one of these contracts."""
    return db.execute(_end_of_contracts, {"ids": list(contract_ids), "reason": reason, "now": now}).rowcount


def end_beyond_contract_grants(db: Connection, account_ids: Sequence[str], reason: str, now: datetime) -> int:
    """End families of limited accounts whose authorization details name a contract that is not granted (any longer)."""
    return db.execute(_end_beyond_contract_grants, {"ids": list(account_ids), "reason": reason, "now": now}).rowcount


def revoke_access_token(db: Connection, jti: str, now: datetime) -> bool:
    """Revoke one access token, with all that was exchanged for it or its family's others; False if it is unknown or was revoked."""
    revoked = db.execute(_revoke_token, {"key": jti, "now": now}).rowcount == 1
    if revoked:
        db.execute(_end_exchanged, {"key": jti, "reason": "revoked", "now": now})
    return revoked


def add_session_client(db: Connection, session_id: str, client_id: str, sid: str, now: datetime) -> None:
    """Note an app of a session, once."""
    write_later(db, _add_session_client, {"session_id": session_id, "client_id": client_id, "sid": sid, "created_at": now})


def session_clients(db: Connection, session_ids: Sequence[str]) -> Sequence[RowMapping]:
    """List the apps of sessions."""
    return db.execute(_session_clients, {"ids": list(session_ids)}).mappings().all()


def delete_expired(db: Connection, now: datetime, limit: int) -> int:
    """Delete families (with their tokens) and access tokens that are over, and apps of sessions noted long ago."""
    over = select(TokenFamily.id).where(TokenFamily.expires_at < now - _KEPT_AFTER_END).limit(limit)
    gone = db.execute(delete(TokenFamily).where(TokenFamily.id.in_(over))).rowcount
    spent = select(AccessToken.jti).where(AccessToken.expires_at < now).limit(limit)
    gone += db.execute(delete(AccessToken).where(AccessToken.jti.in_(spent))).rowcount
    old = select(SessionClient.session_id).where(SessionClient.created_at < now - _SESSIONS_ARE_OVER).limit(limit)
    return gone + db.execute(delete(SessionClient).where(SessionClient.session_id.in_(old))).rowcount


def family_from(values: Sequence[Any]) -> Family:
    """Make the value of a row of the columns that a family's members are named after."""
    members: list[Any] = [*values]
    members[_GRANT_AT] = Grant.from_json(members[_GRANT_AT])
    return Family(*members)


def _first(db: Connection, query: Select[Any], values: Mapping[str, Any]) -> Family | None:
    row: Any = db.execute(query, values).first()
    return family_from(row) if row else None
