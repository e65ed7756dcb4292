"""The end of a lost master secret: the database goes on with another one, without all that only the lost one could open."""

from idp import audit
from idp.audit import Event
from idp.crypto import Root
from idp.errors import Conflict
from idp.operations import facts, sealed
from idp.unit_of_work import OPERATOR_AT_SHELL, Units

WHY = "sealed with a master secret that is lost"


class NotLost(Conflict):
    """The configured master secret is the one of the database."""

    code = "not_lost"


def abandon(units: Units) -> int:
    """Put the configured master secret and a new derivation key in force; give the number of waiting messages that are lost.

    Sessions go on, for nothing of them is derived. The audit log stays and is sealed anew: its old seals could never be verified again.

    Raises: NotLost.
    """
    secrets = units.secrets
    with units.write(OPERATOR_AT_SHELL) as work:
        if secrets.named(facts.held(work.db, facts.FINGERPRINT)):
            raise NotLost("the configured master secret is the one of this database; `idp master-secret rotate` replaces it")
        lost = sealed.let_go(work.db, work.now, WHY)
        facts.forget(work.db, facts.REPLACED)
        facts.put(work.db, facts.FINGERPRINT, secrets.fingerprint())
        facts.put(work.db, facts.DERIVATION_KEY, secrets.seal_derivation_key(Root.random()))
        audit.record(work, Event.MASTER_SECRET_ABANDONED, lost_messages=lost)
    return lost
