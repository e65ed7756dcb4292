"""What has to happen before a request can be answered: one ordered table, evaluated afresh each time the browser comes back.

The first step that needs the person ends the search; with `prompt=none` it ends in an error. If none does, the answer is a grant.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from idp import audit
from idp.audit import Event
from idp.authn import levels, signins
from idp.authn.requirements import Requirement
from idp.authn.sessions import Session
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.oidc.authorization import consent
from idp.oidc.authorization.request import AnsweredByRedirect, OpenRequest
from idp.oidc.clients.clients import Client
from idp.oidc.clients.scopes import OFFLINE_ACCESS
from idp.oidc.protocol import ErrorCode, OAuthError, Prompt
from idp.oidc.tokens import authorization_details
from idp.oidc.tokens.grants import Grant
from idp.oidc.tokens.subjects import account_of, subject_of
from idp.unit_of_work import Actor, ActorKind, UnitOfWork

_ANEW = frozenset({Prompt.LOGIN, Prompt.SELECT_ACCOUNT})


@dataclass(frozen=True, slots=True)
class SignInNeeded:
    """The person has to prove who they are, or more than before."""

    requirement: Requirement


@dataclass(frozen=True, slots=True)
class ConsentNeeded:
    """The person has to agree."""

    account: Account
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessRequestNeeded:
    """The person wants to ask for an account (Initiating User Registration)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Nothing is missing: what the client gets, in whose session."""

    grant: Grant
    session: Session


Interaction = SignInNeeded | ConsentNeeded | AccessRequestNeeded
Step = Interaction | Answer


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands. `account` and `session` come together; `own`: the session was proven for this very request."""

    work: UnitOfWork
    opened: OpenRequest
    client: Client
    session: Session | None
    account: Account | None
    own: bool

    def refuse(self, error: ErrorCode, description: str) -> NoReturn:
        """End the request by an answer to the client. Raises: AnsweredByRedirect."""
        account = self.account.id if self.account else None
        audit.refused(self.work, Event.AUTHORIZATION_REFUSED, account=account, client=self.client.id, error=error.value)
        raise AnsweredByRedirect(self.opened.asked.target, error, description)


def next_step(work: UnitOfWork, opened: OpenRequest, client: Client, session: Session | None, account: Account | None = None) -> Step:
    """Tell what a request needs next, given the browser's live session (and its account, if that was read with it).

    Raises: AnsweredByRedirect.
    """
    standing = _standing(work, opened, client, session, account)
    for step in _STEPS:
        needed = step(standing)
        if needed is None:
            continue
        if Prompt.NONE in opened.asked.prompts:
            raise AnsweredByRedirect(opened.asked.target, *_WITHOUT_PERSON[type(needed)])
        return needed
    return _answer(standing)


def _standing(work: UnitOfWork, opened: OpenRequest, client: Client, session: Session | None, account: Account | None) -> Standing:
    if account is None and session is not None:
        account = accounts.find(work, session.account_id)
    if account is None or not account.is_active:
        return Standing(work, opened, client, None, None, own=False)
    assert session is not None
    work.acts_as(Actor(ActorKind.STAFF if account.is_staff else ActorKind.PERSON, account.id, session_id=session.id))
    return Standing(work, opened, client, session, account, own=_proven_for(work, opened, session))


def _proven_for(work: UnitOfWork, opened: OpenRequest, session: Session) -> bool:
    """Tell whether a live session was proven for this request; another sign-in may have proven it anew since."""
    if opened.signin_id is None:
        return False
    return session.signin_id == opened.signin_id or signins.completed_session_id(work, opened.signin_id) == session.id


def wants_an_account(standing: Standing) -> Interaction | None:
    """`prompt=create` leads to the request for an account."""
    return AccessRequestNeeded() if Prompt.CREATE in standing.opened.asked.prompts else None


def signed_in(standing: Standing) -> Interaction | None:
    """There is a session of an active account; `prompt=login` and `select_account` want one proven for this request."""
    fresh = bool(_ANEW & standing.opened.asked.prompts)
    if standing.session is None or (fresh and not standing.own):
        return SignInNeeded(_requirement(standing, fresh=fresh))
    return None


def trusted_to_ask(standing: Standing) -> Interaction | None:
    """With `prompt=none` another's app that the person has not agreed to learns that alone, not whether its hints and demands fit them."""
    account = standing.account
    if account is None or Prompt.NONE not in standing.opened.asked.prompts:
        return None
    return ConsentNeeded(account, ()) if consent.is_needed(standing.work, standing.opened, standing.client, account.id) else None


def recently(standing: Standing) -> Interaction | None:
    """`max_age` is met by the clock, or by an authentication made for this request whatever the clock says then."""
    session, max_age = standing.session, standing.opened.asked.max_age
    if session is None or max_age is None or standing.own:
        return None
    if standing.work.now - session.auth_time <= timedelta(seconds=max_age):
        return None
    return SignInNeeded(_requirement(standing, fresh=True))


def as_the_right_person(standing: Standing) -> Interaction | None:
    """`id_token_hint` and the claim `sub` admit one person only; `login_hint` asks again unless somebody has just signed in."""
    asked, account = standing.opened.asked, standing.account
    if account is None:
        return None
    if asked.subject and asked.subject != subject_of(standing.work, standing.client, account):
        if standing.own:
            standing.refuse(ErrorCode.LOGIN_REQUIRED, "another person has signed in")
        return SignInNeeded(_requirement(standing, fresh=True))
    if asked.login_hint and not standing.own and not _means(standing.work, asked.login_hint, account):
        return SignInNeeded(_requirement(standing, fresh=True))
    return None


