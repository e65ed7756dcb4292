"""What happens in the directory and matters above it."""

from dataclasses import dataclass

from idp.identifiers import AccountId, ContractId, Traces


@dataclass(frozen=True, slots=True)
class AccountsDeactivated:
    """Accounts may not sign in any longer (deactivated by their customer or the ordering system)."""

    account_ids: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class AccountErased:
    """A deactivated account's person is forgotten: everything that leads to them goes."""

    traces: Traces


@dataclass(frozen=True, slots=True)
class AccountsLocked:
    """Accounts were locked by staff."""

    account_ids: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class RolesChanged:
    """Accounts have another role; what they may do has to be computed anew."""

    account_ids: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class ContractsEnded:
    """Contracts became inactive, or left their customer."""

    contract_ids: tuple[ContractId, ...]


@dataclass(frozen=True, slots=True)
class ContractGrantsNarrowed:
    """Accounts may use fewer contracts than before."""

    account_ids: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class InvitationEnded:
    """An invitation's link is void (used, replaced by a new one, cancelled)."""

    invitation_id: str
    account_id: AccountId
