"""Accounts whose person was forgotten, and the cut of the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to what is there; programs of the version before go on."""
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("audit_events") as batch_op:
        batch_op.add_column(sa.Column("sealed_as", sa.String(length=129), nullable=True))
    with op.batch_alter_table("audit_seals") as batch_op:
        batch_op.add_column(sa.Column("format", sa.Integer(), server_default="1", nullable=False))
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit_cuts",
        sa.Column("last_event_id", big, autoincrement=False, nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("events", big, nullable=False),
        sa.Column("sealed_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("last_event_id", name=op.f("pk_audit_cuts")),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("audit_cuts")
    with op.batch_alter_table("audit_seals") as batch_op:
        batch_op.drop_column("format")
    with op.batch_alter_table("audit_events") as batch_op:
        batch_op.drop_column("sealed_as")
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.drop_column("erased_at")
