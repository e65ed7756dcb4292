"""Forgetting a person by docs/runbooks/forget-person.sql: no column of any table names the person afterwards, and everything goes on."""

import pytest
from sqlalchemy import JSON, Boolean, Integer, LargeBinary, String, func, insert, select, text

from idp import audit
from idp.authn import passwords
from idp.database import Base, UtcDateTime
from idp.directory import accounts, provisioning
from idp.directory.accounts import Account, Role, Status
from idp.oidc.authorization import store as consents
from tests import builders
from tests.servers import ROOT
from tests.visitor import deliver, signed_in_browser

SCRIPT = ROOT / "docs" / "runbooks" / "forget-person.sql"
TRACES = ("Zacharias", "Unvergessen", "zacharias.unvergessen@", "4915155598765", "Zacharias.Chef")


def statements(account: Account) -> list[str]:
    """Read the script as the runbook runs it, without its own BEGIN and COMMIT."""
    lines = [line for line in SCRIPT.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]
    found = [statement.strip() for statement in "\n".join(lines).replace("ACCOUNT-ID", account.id).split(";")]
    return [statement for statement in found if statement and statement not in {"BEGIN", "COMMIT"}]


def forget(units, account: Account) -> None:
    """Run the script in one transaction."""
    with units.write() as work:
        for statement in statements(account):
            work.db.execute(text(statement.replace(":", "\\:")))


def traces(work, account: Account) -> list[str]:
    """Name the columns in which something of the person stands, and the tables but the audit log that still know the account."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            values = [str(value) for value in work.db.execute(select(column)).scalars() if value]
            if any(trace.casefold() in value.casefold() for trace in TRACES for value in values):
                found.append(f"{table.name}.{column.name}")
            if account.id in values and table.name not in {"accounts", "audit_events"} and column.name == "account_id":
                found.append(f"{table.name}.account_id")
    return found


@pytest.fixture
def person(app, units) -> Account:
    """Somebody who was invited, signed in, let an app have something, and was deactivated."""
    with units.write() as work:
        made = builders.active_account(
            work,
            role=Role.ADMINISTRATOR_KUNDENPORTAL,
            username="Zacharias.Chef",
            given_name="Zacharias",
            family_name="Unvergessen",
            email="zacharias.unvergessen@example.com",
            mobile="+4915155598765",
        )
        passwords.set_hash(work, made.id, "$argon2id$one")
        passwords.set_hash(work, made.id, "$argon2id$two")
        consents.keep_consent(work.db, made.id, "app", ["openid"], work.now)
    signed_in_browser(app, made)
    deliver(app)
    with units.write() as work:
        builders.main_account(work, builders.known_customer(work))
        work.db.execute(text("DELETE FROM demo_messages"))  # the demo's own mailbox: nothing that leaves stays there elsewhere
        accounts.deactivate(work, made.customer_id, made.id)
        return builders.refreshed(work, made)


@pytest.fixture(autouse=True)
def another_administrator(units) -> None:
    """A customer keeps one administrator."""
    with units.write() as work:
        builders.administrator(work)


OF_A_PERSON = [table for table in Base.metadata.sorted_tables if "account_id" in table.columns and table.name != "audit_events"]
BELOW = [table for table in Base.metadata.sorted_tables if table.name in {"access_tokens", "family_contracts", "session_clients"}]


def row_for(table, account: Account, now) -> dict:
    """Make up a row of a table that belongs to an account; what has an id has the id "one"."""
    known = {"account_id": account.id, "contract_id": builders.PHONE_1, "customer_id": account.customer_id, "scopes": []}
    by_type = {String: "one", UtcDateTime: now, Integer: 1, Boolean: False, LargeBinary: b"one", JSON: {}}

    def value_for(column):
        return next(value for kind, value in by_type.items() if isinstance(column.type, kind))

    return {column.name: known.get(column.name, value_for(column)) for column in table.columns if column.autoincrement is not True}


def left_in(work, table, account: Account) -> int:
    """Count the rows of a table that belong to an account."""
    mine = table.columns.account_id == account.id if "account_id" in table.columns else next(iter(table.primary_key)) == "one"
    return work.db.execute(select(func.count()).select_from(table).where(mine)).scalar_one()


def test_no_table_keeps_a_row_of_the_account(units):
    with units.write() as work:
        builders.customer(work)
        account = builders.active_account(work)
        accounts.deactivate(work, account.customer_id, account.id)
        for table in sorted({*OF_A_PERSON, *BELOW}, key=Base.metadata.sorted_tables.index):
            work.db.execute(insert(table).values(row_for(table, account, work.now)))
        assert all(left_in(work, table, account) for table in (*OF_A_PERSON, *BELOW))
    forget(units, account)
    with units.read() as work:
        assert [table.name for table in (*OF_A_PERSON, *BELOW) if left_in(work, table, account)] == []


def test_a_request_for_an_account_from_the_same_address_goes_too(units):
    with units.write() as work:
        account = builders.active_account(work)
        accounts.deactivate(work, account.customer_id, account.id)
        table = Base.metadata.tables["access_requests"]
        asked = row_for(table, account, work.now) | {"account_id": None, "email": account.email.upper()}
        work.db.execute(insert(table).values(asked))
    forget(units, account)
    with units.read() as work:
        assert work.db.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_nothing_of_the_person_is_left(units, person):
    with units.read() as work:
        assert "accounts.family_name" in traces(work, person)
    forget(units, person)
    with units.read() as work:
        assert traces(work, person) == []


def test_the_row_that_stays_is_shown_and_the_audit_log_unbroken(units, person):
    audit.seal(units)
    forget(units, person)
    with units.read() as work:
        shown = accounts.show(work, person.customer_id, person.id)
        assert (shown.account.family_name, shown.status) == ("gelöscht", Status.DEACTIVATED)
        assert not audit.sealing.verify(work).broken


def test_an_account_that_is_in_use_keeps_its_name(units):
    with units.write() as work:
        in_use = builders.active_account(work, family_name="Bleibt")
    forget(units, in_use)
    with units.read() as work:
        assert accounts.find(work, in_use.id).family_name == "Bleibt"


def test_a_forgotten_main_contact_is_followed_by_a_new_account(units):
    with units.write() as work:
        customer = builders.customer(work, builders.OTHER_NUMBER)
        first = builders.administrator(work, customer)
        builders.active_account(work, customer, role=Role.ADMINISTRATOR_KUNDENPORTAL)
        accounts.deactivate(work, customer.id, first.id)
    forget(units, first)
    with units.write() as work:
        assert "main_contact" not in provisioning.describe(work, builders.OTHER_NUMBER)
        provisioning.provision(work, builders.OTHER_NUMBER, builders.document(builders.OTHER_NUMBER))
    with units.read() as work:
        again = accounts.find_by_username(work, f"customer{builders.OTHER_NUMBER}")
        assert again
        assert again.id != first.id
