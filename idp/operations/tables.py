"""The table of facts that hold for the whole installation."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base

SERVES_FROM = "schema_serves_from"
"""The fact that names the oldest revision whose programs the schema still serves; no fact: all of them."""


class InstallationFact(Base):
    """A fact by name, such as the master secret's fingerprint."""

    __tablename__ = "installation_facts"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(500))
