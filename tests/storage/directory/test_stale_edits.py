"""Two administrators save what they saw of one account at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from idp.directory import accounts, editing
from idp.directory.accounts import AccountChange
from idp.directory.errors import AccountChangedMeanwhile
from idp.unit_of_work import Units
from tests import builders


def test_of_parallel_changes_of_what_was_seen_one_counts(units: Units) -> None:
    with units.write() as work:
        customer = builders.customer(work)
        tanja = builders.invited_account(work, customer)
        seen = editing.state_of(work, tanja)
    start = Barrier(4)

    def rename(family_name: str) -> BaseException | None:
        change = AccountChange(role=tanja.role, given_name="Tanja", family_name=family_name, email=tanja.email)
        start.wait(10)
        try:
            with units.write() as work:
                accounts.edit(work, customer.id, tanja.id, change, seen=seen)
        except AccountChangedMeanwhile as error:
            return error
        return None

    with ThreadPoolExecutor(4) as threads:
        ended = list(threads.map(rename, ["Eins", "Zwei", "Drei", "Vier"]))
    assert [one is None for one in ended].count(True) == 1
    with units.read() as work:
        assert builders.refreshed(work, tanja).family_name == ["Eins", "Zwei", "Drei", "Vier"][ended.index(None)]
