"""Authorization codes: 60 seconds, one use, stored hashed; a second use ends what the first one got (RFC 6749 §4.1.2, RFC 9700 §2.1)."""

import hashlib
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from idp import audit, crypto
from idp.audit import Event
from idp.identifiers import ClientId, TokenFamilyId, new_id, new_token
from idp.oidc.authorization import store
from idp.oidc.authorization.request import AnsweredByRedirect, OpenRequest, StartAgain
from idp.oidc.authorization.store import CodeRow
from idp.oidc.protocol import Ended, ErrorCode, OAuthError
from idp.oidc.tokens import families
from idp.oidc.tokens.families import FamilyEnd
from idp.oidc.tokens.grants import Grant
from idp.unit_of_work import UnitOfWork

LIFE = timedelta(seconds=60)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class ClaimedCode:
    """A code that has just been used up, what it stands for, and the family that comes from it, so that a second use can end that."""

    grant: Grant
    family_id: TokenFamilyId


def issue(work: UnitOfWork, grant: Grant, opened: OpenRequest) -> str:
    """Make the code that answers a request; the request, and what was pushed for it, are used up in the same transaction.

    Raises: StartAgain for a request that has been answered, AnsweredByRedirect for a pushed one from which a code was issued.
    """
    asked = opened.asked
    if opened.stored and not store.answer_request(work.db, opened.id, work.now):
        raise StartAgain("answered already")
    if asked.pushed_id and not store.use_pushed(work.db, asked.pushed_id, work.now):
        raise AnsweredByRedirect(asked.target, ErrorCode.INVALID_REQUEST_URI, "a code was issued from this request_uri already")
    code = new_token()
    store.add_code(
        work.db,
        {
            "hash": crypto.hash_token(code),
            "client_id": grant.client_id,
            "redirect_uri": asked.target.redirect_uri,
            "code_challenge": asked.code_challenge,
            "grant": grant.as_json(),
            "created_at": work.now,
            "expires_at": work.now + LIFE,
            "delete_after": work.now + _longest_life(work, grant),
        },
    )
    audit.record(
        work,
        Event.AUTHORIZATION_GRANTED,
        account=grant.account_id,
        client=grant.client_id,
        scopes=list(grant.scopes),
        authorization_details=list(grant.authorization_details),
    )
    return code


def claim(work: UnitOfWork, code: str, client_id: ClientId, redirect_uri: str | None, code_verifier: str | None) -> ClaimedCode:
    """Use a code up; of parallel tries one succeeds, a wrong try spends nothing (RFC 6749 §4.1.3, RFC 7636 §4.6).

    Raises: OAuthError `invalid_grant`; Ended when the right client and verifier come a second time: its tokens end.
    """
    code_hash, challenge = crypto.hash_token(code), _challenge(code_verifier)
    family_id, uri = TokenFamilyId(new_id()), redirect_uri or ""
    found = store.claim_code(
        work.db, code_hash, client_id=client_id, redirect_uri=uri, challenge=challenge, family_id=family_id, now=work.now
    )
    if found is not None:
        return ClaimedCode(Grant.from_json(found), family_id)
    row = store.find_code(work.db, code_hash)
    if row is not None and row.used_at and row.client_id == client_id and row.code_challenge == challenge:
        _end_replayed(work, row, client_id)
        raise Ended(ErrorCode.INVALID_GRANT, "the code has been used; what was issued from it has ended")
    raise OAuthError(ErrorCode.INVALID_GRANT, _why(row, client_id, redirect_uri, challenge))


def _end_replayed(work: UnitOfWork, row: CodeRow, client_id: ClientId) -> None:
    if row.family_id:
        families.end(work, TokenFamilyId(row.family_id), FamilyEnd.CODE_REPLAYED)
    audit.record(work, Event.CODE_REPLAYED, client=client_id, family=row.family_id)


def _why(row: CodeRow | None, client_id: ClientId, redirect_uri: str | None, challenge: str | None) -> str:
    """Say what did not fit; to another client than the code's nothing is told."""
    if row is None or row.client_id != client_id:
        return "the code is not known"
    if row.redirect_uri != redirect_uri:
        return "redirect_uri differs from the one of the authorization request"
    if row.code_challenge != challenge:
        return "code_verifier does not fit"
    return "the code has expired"


def _challenge(code_verifier: str | None) -> str | None:
    """Compute the challenge of a verifier; one that cannot be right fits no code."""
    if code_verifier is None:
        return None
    if not _VERIFIER.fullmatch(code_verifier):
        return ""
    return urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()


def _longest_life(work: UnitOfWork, grant: Grant) -> timedelta:
    """Tell how long anything issued from a code can live; until then a second use must be recognised."""
    if grant.offline:
        return timedelta(days=work.settings.offline_absolute_days)
    return timedelta(hours=work.settings.session_absolute_hours) + timedelta(seconds=work.settings.access_token_seconds)
