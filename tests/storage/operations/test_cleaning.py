"""Clean-up: what has expired goes, in short transactions; what has not stays."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from idp.app import EXPIRING
from idp.directory.tables import Attempt
from idp.operations import cleaning


@pytest.fixture
def attempts(unit, units, clock):
    """Write counted attempts of these ages, and tell which are left after a clean-up."""

    def left(*ages: timedelta) -> list[timedelta]:
        with unit() as work:
            for age in ages:
                work.db.execute(insert(Attempt).values(kind="invitations", key="a", at=clock.now - age))
        cleaning.clean(units, EXPIRING)
        with units.read() as work:
            return sorted(clock.now - at for at in work.db.execute(select(Attempt.at)).scalars())

    return left


def test_what_is_old_goes_and_what_is_young_stays(attempts):
    assert attempts(timedelta(days=2), timedelta(minutes=1)) == [timedelta(minutes=1)]


def test_more_than_fits_into_one_transaction_goes_too(attempts, monkeypatch):
    monkeypatch.setattr(cleaning, "AT_ONCE", 2)
    assert attempts(*[timedelta(days=2)] * 5) == []


def test_every_package_can_be_cleaned_on_this_database(units):
    assert cleaning.clean(units, EXPIRING) == dict.fromkeys(EXPIRING, 0)
