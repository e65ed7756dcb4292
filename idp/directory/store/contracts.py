"""SQL of contracts and of who may use them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, exists, insert, or_, select, update

from idp.database import storable, upsert
from idp.directory.entries import CLOUD_PHONE, STAFF_ROLES, Contract
from idp.directory.tables import Account, ContractGrant
from idp.directory.tables import Contract as Table
from idp.identifiers import AccountId, ContractId, CustomerId

_COLUMNS = (Table.id, Table.customer_id, Table.product, Table.label, Table.active)
_granted = exists().where(ContractGrant.account_id == Account.id, ContractGrant.contract_id == Table.id)
_usable = (
    select(*_COLUMNS)
    .join(Account, Account.customer_id == Table.customer_id)
    .where(
        Account.id == bindparam("account_id"),
        Account.activated_at.is_not(None),
        Account.locked_at.is_(None),
        Account.deactivated_at.is_(None),
        Account.role.not_in([role.value for role in STAFF_ROLES]),
        Table.active,
        or_(~Account.limited_to_contracts, _granted),
    )
    .order_by(Table.id)
)
_usable_cloud_phone = _usable.where(Table.id == bindparam("contract_id"), Table.product == CLOUD_PHONE)
_of_customer = select(*_COLUMNS).where(Table.customer_id == bindparam("customer_id")).order_by(Table.id)
_new = upsert(Table)
_put = _new.on_conflict_do_update(
    index_elements=[Table.id],
    set_={name: _new.excluded[name] for name in ("product", "label", "active", "changed_at")},
    where=Table.customer_id == _new.excluded["customer_id"],
).returning(Table.id)
_end = update(Table).where(Table.customer_id == bindparam("customer_key"), Table.active).returning(Table.id)
_grants = select(ContractGrant.contract_id).where(ContractGrant.account_id == bindparam("account_id")).order_by(ContractGrant.contract_id)
_remove_grants = delete(ContractGrant).where(ContractGrant.account_id == bindparam("account_id"))
_add_grants = insert(ContractGrant)


def usable(db: Connection, account_id: AccountId) -> list[Contract]:
    """List the active contracts that an active account may use."""
    return [_contract(row) for row in db.execute(_usable, {"account_id": account_id}).mappings()]


def usable_cloud_phone(db: Connection, account_id: AccountId, contract_id: str) -> Contract | None:
    """Find one active cloud-phone contract that an active account may use."""
    if not storable(contract_id):
        return None
    asked = {"account_id": account_id, "contract_id": contract_id}
    row = db.execute(_usable_cloud_phone, asked).mappings().one_or_none()
    return _contract(row) if row else None


def of_customer(db: Connection, customer_id: CustomerId) -> list[Contract]:
    """List all contracts of a customer, inactive ones too; by ix_contracts_customer_id."""
    return [_contract(row) for row in db.execute(_of_customer, {"customer_id": customer_id}).mappings()]


def put(db: Connection, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Add or change contracts in one statement; gives the ids written, without those that another customer holds."""
    if not rows:
        return set()
    return set(db.execute(_put.values(list(rows))).scalars())


def end_all_but(db: Connection, customer_id: CustomerId, kept: Iterable[str], now: datetime) -> set[ContractId]:
    """Make every active contract inactive that is not kept; gives those that ended."""
    statement = _end.where(Table.id.not_in(list(kept))).values(active=False, changed_at=now)
    return {ContractId(found) for found in db.execute(statement, {"customer_key": customer_id}).scalars()}


def grants(db: Connection, account_id: AccountId) -> list[ContractId]:
    """List the contracts granted to a limited account."""
    return [ContractId(found) for found in db.execute(_grants, {"account_id": account_id}).scalars()]


def set_grants(db: Connection, account_id: AccountId, contract_ids: Sequence[str]) -> None:
    """Replace the contracts granted to an account."""
    db.execute(_remove_grants, {"account_id": account_id})
    if contract_ids:
        db.execute(_add_grants, [{"account_id": account_id, "contract_id": contract_id} for contract_id in contract_ids])


def _contract(row: RowMapping) -> Contract:
    return Contract(ContractId(row["id"]), CustomerId(row["customer_id"]), row["product"], row["label"], row["active"])
