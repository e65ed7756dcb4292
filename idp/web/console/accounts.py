"""The list of the customer's user accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from idp.directory import accounts
from idp.directory.accounts import Sort, Status
from idp.directory.listing import Direction, Page
from idp.pages.lists import list_work
from idp.pages.render import render
from idp.texts import Text, text
from idp.web.console.admin import admin, blueprint, frame

__all__ = ["blueprint"]

_ROWS = 50
_FILTERS = (
    Status.ACTIVE,
    Status.INVITATION_SENT,
    Status.INVITATION_SCHEDULED,
    Status.INVITATION_EXPIRED,
    Status.DELIVERY_FAILED,
    Status.NOT_INVITED,
    Status.DEACTIVATED,
    Status.LOCKED,
)
_COLUMNS: tuple[tuple[Text, Sort | None], ...] = (
    (text("User\u00a0ID"), Sort.NUMBER),  # the no-break space tells it from the sign-in's "User ID", another word in German
    (text("Status"), None),
    (text("Scheduled invitation"), None),
    (text("Planned for"), None),
    (text("User name"), Sort.USERNAME),
    (text("Role"), Sort.ROLE),
    (text("Name"), Sort.NAME),
    (text("E-mail"), Sort.EMAIL),
    (text("Phone"), None),
    (text("Mobile"), None),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; `address` sorts by it, `direction` is set for the one by which the list is sorted."""

    label: Text
    address: str | None
    direction: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the list asks for; anything unknown in it counts as not asked."""

    search: str
    status: Status | None
    sort: Sort
    direction: Direction
    cursor: str | None

    def address(self, **changes: str | None) -> str:
        """Give the address of this list with changes; a change begins at the first page."""
        wanted: dict[str, Any] = self.parameters(**changes)
        return url_for("console.list_accounts", **wanted)

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Give what the address says where it is not the usual."""
        usual = {"sort": Sort.NUMBER, "direction": Direction.DESCENDING}
        asked = {"search": self.search, "status": self.status, "sort": self.sort, "direction": self.direction} | changes
        return {name: str(value) for name, value in asked.items() if value and usual.get(name) != value}


@blueprint.get("/")
def list_accounts() -> Response:
    """Show one page of the list."""
    asked = _asked(request.args)
    page = _page(asked)
    return render(
        "console/list.html",
        frame=frame(),
        rows=page.rows,
        search=asked.search,
        kept=asked.parameters(search=None),
        narrowed=bool(asked.search or asked.status),
        columns=[_column(asked, label, sort) for label, sort in _COLUMNS],
        filters=_filters(asked),
        count_text=_count(page),
        first_page=asked.address() if asked.cursor else "",
        next_page=asked.address(cursor=page.next) if page.next else "",
        myself=admin().account.id,
    )


def _page(asked: Asked) -> Page:
    with list_work() as work:
        return accounts.list_page(
            work,
            admin().customer.id,
            search=asked.search,
            statuses=[asked.status] if asked.status else (),
            sort=asked.sort,
            direction=asked.direction,
            cursor=asked.cursor,
            limit=_ROWS,
        )


def _asked(arguments: Mapping[str, str]) -> Asked:
    status, sort, direction = (arguments.get(name, "") for name in ("status", "sort", "direction"))
    return Asked(
        search=arguments.get("search", "").strip()[:100],
        status=Status(status) if status in set(Status) else None,
        sort=Sort(sort) if sort in set(Sort) else Sort.NUMBER,
        direction=Direction(direction) if direction in set(Direction) else Direction.DESCENDING,
        cursor=arguments.get("cursor") or None,
    )


def _column(asked: Asked, label: Text, sort: Sort | None) -> Column:
    if sort is None:
        return Column(label, None, None)
    current = asked.sort is sort
    turned = Direction.DESCENDING if current and asked.direction is Direction.ASCENDING else Direction.ASCENDING
    shown = {Direction.ASCENDING: "ascending", Direction.DESCENDING: "descending"}[asked.direction] if current else None
    return Column(label, asked.address(sort=sort, direction=turned), shown)


def _filters(asked: Asked) -> list[tuple[str, Text, bool]]:
    all_of_them = (asked.address(status=None), text("All"), asked.status is None)
    return [all_of_them, *((asked.address(status=status), status.label, asked.status is status) for status in _FILTERS)]


def _count(page: Page) -> Text:
    return text("1 user account") if page.total == 1 else text("{count} user accounts", count=page.total)
