"""Who sees what: one table drives the tiles, the menu and the refusals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PORTAL_ADMIN = "administrator-kundenportal"
PHONE_ADMIN = "administrator-telefonanlage"
EVERY_CUSTOMER = frozenset({PORTAL_ADMIN, PHONE_ADMIN})
ONLY_PORTAL_ADMIN = frozenset({PORTAL_ADMIN})
CLOUD_PHONE_PAGE = "cloud_phone"
ROLE_NAMES = {  # message ids, see texts.py
    PORTAL_ADMIN: "Customer portal administrator",
    PHONE_ADMIN: "Telephone system administrator",
    "servicedesk": "Service desk",
    "operator": "Operations",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One area of the portal: its page, its words (message ids) and the roles that may open it."""

    page: str
    title: str
    text: str
    roles: frozenset[str]


TILES = (
    Tile("orders", "Your orders", "State and dates of what you ordered", ONLY_PORTAL_ADMIN),
    Tile("contracts", "Your contracts", "All products at a glance", ONLY_PORTAL_ADMIN),
    Tile("options", "Options", "Extend your contracts", ONLY_PORTAL_ADMIN),
    Tile("tickets", "Your support tickets", "Reported faults and their state", ONLY_PORTAL_ADMIN),
    Tile(CLOUD_PHONE_PAGE, "cloud.phone management", "Open your telephone system", EVERY_CUSTOMER),
    Tile("documents", "Your contract documents", "Contracts and confirmations", ONLY_PORTAL_ADMIN),
    Tile("invoices", "Your invoices", "Amounts, due dates and payments", ONLY_PORTAL_ADMIN),
    Tile("documentation", "Documentation", "Handbook and guides for cloud.phone", frozenset({PHONE_ADMIN})),
)
READABLE_BY_ALL = frozenset({"home", "documentation"})


def tiles_for(roles: Iterable[str], *, has_cloud_phone: bool) -> list[Tile]:
    """Give the tiles of these roles; cloud.phone Management only with a contract that can be opened."""
    held = frozenset(roles)
    return [tile for tile in TILES if tile.roles & held and (has_cloud_phone or tile.page != CLOUD_PHONE_PAGE)]


def may_open(page: str, roles: Iterable[str]) -> bool:
    """Say whether one of the roles may open the page."""
    held = frozenset(roles)
    return page in READABLE_BY_ALL or any(tile.page == page and tile.roles & held for tile in TILES)
