"""What the database is asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from idp.unit_of_work import Units


@contextmanager
def heard(units: Units) -> Iterator[list[str]]:
    """Listen to the statements of an application, in their order."""
    statements: list[str] = []

    def hear(_connection, _cursor, statement: str, *_: object) -> None:
        statements.append(statement)

    engines = {engine: engine._has_events for engine in units.engines}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        for engine, had_events in engines.items():
            event.remove(engine, "before_cursor_execute", hear)
            engine._has_events = had_events  # the library never takes this back; statements would go its way in the next tests, too
