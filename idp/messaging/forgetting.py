"""What stands about one person in waiting, sent and delivered messages."""

from idp.database import Rows, delete_rows
from idp.identifiers import Traces
from idp.messaging import store
from idp.messaging.messages import MAIL, SMS
from idp.unit_of_work import UnitOfWork


def forget(work: UnitOfWork, traces: Traces) -> None:
    """Delete the messages to a person and about them, also those that still wait."""
    delete_rows(work.db, rows_of(work, traces))


def rows_of(_work: UnitOfWork, traces: Traces) -> Rows:
    """Tell which rows these are."""
    return store.rows_of(traces, (MAIL, SMS))
