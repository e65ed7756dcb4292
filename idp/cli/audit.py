"""The audit log: verify its seals, export its entries."""

from collections.abc import Iterator
from datetime import UTC, datetime

import click

from idp.audit import Entry, Event, Verification, Wanted, query, sealing
from idp.cli.installation import opened
from idp.cli.output import Refused, as_json, noun, plain, show, wants_json
from idp.unit_of_work import OPERATOR_AT_SHELL


class Moment(click.ParamType[datetime]):
    """A time as RFC 3339, or a day; without a zone it is UTC."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read what was typed."""
        try:
            read = datetime.fromisoformat(value)
            return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value} is no time like 2026-11-24T10:15:00Z", param, ctx)


@noun()
def command() -> None:
    """What happened, who did it, and whether anybody changed the record."""


@command.command("verify")
@click.option("--known-seal", metavar="SEAL", help="A newest seal that was kept elsewhere: it must be part of the chain.")
def verify(known_seal: str | None) -> None:
    """Check that no sealed entry was changed, added or removed; keep the newest seal elsewhere to notice a cut end."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        found = sealing.verify(work, known_seal)
    refuse_broken(found)
    show(found)


@command.command("export")
@click.option("--since", type=Moment(), help="Entries from this time on.")
@click.option("--until", type=Moment(), help="Entries before this time.")
@click.option("--account", help="Id of the account that entries are about.")
@click.option("--customer", help="Id of the customer that entries are about.")
@click.option("--event", type=click.Choice([event.value for event in Event]), metavar="EVENT", help="Such as pin.wrong.")
def export(since: datetime | None, until: datetime | None, account: str | None, customer: str | None, event: str | None) -> None:
    """Write entries, oldest first: one JSON object a line, or with --json one array."""
    wanted = Wanted(account, customer, event, since, until)
    with opened() as units:
        write(query.every(units, OPERATOR_AT_SHELL, wanted))


def refuse_broken(found: Verification) -> None:
    """Turn a broken chain into a failed command. Raises: Refused."""
    if found.broken:
        runs = ", ".join(f"{run.first_event_id} to {run.last_event_id}" for run in found.broken)
        raise Refused("audit_changed", f"entries {runs} are not what was sealed")
    if not found.known_seal_found:
        older = (
            f", or the seal is older than {plain(found.deleted_until)}, up to when all was kept long enough" if found.deleted_until else ""
        )
        raise Refused("audit_cut", f"the known seal is not part of the chain: its end was removed{older}")


def write(entries: Iterator[Entry]) -> None:
    """Print entries as they come, however many there are."""
    if not wants_json():
        for entry in entries:
            click.echo(as_json(entry, indent=None))
        return
    start = "["
    for entry in entries:
        click.echo(start + as_json(entry, indent=None), nl=False)
        start = ",\n"
    click.echo("]" if start != "[" else "[]")
