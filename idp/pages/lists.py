"""Where lists are read: at the replica, but at the primary by whoever has just changed something and looks for it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Flask, Response, request, session

from idp import metrics
from idp.settings import Settings
from idp.unit_of_work import UnitOfWork, current_units, read_work

__all__ = ["init_app", "list_work"]

_CHANGED_AT = "changed_at"


def init_app(app: Flask, settings: Settings) -> None:
    """Note in the browser's state when it last sent a form, where there is a replica."""
    if settings.database_replica_url.get_secret_value():
        app.after_request(_note)


@contextmanager
def list_work() -> Iterator[UnitOfWork]:
    """Open a reading unit for a list that decides nothing. Raises: TryAgain."""
    settings = current_units().settings
    has_replica = bool(settings.database_replica_url.get_secret_value())
    fresh = has_replica and _now() - session.get(_CHANGED_AT, 0) <= settings.database_replica_lag_seconds
    if fresh:
        metrics.REPLICA_READS.labels(result="just_changed").inc()
    with read_work(replica=not fresh) as work:
        yield work


def _note(response: Response) -> Response:
    if request.method == "POST":
        with suppress(RuntimeError):  # a browser whose state cannot be read now keeps the one that it has
            session[_CHANGED_AT] = _now()
    return response


def _now() -> int:
    return int(current_units().clock().timestamp())
