"""What authentication keeps of one person, and forgets with them."""

from idp.authn import budgets, throttling
from idp.authn.store import persons as store
from idp.database import Rows, delete_rows
from idp.directory.events import AccountErased
from idp.identifiers import Traces
from idp.unit_of_work import UnitOfWork


def on_account_erased(work: UnitOfWork, event: AccountErased) -> None:
    """Forget passwords, PINs, browsers, sign-ins, sessions and what counts for a person."""
    delete_rows(work.db, rows_of(work, event.traces))


def rows_of(work: UnitOfWork, traces: Traces) -> Rows:
    """Tell which rows are about a person."""
    browsers = store.browsers_of(work.db, traces.account_id)
    counted = [
        traces.account_id,
        *budgets.keys_of(work, traces.numbers),
        *throttling.keys_of(work, (*traces.usernames, traces.account_id), browsers),
    ]
    return store.rows_of(traces, counted)
