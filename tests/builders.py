"""Customers and accounts for tests, made through the product's own rules, with defaults that mean something.

with unit() as work:
    muster = customer(work)                      # 2300229 with its main contact, invited
    max_muster = administrator(work, muster)     # the main contact, active
    tanja = invited_account(work, muster)        # a phone administrator with an open link: link_token(work, tanja)
"""

import itertools
import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from idp.directory import accounts, customers, invitations, provisioning
from idp.directory.accounts import Account, NewAccount, Role
from idp.directory.customers import Customer
from idp.directory.provisioning import ContractEntry, CustomerDocument, MainContact
from idp.directory.store import invitations as invitation_store
from idp.outbox.tables import Job
from idp.unit_of_work import UnitOfWork

NUMBER = "2300229"
OTHER_NUMBER = "2300777"
MOBILE = "+4915155512345"
PHONE_1, PHONE_2, INTERNET = "CP-4711", "CP-4712", "IN-1001"

_counter = itertools.count(1)


def document(number: str = NUMBER, **changes: Any) -> CustomerDocument:
    """Give the ordering system's document: two cloud-phone contracts and one other, Max Muster as main contact.

    Contracts of other customers than the first have their number before the id.
    """
    prefix = "" if number == NUMBER else f"{number}-"
    contract_entries = (
        ContractEntry(prefix + PHONE_1, "cloud_phone", "Telefonanlage Zentrale"),
        ContractEntry(prefix + PHONE_2, "cloud_phone", "Telefonanlage Lager"),
        ContractEntry(prefix + INTERNET, "internet", "Internetanschluss"),
    )
    known = {"name": "Muster GmbH", "contracts": contract_entries, "main_contact": main_contact(), "active": True}
    return CustomerDocument(**(known | changes))


def main_contact(**changes: Any) -> MainContact:
    """Give the document's main contact."""
    known = {
        "salutation": "Herr",
        "given_name": "Max",
        "family_name": "Muster",
        "email": "max.muster@example.com",
        "mobile": MOBILE,
        "phone": "+49211550",
        "locale": "de",
    }
    return MainContact(**(known | changes))


def customer(work: UnitOfWork, number: str = NUMBER, **changes: Any) -> Customer:
    """Provision a customer; its main contact is invited. `changes` are of the document."""
    provisioning.provision(work, number, document(number, **changes))
    found = customers.find_by_number(work, number)
    assert found
    return found


def main_account(work: UnitOfWork, of: Customer) -> Account:
    """Give the main contact's account as it is."""
    known = customers.find(work, of.id)
    assert known
    assert known.main_contact_account_id
    account = accounts.find(work, known.main_contact_account_id)
    assert account
    return account


def administrator(work: UnitOfWork, of: Customer | None = None) -> Account:
    """Give the main contact (Administrator Kundenportal), activated by link and PIN."""
    return activated(work, main_account(work, of or known_customer(work)))


def new_account(**changes: Any) -> NewAccount:
    """Give what the console would send for a phone administrator, with a user name of its own."""
    count = next(_counter)
    known = {
        "username": f"Admin.Telefonanlage-{count}",
        "role": Role.ADMINISTRATOR_TELEFONANLAGE,
        "salutation": "",
        "given_name": "Tanja",
        "family_name": "Testerin",
        "email": f"tanja.testerin{count}@example.com",
    }
    if changes.get("role") is Role.ADMINISTRATOR_KUNDENPORTAL:
        known["mobile"] = MOBILE
    return NewAccount(**(known | changes))


def invited_account(work: UnitOfWork, of: Customer | None = None, *, send_at: datetime | None = None, **changes: Any) -> Account:
    """Create an invited account (a phone administrator unless said otherwise); `send_at` is local time."""
    return accounts.create(work, (of or known_customer(work)).id, new_account(**changes), send_at=send_at)


def active_account(work: UnitOfWork, of: Customer | None = None, **changes: Any) -> Account:
    """Create an account and activate it by its link (and its number, where it has one)."""
    return activated(work, invited_account(work, of, **changes))


def staff_account(work: UnitOfWork, role: Role = Role.OPERATOR, **changes: Any) -> Account:
    """Create an active account of the carrier's own people."""
    return activated(work, accounts.create_staff(work, new_account(role=role, mobile=MOBILE, **changes)))


def activated(work: UnitOfWork, account: Account) -> Account:
    """Use an account's open link up and make it active; gives it as it is then."""
    opened = invitation_store.open_of(work.db, account.id)
    assert opened
    assert invitations.use_up(work, opened.id)
    accounts.activate(work, account.id, email_verified=True, mobile_verified=account.mobile)
    return refreshed(work, account)


def refreshed(work: UnitOfWork, account: Account) -> Account:
    """Read an account anew."""
    found = accounts.find(work, account.id)
    assert found
    return found


def known_customer(work: UnitOfWork, number: str = NUMBER) -> Customer:
    """Give the customer with this number; it is made where it is not."""
    return customers.find_by_number(work, number) or customer(work, number)


def link_token(work: UnitOfWork, account: Account) -> str:
    """Read the token of the account's open invitation out of the mail that waits in the outbox."""
    opened = invitation_store.open_of(work.db, account.id)
    assert opened
    return token_in(work, opened.job_id)


def token_in(work: UnitOfWork, job_id: str) -> str:
    """Read the token of the link in a mail that waits in the outbox."""
    sealed = work.db.execute(select(Job.sealed).where(Job.id == job_id)).scalar_one()
    assert sealed
    link: str = json.loads(work.secrets.unseal("outbox", sealed, context=job_id))["link"]
    return link.rpartition("/")[2]