def strongly_enough(standing: Standing) -> Interaction | None:
    """Compute the level anew each time: what the account must, what is demanded, what is wished and can be reached; each is tried once."""
    asked, session, account = standing.opened.asked, standing.session, standing.account
    if session is None or account is None:
        return None
    needed = levels.required_acr(account)
    reachable = levels.reachable(account, needed) if asked.essential_acr or asked.acr_values else ()
    if asked.essential_acr:
        demanded = _lowest(acr for acr in asked.essential_acr if acr in reachable or levels.rank(session.acr) >= levels.rank(acr) > 0)
        if demanded is None:
            standing.refuse(ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS, "the account cannot reach the demanded acr")
        needed = max(needed, demanded, key=levels.rank)
    wished = next((acr for acr in asked.acr_values if acr in reachable), None)
    tried = levels.rank(standing.opened.asked_acr) if standing.own else 0
    if wished and Prompt.NONE not in asked.prompts and levels.rank(wished) > tried:
        needed = max(needed, wished, key=levels.rank)
    if levels.rank(session.acr) >= levels.rank(needed):
        return None
    if tried >= levels.rank(needed):
        standing.refuse(ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS, "the sign-in did not reach the demanded acr")
    return SignInNeeded(Requirement(acr=needed, account_hint=account.id))


def allowed(standing: Standing) -> Interaction | None:
    """Let pass only details that are the account's to use now (RFC 9396 §5)."""
    details = standing.opened.asked.authorization_details
    if details and standing.account:
        try:
            authorization_details.check(standing.work, standing.account.id, details)
        except OAuthError as error:
            standing.refuse(error.error, error.description)
    return None


def agreed(standing: Standing) -> Interaction | None:
    """Ask once whether another's app may have what it wants; one that wants nothing would learn who it is unasked."""
    account, asked = standing.account, standing.opened.asked
    scopes = consent.to_agree_to(asked, standing.client)
    if not scopes and not asked.authorization_details:
        standing.refuse(ErrorCode.INVALID_SCOPE, "offline_access alone needs prompt consent")
    if account is None or not consent.is_needed(standing.work, standing.opened, standing.client, account.id):
        return None
    return ConsentNeeded(account, scopes)


_STEPS: tuple[Callable[[Standing], Interaction | None], ...] = (
    wants_an_account,
    signed_in,
    trusted_to_ask,
    recently,
    as_the_right_person,
    strongly_enough,
    allowed,
    agreed,
)
_WITHOUT_PERSON: dict[type, tuple[ErrorCode, str]] = {
    SignInNeeded: (ErrorCode.LOGIN_REQUIRED, "the person has to sign in"),
    ConsentNeeded: (ErrorCode.CONSENT_REQUIRED, "the person has to agree"),
    AccessRequestNeeded: (ErrorCode.INTERACTION_REQUIRED, "the person has to be asked"),
}


def _requirement(standing: Standing, *, fresh: bool) -> Requirement:
    """Tell what the sign-in should reach; a level is a wish as long as the account is not known, because it must not stop anybody."""
    asked = standing.opened.asked
    wanted = account_of(standing.work, standing.client, asked.subject, perhaps=standing.account) if asked.subject else None
    if wanted != standing.account and not (asked.subject_by_token and standing.client.first_party):
        wanted = None  # whoever knows a `sub` must not learn the user name; another person signing in is refused afterwards
    known = [acr for acr in asked.acr_values if levels.rank(acr)]
    return Requirement(
        acr=_lowest(acr for acr in asked.essential_acr if levels.rank(acr)) or next(iter(known), None),
        acr_is_wish=True,
        max_age=asked.max_age,
        fresh=fresh,
        account_hint=wanted.id if wanted else None,
        username_hint=wanted.username if wanted else asked.login_hint,
    )


def _means(work: UnitOfWork, login_hint: str, account: Account) -> bool:
    """Tell whether a hint is the account's user name or mail address."""
    if login_hint.strip().casefold() == account.email.casefold():
        return True
    named = accounts.find_by_username(work, login_hint)
    return named is not None and named.id == account.id


def _lowest(acrs: Iterable[str]) -> str | None:
    return min(acrs, key=levels.rank, default=None)


def _answer(standing: Standing) -> Answer:
    asked, session, account = standing.opened.asked, standing.session, standing.account
    assert session is not None and account is not None  # noqa: PT018 - what the first steps have established
    scopes = consent.granted_scopes(asked, standing.client)
    # a demanded level that the session exceeds is told as demanded (Core §5.5.1.1: one of the requested values)
    met = [acr for acr in asked.essential_acr if 0 < levels.rank(acr) <= levels.rank(session.acr)]
    grant = Grant(
        client_id=standing.client.id,
        scopes=scopes,
        account_id=account.id,
        session_id=session.id,
        authorization_details=asked.authorization_details,
        resources=asked.resources,
        claims=asked.claims,
        nonce=asked.nonce,
        acr=max(met, key=levels.rank) if met else session.acr,
        amr=session.amr,
        auth_time=session.auth_time,
        offline=OFFLINE_ACCESS in scopes,
        dpop_jkt=asked.dpop_jkt,
    )
    return Answer(grant, session)
