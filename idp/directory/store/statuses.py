"""An account's status as SQL, made from the table that Python reads too (`states.py`)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, literal

from idp.database import UtcDateTime
from idp.directory.states import OTHERWISE, TABLE, Is
from idp.directory.tables import Account, Invitation

OPEN_INVITATION: ColumnElement[bool] = and_(Invitation.account_id == Account.id, Invitation.ended_at.is_(None))
"""How an account's open invitation is joined; at most one row, by uq_invitations_open."""

_TABLES: Mapping[str, Any] = {"account": Account, "invitation": Invitation}
_NOW: ColumnElement[datetime] = bindparam("now", type_=UtcDateTime())
_TESTS: Mapping[Is, Callable[[Any], ColumnElement[bool]]] = {
    Is.SET: lambda column: column.is_not(None),
    Is.AHEAD: lambda column: column > _NOW,
    Is.REACHED: lambda column: column <= _NOW,
}

STATUS: ColumnElement[str] = case(
    *((_TESTS[row.test](getattr(_TABLES[row.of], row.field)), literal(row.status.value)) for row in TABLE),
    else_=literal(OTHERWISE.value),
)
"""The status; needs the open invitation joined, and `now` bound."""
