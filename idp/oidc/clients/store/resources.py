"""SQL of resources, the services that tokens are for."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from idp.database import upsert
from idp.oidc.clients.tables import Resource

_resources = Resource.__table__
_resource_by_identifier = select(_resources).where(Resource.identifier == bindparam("identifier"))
_resource_locked = _resource_by_identifier.with_for_update()
_resource_by_id = select(_resources).where(Resource.id == bindparam("id"))
_change_resource = update(Resource).where(Resource.identifier == bindparam("key"))
_end_introspection = update(Resource).where(Resource.introspection_client_id == bindparam("client_id")).values(introspection_client_id=None)
_all_resources = select(_resources).order_by(Resource.identifier)
_all_resources_held = _all_resources.with_for_update(read=True)
_resources_by_identifier = select(_resources).where(Resource.identifier.in_(bindparam("identifiers", expanding=True)))
_add_resource = upsert(Resource).on_conflict_do_nothing(index_elements=["identifier"])


def find(db: Connection, identifier: str) -> RowMapping | None:
    """Give a resource's row."""
    return db.execute(_resource_by_identifier, {"identifier": identifier}).mappings().first()


def find_to_change(db: Connection, identifier: str) -> RowMapping | None:
    """Give a resource's row and hold it until the end of the transaction."""
    return db.execute(_resource_locked, {"identifier": identifier}).mappings().first()


def find_by_id(db: Connection, resource_id: str) -> RowMapping | None:
    """Give a resource's row by its id."""
    return db.execute(_resource_by_id, {"id": resource_id}).mappings().first()


def change(db: Connection, identifier: str, values: Mapping[str, Any]) -> None:
    """Change a resource's row."""
    db.execute(_change_resource.values(**values), {"key": identifier})


def end_introspection(db: Connection, client_id: str) -> None:
    """Let a client ask about tokens for no resource any more."""
    db.execute(_end_introspection, {"client_id": client_id})


def find_several(db: Connection, identifiers: Sequence[str]) -> Sequence[RowMapping]:
    """Give the rows of several resources."""
    return db.execute(_resources_by_identifier, {"identifiers": list(identifiers)}).mappings().all()


def list_all(db: Connection, *, hold: bool = False) -> Sequence[RowMapping]:
    """List every resource by its identifier; `hold`: they stay as they are until the end of the transaction."""
    return db.execute(_all_resources_held if hold else _all_resources).mappings().all()


def add(db: Connection, row: Mapping[str, Any]) -> bool:
    """Add a resource; False if its identifier is taken."""
    return db.execute(_add_resource, row).rowcount == 1


def remove(db: Connection, identifier: str) -> bool:
    """Delete a resource; False if there is none."""
    return db.execute(delete(Resource).where(Resource.identifier == identifier)).rowcount == 1
