"""What an opaque access token says, beside its row."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to what is there; programs of the version before go on."""
    with op.batch_alter_table("access_tokens") as batch_op:
        batch_op.add_column(sa.Column("claims", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True))


def downgrade() -> None:
    """Drop it again."""
    with op.batch_alter_table("access_tokens") as batch_op:
        batch_op.drop_column("claims")
