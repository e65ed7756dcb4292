"""What tokens keep of one person, and forget with them."""

from idp.database import Rows, delete_rows
from idp.directory.events import AccountErased
from idp.identifiers import Traces
from idp.oidc.tokens import persons_store as store
from idp.unit_of_work import UnitOfWork


def on_account_erased(work: UnitOfWork, event: AccountErased) -> None:
    """Forget a person's tokens and apps; before the sessions by which the apps are found."""
    delete_rows(work.db, rows_of(work, event.traces))


def rows_of(_work: UnitOfWork, traces: Traces) -> Rows:
    """Tell which rows are about a person."""
    return store.rows_of(traces)
