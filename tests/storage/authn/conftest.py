"""People on each database, and several who act at the same moment."""

import threading
from collections.abc import Callable

import pytest

from idp.authn.throttling import Caller
from idp.directory.accounts import Account
from idp.errors import IdpError
from idp.unit_of_work import UnitOfWork, Units
from tests import builders
from tests.visitor import give_password

HERE = Caller("browser", "192.0.2.1", "Firefox, Windows")


@pytest.fixture
def admin(units: Units, unit) -> Account:
    """Max Muster, Administrator Kundenportal, active."""
    with unit() as work:
        account = builders.administrator(work)
    return give_password(units, account)


@pytest.fixture
def at_once(units: Units) -> Callable[..., list]:
    """Let several threads run one step in a unit of work each; gives results, or the class of the refusal."""

    def run(step: Callable[[UnitOfWork], object], times: int) -> list:
        results: list = []
        ready = threading.Barrier(times)

        def act() -> None:
            ready.wait()
            for attempt in (1, 2, 3):
                try:
                    with units.write() as work:
                        result = step(work)
                except IdpError as error:
                    if error.code == "try_again" and attempt < 3:
                        continue
                    result = type(error)
                break
            results.append(result)

        threads = [threading.Thread(target=act) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    return run
