"""One transaction with its clock, actor, request id, settings and domain events.

Each step of the product is one unit: read the facts in `read_work()`, do slow work outside, then write in `unit_of_work()` with
statements that re-check what they rely on. Nothing else commits.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar, cast

from flask import current_app, g, has_app_context
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from idp import spans
from idp.clock import Clock
from idp.crypto import Secrets
from idp.errors import IdpError, TryAgain
from idp.handed_on import give, take
from idp.identifiers import AccountId, RequestId, SessionId, new_id
from idp.replica import Replica
from idp.settings import Settings
from idp.turns import let_others_pass

Result = TypeVar("Result")
_MOMENT = 0.02
_SERIALIZATION_FAILURES = ("40001", "40P01", "55P03")


class ActorKind(StrEnum):
    """Who can act."""

    PERSON = "person"
    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account's or client's id, or a name for the system's parts; on whose behalf, in which session."""

    kind: ActorKind
    id: str | None = None
    on_behalf_of: AccountId | None = None
    session_id: SessionId | None = None


NOBODY = Actor(ActorKind.NOBODY)
SYSTEM = Actor(ActorKind.SYSTEM, "worker")
OPERATOR_AT_SHELL = Actor(ActorKind.SYSTEM, "cli")


class DomainEvent(Protocol):
    """Something that happened below and matters above: a frozen dataclass of plain ids."""


Handler = Callable[["UnitOfWork", Any], None]
Handlers = Mapping[type, Sequence[Handler]]


