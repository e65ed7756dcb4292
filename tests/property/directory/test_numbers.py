"""Account numbers, whatever happens in between."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.directory import accounts
from idp.directory.provisioning import FIRST_ACCOUNT_NUMBER
from idp.errors import IdpError
from tests import builders

STEPS = ("create", "refused", "deactivate", "reactivate", "provision")


@given(steps=st.lists(st.sampled_from(STEPS), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_only_rise_by_one_and_none_is_used_again(installation, steps):
    units = installation()
    with units.write() as work:
        muster = builders.customer(work)
    given_numbers = [FIRST_ACCOUNT_NUMBER]
    last = None
    for step in steps:
        try:
            with units.write() as work:
                if step == "create":
                    last = builders.invited_account(work, muster)
                    given_numbers.append(last.number)
                elif step == "refused":
                    builders.invited_account(work, muster, email="nobody")
                elif step == "provision":
                    builders.customer(work, name=f"Muster {len(given_numbers)}")
                elif last:
                    getattr(accounts, step)(work, muster.id, last.id)
        except IdpError:
            assert step == "refused"
    assert given_numbers == list(range(FIRST_ACCOUNT_NUMBER, FIRST_ACCOUNT_NUMBER + len(given_numbers)))
