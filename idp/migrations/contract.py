"""Upgrades without downtime: a migration only adds, so that the version before still serves; what is removed, is removed later.

A migration that takes something away says from which revision on programs do without it.
"""

from alembic import op
from sqlalchemy import column, table

_facts = table("installation_facts", column("name"), column("value"))
_NAME = "schema_serves_from"


def serves_from(revision: str) -> None:
    """Note that programs older than a revision can use this schema no longer; in the migration that takes away what they need."""
    op.execute(_facts.delete().where(_facts.c.name == _NAME))
    op.execute(_facts.insert().values(name=_NAME, value=revision))
