"""The table of messages that the demo transport delivered."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base


class DemoMessage(Base):
    """A mail or SMS as the demo transport delivered it; never written outside of demo and tests."""

    __tablename__ = "demo_messages"
    __table_args__ = (Index("ix_demo_messages_recipient", "recipient_key", "id"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(8))  # mail | sms
    recipient: Mapped[str] = mapped_column(String(254))
    recipient_key: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str | None] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(String(2000))
    pin: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime]
