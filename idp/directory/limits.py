"""How often somebody may ask for what costs a mail or tells something; rolling windows, self-lifting."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from idp.clock import CLOCKS_DIFFER
from idp.directory.store import attempts as store
from idp.errors import TooMany
from idp.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` within the window, for one key."""

    kind: str
    count: int
    window: timedelta


TAKEN_USERNAMES = Limit("taken_username", 20, timedelta(hours=1))
INVITATIONS = Limit("invitation", 10, timedelta(days=1))
EXPIRED_LINKS = Limit("expired_link", 3, timedelta(days=1))
CONTACT_CHANGES = Limit("contact_change", 10, timedelta(days=1))
REQUESTS_BY_NETWORK = Limit("access_request_network", 10, timedelta(hours=1))
REQUESTS_BY_EMAIL = Limit("access_request_email", 3, timedelta(days=1))
REQUESTS_BY_CUSTOMER = Limit("access_request_customer", 20, timedelta(days=1))
_OF_PERSONS = (TAKEN_USERNAMES, INVITATIONS, EXPIRED_LINKS, CONTACT_CHANGES, REQUESTS_BY_EMAIL)


def reached(work: UnitOfWork, limit: Limit, key: str) -> bool:
    """Tell whether nothing more is left."""
    since, until = work.now - limit.window, work.now + CLOCKS_DIFFER
    counted = store.count(work.db, limit.kind, _hidden(work, limit, key), since=since, until=until)
    return counted >= limit.count * work.settings.limits_factor


def check(work: UnitOfWork, limit: Limit, key: str) -> None:
    """Refuse when nothing more is left. Raises: TooMany with the whole window as waiting time at most."""
    if reached(work, limit, key):
        since, until = work.now - limit.window, work.now + CLOCKS_DIFFER
        oldest = store.oldest(work.db, limit.kind, _hidden(work, limit, key), since=since, until=until)
        waiting = (oldest + limit.window - work.now) if oldest else limit.window
        raise TooMany(limit.kind, retry_after=max(1, int(waiting.total_seconds())))


def count(work: UnitOfWork, limit: Limit, key: str) -> None:
    """Count one in this transaction."""
    store.add(work.db, limit.kind, _hidden(work, limit, key), work.now)


def count_refusal(work: UnitOfWork, limit: Limit, key: str) -> None:
    """Count one that is refused, although its transaction is rolled back."""
    row = (limit.kind, _hidden(work, limit, key), work.now)
    work.on_refusal(lambda after: store.add(after.db, *row))


def keys_of(work: UnitOfWork, names: Iterable[str]) -> list[str]:
    """Give the keys under which things count for somebody who is called by these names (ids, mail addresses), whatever the limit."""
    named = tuple(names)
    return [_hidden(work, limit, name) for limit in _OF_PERSONS for name in named]


def _hidden(work: UnitOfWork, limit: Limit, key: str) -> str:
    return work.secrets.keyed_hash("directory/" + limit.kind, key)
