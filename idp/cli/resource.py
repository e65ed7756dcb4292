"""Protected resources: create, list, show, update, delete."""

import click

from idp.cli.installation import opened
from idp.cli.output import noun, show
from idp.oidc.clients import resources
from idp.oidc.clients.resources import TokenFormat
from idp.unit_of_work import OPERATOR_AT_SHELL

COLUMNS = ("identifier", "name", "scopes", "token_format", "introspection_client_id", "created_at")
_FORMATS = click.Choice([known.value for known in TokenFormat])
_OF_FORMAT = "jwt: signed, the service checks tokens by itself; opaque: only introspection tells what they mean"


@noun()
def command() -> None:
    """Protected resources (RFC 8707): whom tokens can be for."""


@command.command("create")
@click.argument("identifier")
@click.option("--name", default="", help="For people; the identifier unless given.")
@click.option("--scope", "scopes", multiple=True, help="A scope of the resource (several allowed).")
@click.option("--token-format", type=_FORMATS, default=TokenFormat.JWT.value, show_default=True, help=f"{_OF_FORMAT}.")
@click.option("--introspection-client", help="Id of the client that may introspect tokens for it; opaque ones need it.")
def create(identifier: str, name: str, scopes: tuple[str, ...], token_format: str, introspection_client: str | None) -> None:
    """Register a resource by its identifier, an absolute URI."""
    named = [scope for given in scopes for scope in given.split()]
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        made = resources.create(
            work, identifier, name=name, scopes=named, token_format=token_format, introspection_client_id=introspection_client
        )
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


@command.command("update")
@click.argument("identifier")
@click.option("--name", help="For people.")
@click.option("--scope", "scopes", multiple=True, help="The scopes that it has from now on (several allowed).")
@click.option("--token-format", type=_FORMATS, help=f"{_OF_FORMAT}; for tokens issued from now on.")
@click.option("--introspection-client", help="Id of the client that may introspect tokens for it; empty: none.")
def update(identifier: str, name: str | None, scopes: tuple[str, ...], token_format: str | None, introspection_client: str | None) -> None:
    """Change what is named, leave the rest."""
    named = [scope for given in scopes for scope in given.split()]
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        known = resources.show(work, identifier)
        asking = known.introspection_client_id if introspection_client is None else introspection_client or None
        changed = resources.change(
            work,
            identifier,
            name=known.name if name is None else name,
            scopes=named if scopes else known.scopes,
            token_format=token_format,
            introspection_client_id=asking,
            seen=known.state,
        )
    show(changed)


@command.command("delete")
@click.argument("identifier")
def delete(identifier: str) -> None:
    """Delete a resource that no client uses."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        resources.delete(work, identifier)
    show({"deleted": identifier}, lines=[f"deleted {identifier}"])
