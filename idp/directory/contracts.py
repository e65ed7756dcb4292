"""Contracts: which ones an account may use, and which are granted to it."""

from collections.abc import Iterable

from idp.directory.entries import CLOUD_PHONE, Contract
from idp.directory.store import contracts as store
from idp.identifiers import AccountId, ContractId, CustomerId
from idp.unit_of_work import UnitOfWork

__all__ = ["CLOUD_PHONE", "Contract", "foreign", "granted", "of_customer", "usable", "usable_cloud_phone"]


def usable(work: UnitOfWork, account_id: AccountId) -> list[Contract]:
    """List what an account may use now: active contracts of its customer, within its grants; nothing unless it is active."""
    return store.usable(work.db, account_id)


def usable_cloud_phone(work: UnitOfWork, account_id: AccountId, contract_id: str) -> Contract | None:
    """Find one contract of the cloud telephone system that an account may use now."""
    return store.usable_cloud_phone(work.db, account_id, contract_id)


def of_customer(work: UnitOfWork, customer_id: CustomerId) -> list[Contract]:
    """List a customer's contracts, inactive ones too."""
    return store.of_customer(work.db, customer_id)


def granted(work: UnitOfWork, account_id: AccountId) -> list[ContractId]:
    """List the contracts to which a limited account is limited."""
    return store.grants(work.db, account_id)


def foreign(work: UnitOfWork, customer_id: CustomerId, contract_ids: Iterable[str]) -> set[str]:
    """Tell which of these are no contracts of the customer."""
    return set(contract_ids) - {contract.id for contract in store.of_customer(work.db, customer_id)}
