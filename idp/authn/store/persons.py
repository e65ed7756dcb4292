"""SQL of what stands about one person in authentication."""

from sqlalchemy import Connection, bindparam, func, or_, select, union

from idp.authn import tables
from idp.database import Rows
from idp.identifiers import AccountId, Traces

_OF_BROWSERS = (tables.KnownDevice, tables.Session, tables.Signin, tables.Activation)
_browsers = union(*(select(table.browser_hash).where(table.account_id == bindparam("key")) for table in _OF_BROWSERS))


def browsers_of(db: Connection, account_id: AccountId) -> list[str]:
    """List the browsers that an account was seen with, by their hashes."""
    return list(db.scalars(_browsers, {"key": account_id}))


def rows_of(traces: Traces, counted: list[str]) -> Rows:
    """Tell which rows are about a person; `counted`: the keys of budgets and throttles that count for them."""
    mine = traces.account_id
    signin, asked = tables.Signin, tables.Signin.requirement
    hints = (*traces.usernames, *traces.addresses)
    return {
        tables.Password: tables.Password.account_id == mine,
        tables.FormerPassword: tables.FormerPassword.account_id == mine,
        tables.PasswordReset: tables.PasswordReset.account_id == mine,
        tables.Activation: tables.Activation.account_id == mine,
        tables.PinChallenge: tables.PinChallenge.account_id == mine,
        tables.PinRound: tables.PinRound.account_id == mine,
        tables.KnownDevice: tables.KnownDevice.account_id == mine,
        signin: or_(
            signin.account_id == mine,
            asked["account_hint"].as_string() == mine,
            func.lower(asked["username_hint"].as_string()).in_(hints),
        ),
        tables.Session: tables.Session.account_id == mine,
        tables.BudgetEntry: tables.BudgetEntry.key.in_(counted),
        tables.BudgetLock: tables.BudgetLock.key.in_(counted),
        tables.ThrottleCounter: tables.ThrottleCounter.key.in_(counted),
    }
