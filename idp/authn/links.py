"""The links of mails that lead to a new password: invitations (the directory's) and resets (ours), looked at alike.

Looking never uses a link up: mail scanners open it before the person does.
"""

from dataclasses import dataclass
from enum import StrEnum

from idp import crypto
from idp.authn.store import activations as store
from idp.directory import accounts, invitations
from idp.directory.accounts import Account
from idp.directory.invitations import LinkState
from idp.identifiers import InvitationId
from idp.unit_of_work import UnitOfWork

__all__ = ["Link", "LinkState", "Purpose", "find", "use_up"]


class Purpose(StrEnum):
    """What a link is for."""

    INVITATION = "invitation"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as the page behind it needs it."""

    purpose: Purpose
    id: str
    account: Account
    state: LinkState


def find(work: UnitOfWork, purpose: Purpose, token: str) -> Link | None:
    """Find what a link's token belongs to."""
    if purpose is Purpose.INVITATION:
        invitation = invitations.find_by_token(work, token)
        return Link(purpose, invitation.invitation_id, invitation.account, invitation.state) if invitation else None
    reset = store.find_reset(work.db, crypto.hash_token(token))
    account = accounts.find(work, reset.account_id) if reset else None
    if reset is None or account is None:
        return None
    return Link(purpose, reset.id, account, _state(work, reset, account))


def use_up(work: UnitOfWork, purpose: Purpose, link_id: str) -> bool:
    """Use a link up by one atomic statement; false when it is not open any more."""
    if purpose is Purpose.INVITATION:
        return invitations.use_up(work, InvitationId(link_id))
    return store.use_up_reset(work.db, link_id, work.now)


def _state(work: UnitOfWork, reset: store.Reset, account: Account) -> LinkState:
    if reset.used_at:
        return LinkState.USED
    if reset.ended_at:
        return LinkState.REPLACED
    if not account.is_active:
        return LinkState.CANCELLED
    return LinkState.OPEN if reset.expires_at > work.now else LinkState.EXPIRED
