"""All that is stored about one person: to be told (GDPR Art. 15, 20), and to be counted before it is erased (Art. 17)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idp.authn import erasing as authn
from idp.database import Rows
from idp.directory import accounts
from idp.directory import erasing as directory
from idp.directory.entries import Status
from idp.identifiers import AccountId, Traces
from idp.messaging import forgetting as messaging
from idp.oidc.authorization import erasing as authorization
from idp.oidc.tokens import erasing as tokens
from idp.operations import person_rows
from idp.unit_of_work import UnitOfWork

ERASED: tuple[Callable[[UnitOfWork, Traces], Rows], ...] = (
    directory.rows_of,
    messaging.rows_of,
    authn.rows_of,
    authorization.rows_of,
    tokens.rows_of,
)
"""Rows that go with the person."""


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What is stored: rows by table, what happened by the audit log, and the names of what is kept as a hash or sealed."""

    exported_at: datetime
    account_id: AccountId
    sub: str
    username: str
    status: Status
    stored: dict[str, list[dict[str, Any]]]
    audit_log: list[dict[str, Any]]
    not_readable: list[str]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What erasing deletes, rows by table, and in which tables a row stays without a name; the audit log keeps ids."""

    deleted: dict[str, int]
    made_nameless: dict[str, int]
    audit_events_kept: int


def collect(work: UnitOfWork, account_id: AccountId) -> PersonalData:
    """Read everything about a person. Raises: NotFound."""
    traces = directory.traces_of(work, account_id)
    account = accounts.find(work, account_id)
    assert account
    rows = {**directory.kept_rows_of(work, traces), **_erased(work, traces)}
    happened = person_rows.read(work.db, person_rows.audit_rows_of(account_id))
    return PersonalData(
        exported_at=work.now,
        account_id=account_id,
        sub=traces.sub,
        username=account.username,
        status=accounts.show(work, account.customer_id, account_id).status,
        stored=person_rows.read(work.db, rows),
        audit_log=next(iter(happened.values()), []),
        not_readable=person_rows.hidden_columns(rows),
    )


def foresee(work: UnitOfWork, account_id: AccountId) -> Erasure:
    """Count what erasing a person would take away. Raises: NotFound."""
    traces = directory.traces_of(work, account_id)
    deleted = person_rows.count(work.db, _erased(work, traces))
    kept = person_rows.count(work.db, directory.kept_rows_of(work, traces))
    logged = person_rows.count(work.db, person_rows.audit_rows_of(account_id))
    return Erasure(
        deleted={name: number for name, number in deleted.items() if number},
        made_nameless={name: number for name, number in kept.items() if number},
        audit_events_kept=sum(logged.values()),
    )


def _erased(work: UnitOfWork, traces: Traces) -> Rows:
    return {table: told for part in ERASED for table, told in part(work, traces).items()}
