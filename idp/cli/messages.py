"""Messages: what the demo transport delivered (list, latest); release what an import held back."""

import time

import click

from idp.cli.installation import opened
from idp.cli.output import Refused, noun, show
from idp.errors import NotFound
from idp.messaging import demo
from idp.messaging.demo import DemoMessage
from idp.outbox.jobs import release_held
from idp.unit_of_work import OPERATOR_AT_SHELL, Units

LOOK_EVERY = 0.1
RELEASED_AT_ONCE = 500
COLUMNS = ("id", "kind", "to", "subject", "pin", "created_at")

to_option = click.option("--to", help="E-mail address (any case) or number (E.164).")
kind_option = click.option("--kind", type=click.Choice(["mail", "sms"]))
after_option = click.option("--after", type=int, metavar="ID", help="Only messages newer than this one.")


@noun()
def command() -> None:
    """Messages of the demo's mailbox and phone, and those that wait."""


@command.command("list")
@to_option
@kind_option
@after_option
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def list_messages(to: str | None, kind: str | None, after: int | None, limit: int) -> None:
    """List the messages, newest first."""
    with opened() as units:
        check_transport(units)
        with units.read(OPERATOR_AT_SHELL) as work:
            found = demo.messages(work, to, kind, after, limit)
    show(found, columns=COLUMNS)


@command.command("latest")
@click.option("--to", required=True, help="E-mail address (any case) or number (E.164).")
@kind_option
@after_option
@click.option("--wait", type=click.FloatRange(0, 600), default=0, metavar="SECONDS", help="Wait so long for a message to arrive.")
def latest(to: str, kind: str | None, after: int | None, wait: float) -> None:
    """Show the newest message to an address or number; exit 3 when there is none."""
    with opened() as units:
        check_transport(units)
        found = wait_for(units, to, kind, after, wait)
    if found is None:
        raise NotFound(f"no message to {to}")
    show(found)


@command.command("release")
def release() -> None:
    """Send the messages that an import held back, each when it is due; what is of no use any more is not sent."""
    released = 0
    with opened() as units:
        while True:
            with units.write(OPERATOR_AT_SHELL) as work:
                step = release_held(work, RELEASED_AT_ONCE)
            released += step
            if step < RELEASED_AT_ONCE:
                break
    show({"released": released})


def wait_for(units: Units, to: str, kind: str | None, after: int | None, seconds: float) -> DemoMessage | None:
    """Look until the message is there or the time is over."""
    until = time.monotonic() + seconds
    while True:
        with units.read(OPERATOR_AT_SHELL) as work:
            found = demo.latest(work, to, kind, after)
        if found or time.monotonic() >= until:
            return found
        time.sleep(LOOK_EVERY)


def check_transport(units: Units) -> None:
    """Refuse where messages leave the house. Raises: Refused."""
    if "demo" not in (units.settings.mail_sender, units.settings.sms_sender):
        raise Refused("no_demo_transport", "messages are kept only by the demo transport (mail_sender, sms_sender)")
