"""Requests of machines take turns within one process.

Two threads that both have something to compute only take the interpreter from each other, at every answer of the database anew: that
costs a request of a few hundred microseconds a tenth and more. Several threads are there for what waits: pages whose password is being
hashed, calls to other servers. Whoever is about to wait outside of a transaction lets others pass.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["let_others_pass", "take_turn"]

_turn = threading.Lock()
_here = threading.local()


@contextmanager
def take_turn() -> Iterator[None]:
    """Wait until no other request of a machine is being answered; within a turn it changes nothing."""
    if _has_turn():
        yield
        return
    with _turn:
        _here.has_turn = True
        try:
            yield
        finally:
            _here.has_turn = False


@contextmanager
def let_others_pass() -> Iterator[None]:
    """Give the turn away while this thread waits, if it has one. Never inside a transaction: others may wait for its rows."""
    if not _has_turn():
        yield
        return
    _here.has_turn = False
    _turn.release()
    try:
        yield
    finally:
        _turn.acquire()
        _here.has_turn = True


def _has_turn() -> bool:
    return getattr(_here, "has_turn", False)