@dataclass(slots=True)
class UnitOfWork:
    """What a rule gets as its first argument."""

    db: Connection
    now: datetime
    settings: Settings
    secrets: Secrets
    actor: Actor
    request_id: RequestId
    writes: bool
    events: deque[DomainEvent] = field(default_factory=deque)
    after_commits: list[Callable[[], None]] = field(default_factory=list)
    refusals: list[Callable[["UnitOfWork"], None]] = field(default_factory=list)
    after_refusals: list[Callable[[], None]] = field(default_factory=list)

    def acts_as(self, actor: Actor) -> None:
        """Name the actor once it is proven."""
        self.actor = actor

    def emit(self, event: DomainEvent) -> None:
        """Tell the layers above; their handlers run in this transaction, before its commit."""
        self.events.append(event)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run something without further writing (a counter) once the change is durable."""
        self.after_commits.append(call)

    def on_refusal(self, note: Callable[["UnitOfWork"], None]) -> None:
        """Write something in a small transaction of its own when this one is rolled back."""
        self.refusals.append(note)

    def after_refusal(self, call: Callable[[], None]) -> None:
        """Run something without writing (a counter) once this one has been rolled back."""
        self.after_refusals.append(call)


class Units:
    """Opens units of work on one installation's database."""

    def __init__(
        self,
        writing: Engine,
        reading: Engine,
        settings: Settings,
        secrets: Secrets,
        clock: Clock,
        handlers: Handlers,
        replica: Replica | None = None,
    ) -> None:
        self._writing = writing
        self._reading = reading
        self._handlers = handlers
        self._replica = replica
        self.settings = settings
        self.secrets = secrets
        self.clock = clock

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The engines, for those who listen to them."""
        own = (self._writing, self._reading)
        return (*own, self._replica.engine) if self._replica else own

    @contextmanager
    def write(self, actor: Actor = NOBODY, request_id: RequestId | None = None) -> Iterator[UnitOfWork]:
        """Open a transaction; commit at the end, or roll back on an error that does not keep its changes.

        Raises: TryAgain when the database refuses to serialize or is out of reach.
        """
        work = kept = None
        with spans.span("write"):
            try:
                connection = take(self._writing)
                try:
                    transaction = connection.begin()
                    work = self._unit(connection, actor, request_id, writes=True)
                    try:
                        yield work
                    except IdpError as error:
                        if not error.keeps_changes:
                            raise
                        kept = error
                    if work.events:
                        self._run_handlers(work)
                    connection.write_waiting(last=True)
                    transaction.commit()
                finally:
                    give(connection)  # rolls back what is not committed
            except IdpError:
                if work is not None:
                    self._after_refusal(work)
                raise
            except SQLAlchemyError as error:
                _try_again_if_passing(error)
                raise
        for call in work.after_commits:
            call()
        if kept:
            raise kept

    @contextmanager
    def read(self, actor: Actor = NOBODY, request_id: RequestId | None = None, *, replica: bool = False) -> Iterator[UnitOfWork]:
        """Open a unit that only reads; each statement sees what is committed.

        `replica`: what is read decides nothing and may be a little old, so it may come from the replica. Raises: TryAgain.
        """
        with spans.span("read"):
            try:
                if replica and self._replica:
                    with self._replica.connected(self.clock()) as elsewhere:
                        if elsewhere is not None:
                            yield self._unit(elsewhere, actor, request_id, writes=False)
                            return
                connection = take(self._reading)
                try:
                    yield self._unit(connection, actor, request_id, writes=False)
                finally:
                    give(connection)
            except SQLAlchemyError as error:
                _try_again_if_passing(error)
                raise

    def _unit(self, connection: Connection, actor: Actor, request_id: RequestId | None, *, writes: bool) -> UnitOfWork:
        given = request_id or RequestId(new_id())
        return UnitOfWork(connection, self.clock(), self.settings, self.secrets, actor, given, writes)

    def _run_handlers(self, work: UnitOfWork) -> None:
        while work.events:
            event = work.events.popleft()
            for handler in self._handlers[type(event)]:
                handler(work, event)

    def _after_refusal(self, refused: UnitOfWork) -> None:
        if refused.refusals:
            try:
                self._write_refusals(refused)
            except SQLAlchemyError as error:
                _try_again_if_passing(error)
                raise
        for call in refused.after_refusals:
            call()

    def _write_refusals(self, refused: UnitOfWork) -> None:
        connection = take(self._writing)
        try:
            with connection.begin():
                work = self._unit(connection, refused.actor, refused.request_id, writes=True)
                for note in refused.refusals:
                    note(work)
                connection.write_waiting(last=True)
        finally:
            give(connection)
        for call in work.after_commits:
            call()


def _try_again_if_passing(error: SQLAlchemyError) -> None:
    """Turn what may succeed at a second try into TryAgain; all else stays an error of ours. Raises: TryAgain."""
    if isinstance(error, NoFreeConnection):
        raise TryAgain("database: no free connection") from error
    if not isinstance(error, DBAPIError):
        return
    lost = isinstance(error, OperationalError) or error.connection_invalidated
    if lost or getattr(error.orig, "sqlstate", None) in _SERIALIZATION_FAILURES:
        raise TryAgain(f"database: {type(error.orig).__name__}") from error


def retry_once(call: Callable[[], Result]) -> Result:
    """Run a whole view, job or command, and once more if the database refused to serialize.

    After a moment in which whoever was in the way can finish: at once, two that deadlocked would only deadlock again.
    """
    try:
        return call()
    except TryAgain:
        let_others_pass()
        time.sleep(_MOMENT)
        return call()


def current_units() -> Units:
    """Give the running application's units of work; the only look at Flask's current application."""
    return cast("Units", current_app.extensions["idp.units"])


def acts_in_request(actor: Actor) -> None:
    """Let all further units of this request act as the one whom a face has proven."""
    g.actor = actor


def _request_facts() -> tuple[Actor, RequestId | None]:
    if not has_app_context():
        return NOBODY, None
    return g.get("actor", NOBODY), g.get("request_id")


def unit_of_work(actor: Actor | None = None) -> AbstractContextManager[UnitOfWork]:
    """Open a writing unit for this request. Raises: TryAgain."""
    known, request_id = _request_facts()
    return current_units().write(actor or known, request_id)


def read_work(*, replica: bool = False) -> AbstractContextManager[UnitOfWork]:
    """Open a reading unit for this request; `replica` as `Units.read` says (`pages.lists` for lists). Raises: TryAgain."""
    known, request_id = _request_facts()
    return current_units().read(known, request_id, replica=replica)
