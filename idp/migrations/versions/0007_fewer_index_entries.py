"""Indexes without the rows that nobody looks for by them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SPARSE = (
    ("ix_token_families_session", "token_families", ["session_id"]),
    ("ix_token_families_account", "token_families", ["account_id"]),
    ("ix_token_families_parent", "token_families", ["parent_id"]),
    ("ix_audit_events_account", "audit_events", ["account_id", "id"]),
    ("ix_audit_events_customer", "audit_events", ["customer_id", "id"]),
    ("ix_authorization_requests_pushed_id", "authorization_requests", ["pushed_id"]),
    ("ix_jobs_account_id", "jobs", ["account_id"]),
    ("ix_jobs_finished_at", "jobs", ["finished_at"]),
)


def upgrade() -> None:
    """Make them anew; programs of the version before go on."""
    for name, table, columns in _SPARSE:
        known = sa.text(f"{columns[0]} IS NOT NULL")
        op.drop_index(name, table_name=table)
        op.create_index(name, table, columns, sqlite_where=known, postgresql_where=known)


def downgrade() -> None:
    """Make them as they were."""
    for name, table, columns in _SPARSE:
        op.drop_index(name, table_name=table)
        op.create_index(name, table, columns)
