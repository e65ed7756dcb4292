"""What is stored about one person: written out, and erased."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from idp.cli.installation import opened
from idp.cli.output import Command, Refused, as_json, show
from idp.directory import accounts, erasing
from idp.directory.accounts import Account, Role
from idp.directory.errors import LastAdministrator
from idp.errors import NotFound
from idp.identifiers import AccountId
from idp.operations import personal_data
from idp.operations.personal_data import Erasure
from idp.unit_of_work import OPERATOR_AT_SHELL, UnitOfWork


@dataclass(frozen=True, slots=True)
class Answer:
    """What erasing did, or would do."""

    account_id: str
    erased: bool
    deleted: dict[str, int]
    made_nameless: dict[str, int]
    audit_events_kept: int


@click.command("export", cls=Command)
@click.argument("account")
def export(account: str) -> None:
    """Write all that is stored about a person, as JSON (GDPR Art. 15 and 20)."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        found = personal_data.collect(work, find_account(work, account).id)
    click.echo(as_json(found))


@click.command("erase", cls=Command)
@click.argument("account")
@click.option("--yes", is_flag=True, help="Do it; without, only tell what would go.")
@click.option("--even-the-last", is_flag=True, help="Although the customer stays without an administrator.")
def erase(account: str, yes: bool, even_the_last: bool) -> None:
    """Forget a person for good (GDPR Art. 17): the account is deactivated, what names the person deleted."""
    with opened() as units:
        with units.read(OPERATOR_AT_SHELL) as work:
            found = find_account(work, account)
            foreseen = personal_data.foresee(work, found.id)
        if yes:
            # in a transaction of its own: apps are told of the logout by what erasing then deletes
            with units.write(OPERATOR_AT_SHELL) as work, refuse_last_administrator(found, "erased"):
                accounts.deactivate(work, found.customer_id, found.id, even_the_last=even_the_last)
            with units.write(OPERATOR_AT_SHELL) as work:
                erasing.erase(work, found.id)
    answer = Answer(found.id, yes, foreseen.deleted, foreseen.made_nameless, foreseen.audit_events_kept)
    show(answer, lines=_told(found, foreseen, done=yes))


def find_account(work: UnitOfWork, named: str) -> Account:
    """Find an account by user name or id. Raises: NotFound."""
    found = accounts.find_by_username(work, named) or accounts.find(work, AccountId(named))
    if found is None:
        raise NotFound(f"no account {named}")
    return found


@contextmanager
def refuse_last_administrator(account: Account, participle: str) -> Iterator[None]:
    """Say who the last administrator is, what would follow, and what to do. Raises: Refused."""
    try:
        yield
    except LastAdministrator as refusal:
        raise Refused(
            refusal.code,
            f"{account.name} ({account.username}) is the last active {Role.ADMINISTRATOR_KUNDENPORTAL.label} of customer "
            f"{account.customer_number} and was not {participle}: nobody there could invite or deactivate people any more. "
            f"Make somebody else one first (`idp account create --customer {account.customer_number} "
            f"--role {Role.ADMINISTRATOR_KUNDENPORTAL.value} …`), or repeat with --even-the-last. "
            f"`idp account reactivate {account.username}` takes a deactivation back; nothing takes back an erasure.",
        ) from refusal


def _told(account: Account, erasure: Erasure, *, done: bool) -> Iterator[str]:
    """Say in lines what went, or would go."""
    yield f"{account.name} ({account.username}, {account.id})"
    yield "erased; deleted rows:" if done else "would be erased; rows that would be deleted:"
    yield from (f"  {table}: {number}" for table, number in erasure.deleted.items())
    yield "rows that stay without a name: " + ", ".join(erasure.made_nameless)
    yield f"audit events that stay, with ids alone: {erasure.audit_events_kept}"
    if done:
        yield "Tell the apps, and the ordering system if this was a main contact: its next document would bring the name back."
    else:
        yield "Nothing was changed. Repeat with --yes; it cannot be undone."
