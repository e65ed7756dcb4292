"""The master secret: seal everything with a new one while all runs, see whether the one before may go."""

from idp.cli.installation import opened
from idp.cli.output import noun, show
from idp.operations import resealing


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
