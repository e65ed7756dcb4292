"""Signing keys: list, rotate."""

import click

from idp.cli.installation import opened
from idp.cli.output import noun, show
from idp.oidc.keys import creation, rotation
from idp.unit_of_work import OPERATOR_AT_SHELL


@noun()
def command() -> None:
    """Signing keys of the provider."""


@command.command("list")
def list_keys() -> None:
    """List the keys; made if there are none yet."""
    with opened() as units:
        creation.ensure(units)
        with units.read(OPERATOR_AT_SHELL) as work:
            found = rotation.list_all(work)
    show(found, columns=("kid", "alg", "state", "published", "created_at", "activated_at", "retired_at"))


@command.command("rotate")
@click.option("--now", is_flag=True, help="Do not wait until relying parties know the next keys: a key is compromised.")
@click.option("--if-due", is_flag=True, help="Only if the keys are as old as the settings say.")
def rotate(now: bool, if_due: bool) -> None:
    """Let the next keys sign, and publish new ones; running servers notice within seconds."""
    if now and if_due:
        raise click.UsageError("--now and --if-due exclude each other")
    with opened() as units:
        rotated = True
        if if_due:
            rotated = rotation.rotate_if_due(units, OPERATOR_AT_SHELL)
        else:
            rotation.rotate(units, OPERATOR_AT_SHELL, now=now)
        with units.read(OPERATOR_AT_SHELL) as work:
            active = [key.kid for key in rotation.list_all(work) if key.state == "active"]
    said = "the next keys sign from now on" if rotated else "no key is due"
    show({"rotated": rotated, "active": active}, lines=[said])
