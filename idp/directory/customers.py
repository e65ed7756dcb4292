"""Customers: finding them, and their policy."""

from idp import audit
from idp.audit import Event
from idp.directory.entries import Customer
from idp.directory.store import customers as store
from idp.errors import NotFound
from idp.identifiers import CustomerId, CustomerNumber
from idp.unit_of_work import UnitOfWork

__all__ = ["Customer", "find", "find_by_number", "list_after", "set_pin_for_all"]


def find(work: UnitOfWork, customer_id: CustomerId) -> Customer | None:
    """Find a customer by id."""
    return store.find(work.db, customer_id)


def find_by_number(work: UnitOfWork, number: CustomerNumber | str) -> Customer | None:
    """Find a customer by number."""
    return store.find_by_number(work.db, CustomerNumber(number))


def list_after(work: UnitOfWork, after: str = "", limit: int = 100) -> list[Customer]:
    """List customers in the order of their numbers as text, after one."""
    return store.list_after(work.db, after, limit)


def set_pin_for_all(work: UnitOfWork, customer_id: CustomerId, demanded: bool) -> None:
    """Decide whether every account of the customer confirms its sign-in by SMS PIN. Raises: NotFound."""
    customer = store.lock(work.db, customer_id)
    if customer is None:
        raise NotFound(f"customer {customer_id}")
    if customer.pin_for_all != demanded:
        store.change(work.db, customer_id, work.now, pin_for_all=demanded)
        audit.record(work, Event.CUSTOMER_CHANGED, customer=customer_id, pin_for_all=demanded)
