"""Passwords, sign-ins, PIN challenges, budgets, sessions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table('budget_entries',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budget_entries'))
    )
    with op.batch_alter_table("budget_entries") as batch_op:
        batch_op.create_index(batch_op.f('ix_budget_entries_at'), ['at'], unique=False)
        batch_op.create_index('ix_budget_entries_key', ['kind', 'key', 'at'], unique=False)

    op.create_table('budget_locks',
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'key', name=op.f('pk_budget_locks'))
    )
    with op.batch_alter_table("budget_locks") as batch_op:
        batch_op.create_index(batch_op.f('ix_budget_locks_at'), ['at'], unique=False)

    op.create_table('known_devices',
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('browser_hash', sa.String(length=64), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('account_id', 'browser_hash', name=op.f('pk_known_devices'))
    )
    with op.batch_alter_table("known_devices") as batch_op:
        batch_op.create_index(batch_op.f('ix_known_devices_completed_at'), ['completed_at'], unique=False)

    op.create_table('pin_rounds',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('wrong', sa.Integer(), nullable=False),
    sa.Column('sent', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pin_rounds'))
    )
    with op.batch_alter_table("pin_rounds") as batch_op:
        batch_op.create_index(batch_op.f('ix_pin_rounds_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_pin_rounds_created_at'), ['created_at'], unique=False)

    op.create_table('signins',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('browser_hash', sa.String(length=64), nullable=False),
    sa.Column('requirement', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('continue_at', sa.String(length=2000), nullable=False),
    sa.Column('shown_for', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=True),
    sa.Column('password_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('from_session_id', sa.String(length=32), nullable=True),
    sa.Column('pin_confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('session_id', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signins'))
    )
    with op.batch_alter_table("signins") as batch_op:
        batch_op.create_index(batch_op.f('ix_signins_expires_at'), ['expires_at'], unique=False)

    op.create_table('throttle_counters',
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('blocked_until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'key', name=op.f('pk_throttle_counters'))
    )
    with op.batch_alter_table("throttle_counters") as batch_op:
        batch_op.create_index(batch_op.f('ix_throttle_counters_last_at'), ['last_at'], unique=False)

    op.create_table('pin_challenges',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('round_id', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('resend_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('job_id', sa.String(length=32), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('voided_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['round_id'], ['pin_rounds.id'], name=op.f('fk_pin_challenges_round_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pin_challenges'))
    )
    with op.batch_alter_table("pin_challenges") as batch_op:
        batch_op.create_index('ix_pin_challenges_round', ['round_id', 'created_at'], unique=False)

    op.create_table('activations',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('link_id', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('browser_hash', sa.String(length=64), nullable=False),
    sa.Column('password_hash', sa.String(length=300), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_activations_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activations'))
    )
    with op.batch_alter_table("activations") as batch_op:
        batch_op.create_index(batch_op.f('ix_activations_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_activations_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_activations_link_id'), ['link_id'], unique=False)

    op.create_table('former_passwords',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('hash', sa.String(length=300), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_former_passwords_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_former_passwords'))
    )
    with op.batch_alter_table("former_passwords") as batch_op:
        batch_op.create_index('ix_former_passwords_account', ['account_id', 'id'], unique=False)

    op.create_table('password_resets',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_password_resets_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_password_resets')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_password_resets_token_hash'))
    )
    with op.batch_alter_table("password_resets") as batch_op:
        batch_op.create_index(batch_op.f('ix_password_resets_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_password_resets_expires_at'), ['expires_at'], unique=False)

    op.create_table('passwords',
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('hash', sa.String(length=300), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_passwords_account_id')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_passwords'))
    )

    op.create_table('sessions',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('browser_hash', sa.String(length=64), nullable=False),
    sa.Column('acr', sa.String(length=64), nullable=False),
    sa.Column('amr', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('auth_time', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signin_id', sa.String(length=32), nullable=True),
    sa.Column('device_label', sa.String(length=100), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('active_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_reason', sa.String(length=24), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_sessions_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sessions_token_hash'))
    )
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.create_index('ix_sessions_account', ['account_id', 'ended_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_sessions_expires_at'), ['expires_at'], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("sessions")
    op.drop_table("passwords")
    op.drop_table("password_resets")
    op.drop_table("former_passwords")
    op.drop_table("activations")
    op.drop_table("pin_challenges")
    op.drop_table("throttle_counters")
    op.drop_table("signins")
    op.drop_table("pin_rounds")
    op.drop_table("known_devices")
    op.drop_table("budget_locks")
    op.drop_table("budget_entries")
