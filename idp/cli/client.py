"""Registered clients: create, list, show, update, delete."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import click

from idp.cli import client_flags
from idp.cli.installation import opened
from idp.cli.output import PROFILES, Command, choose_profile, noun, show
from idp.oidc.clients import clients, registration, sectors
from idp.oidc.clients.clients import Client, ClientRecord
from idp.oidc.clients.metadata import FAPI2, STANDARD, Origin
from idp.unit_of_work import OPERATOR_AT_SHELL, UnitOfWork, Units

COLUMNS = ("client_id", "client_name", "token_endpoint_auth_method", "grant_types", "first_party", "enabled", "last_used_at")
BESIDE_A_DOCUMENT = {"first_party", "require_pkce"}


class ProfiledCommand(Command):
    """A command whose `--profile` names the settings' profile, as everywhere, or the client's (`fapi2`, `standard`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [param for param in self.params if param.name != "profile"]
        choice = click.Choice([*PROFILES, FAPI2, STANDARD])
        words = "fapi2, standard (ends fapi2), or a settings profile."
        self.params.append(click.Option(["--profile"], type=choice, callback=client_profile, help=words))


def client_profile(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Tell the two kinds of profile apart."""
    if value in PROFILES:
        choose_profile(value)
        return None
    return value


@noun()
def command() -> None:
    """Registered clients: applications that trust this provider."""


@command.command("create", cls=ProfiledCommand)
@click.option("--client-id", help="Made by chance unless given.")
@click.option("--metadata", type=click.File(encoding="utf-8"), help="The whole as an RFC 7591 document.")
@client_flags.options
def create(client_id: str | None, metadata: IO[str] | None, profile: str | None, first_party: bool | None, **flags: Any) -> None:
    """Register a client; its secret is told this once."""
    given = client_flags.given(flags)
    if metadata and (client_id or set(given) - BESIDE_A_DOCUMENT):
        raise click.UsageError("beside --metadata only --first-party, --profile and --no-require-pkce go")
    with opened() as units:
        document = document_in(metadata) | given if metadata else client_flags.new_client(given, units.settings)
        with units.read(OPERATOR_AT_SHELL) as work:
            checked = clients.check(work, document, Origin.CLI, profile)
        sectors.prove(units, checked, Origin.CLI)
        with units.write(OPERATOR_AT_SHELL) as work:
            made = clients.register(work, document, client_id=client_id, first_party=bool(first_party), profile=profile)
    answer = described(made.client) | {"client_id_issued_at": int(made.created_at.timestamp())}
    if made.secret:
        answer |= {"client_secret": made.secret, "client_secret_expires_at": 0}
    show(answer)


@command.command("list")
@click.option("--after", default="", help="Go on after this client id.")
@click.option("--limit", type=click.IntRange(1, 10000), default=1000)
def list_clients(after: str, limit: int) -> None:
    """List clients by id."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        found = [recorded(record) for record in clients.list_all(work, after=after, limit=limit)]
    show(found, columns=COLUMNS)


@command.command("show")
@click.argument("client_id")
def show_client(client_id: str) -> None:
    """Show one client; its secret is not known any longer."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        found = recorded(clients.record(work, client_id))
    show(found)


@command.command("update", cls=ProfiledCommand)
@click.argument("client_id")
@click.option("--metadata", type=click.File(encoding="utf-8"), help="Members to replace, as an RFC 7591 document; null removes one.")
@click.option("--new-secret", is_flag=True, help="Make a further secret; the one before stays valid beside it.")
@click.option("--end-old-secret", is_flag=True, help="With --new-secret: let it be the only one.")
@click.option("--new-registration-token", is_flag=True, help="For a client that registered itself: a new token; the old one ends.")
@click.option("--enable/--disable", "enabled", default=None, help="Switch the client on or off; off ends its tokens.")
@client_flags.options
def update(client_id: str, metadata: IO[str] | None, profile: str | None, **flags: Any) -> None:
    """Change what is named, leave the rest."""
    new_secret, end_old, enabled = flags.pop("new_secret"), flags.pop("end_old_secret"), flags.pop("enabled")
    new_token, first_party = flags.pop("new_registration_token"), flags.pop("first_party")
    if end_old and not new_secret:
        raise click.UsageError("--end-old-secret goes with --new-secret")
    changes = client_flags.changed((document_in(metadata) if metadata else {}) | client_flags.given(flags))
    told: dict[str, Any] = {}
    with opened() as units, changing(units, client_id, changes, profile) as work:
        if changes or profile or first_party is not None:
            clients.change(work, client_id, changes, first_party=first_party, profile=profile)
        if new_secret:
            told = {"client_secret": clients.renew_secret(work, client_id, end_old=end_old), "client_secret_expires_at": 0}
        if new_token:
            told |= {"registration_access_token": registration.renew_token(work, client_id)}
        if enabled is not None:
            clients.enable(work, client_id, enabled=enabled)
        answer = recorded(clients.record(work, client_id))
    show(answer | told)


@contextmanager
def changing(units: Units, client_id: str, changes: Mapping[str, Any], profile: str | None) -> Iterator[UnitOfWork]:
    """Open a unit to change a client in, once its sector is proven where the changes concern it."""
    if "redirect_uris" in changes or "sector_identifier_uri" in changes:
        with units.read(OPERATOR_AT_SHELL) as work:
            known = clients.record(work, client_id).client
            checked = clients.check(work, {**known.metadata, **changes}, known.origin, profile or known.profile)
        sectors.prove(units, checked, known.origin)
    with units.write(OPERATOR_AT_SHELL) as work:
        yield work


@command.command("delete")
@click.argument("client_id")
def delete(client_id: str) -> None:
    """Delete a client; its tokens end."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        clients.delete(work, client_id)
    show({"deleted": client_id}, lines=[f"deleted {client_id}"])


def document_in(file: IO[str]) -> dict[str, Any]:
    """Read a metadata document."""
    try:
        document = json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"no JSON document: {error}", param_hint="--metadata") from error
    if not isinstance(document, dict):
        raise click.BadParameter("not a JSON object", param_hint="--metadata")
    return document


def described(client: Client) -> dict[str, Any]:
    """Show a client as RFC 7591 does."""
    return {"client_id": client.id, **client.metadata, "first_party": client.first_party}


def recorded(record: ClientRecord) -> dict[str, Any]:
    """Show a client with what operators want to know beside its metadata."""
    return described(record.client) | {
        "profile": record.client.profile or STANDARD,
        "origin": record.client.origin.value,
        "enabled": record.disabled_at is None,
        "last_used_at": record.client.last_used_at,
        "created_at": record.created_at,
        "changed_at": record.changed_at,
    }
