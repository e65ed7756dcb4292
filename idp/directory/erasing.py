"""Forgetting a person (GDPR Art. 17): what names them goes from here and, by `AccountErased`, from every layer above.

The account's row stays without a name, so that the customer's count and the audit log's ids lead somewhere. It stays deactivated for
good. Apps that are still to be told of a logout are told: such a job holds ids alone.
"""

from idp import audit, messaging
from idp.audit import Event
from idp.database import Rows, delete_rows
from idp.directory import limits
from idp.directory.errors import PersonErased, StillInUse
from idp.directory.events import AccountErased
from idp.directory.store import accounts, customers
from idp.directory.store import persons as store
from idp.errors import NotFound
from idp.identifiers import AccountId, Traces
from idp.unit_of_work import UnitOfWork

NAME_OF_NOBODY = "gelöscht"
ADDRESS_OF_NOBODY = "geloescht@example.invalid"


def erase(work: UnitOfWork, account_id: AccountId) -> None:
    """Forget the person of a deactivated account. Raises: NotFound, StillInUse, PersonErased."""
    account = accounts.find(work.db, account_id)
    if account is None:
        raise NotFound(f"account {account_id}")
    if account.customer_id:
        customers.lock(work.db, account.customer_id)
    traces = store.traces_of(work.db, account_id)
    rows = rows_of(work, traces)
    if not store.anonymise(work.db, account_id, work.now, _nobody(account_id)):
        raise PersonErased(account_id) if accounts.is_erased(work.db, account_id) else StillInUse(account_id)
    store.forget_main_contact(work.db, account_id, work.now)
    delete_rows(work.db, rows)
    messaging.forget(work, traces)
    audit.erase_details(work, account_id)
    work.emit(AccountErased(traces))
    audit.record(work, Event.ACCOUNT_ERASED, account=account_id, customer=account.customer_id)


def traces_of(work: UnitOfWork, account_id: AccountId) -> Traces:
    """Give all that an account's person is known by. Raises: NotFound."""
    if accounts.find(work.db, account_id) is None:
        raise NotFound(f"account {account_id}")
    return store.traces_of(work.db, account_id)


def rows_of(work: UnitOfWork, traces: Traces) -> Rows:
    """Tell which rows of the directory are about a person and go with them."""
    return store.rows_of(traces, limits.keys_of(work, (traces.account_id, *traces.addresses)))


def kept_rows_of(_work: UnitOfWork, traces: Traces) -> Rows:
    """Tell which rows stay without what they say of the person."""
    return store.kept_rows_of(traces)


def _nobody(account_id: AccountId) -> dict[str, str | None]:
    """Give the columns of an account that is nobody's."""
    return {
        "username": f"geloescht-{account_id}",
        "username_key": f"geloescht-{account_id}".casefold(),
        "salutation": "",
        "given_name": "",
        "family_name": NAME_OF_NOBODY,
        "name_key": "geloscht",
        "email": ADDRESS_OF_NOBODY,
        "email_key": ADDRESS_OF_NOBODY,
        "email_verified_at": None,
        "mobile": None,
        "mobile_verified_at": None,
        "phone": None,
        "locale": "de",
    }
