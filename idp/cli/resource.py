"""Protected resources: create, list, show, delete."""

import click

from idp.cli.installation import opened
from idp.cli.output import noun, show
from idp.oidc.clients import resources
from idp.unit_of_work import OPERATOR_AT_SHELL

COLUMNS = ("identifier", "name", "scopes", "token_format", "introspection_client_id", "created_at")


@noun()
def command() -> None:
    """Protected resources (RFC 8707): whom tokens can be for."""


@command.command("create")
@click.argument("identifier")
@click.option("--name", default="", help="For people; the identifier unless given.")
@click.option("--scope", "scopes", multiple=True, help="A scope of the resource (several allowed).")
@click.option("--introspection-client", help="Id of the client that may introspect tokens for it.")
def create(identifier: str, name: str, scopes: tuple[str, ...], introspection_client: str | None) -> None:
    """Register a resource by its identifier, an absolute URI."""
    named = [scope for given in scopes for scope in given.split()]
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        made = resources.create(work, identifier, name=name, scopes=named, introspection_client_id=introspection_client)
    show(made)


@command.command("list")
def list_resources() -> None:
    """List the resources."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        found = resources.list_all(work)
    show(found, columns=COLUMNS)


@command.command("show")
@click.argument("identifier")
def show_resource(identifier: str) -> None:
    """Show one resource."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        found = resources.show(work, identifier)
    show(found)


@command.command("delete")
@click.argument("identifier")
def delete(identifier: str) -> None:
    """Delete a resource; tokens that name it are for nobody from then on."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        resources.delete(work, identifier)
    show({"deleted": identifier}, lines=[f"deleted {identifier}"])
