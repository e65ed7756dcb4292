"""From the fields of a form to what the directory is told of a person."""

from collections.abc import Collection
from typing import Any

from idp.directory import contracts
from idp.unit_of_work import read_work
from idp.web.console.admin import admin
from idp.web.console.forms import PersonForm


def offer_contracts(form: PersonForm, granted: Collection[str] = ()) -> None:
    """Offer the customer's contracts in a form."""
    with read_work() as work:
        form.offer(contracts.of_customer(work, admin().customer.id), granted)


def said_of(form: PersonForm) -> dict[str, Any]:
    """Give what a form says of a person, by the names of `AccountChange`."""
    names = ("salutation", "given_name", "family_name", "email", "mobile", "phone", "locale")
    return {name: form[name].data or "" for name in names} | {"contracts": form.chosen_contracts}
