"""The master secret: seal everything with a new one while all runs, see whether the one before may go; go on without a lost one."""

import click

from idp.app import create_app
from idp.cli.installation import opened, settings_here
from idp.cli.output import noun, show
from idp.operations import abandoning, resealing
from idp.unit_of_work import Units


@noun()
def command() -> None:
    """The secret that private keys and waiting messages are sealed with."""


@command.command("rotate")
def rotate() -> None:
    """Let IDP_MASTER_SECRET be in force and seal everything with it; IDP_MASTER_SECRET_PREVIOUS is the one before.

    Run it when every process has both. It may be interrupted and run again.
    """
    with opened() as units:
        done = resealing.rotate(units)
        found = resealing.state(units)
    said = [f"{done.resealed} values are sealed with the new master secret"]
    if done.lost:
        said.append(f"{done.lost} values can be opened with none of your secrets; they are left as they are")
    said.append("IDP_MASTER_SECRET_PREVIOUS may be removed" if found.previous_may_be_removed else "keep IDP_MASTER_SECRET_PREVIOUS")
    show({"resealed": done.resealed, "lost": done.lost, "previous_may_be_removed": found.previous_may_be_removed}, lines=said)


@command.command("status")
def status() -> None:
    """Tell which secret is in force, and whether anything still needs the one before."""
    with opened() as units:
        show(resealing.state(units))


@command.command("abandon")
@click.option("--yes", is_flag=True, help="The secret is lost for good.")
def abandon(yes: bool) -> None:
    """Go on with the configured master secret, because the one of this database is lost. Nothing that it sealed can be opened again.

    New signing keys are made at the next start. Apps' refresh tokens end, waiting messages with links are lost, pairwise subjects change.
    """
    if not yes:
        raise click.UsageError("what the lost secret sealed and derived is gone after this; say --yes to mean it")
    app = create_app(settings_here())  # not `opened`, which refuses a database of another secret
    with app.app_context():
        units: Units = app.extensions["idp.units"]
        lost = abandoning.abandon(units)
    show({"lost_messages": lost}, lines=[f"the configured master secret is in force; {lost} waiting messages are lost"])
