"""Growing delays after failed attempts: by account and device, by account over unknown devices, by network.

They lift themselves and are never a status of the account. A browser that the account has completed a sign-in with counts for itself,
so nobody elsewhere can keep the owner out; all others share one counter with a short longest delay, so that fresh cookies bring no fresh
tries. An attempt is counted before it is judged, atomically, so that parallel requests get no more tries than one after another.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from idp import audit
from idp.audit import Event
from idp.authn.errors import Throttled
from idp.authn.store import counters as store
from idp.identifiers import BrowserHash
from idp.unit_of_work import UnitOfWork

_FORGOTTEN_AFTER = timedelta(hours=1)
_KEPT = timedelta(days=2)
_DOUBLINGS = 20
"""More than any throttle needs to come to its longest delay."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where an attempt comes from; `network` is `network_of` an address."""

    browser: BrowserHash
    network: str
    device_label: str


@dataclass(frozen=True, slots=True)
class Throttle:
    """So many failures are free; then the delay doubles from `first` to `longest`, in seconds."""

    kind: str
    free: int
    first: int
    longest: int
    starts_afresh: bool = False
    """Whether one success forgets all failures."""


PASSWORD_BY_DEVICE = Throttle("password.device", free=5, first=2, longest=900, starts_afresh=True)
PASSWORD_BY_ACCOUNT = Throttle("password.account", free=20, first=2, longest=60)
PASSWORD_BY_NETWORK = Throttle("password.network", free=50, first=2, longest=300)
PIN_BY_DEVICE = Throttle("pin.device", free=10, first=5, longest=900, starts_afresh=True)
PIN_BY_NETWORK = Throttle("pin.network", free=50, first=2, longest=300)
RESET_BY_NETWORK = Throttle("reset.network", free=20, first=30, longest=900)
USER_CODE_BY_BROWSER = Throttle("user_code.browser", free=5, first=5, longest=300)
USER_CODE_BY_NETWORK = Throttle("user_code.network", free=20, first=5, longest=300)
USER_CODE_BY_ACCOUNT = Throttle("user_code.account", free=10, first=5, longest=300)

Key = tuple[Throttle, str]
"""A throttle and the hashed key that it counts for."""


def network_of(address: str | None) -> str:
    """Name the network of an address: the address itself for IPv4, its /64 for IPv6, where one household or office has that much."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def password_keys(work: UnitOfWork, caller: Caller, name: str, *, device_is_known: bool) -> list[Key]:
    """List what a password attempt counts for; `name` is what was typed, made canonical, whether or not an account has it."""
    device = (PASSWORD_BY_DEVICE, _key(work, name, caller.browser))
    network = (PASSWORD_BY_NETWORK, _key(work, caller.network))
    if device_is_known:
        return [device, network]
    return [device, (PASSWORD_BY_ACCOUNT, _key(work, name)), network]


def pin_keys(work: UnitOfWork, caller: Caller, account_id: str) -> list[Key]:
    """List what a PIN attempt counts for."""
    return [(PIN_BY_DEVICE, _key(work, account_id, caller.browser)), (PIN_BY_NETWORK, _key(work, caller.network))]


def reset_keys(work: UnitOfWork, caller: Caller) -> list[Key]:
    """List what a request for a reset link counts for."""
    return [(RESET_BY_NETWORK, _key(work, caller.network))]


def user_code_keys(work: UnitOfWork, caller: Caller, account_id: str | None) -> list[Key]:
    """List what a typed code of a device counts for; a right one forgets nothing, for anybody can have a device of their own."""
    keys = [(USER_CODE_BY_BROWSER, _key(work, caller.browser)), (USER_CODE_BY_NETWORK, _key(work, caller.network))]
    return [*keys, (USER_CODE_BY_ACCOUNT, _key(work, account_id))] if account_id else keys


def keys_of(work: UnitOfWork, names: Iterable[str], browsers: Sequence[str]) -> list[str]:
    """Give the keys under which attempts count for somebody of these names, also in these browsers."""
    return [_key(work, name, *place) for name in names for place in ((), *((browser,) for browser in browsers))]


def refuses(work: UnitOfWork, keys: Sequence[Key]) -> bool:
    """Tell whether attempts are refused now, to spare the slow work; `admit` decides."""
    until = store.blocked_until(work.db, [(throttle.kind, key) for throttle, key in keys])
    longest = max(throttle.longest for throttle, _ in keys)
    return until is not None and work.now < until <= work.now + timedelta(seconds=longest)


def admit(work: UnitOfWork, keys: Sequence[Key]) -> None:
    """Count an attempt as failed; `succeeded` uncounts it. Raises: Throttled, then nothing is counted."""
    counters = [store.Counter(throttle.kind, key, work.now + timedelta(seconds=throttle.longest)) for throttle, key in keys]
    failures = store.count_attempts(work.db, counters, forget_before=work.now - _FORGOTTEN_AFTER, now=work.now)
    for throttle, key in keys:
        if throttle.kind not in failures:
            until = store.blocked_until(work.db, [(throttle.kind, key)]) or work.now
            audit.refused(work, Event.SIGNIN_THROTTLED, kinds=[throttle.kind])
            raise Throttled(retry_after=_seconds(until - work.now))
    waits = {(throttle.kind, key): _delay(work, throttle, failures[throttle.kind]) for throttle, key in keys}
    if any(waits.values()):
        store.block(work.db, {counter: work.now + wait for counter, wait in waits.items() if wait})


def succeeded(work: UnitOfWork, keys: Sequence[Key]) -> None:
    """Take back what `admit` counted in this transaction."""
    afresh = [throttle.kind for throttle, _ in keys if throttle.starts_afresh]
    store.take_back(work.db, [(throttle.kind, key) for throttle, key in keys], afresh=afresh)


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Delete counters and budget entries that nothing looks back to."""
    return store.delete_old(work.db, work.now - _KEPT, limit)


def _delay(work: UnitOfWork, throttle: Throttle, failures: int) -> timedelta:
    """Tell how long attempts are refused after so many failures."""
    beyond = failures - throttle.free * work.settings.limits_factor
    return timedelta(seconds=min(throttle.first * 2 ** min(beyond, _DOUBLINGS), throttle.longest) if beyond >= 0 else 0)


def _key(work: UnitOfWork, *parts: str) -> str:
    return work.secrets.keyed_hash("throttle", "\n".join(parts))


def _seconds(waiting: timedelta) -> int:
    return max(1, -int(-waiting.total_seconds() // 1))
