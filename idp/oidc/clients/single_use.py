"""Ids that count once: the `jti` of assertions and proofs."""

from datetime import datetime

from idp.crypto import hash_token
from idp.oidc.clients.store import used_ids as store
from idp.unit_of_work import UnitOfWork


def spend(work: UnitOfWork, purpose: str, jti: str, expires_at: datetime) -> bool:
    """Note an id as used until it expires; False if it has been. It stays so when the request is refused for another reason."""
    hashed = hash_token(jti)

    def spend_all_the_same(after: UnitOfWork) -> None:
        store.spend(after.db, purpose, hashed, expires_at, after.now)

    work.on_refusal(spend_all_the_same)
    return store.spend(work.db, purpose, hashed, expires_at, work.now)
