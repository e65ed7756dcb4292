"""Customers: list, show, provision, policy."""

from pathlib import Path

import click
from pydantic import ValidationError

from idp.api.documents import CustomerShape
from idp.cli.installation import opened
from idp.cli.output import Refused, noun, show
from idp.directory import customers, provisioning
from idp.directory.customers import Customer
from idp.errors import NotFound
from idp.unit_of_work import OPERATOR_AT_SHELL, UnitOfWork


@noun()
def command() -> None:
    """Customers, as the ordering system knows them."""


@command.command("list")
@click.option("--after", default="", help="Go on after this number; the order is that of texts.")
@click.option("--limit", type=click.IntRange(1, 10000), default=1000)
def list_customers(after: str, limit: int) -> None:
    """List the customers by number."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        found = customers.list_after(work, after, limit)
    show([_shown(customer) for customer in found], columns=("customer_number", "name", "active", "pin_for_all"))


@command.command("show")
@click.argument("number")
def show_customer(number: str) -> None:
    """Show a customer: its last document, its accounts and its policy."""
    with opened() as units, units.read(OPERATOR_AT_SHELL) as work:
        answer = _shown(_find(work, number)) | provisioning.describe(work, number)
    show(answer)


@command.command("provision")
@click.argument("number")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def provision(number: str, file: Path) -> None:
    """Make a customer what a document of the ordering API says (JSON file)."""
    try:
        document = CustomerShape.model_validate_json(file.read_bytes()).document()
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False, include_input=False))
        raise Refused("invalid", "; ".join(problems)) from None
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        done = provisioning.provision(work, number, document)
    show({"customer_number": number, "created": done.created} | done.document)


@command.command("policy")
@click.argument("number")
@click.option("--pin-for-all/--no-pin-for-all", required=True, help="Whether phone administrators too confirm each sign-in by SMS PIN.")
def policy(number: str, pin_for_all: bool) -> None:
    """Set a customer's policy."""
    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        customers.set_pin_for_all(work, _find(work, number).id, pin_for_all)
        answer = _shown(_find(work, number))
    show(answer)


def _find(work: UnitOfWork, number: str) -> Customer:
    found = customers.find_by_number(work, number)
    if found is None:
        raise NotFound(f"no customer {number}")
    return found


def _shown(customer: Customer) -> dict[str, object]:
    return {
        "id": customer.id,
        "customer_number": customer.number,
        "name": customer.name,
        "active": customer.is_active,
        "pin_for_all": customer.pin_for_all,
    }
