"""Forgetting a person: no column of any table names them afterwards, on either database, and everything goes on."""

import threading
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary, MetaData, String, Table, func, insert, select, text, update

from idp import audit
from idp.authn import devices, passwords, throttling
from idp.authn.throttling import Caller
from idp.database import Base, UtcDateTime
from idp.directory import access_requests, accounts, erasing, limits, provisioning
from idp.directory.access_requests import AccessWish
from idp.directory.accounts import Account, Role, Status
from idp.directory.errors import PersonErased, StillInUse
from idp.directory.store import accounts as account_store
from idp.oidc.authorization import store as consents
from idp.operations import person_rows, personal_data
from idp.outbox import jobs
from idp.outbox.tables import Job
from tests import builders
from tests.visitor import deliver, signed_in_browser

TRACES = ("Zacharias", "Unvergessen", "zacharias.unvergessen@", "4915155598765", "Zacharias.Chef")
MARK = "Zq~7"
"""A sign of the person that fits into every column, and that no id has by chance."""

NOT_ABOUT_PERSONS = {
    "alembic_version",
    "audit_cuts",
    "audit_seals",
    "client_documents",
    "client_origins",
    "client_secrets",
    "clients",
    "contracts",
    "initial_access_tokens",
    "installation_facts",
    "periodic_runs",
    "resources",
    "signing_keys",
    "used_jtis",
}
"""Tables of which no row belongs to one person."""


def seen_tables(work, account: Account) -> dict[str, Any]:
    """Give the conditions of all tables of which some rows are about a person, by table."""
    known = erasing.traces_of(work, account.id)
    rows = {**erasing.kept_rows_of(work, known), **person_rows.audit_rows_of(account.id)}
    for part in personal_data.ERASED:
        rows |= part(work, known)
    return {table.__tablename__: (table.__table__, told) for table, told in rows.items()}


def unsaid(metadata: MetaData, seen: set[str]) -> set[str]:
    """Name the tables of which nobody has said whether they are about persons."""
    return set(metadata.tables) - seen - NOT_ABOUT_PERSONS


