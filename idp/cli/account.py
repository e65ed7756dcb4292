"""Accounts: create, list, show, invite, lock, unlock, deactivate, reactivate, export, erase."""

from dataclasses import dataclass
from datetime import datetime

import click

from idp.cli import account_removal
from idp.cli.account_removal import find_account, refuse_last_administrator
from idp.cli.installation import opened
from idp.cli.output import noun, show
from idp.directory import accounts, customers, invitations
from idp.directory.accounts import STAFF_ROLES, ListedAccount, NewAccount, Role, Status
from idp.errors import NotFound
from idp.identifiers import CustomerId
from idp.unit_of_work import OPERATOR_AT_SHELL, UnitOfWork

COLUMNS = ("username", "customer_number", "number", "role", "status", "name", "email", "mobile")


@dataclass(frozen=True, slots=True)
class Shown:
    """An account as the command line shows it."""

    id: str
    sub: str
    customer_number: str | None
    number: int
    username: str
    role: Role
    status: Status
    name: str
    email: str
    email_verified: bool
    mobile: str | None
    mobile_verified: bool
    phone: str | None
    locale: str
    activated_at: datetime | None
    locked_at: datetime | None
    deactivated_at: datetime | None
    scheduled_for: datetime | None


@noun()
def command() -> None:
    """Accounts of customers and of staff."""


@command.command("create")
@click.option("--username", required=True, help="Name to sign in with.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--customer", help="Number of the customer; staff have none.")
@click.option("--given-name", required=True)
@click.option("--family-name", required=True)
@click.option("--email", required=True, help="The invitation goes there.")
@click.option("--mobile", default="", help="For the SMS PIN, E.164.")
@click.option("--phone", default="")
@click.option("--salutation", default="")
@click.option("--locale", default="de", help="Language of mails.")
@click.option("--contract", "contracts", multiple=True, help="Limit a phone administrator to this contract.")
def create(role: str, customer: str | None, contracts: tuple[str, ...], **said: str) -> None:
    """Create an account and invite it by mail."""
    new = NewAccount(role=Role(role), contracts=contracts or None, **said)
    if (new.role in STAFF_ROLES) == (customer is not None):
        raise click.UsageError("staff roles have no --customer, all others need one")
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        made = accounts.create(work, _customer(work, customer), new) if customer else accounts.create_staff(work, new)
        answer = _shown(accounts.show(work, made.customer_id, made.id))
    show(answer)


@command.command("list")
@click.option("--customer", help="Only accounts of the customer with this number.")
@click.option("--search", default="", help="Words in name, user name, address or number; needs --customer.")
@click.option("--status", "statuses", type=click.Choice([status.value for status in Status]), multiple=True, help="Needs --customer.")
@click.option("--after", default="", help="Go on after this user name.")
@click.option("--limit", type=click.IntRange(1, 10000), default=1000)
def list_accounts(customer: str | None, search: str, statuses: tuple[str, ...], after: str, limit: int) -> None:
    """List accounts by user name."""
    if (search or statuses) and customer is None:
        raise click.UsageError("--search and --status need --customer")
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        if customer is None:
            found = accounts.list_all(work, after=after.casefold(), limit=limit)
        else:
            wanted = [Status(status) for status in statuses]
            found = accounts.list_matching(work, _customer(work, customer), search=search, statuses=wanted, limit=limit)
    show([_shown(row) for row in found], columns=COLUMNS)


@command.command("show")
@click.argument("account")
def show_account(account: str) -> None:
    """Show one account by user name or id."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        found = find_account(work, account)
        answer = _shown(accounts.show(work, found.customer_id, found.id))
    show(answer)


@command.command("invite")
@click.argument("account")
def invite(account: str) -> None:
    """Send a new invitation; the old link ends."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        found = find_account(work, account)
        invitations.invite(work, found.id)
        answer = _shown(accounts.show(work, found.customer_id, found.id))
    show(answer)


@command.command("lock")
@click.argument("account")
def lock(account: str) -> None:
    """Lock an account; its sessions and tokens end."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        found = find_account(work, account)
        accounts.lock(work, found.id)
        answer = _shown(accounts.show(work, found.customer_id, found.id))
    show(answer)


@command.command("unlock")
@click.argument("account")
def unlock(account: str) -> None:
    """Lift a lock."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        found = find_account(work, account)
        accounts.unlock(work, found.id)
        answer = _shown(accounts.show(work, found.customer_id, found.id))
    show(answer)


@command.command("deactivate")
@click.argument("account")
@click.option("--even-the-last", is_flag=True, help="Although the customer stays without an administrator.")
def deactivate(account: str, even_the_last: bool) -> None:
    """Deactivate an account; its sessions and tokens end."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        found = find_account(work, account)
        with refuse_last_administrator(found, "deactivated"):
            accounts.deactivate(work, found.customer_id, found.id, even_the_last=even_the_last)
        answer = _shown(accounts.show(work, found.customer_id, found.id))
    show(answer)


@command.command("reactivate")
@click.argument("account")
def reactivate(account: str) -> None:
    """Lift a deactivation."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        found = find_account(work, account)
        accounts.reactivate(work, found.customer_id, found.id)
        answer = _shown(accounts.show(work, found.customer_id, found.id))
    show(answer)


command.add_command(account_removal.export)
command.add_command(account_removal.erase)


def _customer(work: UnitOfWork, number: str) -> CustomerId:
    found = customers.find_by_number(work, number)
    if found is None:
        raise NotFound(f"no customer {number}")
    return found.id


def _shown(row: ListedAccount) -> Shown:
    account = row.account
    return Shown(
        id=account.id,
        sub=account.sub,
        customer_number=account.customer_number,
        number=account.number,
        username=account.username,
        role=account.role,
        status=row.status,
        name=account.name,
        email=account.email,
        email_verified=account.email_verified,
        mobile=account.mobile,
        mobile_verified=account.mobile_verified,
        phone=account.phone,
        locale=account.locale,
        activated_at=account.activated_at,
        locked_at=account.locked_at,
        deactivated_at=account.deactivated_at,
        scheduled_for=row.scheduled_for,
    )
