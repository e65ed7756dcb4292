"""SQL of authorization requests, pushed requests, codes and consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, or_, select, update

from idp.database import upsert
from idp.identifiers import AccountId, AuthorizationRequestId, BrowserHash, SigninId
from idp.oidc.authorization.request import AuthorizationRequest, OpenRequest
from idp.oidc.authorization.tables import AuthorizationRequest as RequestRow
from idp.oidc.authorization.tables import Code, Consent, PushedRequest
from idp.statements import write_later

_request_columns = (
    RequestRow.id,
    RequestRow.parameters,
    RequestRow.browser_hash,
    RequestRow.signin_id,
    RequestRow.asked_acr,
    RequestRow.consented_by,
    RequestRow.expires_at,
)
_add_request = insert(RequestRow)
_open = (RequestRow.id == bindparam("request_id"), RequestRow.answered_at.is_(None), RequestRow.expires_at > bindparam("now"))
_take_request = (
    update(RequestRow)
    .where(*_open, or_(RequestRow.browser_hash.is_(None), RequestRow.browser_hash == bindparam("browser")))
    .values(browser_hash=bindparam("browser"))
    .returning(*_request_columns)
)
_find_request = select(*_request_columns).where(*_open, RequestRow.browser_hash == bindparam("browser"))
_find_answered = select(*_request_columns).where(
    RequestRow.id == bindparam("request_id"),
    RequestRow.answered_at.is_not(None),
    RequestRow.expires_at > bindparam("now"),
    RequestRow.browser_hash == bindparam("browser"),
)
_note_signin = (
    update(RequestRow)
    .where(RequestRow.id == bindparam("request_id"))
    .values(signin_id=bindparam("started_signin"), asked_acr=bindparam("for_acr"))
)
_note_consent = update(RequestRow).where(*_open).values(consented_by=bindparam("account")).returning(RequestRow.id)
_answer = update(RequestRow).where(*_open).values(answered_at=bindparam("now")).returning(RequestRow.id)

_add_pushed = insert(PushedRequest)
_find_pushed = select(PushedRequest.id, PushedRequest.client_id, PushedRequest.parameters).where(
    PushedRequest.reference_hash == bindparam("reference_hash"),
    PushedRequest.expires_at > bindparam("now"),
    PushedRequest.used_at.is_(None),
)
_use_pushed = (
    update(PushedRequest)
    .where(PushedRequest.id == bindparam("pushed_id"), PushedRequest.used_at.is_(None))
    .values(used_at=bindparam("now"))
    .returning(PushedRequest.id)
)

_add_code = insert(Code)
_claim_code = (
    update(Code)
    .where(
        Code.hash == bindparam("code_hash"),
        Code.client_id == bindparam("client"),
        Code.redirect_uri == bindparam("uri"),
        Code.code_challenge.is_not_distinct_from(bindparam("challenge")),
        Code.used_at.is_(None),
        Code.expires_at > bindparam("now"),
    )
    .values(used_at=bindparam("now"), family_id=bindparam("family"))
    .returning(Code.grant)
)
_find_code = select(Code.client_id, Code.redirect_uri, Code.code_challenge, Code.used_at, Code.family_id).where(
    Code.hash == bindparam("code_hash")
)

_find_consent = select(Consent.scopes).where(Consent.account_id == bindparam("account"), Consent.client_id == bindparam("client"))
_hold_consent = _find_consent.with_for_update(read=True)
_consent_to_change = _find_consent.with_for_update()
_consents_of = (
    select(Consent.client_id, Consent.scopes, Consent.given_at)
    .where(Consent.account_id == bindparam("account"))
    .order_by(Consent.given_at.desc(), Consent.client_id)
)
_remove_consent = delete(Consent).where(Consent.account_id == bindparam("account"), Consent.client_id == bindparam("client"))
_remove_consents = delete(Consent).where(Consent.client_id == bindparam("client"))
_consent = upsert(Consent)
_keep_consent = _consent.on_conflict_do_update(
    index_elements=["account_id", "client_id"], set_={"scopes": _consent.excluded.scopes, "given_at": _consent.excluded.given_at}
)

_OVER = ((RequestRow.id, RequestRow.expires_at), (PushedRequest.id, PushedRequest.delete_after), (Code.hash, Code.delete_after))


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code as it is kept."""

    client_id: str
    redirect_uri: str
    code_challenge: str | None
    used_at: datetime | None
    family_id: str | None


def add_request(db: Connection, request: OpenRequest, now: datetime) -> None:
    """Keep a request until its person has signed in and agreed."""
    write_later(
        db,
        _add_request,
        {
            "id": request.id,
            "client_id": request.asked.client_id,
            "parameters": request.asked.as_json(),
            "browser_hash": request.browser_hash,
            "pushed_id": request.asked.pushed_id,
            "signin_id": request.signin_id,
            "asked_acr": request.asked_acr,
            "consented_by": request.consented_by,
            "created_at": now,
            "expires_at": request.expires_at,
        },
    )


def take_request(db: Connection, request_id: str, browser: BrowserHash, now: datetime) -> OpenRequest | None:
    """Give an open request of this browser; one that nobody opened yet becomes this browser's, by the same statement."""
    return _request(db.execute(_take_request, {"request_id": request_id, "browser": browser, "now": now}).mappings().first())


def find_request(db: Connection, request_id: str, browser: BrowserHash, now: datetime) -> OpenRequest | None:
    """Give an open request of this browser."""
    return _request(db.execute(_find_request, {"request_id": request_id, "browser": browser, "now": now}).mappings().first())


