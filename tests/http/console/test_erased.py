"""An account whose person was forgotten, in the user management: without a name, and nothing brings it back."""

import pytest

from idp.directory import accounts, erasing
from idp.directory.accounts import Account
from tests import builders
from tests.http.console.administrator import HOME, Administrator

TOLD = "Die Daten dieser Person wurden gelöscht."


@pytest.fixture
def erased(unit, max_muster) -> Account:
    """A phone administrator who was forgotten."""
    with unit() as work:
        gone = builders.active_account(work, given_name="Gerda", family_name="Gehtbald")
        accounts.deactivate(work, gone.customer_id, gone.id)
        erasing.erase(work, gone.id)
    return gone


@pytest.fixture
def console(signed_in, max_muster) -> Administrator:
    """The administrator's browser."""
    return signed_in(max_muster)


def test_the_list_names_nobody(console, erased):
    page = console.open(f"{HOME}?status=deactivated").text
    assert "gelöscht" in page
    assert "Gehtbald" not in page


def test_it_is_not_reactivated(console, erased):
    console.open(f"/console/accounts/{erased.id}/reactivate")
    console.visitor.send("/reactivate")
    assert (console.page.status_code, TOLD in console.page.text) == (409, True)


def test_it_gets_no_new_name(console, erased):
    console.open(f"/console/accounts/{erased.id}")
    console.visitor.send("family_name", given_name="Neu", family_name="Name", email="neu@example.com")
    assert (console.page.status_code, TOLD in console.page.text) == (409, True)
