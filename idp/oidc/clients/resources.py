"""Protected resources (RFC 8707): an identifier URI, its scopes, the client that may introspect tokens for it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import RowMapping

from idp import audit
from idp.audit import Event
from idp.errors import Conflict, InvalidField, NotFound
from idp.identifiers import ClientId, ResourceId, new_id
from idp.oidc.clients import clients, store
from idp.oidc.clients.clients import Client
from idp.oidc.clients.redirect_uris import is_plain_address
from idp.oidc.clients.scopes import MACHINE_SCOPES, PERSON_SCOPES
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.settings import Settings
from idp.texts import text
from idp.unit_of_work import UnitOfWork

JWT = "jwt"
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")
_LONGEST, _LONGEST_NAME = 500, 200


@dataclass(frozen=True, slots=True)
class Resource:
    """A protected resource."""

    id: ResourceId
    identifier: str
    name: str
    scopes: tuple[str, ...]
    token_format: str
    introspection_client_id: ClientId | None
    created_at: datetime


class ResourceExists(Conflict):
    """A resource with this identifier is registered."""

    code = "resource_exists"
    message = text("A resource with this identifier exists already.")


class ResourceUnknown(NotFound):
    """There is no resource with this identifier."""

    code = "resource_unknown"


def create(
    work: UnitOfWork, identifier: str, *, name: str = "", scopes: Sequence[str] = (), introspection_client_id: str | None = None
) -> Resource:
    """Register a resource.

    Raises: InvalidField (an identifier that is no absolute URI without fragment, or too long; a scope of ours), ResourceExists,
    ClientUnknown.
    """
    parts = urlsplit(identifier) if is_plain_address(identifier) else None
    if parts is None or "#" in identifier or not (parts.netloc or parts.path) or len(identifier) > _LONGEST:
        raise InvalidField("identifier", text("The identifier has to be an absolute URI without fragment."))
    if any(not _SCOPE.fullmatch(scope) or scope in PERSON_SCOPES or scope in MACHINE_SCOPES for scope in scopes):
        raise InvalidField("scope", text("A scope is reserved, or has characters that no scope may have."))
    if introspection_client_id is not None:
        clients.record(work, introspection_client_id)
    row = {
        "id": new_id(),
        "identifier": identifier,
        "name": (name or identifier)[:_LONGEST_NAME],
        "scopes": list(dict.fromkeys(scopes)),
        "token_format": JWT,
        "introspection_client_id": introspection_client_id,
        "created_at": work.now,
    }
    if identifier == work.settings.issuer_address or not store.add_resource(work.db, row):
        raise ResourceExists(f"a resource {identifier} exists already")
    audit.record(work, Event.RESOURCE_CREATED, client=introspection_client_id, identifier=identifier)
    return show(work, identifier)


def show(work: UnitOfWork, identifier: str) -> Resource:
    """Give a resource. Raises: ResourceUnknown."""
    row = store.resource(work.db, identifier)
    if row is None:
        raise ResourceUnknown(f"no resource {identifier}")
    return _resource(row)


def list_all(work: UnitOfWork) -> list[Resource]:
    """List every resource by its identifier."""
    return [_resource(row) for row in store.all_resources(work.db)]


def delete(work: UnitOfWork, identifier: str) -> None:
    """Delete a resource; clients keep naming it in vain until they are changed. Raises: ResourceUnknown."""
    if not store.remove_resource(work.db, identifier):
        raise ResourceUnknown(f"no resource {identifier}")
    audit.record(work, Event.RESOURCE_DELETED, identifier=identifier)


def check_allowed(client: Client, settings: Settings, asked: Iterable[str]) -> None:
    """Refuse a `resource` parameter that names what is not registered for the client, nor the provider itself.

    Raises: OAuthError `invalid_target` (RFC 8707 §2).
    """
    if not {settings.issuer_address, *client.resources}.issuperset(asked):
        raise OAuthError(ErrorCode.INVALID_TARGET, "the resource is not registered for this client")


def sort_audiences(work: UnitOfWork, client: Client, named: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sort what `audience` names (RFC 8693 §2.1) into resources and clients: the client ids of those that introspect its resources.

    Raises: OAuthError `invalid_target` (§2.2.2) for all others, registered or not.
    """
    own = {work.settings.issuer_address, *client.resources}
    names = tuple(dict.fromkeys(named))
    others = tuple(name for name in names if name not in own)
    if others:
        behind = {row["introspection_client_id"] for row in store.resources(work.db, client.resources)}
        if not behind.issuperset(others):
            raise OAuthError(ErrorCode.INVALID_TARGET, "the audience is no resource registered for this client, nor behind one")
    return tuple(name for name in names if name in own), others


def _resource(row: RowMapping) -> Resource:
    return Resource(
        row["id"],
        row["identifier"],
        row["name"],
        tuple(row["scopes"]),
        row["token_format"],
        row["introspection_client_id"],
        row["created_at"],
    )
