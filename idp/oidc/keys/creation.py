"""Making the keys of a new installation; outside any transaction, for it takes a second."""

from typing import Any

from idp import audit
from idp.audit import Event
from idp.oidc.keys import store
from idp.oidc.keys.jose import KEY_ALGORITHMS, Algorithm, generate
from idp.oidc.keys.store import State
from idp.unit_of_work import SYSTEM, UnitOfWork, Units

SEAL = "signing-key"


def ensure(units: Units) -> None:
    """Make the active and next keys that are missing (the first start); several processes may do so at once."""
    with units.read() as work:
        there = {(row.alg, row.state) for row in store.all_keys(work.db)}
    wanted = [(a, s) for a in KEY_ALGORITHMS for s in (State.ACTIVE, State.NEXT) if (a.value, s) not in there]
    if not wanted:
        return
    made = [(algorithm, state, generate(algorithm)) for algorithm, state in wanted]
    with units.write(SYSTEM) as work:
        for algorithm, state, (kid, public, private) in made:
            if store.add(work.db, row(work, algorithm, state, kid, public, private)):
                audit.record(work, Event.KEY_CREATED, kid=kid, alg=algorithm.value, state=state.value)


def row(work: UnitOfWork, algorithm: Algorithm, state: State, kid: str, public: dict[str, Any], private: bytes) -> dict[str, Any]:
    """Make a key's row, its private part sealed."""
    return {
        "kid": kid,
        "alg": algorithm.value,
        "state": state.value,
        "public_jwk": public,
        "sealed": work.secrets.seal(SEAL, private, kid, work.db),
        "created_at": work.now,
        "activated_at": work.now if state is State.ACTIVE else None,
        "retired_at": None,
    }
