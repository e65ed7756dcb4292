"""Why an account may not sign in although its password is right: a table of checks, in the order in which the person hears of them."""

from collections.abc import Callable

from idp import audit
from idp.audit import Event
from idp.authn import levels
from idp.authn.errors import AccountIsDeactivated, AccountIsLocked, LevelUnreachable, NoMobileNumber, StaffOnly
from idp.authn.requirements import Requirement
from idp.directory.accounts import Account
from idp.errors import NotAllowed
from idp.unit_of_work import UnitOfWork

Check = Callable[[Requirement, Account, str], NotAllowed | None]
"""Looks at what is asked, the account, and the level that the account itself demands."""


def check_may_sign_in(work: UnitOfWork, requirement: Requirement, account: Account) -> str:
    """Give the level that this sign-in of a proven person has to reach.

    Raises: StaffOnly, AccountIsDeactivated, AccountIsLocked, NoMobileNumber, LevelUnreachable.
    """
    required = levels.required_acr(account)
    for check in _CHECKS:
        refusal = check(requirement, account, required)
        if refusal:
            audit.refused(work, Event.SIGNIN_REFUSED, account=account.id, customer=account.customer_id, reason=refusal.code)
            raise refusal
    level = requirement.level_for(required, levels.reachable(account, required))
    assert level is not None
    return level


def _of_customer(requirement: Requirement, account: Account, _required: str) -> NotAllowed | None:
    return StaffOnly(account.id) if requirement.staff_only and not account.is_staff else None


def _deactivated(_requirement: Requirement, account: Account, _required: str) -> NotAllowed | None:
    return AccountIsDeactivated(account.id) if account.deactivated_at else None


def _locked(_requirement: Requirement, account: Account, _required: str) -> NotAllowed | None:
    return AccountIsLocked(account.id) if account.locked_at else None


def _without_number(_requirement: Requirement, account: Account, required: str) -> NotAllowed | None:
    return NoMobileNumber(account.id) if required != levels.ACR_PASSWORD and not account.mobile else None


def _out_of_reach(requirement: Requirement, account: Account, required: str) -> NotAllowed | None:
    level = requirement.level_for(required, levels.reachable(account, required))
    return LevelUnreachable(account.id) if level is None else None


_CHECKS: tuple[Check, ...] = (_of_customer, _deactivated, _locked, _without_number, _out_of_reach)
