"""Who may lose the rights of an Administrator Kundenportal; needs the customer's row locked."""

from idp import audit
from idp.audit import Event
from idp.directory.entries import Account, Role
from idp.directory.errors import LastAdministrator, NotYourself
from idp.directory.store import accounts
from idp.errors import NotAllowed
from idp.identifiers import AccountId, CustomerId
from idp.unit_of_work import ActorKind, UnitOfWork


def check_removable(work: UnitOfWork, account: Account) -> None:
    """Let nobody remove the own account, nobody the last active Administrator Kundenportal, and nobody act who was removed meanwhile.

    Raises: NotYourself, LastAdministrator, NotAllowed.
    """
    if account.id == work.actor.id:
        audit.refused(work, Event.ACCOUNT_CHANGE_REFUSED, account=account.id, customer=account.customer_id, reason=NotYourself.code)
        raise NotYourself(account.id)
    if account.role is Role.ADMINISTRATOR_KUNDENPORTAL and account.is_active and account.customer_id is not None:
        _check_not_the_last(work, account, account.customer_id)
    acting = accounts.find(work.db, AccountId(work.actor.id)) if work.actor.kind is ActorKind.PERSON and work.actor.id else None
    if acting and not acting.is_active:
        audit.refused(work, Event.ACCOUNT_CHANGE_REFUSED, account=account.id, customer=account.customer_id, reason=NotAllowed.code)
        raise NotAllowed("the administrator who asks was removed meanwhile")


def _check_not_the_last(work: UnitOfWork, account: Account, customer_id: CustomerId) -> None:
    if not accounts.other_active_administrators(work.db, customer_id, account.id):
        audit.refused(work, Event.ACCOUNT_CHANGE_REFUSED, account=account.id, customer=customer_id, reason=LastAdministrator.code)
        raise LastAdministrator(account.id)
