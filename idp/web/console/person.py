"""From the fields of a form to what the directory is told of a person."""

from typing import Any

from idp.directory import contracts
from idp.directory.errors import InvalidFields
from idp.errors import IdpError
from idp.unit_of_work import read_work
from idp.web.console.admin import admin
from idp.web.console.forms import PersonForm


def offer_contracts(form: PersonForm) -> None:
    """Offer the customer's contracts in a form."""
    with read_work() as work:
        form.offer(contracts.of_customer(work, admin().customer.id))


def said_of(form: PersonForm) -> dict[str, Any]:
    """Give what a form says of a person, by the names of `AccountChange`."""
    names = ("salutation", "given_name", "family_name", "email", "mobile", "phone", "locale")
    return {name: form[name].data or "" for name in names} | {"contracts": form.chosen_contracts}


def show_refusal(form: PersonForm, error: IdpError) -> None:
    """Show a refusal at the fields that it names."""
    if isinstance(error, InvalidFields):
        for problem in error.problems:
            form.refuse(problem)
    else:
        form.refuse(error)
