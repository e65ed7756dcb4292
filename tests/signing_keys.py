"""Signing keys made once for a test process and put into the databases that tests copy: making RSA keys takes half a second.

They are as old as if the installation had started the day before.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Engine, insert

from idp.crypto import Secrets
from idp.oidc.keys.creation import SEAL
from idp.oidc.keys.jose import KEY_ALGORITHMS, generate
from idp.oidc.keys.tables import SigningKey
from idp.operations.facts import FINGERPRINT
from idp.operations.tables import InstallationFact


def add_signing_keys(engine: Engine, master_secret: str, now: datetime) -> None:
    """Add an active and a next key of each algorithm, and name the master secret that they are sealed with."""
    with engine.begin() as connection:
        connection.execute(insert(InstallationFact), {"name": FINGERPRINT, "value": Secrets(master_secret).fingerprint()})
        connection.execute(insert(SigningKey), [*rows(master_secret, now - timedelta(days=1))])


@cache
def rows(master_secret: str, made_at: datetime) -> tuple[dict[str, Any], ...]:
    """Make the rows."""
    secrets = Secrets(master_secret)
    made = []
    for algorithm in KEY_ALGORITHMS:
        for state in ("active", "next"):
            kid, public, private = generate(algorithm)
            made.append(
                {
                    "kid": kid,
                    "alg": algorithm.value,
                    "state": state,
                    "public_jwk": public,
                    "sealed": secrets.seal(SEAL, private, kid),
                    "created_at": made_at,
                    "activated_at": made_at if state == "active" else None,
                    "retired_at": None,
                }
            )
    return tuple(made)
