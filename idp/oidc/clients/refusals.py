"""What the audit log keeps of refused clients: the first tries of an hour one by one, the rest as one number.

Whoever tries secrets, or an app left with an old one, would else write without end. Each refusal is told once: as an event of its own,
within the number for its client and network, or, when a network tries too many, within the number for that network.
"""

from datetime import timedelta

from idp import audit
from idp.audit import Event
from idp.authn.store import counters as store
from idp.authn.store.counters import Closed
from idp.unit_of_work import UnitOfWork

WINDOW = timedelta(hours=1)
OF_CLIENT_AND_NETWORK = 10
OF_NETWORK = 100

_BY_CLIENT, _BY_NETWORK = "client_refused", "network_refused"
_WRITTEN = {_BY_CLIENT: OF_CLIENT_AND_NETWORK, _BY_NETWORK: OF_NETWORK}
_HASHED = 24
"""Letters of a key that tell client and network apart; the rest is the client's id, for those who read the number later."""
_LONGEST_KEY = 64


def note(work: UnitOfWork, claimed_id: str | None, reason: str, network: str) -> None:
    """Note a refused client, unless that was done often enough within the hour; then only count it."""
    hidden = work.secrets.keyed_hash("refused-client", network)
    both = work.secrets.keyed_hash("refused-client", f"{network}\n{claimed_id}")
    named = f"{both[:_HASHED]} {claimed_id or ''}"[:_LONGEST_KEY]
    if _is_written(work, _BY_NETWORK, hidden) and _is_written(work, _BY_CLIENT, named):
        audit.record(work, Event.CLIENT_REFUSED, client=claimed_id, reason=reason)


def tell_rest(work: UnitOfWork, limit: int) -> int:
    """Write for hours that are over how many refusals were not written; give the number of hours. A periodic job."""
    return sum(len(_close(work, kind, store.windows_over(work.db, kind, work.now, limit))) for kind in _WRITTEN)


def _is_written(work: UnitOfWork, kind: str, key: str) -> bool:
    until = work.now + WINDOW
    count = store.count_in_window(work.db, kind, key, until=until, now=work.now)
    if count is None:
        _close(work, kind, [key])
        count = store.count_in_window(work.db, kind, key, until=until, now=work.now)
    return count is not None and count <= _most(work, kind)


def _close(work: UnitOfWork, kind: str, keys: list[str]) -> list[Closed]:
    closed = store.close_windows(work.db, kind, keys, work.now) if keys else []
    for window in closed:
        more = window.count - _most(work, kind)
        if more > 0:
            named, whole = window.key[_HASHED + 1 :] if kind == _BY_CLIENT else "", len(window.key) < _LONGEST_KEY
            audit.record(
                work,
                Event.CLIENT_REFUSED,
                client=named if named and whole else None,
                reason="not written one by one",
                more=more,
                until=window.until.isoformat(),
                client_begins=None if whole else named,
            )
    return closed


def _most(work: UnitOfWork, kind: str) -> int:
    return _WRITTEN[kind] * work.settings.limits_factor