def find_answered(db: Connection, request_id: str, browser: BrowserHash, now: datetime) -> OpenRequest | None:
    """Give a request of this browser that was answered, while it would still be open."""
    return _request(db.execute(_find_answered, {"request_id": request_id, "browser": browser, "now": now}).mappings().first())


def note_signin(db: Connection, request_id: AuthorizationRequestId, signin_id: SigninId, acr: str | None) -> None:
    """Note the sign-in that was started for a request."""
    write_later(db, _note_signin, {"request_id": request_id, "started_signin": signin_id, "for_acr": acr})


def note_consent(db: Connection, request_id: AuthorizationRequestId, account_id: AccountId, now: datetime) -> bool:
    """Note who agreed; false when the request is over."""
    return db.execute(_note_consent, {"request_id": request_id, "account": account_id, "now": now}).first() is not None


def answer_request(db: Connection, request_id: AuthorizationRequestId, now: datetime) -> bool:
    """Close a request; of several tries one succeeds."""
    return db.execute(_answer, {"request_id": request_id, "now": now}).first() is not None


def add_pushed(db: Connection, row: dict[str, Any]) -> None:
    """Keep a pushed request."""
    write_later(db, _add_pushed, row)


def find_pushed(db: Connection, reference_hash: str, now: datetime) -> RowMapping | None:
    """Give a pushed request that may be opened: id, client_id, parameters."""
    return db.execute(_find_pushed, {"reference_hash": reference_hash, "now": now}).mappings().first()


def use_pushed(db: Connection, pushed_id: str, now: datetime) -> bool:
    """Use a pushed request up; of several tries one succeeds."""
    return db.execute(_use_pushed, {"pushed_id": pushed_id, "now": now}).first() is not None


def add_code(db: Connection, row: dict[str, Any]) -> None:
    """Keep a code."""
    write_later(db, _add_code, row)


def claim_code(
    db: Connection, code_hash: str, *, client_id: str, redirect_uri: str, challenge: str | None, family_id: str, now: datetime
) -> dict[str, Any] | None:
    """Use a code up for a family if all that it is bound to fits; of several tries one gets the grant."""
    bound = {"code_hash": code_hash, "client": client_id, "uri": redirect_uri, "challenge": challenge, "family": family_id, "now": now}
    row = db.execute(_claim_code, bound).first()
    return None if row is None else row.grant


def find_code(db: Connection, code_hash: str) -> CodeRow | None:
    """Give what is kept of a code."""
    row = db.execute(_find_code, {"code_hash": code_hash}).mappings().first()
    return CodeRow(**row) if row else None


def consented_scopes(db: Connection, account_id: AccountId, client_id: str) -> frozenset[str]:
    """Give the scopes that an account lets a client have."""
    found: Sequence[str] | None = db.scalar(_find_consent, {"account": account_id, "client": client_id})
    return frozenset(found or ())


def hold_consent(db: Connection, account_id: AccountId, client_id: str) -> frozenset[str] | None:
    """Give the scopes that an account lets a client have, None without a consent; whoever revokes it waits for this transaction."""
    found: Sequence[str] | None = db.scalar(_hold_consent, {"account": account_id, "client": client_id})
    return None if found is None else frozenset(found)


def consent_to_change(db: Connection, account_id: AccountId, client_id: str) -> frozenset[str]:
    """Give the scopes that an account lets a client have, and hold them until the end of the transaction."""
    found: Sequence[str] | None = db.scalar(_consent_to_change, {"account": account_id, "client": client_id})
    return frozenset(found or ())


def consents_of(db: Connection, account_id: AccountId) -> Sequence[RowMapping]:
    """List what an account lets clients have, the newest first; by the key."""
    return db.execute(_consents_of, {"account": account_id}).mappings().all()


def remove_consent(db: Connection, account_id: AccountId, client_id: str) -> bool:
    """Forget a consent; False if there is none."""
    return db.execute(_remove_consent, {"account": account_id, "client": client_id}).rowcount == 1


def remove_consents(db: Connection, client_id: str) -> None:
    """Forget all consents to a client."""
    db.execute(_remove_consents, {"client": client_id})


def keep_consent(db: Connection, account_id: AccountId, client_id: str, scopes: Sequence[str], now: datetime) -> None:
    """Keep what an account lets a client have, in place of what it did before."""
    db.execute(_keep_consent, {"account_id": account_id, "client_id": client_id, "scopes": list(scopes), "given_at": now})


def delete_expired(db: Connection, now: datetime, limit: int) -> int:
    """Delete requests, pushed requests and codes that nobody can use or ask about any more."""
    gone = 0
    for key, over in (
        (RequestRow.id, RequestRow.expires_at),
        (PushedRequest.id, PushedRequest.delete_after),
        (Code.hash, Code.delete_after),
    ):
        keys = select(key).where(over <= now).limit(limit).scalar_subquery()
        gone += db.execute(delete(key.class_).where(key.in_(keys))).rowcount
    return gone


def _request(row: RowMapping | None) -> OpenRequest | None:
    if row is None:
        return None
    return OpenRequest(
        id=AuthorizationRequestId(row["id"]),
        asked=AuthorizationRequest.from_json(row["parameters"]),
        browser_hash=row["browser_hash"],
        expires_at=row["expires_at"],
        signin_id=row["signin_id"],
        asked_acr=row["asked_acr"],
        consented_by=row["consented_by"],
        stored=True,
    )
