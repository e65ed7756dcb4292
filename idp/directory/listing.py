"""The list of a customer's accounts, in pages by keyset: stable while rows come and go, by index in every order."""

import base64
import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from idp.database import storable
from idp.directory.entries import ListedAccount, Role, Status
from idp.directory.store import account_lists as store
from idp.identifiers import CustomerId
from idp.unit_of_work import UnitOfWork

MOST_WORDS, LONGEST_SEARCH, MOST_ROWS = 8, 100, 200


class Sort(StrEnum):
    """By what a list is sorted; all but the number end with it, so that the order is whole."""

    NUMBER = "number"
    USERNAME = "username"
    NAME = "name"
    EMAIL = "email"
    ROLE = "role"


class Direction(StrEnum):
    """Which way a list is sorted."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `total` counts all hits; `next` and `previous` are cursors, or None at the ends."""

    rows: tuple[ListedAccount, ...]
    total: int
    next: str | None
    previous: str | None


def list_page(
    work: UnitOfWork,
    customer_id: CustomerId,
    *,
    search: str = "",
    statuses: Collection[Status] = (),
    role: Role | None = None,
    sort: Sort = Sort.NUMBER,
    direction: Direction = Direction.ASCENDING,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """List accounts of a customer; every word of `search` stands in name, user name, address or a number.

    A cursor that does not fit (another order, changed by hand) starts anew.
    """
    asked = _asked(work, customer_id, search, statuses, role)
    size = min(max(limit, 1), MOST_ROWS)
    backwards, after = _opened(cursor, sort)
    descending = direction is Direction.DESCENDING
    found = store.rows(work.db, asked, sort.value, descending=descending != backwards, after=after, limit=size + 1)
    more = len(found) > size
    shown = found[:size]
    if backwards:
        shown.reverse()
    following, preceding = (after is not None, more) if backwards else (more, after is not None)
    return Page(
        rows=tuple(row.entry for row in shown),
        total=store.total(work.db, asked),
        next=_closed(sort, shown[-1].key, backwards=False) if shown and following else None,
        previous=_closed(sort, shown[0].key, backwards=True) if shown and preceding else None,
    )


def list_matching(
    work: UnitOfWork, customer_id: CustomerId, *, search: str = "", statuses: Collection[Status] = (), limit: int = 1000
) -> list[ListedAccount]:
    """List the first accounts of a customer that match, by user name."""
    asked = _asked(work, customer_id, search, statuses, None)
    return [row.entry for row in store.rows(work.db, asked, Sort.USERNAME.value, descending=False, after=None, limit=limit)]


def list_all(work: UnitOfWork, *, after: str = "", limit: int = 1000) -> list[ListedAccount]:
    """List accounts of all customers and of staff by user name, for the operator; `after` is a user name's compared form."""
    return store.all_after(work.db, after, limit, work.now)


def _asked(work: UnitOfWork, customer_id: CustomerId, search: str, statuses: Collection[Status], role: Role | None) -> store.Asked:
    return store.Asked(customer_id, tuple(search[:LONGEST_SEARCH].split()[:MOST_WORDS]), tuple(statuses), role, work.now)


def _closed(sort: Sort, key: tuple[Any, ...], *, backwards: bool) -> str:
    plain = json.dumps([sort.value, int(backwards), *key], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _opened(cursor: str | None, sort: Sort) -> tuple[bool, tuple[Any, ...] | None]:
    if not cursor:
        return False, None
    try:
        named, backwards, *key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, RecursionError):  # whatever somebody writes into an address
        return False, None
    if not all(storable(part) if isinstance(part, str) else isinstance(part, int) and abs(part) < store.LARGEST_NUMBER for part in key):
        return False, None
    if named != sort.value or [type(part) for part in key] != store.key_types(sort.value):
        return False, None
    return bool(backwards), tuple(key)
