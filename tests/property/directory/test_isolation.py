"""Whatever one customer's administrator asks for, nothing of another customer is told or changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from idp.directory import access_requests, accounts, contracts, invitations
from idp.directory.accounts import AccountChange, Role, Sort, Status
from idp.directory.tables import AccessRequest, Account, Contract, ContractGrant, Customer, Invitation
from idp.errors import IdpError, NotFound
from idp.identifiers import AccessRequestId, AccountId
from idp.outbox.tables import Job
from tests import builders

TABLES = (Customer, Contract, Account, ContractGrant, Invitation, AccessRequest)
LATER = datetime.fromisoformat("2026-03-20T09:00")


@dataclass
class World:
    """Two customers with an active administrator, an invited and a scheduled account, and a waiting request each."""

    units: Any
    ours: Any
    theirs: Any
    their_accounts: list[AccountId]
    their_request: AccessRequestId


def filled(units, number):
    with units.write() as work:
        found = builders.customer(work, number)
        made = [
            builders.administrator(work, found),
            builders.invited_account(work, found, role=Role.ADMINISTRATOR_KUNDENPORTAL),
            builders.invited_account(work, found, send_at=datetime.fromisoformat("2026-03-10T09:00")),
            builders.active_account(work, found),
        ]
        wish = access_requests.AccessWish(
            customer_number=number, given_name="N", family_name="N", email=f"n{number}@example.com", username=f"wish{number}"
        )
        access_requests.receive(work, wish, network="192.0.2.1")
        job_id = work.db.execute(select(Job.id).where(Job.payload["to"].as_string() == wish.email)).scalar_one()
        access_requests.verify(work, builders.token_in(work, job_id))
        [request] = access_requests.list_waiting(work, found.id)
    return found, [account.id for account in made], request.id


@pytest.fixture
def world(installation):
    units = installation()
    ours, *_ = filled(units, builders.NUMBER)
    theirs, their_accounts, their_request = filled(units, builders.OTHER_NUMBER)
    return World(units, ours, theirs, their_accounts, their_request)


def change(**values):
    return AccountChange(
        role=Role.ADMINISTRATOR_TELEFONANLAGE, given_name="X", family_name="Y", email="x@example.com", mobile=builders.MOBILE, **values
    )


ON_ACCOUNTS = {
    "own": accounts.own,
    "show": accounts.show,
    "deactivate": accounts.deactivate,
    "reactivate": accounts.reactivate,
    "edit": lambda work, customer_id, account_id: accounts.edit(work, customer_id, account_id, change()),
    "resend": invitations.resend,
    "cancel": invitations.cancel,
    "move": lambda work, customer_id, account_id: invitations.move(work, customer_id, account_id, LATER),
}
ON_REQUESTS = {"approve": access_requests.approve, "reject": access_requests.reject}


def everything_of(units, customer):
    """Read all rows of a customer."""
    with units.read() as work:
        rows = {table.__tablename__: work.db.execute(select(table.__table__)).mappings().all() for table in TABLES}
    own = {row["id"] for row in rows["accounts"] if row["customer_id"] == customer.id}
    kept = {"customers": "id", "contracts": "customer_id", "accounts": "customer_id", "access_requests": "customer_id"}
    found = {name: [dict(row) for row in rows[name] if row[column] == customer.id] for name, column in kept.items()}
    return found | {name: [dict(row) for row in rows[name] if row["account_id"] in own] for name in ("contract_grants", "invitations")}


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_foreign_or_random_id_is_not_found_and_changes_nothing(world, data):
    calls = [
        *((name, call, "account") for name, call in ON_ACCOUNTS.items()),
        *((name, call, "request") for name, call in ON_REQUESTS.items()),
    ]
    _, call, kind = data.draw(st.sampled_from(calls))
    foreign = world.their_accounts if kind == "account" else [world.their_request]
    asked = data.draw(st.sampled_from(foreign) | st.text(max_size=40))
    before = everything_of(world.units, world.theirs), everything_of(world.units, world.ours)
    with pytest.raises(NotFound), world.units.write() as work:
        call(work, world.ours.id, asked)
    assert (everything_of(world.units, world.theirs), everything_of(world.units, world.ours)) == before


@given(
    search=st.text(max_size=30) | st.sampled_from(["max", "tanja", "CP", builders.OTHER_NUMBER, "%", "customer2300777"]),
    sort=st.sampled_from(Sort),
    statuses=st.lists(st.sampled_from(Status), max_size=3),
    cursor=st.none() | st.text(max_size=60),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_list_holds_a_foreign_row(world, search, sort, statuses, cursor):
    with world.units.read() as work:
        page = accounts.list_page(work, world.ours.id, search=search, sort=sort, statuses=statuses, cursor=cursor)
        assert {row.account.customer_id for row in page.rows} <= {world.ours.id}
        assert {request.customer_id for request in access_requests.list_waiting(work, world.ours.id)} == {world.ours.id}
        assert {contract.customer_id for contract in contracts.of_customer(work, world.ours.id)} == {world.ours.id}


@given(
    asked=st.lists(
        st.sampled_from([f"{builders.OTHER_NUMBER}-{builders.PHONE_1}", "nothing"]) | st.text(min_size=1, max_size=20), min_size=1
    )
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_contract_outside_the_own_ones_can_be_granted(world, asked):
    with world.units.read() as work:
        own = accounts.list_page(work, world.ours.id, role=Role.ADMINISTRATOR_TELEFONANLAGE).rows[0].account
    with pytest.raises(IdpError), world.units.write() as work:
        accounts.edit(work, world.ours.id, own.id, change(contracts=tuple(asked)))
    with world.units.read() as work:
        assert contracts.granted(work, own.id) == []