def traces(work, *signs: str) -> list[str]:
    """Name the columns in which one of the signs stands."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            values = [str(value) for value in work.db.execute(select(column)).scalars() if value]
            if any(sign.casefold() in value.casefold() for sign in signs for value in values):
                found.append(f"{table.name}.{column.name}")
    return found


def value_for(column: Column[Any], account: Account, now) -> Any:
    """Make up a value that leads to the account where the column can, and has the mark in it where there is room for words."""
    linked = {
        "account_id": account.id,
        "consented_by": account.id,
        "key": account.id,
        "contract_id": builders.PHONE_1,
        "customer_id": account.customer_id,
    }
    if column.name in linked:
        return linked[column.name]
    if column.primary_key or column.name.endswith("_id"):
        return 4711 if isinstance(column.type, Integer) else "one"
    hints = {"login_hint": account.username.lower(), "account_id": account.id, "account_hint": account.id, "note": f"{MARK} {account.name}"}
    by_type = {
        String: f"{MARK} {column.name}"[: getattr(column.type, "length", None)],
        UtcDateTime: now,
        Integer: 1,
        Boolean: False,
        LargeBinary: MARK.encode(),
        JSON: hints | {"values": hints, "to": account.email},
    }
    return next(value for kind, value in by_type.items() if isinstance(column.type, kind))


def mark(work, account: Account) -> Account:
    """Write the mark over all that an account's row and its customer's document say in words."""
    fixed = {"id", "sub", "customer_id", "role"}
    table, customers = Base.metadata.tables["accounts"], Base.metadata.tables["customers"]
    words = [column for column in table.columns if isinstance(column.type, String) and column.name not in fixed]
    marked = {column.name: f"{MARK} {column.name}"[: column.type.length] for column in words}
    work.db.execute(update(table).where(table.c.id == account.id).values(marked))
    named = {"main_contact_account_id": account.id, "document": {"main_contact": {"given_name": MARK}}}
    work.db.execute(update(customers).where(customers.c.id == account.customer_id).values(named))
    return builders.refreshed(work, account)


def fill(work, account: Account) -> list[Table]:
    """Write a row about the account into every table that has such rows, with the mark wherever words may stand; give the tables."""
    seen = {table for table, _ in seen_tables(work, account).values()}
    tables = [
        table for table in Base.metadata.sorted_tables if table in seen and table.name not in {"accounts", "customers", "audit_events"}
    ]
    special = {"directory_attempts": {"key": limits.keys_of(work, [account.id])[0]}, "demo_messages": {"text": account.name}}
    audit.record(work, audit.Event.PIN_SENT, account=account.id, number_ends=MARK, device=account.name, network="192.0.2.9")
    for table in tables:
        row = {column.name: value_for(column, account, work.now) for column in table.columns}
        work.db.execute(insert(table).values(row | special.get(table.name, {})))
    return tables


def left_in(work, table: Table, account: Account) -> int:
    """Count the rows of a table that lead to an account."""
    key = next(iter(table.primary_key))
    mine = table.c.account_id == account.id if "account_id" in table.c else key == value_for(key, account, work.now)
    return work.db.execute(select(func.count()).select_from(table).where(mine)).scalar_one()


@pytest.fixture
def person(app, units) -> Account:
    """Somebody who asked for an account, was invited, signed in, let an app have something, failed and was deactivated."""
    with units.write() as work:
        main = builders.administrator(work)
        wish = AccessWish(
            customer_number=builders.NUMBER,
            given_name="Zacharias",
            family_name="Unvergessen",
            email="Zacharias.Unvergessen@example.com",
            username="Zacharias.Chef",
        )
        access_requests.receive(work, wish, network="192.0.2.9")
        job = work.db.execute(select(Job.id).where(Job.account_id.is_(None))).scalar_one()
        access_requests.verify(work, builders.token_in(work, job))
        (waiting,) = access_requests.list_waiting(work, main.customer_id)
        invited = access_requests.approve(work, main.customer_id, waiting.id, mobile="+4915155598765")
        made = builders.activated(work, invited)
        passwords.set_hash(work, made.id, "$argon2id$one")
        passwords.set_hash(work, made.id, "$argon2id$two")
        consents.keep_consent(work.db, made.id, "app", ["openid"], work.now)
        caller = Caller("browser", "192.0.2.9", "")
        devices.remember(work, made.id, "browser")
        throttling.admit(work, throttling.password_keys(work, caller, "zacharias.chef", device_is_known=False))
    signed_in_browser(app, made)
    deliver(app)
    with units.write() as work:
        jobs.enqueue(work, "logout_token", {"client_id": "app", "sid": "s", "account_id": made.id}, account_id=made.id)
        accounts.deactivate(work, made.customer_id, made.id)
        return builders.refreshed(work, made)


def erase(units, account: Account) -> None:
    """Forget a person in one transaction."""
    with units.write() as work:
        erasing.erase(work, account.id)


def test_of_every_table_somebody_has_said_whether_it_is_about_persons(units):
    with units.write() as work:
        seen = set(seen_tables(work, builders.active_account(work)))
    assert unsaid(Base.metadata, seen) == set()
    new = MetaData()
    Table("birthdays", new, Column("name", String(20)))
    assert unsaid(new, seen) == {"birthdays"}


def test_no_row_of_a_person_and_no_word_of_them_stays_in_any_table(units):
    with units.write() as work:
        account = builders.active_account(work)
        accounts.deactivate(work, account.customer_id, account.id)
        account = mark(work, account)
        tables = fill(work, account)
        assert len(tables) > 25
        told = seen_tables(work, account)
        missed = [
            table.name
            for table in tables
            if not work.db.execute(select(func.count()).select_from(table).where(told[table.name][1])).scalar_one()
        ]
        assert missed == []
        assert len(traces(work, MARK)) > 40
    erase(units, account)
    with units.read() as work:
        assert traces(work, MARK) == []
        assert [table.name for table in tables if left_in(work, table, account)] == []


def test_nothing_of_the_person_is_left(units, person):
    with units.read() as work:
        before = traces(work, *TRACES)
        assert {"accounts.family_name", "access_requests.email", "jobs.payload", "demo_messages.text"} <= set(before)
    erase(units, person)
    with units.read() as work:
        assert traces(work, *TRACES) == []


def test_what_an_app_has_to_be_told_is_still_told(units, person):
    erase(units, person)
    with units.read() as work:
        assert work.db.execute(select(Job.kind, Job.payload).where(Job.account_id == person.id)).all() == [
            ("logout_token", {"client_id": "app", "sid": "s", "account_id": person.id})
        ]


def test_what_counts_for_the_person_is_forgotten(units, person):
    with units.read() as work:
        keys = limits.keys_of(work, [person.email.casefold()])
    erase(units, person)
    with units.read() as work:
        kept = {row[0] for row in work.db.execute(text("SELECT kind FROM throttle_counters"))}
        assert kept == {"password.network"}
        assert not {row[0] for row in work.db.execute(text("SELECT key FROM directory_attempts"))} & set(keys)


def test_others_with_the_same_address_keep_what_is_theirs(units, person):
    with units.write() as work:
        colleague = builders.invited_account(work, username="Kollegin", email=person.email, family_name="Kollegin")
        opened = builders.link_token(work, colleague)
    erase(units, person)
    with units.read() as work:
        assert builders.link_token(work, colleague) == opened
        assert accounts.find(work, colleague.id).email == person.email


def test_a_request_for_an_account_from_the_same_address_goes_too(units, person):
    with units.write() as work:
        wish = AccessWish(
            customer_number="999", given_name="Z", family_name="Y", email=person.email.upper(), username="Zacharias.Zwei", locale="de"
        )
        access_requests.receive(work, wish, network="192.0.2.9")
    erase(units, person)
    with units.read() as work:
        assert work.db.execute(text("SELECT count(*) FROM access_requests")).scalar_one() == 0


def test_the_row_that_stays_is_shown_and_the_audit_log_unbroken(units, clock, person):
    clock.advance(minutes=5)
    audit.seal(units)
    erase(units, person)
    with units.read() as work:
        shown = accounts.show(work, person.customer_id, person.id)
        assert (shown.account.family_name, shown.status) == ("gelöscht", Status.DEACTIVATED)
        verified = audit.sealing.verify(work)
        assert verified.seals
        assert not verified.broken


def test_an_account_that_is_in_use_keeps_its_name(units):
    with units.write() as work:
        in_use = builders.active_account(work, family_name="Bleibt")
    with pytest.raises(StillInUse):
        erase(units, in_use)
    with units.read() as work:
        assert accounts.find(work, in_use.id).family_name == "Bleibt"


def test_an_erased_account_never_comes_back(units, person):
    erase(units, person)
    with pytest.raises(PersonErased):
        erase(units, person)
    with pytest.raises(PersonErased), units.write() as work:
        accounts.reactivate(work, person.customer_id, person.id)
    change = accounts.AccountChange(role=person.role, given_name="Neu", family_name="Name", email="neu@example.com")
    with pytest.raises(PersonErased), units.write() as work:
        accounts.edit(work, person.customer_id, person.id, change)


def test_of_several_who_erase_the_same_person_at_once_one_does(units, person):
    told: list[str] = []

    def forget() -> None:
        try:
            erase(units, person)
            told.append("erased")
        except PersonErased as refusal:
            told.append(refusal.code)

    crowd = [threading.Thread(target=forget) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(told) == ["erased", *["person_erased"] * 3]


def test_an_erased_account_does_not_come_back_with_its_customer(units, person):
    with units.write() as work:
        work.db.execute(text("UPDATE accounts SET deactivated_with_customer = :yes").bindparams(yes=True))
    erase(units, person)
    with units.write() as work:
        account_store.reactivate_with_customer(work.db, person.customer_id, work.now)
        assert not accounts.find(work, person.id).is_usable


def test_a_forgotten_main_contact_is_followed_by_a_new_account(units):
    with units.write() as work:
        customer = builders.customer(work, builders.OTHER_NUMBER)
        first = builders.administrator(work, customer)
        builders.active_account(work, customer, role=Role.ADMINISTRATOR_KUNDENPORTAL)
        accounts.deactivate(work, customer.id, first.id)
    erase(units, first)
    with units.write() as work:
        assert "main_contact" not in provisioning.describe(work, builders.OTHER_NUMBER)
        provisioning.provision(work, builders.OTHER_NUMBER, builders.document(builders.OTHER_NUMBER))
    with units.read() as work:
        again = accounts.find_by_username(work, f"customer{builders.OTHER_NUMBER}")
        assert again
        assert again.id != first.id


def test_everything_about_a_person_is_told_readably_and_no_secret_with_it(units, person):
    with units.read() as work:
        told = personal_data.collect(work, person.id)
    (row,) = told.stored["accounts"]
    assert (row["family_name"], row["mobile"]) == ("Unvergessen", "+4915155598765")
    assert {"access_requests", "invitations", "consents", "known_devices", "sessions", "jobs", "demo_messages"} <= set(told.stored)
    assert "passwords.hash" in told.not_readable
    assert "argon2" not in str(told)
    assert {event["event"] for event in told.audit_log} >= {"account.created", "account.deactivated"}


def test_of_a_customer_only_the_document_that_names_the_person_is_told(units):
    with units.write() as work:
        main = builders.administrator(work)
        told = personal_data.collect(work, main.id)
    (customer,) = told.stored["customers"]
    assert set(customer["document"]) == {"main_contact"}


def test_what_would_go_is_foreseen_and_gone_afterwards(units, person):
    with units.read() as work:
        foreseen = personal_data.foresee(work, person.id)
    assert foreseen.deleted["access_requests"] == 1
    assert foreseen.made_nameless == {"accounts": 1}
    erase(units, person)
    with units.read() as work:
        assert personal_data.foresee(work, person.id).deleted == {}
