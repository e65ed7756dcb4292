"""Reading the log: pages for people, everything for an export."""

from collections.abc import Iterator

from idp.audit import store
from idp.audit.entries import Entry, Wanted
from idp.unit_of_work import Actor, UnitOfWork, Units

PAGE = 1000


def newest(work: UnitOfWork, wanted: Wanted, *, before: int | None = None, limit: int = 50) -> list[Entry]:
    """Give a page of entries, newest first; the next one is `before` the last entry's id."""
    return store.newest(work.db, wanted, before=before, limit=limit)


def every(units: Units, actor: Actor, wanted: Wanted) -> Iterator[Entry]:
    """Give all entries in the order in which they were written, page by page, each in a short reading unit of its own."""
    after = 0
    while True:
        with units.read(actor) as work:
            page = store.oldest(work.db, wanted, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id
