"""The list of clients that operators search."""

from dataclasses import dataclass

from idp.oidc.clients import clients
from idp.oidc.clients.clients import ClientRecord
from idp.oidc.clients.metadata import Origin
from idp.oidc.clients.store import clients as store
from idp.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list; `following` is the id after which the next page begins, if there is one."""

    records: list[ClientRecord]
    following: str | None


def page(
    work: UnitOfWork, words: str = "", *, enabled: bool | None = None, origin: Origin | None = None, after: str = "", limit: int = 50
) -> Page:
    """List clients by name, from the one after the client `after`; if that is gone meanwhile, from the beginning."""
    last = store.find(work.db, after) if after else None
    rows = store.search(
        work.db,
        words,
        enabled=enabled,
        origin=origin.value if origin else None,
        after=(last["name"], last["id"]) if last else None,
        limit=limit + 1,
    )
    shown = rows[:limit]
    return Page([clients.record_of(row) for row in shown], shown[-1]["id"] if len(rows) > limit else None)
