"""Who may lose the rights of an Administrator Kundenportal; needs the customer's row locked."""

from idp import audit
from idp.audit import Event
from idp.directory.entries import Account, Role
from idp.directory.errors import LastAdministrator, NotYourself
from idp.directory.store import accounts
from idp.unit_of_work import UnitOfWork


def check_removable(work: UnitOfWork, account: Account) -> None:
    """Let nobody remove the own account, and nobody the last active Administrator Kundenportal.

    Raises: NotYourself, LastAdministrator.
    """
    if account.id == work.actor.id:
        audit.refused(work, Event.ACCOUNT_CHANGE_REFUSED, account=account.id, customer=account.customer_id, reason=NotYourself.code)
        raise NotYourself(account.id)
    if account.role is not Role.ADMINISTRATOR_KUNDENPORTAL or not account.is_active or account.customer_id is None:
        return
    if not accounts.other_active_administrators(work.db, account.customer_id, account.id):
        audit.refused(work, Event.ACCOUNT_CHANGE_REFUSED, account=account.id, customer=account.customer_id, reason=LastAdministrator.code)
        raise LastAdministrator(account.id)
