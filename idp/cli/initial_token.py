"""Initial access tokens, with which others register clients: create, list, end."""

import click

from idp.cli.installation import opened
from idp.cli.output import noun, show
from idp.oidc.clients import initial_tokens
from idp.unit_of_work import OPERATOR_AT_SHELL

COLUMNS = ("id", "name", "created_at", "expires_at", "uses_left", "ended_at")


@noun()
def command() -> None:
    """Initial access tokens (RFC 7591): who holds one may register clients."""


@command.command("create")
@click.argument("name")
@click.option("--days", type=int, default=30, show_default=True, help="How long it is good for.")
@click.option("--uses", type=int, help="How many clients it may register; any number unless given.")
def create(name: str, days: int, uses: int | None) -> None:
    """Make a token; NAME says for whom. It is told this once."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        made = initial_tokens.create(work, name, days=days, uses=uses)
    token = made.token
    told = {name: getattr(token, name) for name in ("id", "name", "created_at", "expires_at", "uses_left")}
    show({**told, "initial_access_token": made.secret})


@command.command("list")
def list_tokens() -> None:
    """List the tokens that have not expired."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        found = initial_tokens.list_all(work)
    show(found, columns=COLUMNS)


@command.command("end")
@click.argument("token_id")
def end(token_id: str) -> None:
    """End a token; clients registered by it stay."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        initial_tokens.end(work, token_id)
    show({"ended": token_id}, lines=[f"ended {token_id}"])
