"""The status computed in SQL and in Python, for any facts at any moment."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from idp.directory import accounts
from idp.directory.accounts import Status
from idp.directory.states import status_of
from idp.directory.store import account_lists, invitations
from idp.directory.tables import Account, Invitation
from tests import builders
from tests.conftest import NOON

moments = st.integers(min_value=-3, max_value=3).map(lambda hours: NOON + timedelta(hours=hours))
maybe = st.none() | moments
account_facts = st.fixed_dictionaries({"activated_at": maybe, "locked_at": maybe, "deactivated_at": maybe})
invitation_facts = st.fixed_dictionaries({"send_at": moments, "expires_at": moments, "delivery_failed_at": maybe, "ended_at": maybe})


@given(st.lists(st.tuples(account_facts, st.none() | invitation_facts), min_size=1, max_size=6), moments)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_python_tell_the_same_status(installation, facts, now):
    units = installation()
    with units.write() as work:
        muster = builders.customer(work)
        for of_account, of_invitation in facts:
            account = builders.invited_account(work, muster)
            work.db.execute(update(Account).where(Account.id == account.id).values(**of_account))
            opened = invitations.open_of(work.db, account.id)
            values = of_invitation or {"ended_at": NOON}
            work.db.execute(update(Invitation).where(Invitation.id == opened.id).values(**values))
    with units.read() as work:
        for row in account_lists.all_of(work.db, muster.id, now):
            assert row.status is status_of(row.account, row.invitation, now)


@given(account_facts, st.none() | invitation_facts, moments)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_list_filtered_by_each_status_holds_every_account_once(installation, of_account, of_invitation, now):
    units = installation()
    with units.write() as work:
        muster = builders.customer(work)
        account = builders.main_account(work, muster)
        work.db.execute(update(Account).where(Account.id == account.id).values(**of_account))
        if of_invitation:
            work.db.execute(update(Invitation).where(Invitation.account_id == account.id).values(**of_invitation))
    with units.read() as work:
        found = [status for status in Status if accounts.list_page(work, muster.id, statuses=[status]).total]
        assert len(found) == 1
