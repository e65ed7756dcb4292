"""Protected resources (RFC 8707): an identifier URI, its scopes, the format of its tokens, the client that may introspect them.

While a client names a resource, or has a scope that only this resource defines, neither goes: the client could not be changed any
more. Who registers a client holds the resources' rows, who changes or deletes a resource holds its row: the two wait for each other.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import RowMapping

from idp import audit
from idp.audit import Event
from idp.crypto import hash_token
from idp.database import storable
from idp.errors import Conflict, InvalidField, NotFound
from idp.identifiers import ClientId, ResourceId, new_id
from idp.oidc.clients import clients
from idp.oidc.clients.clients import Client, ClientUnknown
from idp.oidc.clients.metadata_checks import READABLE
from idp.oidc.clients.redirect_uris import is_plain_address
from idp.oidc.clients.scopes import MACHINE_SCOPES, PERSON_SCOPES
from idp.oidc.clients.store import clients as client_store
from idp.oidc.clients.store import resources as store
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.settings import Settings
from idp.texts import text
from idp.unit_of_work import UnitOfWork

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")
_LONGEST, _LONGEST_NAME, _MOST_SCOPES = 500, 200, 100


class TokenFormat(StrEnum):
    """How access tokens for a resource look: signed and read by whoever holds one, or references that we alone understand."""

    JWT = "jwt"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True)
class Resource:
    """A protected resource."""

    id: ResourceId
    identifier: str
    name: str
    scopes: tuple[str, ...]
    token_format: TokenFormat
    introspection_client_id: ClientId | None
    created_at: datetime

    @property
    def state(self) -> str:
        """A sign of everything in it that can be changed; whoever changes it says by this what they have seen."""
        return hash_token(json.dumps([self.name, self.scopes, self.token_format, self.introspection_client_id]))


@dataclass(frozen=True, slots=True)
class User:
    """A client that uses a resource: names it, or has scopes that no other resource defines."""

    client: Client
    scopes: tuple[str, ...]


class ResourceExists(Conflict):
    """A resource with this identifier is registered."""

    code = "resource_exists"
    message = text("A resource with this identifier exists already.")


class ResourceUnknown(NotFound):
    """There is no such resource."""

    code = "resource_unknown"


class ResourceInUse(Conflict):
    """Clients use the resource, or the scope that was to go."""

    code = "resource_in_use"

    def __init__(self, users: Sequence[User]) -> None:
        names = ", ".join(user.client.name for user in users[:3]) + (" …" if len(users) > 3 else "")
        super().__init__(f"used by {names}", text=text("Apps still use this resource: {apps}. Please change these apps first.", apps=names))
        self.users = users


class ResourceChangedMeanwhile(Conflict):
    """Somebody else has changed the resource since the page was opened."""

    code = "resource_changed_meanwhile"
    message = text("This resource has been changed in the meantime. Please check it and make your change once more.")


def create(
    work: UnitOfWork,
    identifier: str,
    *,
    name: str = "",
    scopes: Sequence[str] = (),
    token_format: str = TokenFormat.JWT,
    introspection_client_id: str | None = None,
) -> Resource:
    """Register a resource.

    Raises: InvalidField (see the checks below), ResourceExists, ClientUnknown.
    """
    check_identifier(identifier)
    row = {
        "id": new_id(),
        "identifier": identifier,
        "created_at": work.now,
        **_checked(work, name or identifier[:_LONGEST_NAME], scopes, introspection_client_id),
        "token_format": _checked_format(token_format, introspection_client_id),
    }
    if identifier == work.settings.issuer_address or not store.add(work.db, row):
        raise ResourceExists(f"a resource {identifier} exists already")
    audit.record(work, Event.RESOURCE_CREATED, client=introspection_client_id, identifier=identifier)
    return show(work, identifier)


def change(
    work: UnitOfWork,
    identifier: str,
    *,
    name: str,
    scopes: Sequence[str],
    introspection_client_id: str | None,
    token_format: str | None = None,
    seen: str | None = None,
) -> Resource:
    """Replace what can be changed of a resource; `seen`: only if that is still its state.

    `token_format` (None: as it is) counts for tokens that are issued from now on; those that exist stay what they are.
    Raises: InvalidField, ResourceUnknown, ResourceChangedMeanwhile, ResourceInUse (a scope that clients have), ClientUnknown.
    """
    checked = _checked(work, name or identifier[:_LONGEST_NAME], scopes, introspection_client_id)
    row = store.find_to_change(work.db, identifier)
    if row is None:
        raise ResourceUnknown(f"no resource {identifier}")
    known = _resource(row)
    values = checked | {"token_format": _checked_format(token_format or known.token_format, introspection_client_id)}
    if seen is not None and seen != known.state:
        raise ResourceChangedMeanwhile(identifier)
    removed = set(known.scopes).difference(scopes)
    users = [user for user in _users(work, "", removed - _defined_elsewhere(work, identifier)) if user.scopes]
    if users:
        raise ResourceInUse(users)
    store.change(work.db, identifier, values)
    members = sorted(member for member, value in values.items() if row[member] != value)
    audit.record(work, Event.RESOURCE_CHANGED, client=introspection_client_id, identifier=identifier, members=members)
    return show(work, identifier)


def delete(work: UnitOfWork, identifier: str) -> None:
    """Delete a resource that no client uses. Raises: ResourceUnknown, ResourceInUse."""
    row = store.find_to_change(work.db, identifier)
    if row is None:
        raise ResourceUnknown(f"no resource {identifier}")
    found = users(work, _resource(row))
    if found:
        raise ResourceInUse(found)
    store.remove(work.db, identifier)
    audit.record(work, Event.RESOURCE_DELETED, identifier=identifier)


def show(work: UnitOfWork, identifier: str) -> Resource:
    """Give a resource. Raises: ResourceUnknown."""
    row = store.find(work.db, identifier) if storable(identifier) else None
    if row is None:
        raise ResourceUnknown(f"no resource {identifier}")
    return _resource(row)


def find(work: UnitOfWork, resource_id: str) -> Resource:
    """Give a resource by its id. Raises: ResourceUnknown."""
    row = store.find_by_id(work.db, resource_id) if storable(resource_id) else None
    if row is None:
        raise ResourceUnknown(f"no resource with the id {resource_id}")
    return _resource(row)


def list_all(work: UnitOfWork) -> list[Resource]:
    """List every resource by its identifier."""
    return [_resource(row) for row in store.list_all(work.db)]


def users(work: UnitOfWork, resource: Resource) -> list[User]:
    """List the clients that use a resource, switched off or not, by name."""
    return _users(work, resource.identifier, set(resource.scopes) - _defined_elsewhere(work, resource.identifier))


def check_identifier(identifier: str) -> None:
    """Refuse what identifies no resource (RFC 8707 §2: an absolute URI without fragment). Raises: InvalidField."""
    parts = urlsplit(identifier) if is_plain_address(identifier) else None
    if parts is None or "#" in identifier or not (parts.netloc or parts.path) or len(identifier) > _LONGEST:
        raise InvalidField("identifier", text("The identifier has to be an absolute URI without fragment."))


def check_scope(scope: str) -> None:
    """Refuse a scope that is ours or that no request could name (RFC 6749 §3.3). Raises: InvalidField."""
    if not _SCOPE.fullmatch(scope) or scope in PERSON_SCOPES or scope in MACHINE_SCOPES:
        raise InvalidField("scopes", text("The scope {scope} is one of ours, or has characters that no scope may have.", scope=scope[:100]))


def _checked_format(token_format: str, introspection_client_id: str | None) -> str:
    """Refuse an unknown format, and one that nobody at the resource could read. Raises: InvalidField."""
    try:
        known = TokenFormat(token_format)
    except ValueError:
        raise InvalidField("token_format", text("Please choose one of the formats.")) from None
    if known is TokenFormat.OPAQUE and introspection_client_id is None:
        problem = text("Opaque tokens can only be read by asking: please name the app that asks.")
        raise InvalidField("introspection_client_id", problem)
    return known.value


def check_introspecting(client: Client) -> None:
    """Refuse a client that cannot ask about tokens: it has to authenticate (RFC 7662 §2.1). Raises: InvalidField."""
    if client.is_public:
        raise InvalidField("introspection_client_id", text("This app cannot ask about tokens: it has neither a secret nor a key."))


def _checked(work: UnitOfWork, name: str, scopes: Sequence[str], introspection_client_id: str | None) -> dict[str, object]:
    """Give what can be changed, as a row. Raises: InvalidField, ClientUnknown."""
    if not READABLE.fullmatch(name) or not storable(name):
        raise InvalidField("name", text("Please enter a name of 1 to 200 characters that people can read."))
    if len(scopes) > _MOST_SCOPES:
        raise InvalidField("scopes", text("At most {most} scopes, please.", most=_MOST_SCOPES))
    for scope in scopes:
        check_scope(scope)
    if introspection_client_id is not None:
        row = client_store.find_to_change(work.db, introspection_client_id) if storable(introspection_client_id) else None
        if row is None:
            raise ClientUnknown(f"no client {introspection_client_id}")
        check_introspecting(clients.record_of(row).client)
    return {"name": name, "scopes": list(dict.fromkeys(scopes)), "introspection_client_id": introspection_client_id}


def _defined_elsewhere(work: UnitOfWork, identifier: str) -> set[str]:
    """Name the scopes that other resources define."""
    return {scope for row in store.list_all(work.db) if row["identifier"] != identifier for scope in row["scopes"]}


def _users(work: UnitOfWork, identifier: str, scopes: set[str]) -> list[User]:
    """List the clients that name a resource, or have one of the scopes."""
    words = [*([identifier] if identifier else []), *sorted(scopes)]
    found = [clients.record_of(row).client for row in client_store.mentioning(work.db, words)] if words else []
    using = [User(client, tuple(sorted(scopes & client.scopes))) for client in found]
    return [user for user in using if user.scopes or identifier in user.client.resources]


def check_allowed(client: Client, settings: Settings, asked: Iterable[str]) -> None:
    """Refuse a `resource` parameter that names what is not registered for the client, nor the provider itself.

    Raises: OAuthError `invalid_target` (RFC 8707 §2).
    """
    if not {settings.issuer_address, *client.resources}.issuperset(asked):
        raise OAuthError(ErrorCode.INVALID_TARGET, "the resource is not registered for this client")


def sort_audiences(work: UnitOfWork, client: Client, named: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Sort what `audience` names (RFC 8693 §2.1) into resources and clients: the client ids of those that introspect its resources.

    The third are the resources behind these clients.
    Raises: OAuthError `invalid_target` (§2.2.2) for all others, registered or not.
    """
    own = {work.settings.issuer_address, *client.resources}
    names = tuple(dict.fromkeys(named))
    others = tuple(name for name in names if name not in own)
    rows = store.find_several(work.db, client.resources) if others else ()
    behind = [row for row in rows if row["introspection_client_id"] in others]
    if not {row["introspection_client_id"] for row in behind}.issuperset(others):
        raise OAuthError(ErrorCode.INVALID_TARGET, "the audience is no resource registered for this client, nor behind one")
    return tuple(name for name in names if name in own), others, tuple(row["identifier"] for row in behind)


def _resource(row: RowMapping) -> Resource:
    return Resource(
        row["id"],
        row["identifier"],
        row["name"],
        tuple(row["scopes"]),
        TokenFormat(row["token_format"]),
        row["introspection_client_id"],
        row["created_at"],
    )
