"""Clean-up: every package deletes its own expired rows; here they are asked to, in short transactions."""

from collections.abc import Callable, Mapping

import structlog

from idp.unit_of_work import SYSTEM, UnitOfWork, Units

Delete = Callable[[UnitOfWork, int], int]

AT_ONCE = 500
"""Rows deleted in one transaction, so that nobody waits for it."""

ROUNDS = 200

log = structlog.get_logger("idp.cleaning")


def clean(units: Units, kinds: Mapping[str, Delete]) -> dict[str, int]:
    """Delete what has expired; give the number of rows by kind. What is left after many rounds waits for the next run."""
    deleted = {name: clean_kind(units, delete) for name, delete in kinds.items()}
    if any(deleted.values()):
        log.info("cleaned", **deleted)
    return deleted


def clean_kind(units: Units, delete: Delete) -> int:
    """Delete the expired rows of one package, step by step."""
    total = 0
    for _ in range(ROUNDS):
        with units.write(SYSTEM) as work:
            count = delete(work, AT_ONCE)
        total += count
        if count < AT_ONCE:
            break
    return total
