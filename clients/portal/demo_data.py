"""Orders, tickets, documents and invoices of the demo customer; every other customer has none.

A real portal asks its own systems here. Words are message ids of texts.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

DEMO_CUSTOMER = "2300229"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: what it is, its number, its day, its state, and an amount where there is one."""

    title: str
    number: str
    day: date
    state: str
    settled: bool = False
    amount: Decimal | None = None


_ORDERS = (
    Entry("cloud.phone: four more extensions", "A-104817", date(2026, 11, 18), "In progress"),
    Entry("Fiber business line 500", "A-103266", date(2026, 10, 6), "Activated", settled=True),
    Entry("cloud.phone: first installation", "A-101940", date(2026, 8, 24), "Activated", settled=True),
)
_OPTIONS = (
    Entry("Call recording", "OPT-210", date(2026, 9, 1), "Booked", settled=True),
    Entry("Fax to e-mail", "OPT-140", date(2026, 11, 1), "Bookable"),
    Entry("Queue with announcements", "OPT-305", date(2026, 11, 1), "Bookable"),
)
_TICKETS = (
    Entry("Desk phone does not register", "T-88231", date(2026, 11, 23), "In progress"),
    Entry("Number porting of a second block", "T-87915", date(2026, 11, 12), "Closed", settled=True),
)
_DOCUMENTS = (
    Entry("Contract cloud.phone", "D-2026-0415", date(2026, 8, 20), "Signed", settled=True),
    Entry("Order confirmation Fiber business line 500", "D-2026-0533", date(2026, 10, 7), "Sent", settled=True),
    Entry("Data processing agreement", "D-2026-0416", date(2026, 8, 20), "Signed", settled=True),
)
_INVOICES = (
    Entry("Invoice November 2026", "R-2026-11-0229", date(2026, 11, 3), "Open", amount=Decimal("418.76")),
    Entry("Invoice October 2026", "R-2026-10-0229", date(2026, 10, 2), "Paid", settled=True, amount=Decimal("389.20")),
    Entry("Invoice September 2026", "R-2026-09-0229", date(2026, 9, 2), "Paid", settled=True, amount=Decimal("389.20")),
)
_LISTS = {
    "orders": _ORDERS,
    "options": _OPTIONS,
    "tickets": _TICKETS,
    "documents": _DOCUMENTS,
    "invoices": _INVOICES,
}


def entries(page: str, customer_number: str | None) -> tuple[Entry, ...]:
    """Give the lines of one page for one customer."""
    return _LISTS[page] if customer_number == DEMO_CUSTOMER else ()
