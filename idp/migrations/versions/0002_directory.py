"""Customers, contracts, accounts, invitations, access requests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table('customers',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('deactivated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('pin_for_all', sa.Boolean(), nullable=False),
    sa.Column('next_account_number', sa.Integer(), nullable=False),
    sa.Column('main_contact_account_id', sa.String(length=32), nullable=True),
    sa.Column('document', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customers')),
    sa.UniqueConstraint('number', name=op.f('uq_customers_number'))
    )

    op.create_table('directory_attempts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_attempts'))
    )
    with op.batch_alter_table("directory_attempts") as batch_op:
        batch_op.create_index(batch_op.f('ix_directory_attempts_at'), ['at'], unique=False)
        batch_op.create_index('ix_directory_attempts_key', ['kind', 'key', 'at'], unique=False)

    op.create_table('access_requests',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('customer_number', sa.String(length=20), nullable=False),
    sa.Column('customer_id', sa.String(length=32), nullable=True),
    sa.Column('given_name', sa.String(length=100), nullable=False),
    sa.Column('family_name', sa.String(length=100), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('username', sa.String(length=64), nullable=False),
    sa.Column('locale', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=32), nullable=True),
    sa.Column('account_id', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_access_requests_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_requests')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_access_requests_token_hash'))
    )
    with op.batch_alter_table("access_requests") as batch_op:
        batch_op.create_index('ix_access_requests_customer', ['customer_id', 'state', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_requests_expires_at'), ['expires_at'], unique=False)

    op.create_table('accounts',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('sub', sa.String(length=32), nullable=False),
    sa.Column('customer_id', sa.String(length=32), nullable=True),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('username', sa.String(length=64), nullable=False),
    sa.Column('username_key', sa.String(length=128).with_variant(sa.String(length=128, collation='C'), 'postgresql'), nullable=False),
    sa.Column('role', sa.String(length=32).with_variant(sa.String(length=32, collation='C'), 'postgresql'), nullable=False),
    sa.Column('salutation', sa.String(length=20), nullable=False),
    sa.Column('given_name', sa.String(length=100), nullable=False),
    sa.Column('family_name', sa.String(length=100), nullable=False),
    sa.Column('name_key', sa.String(length=400).with_variant(sa.String(length=400, collation='C'), 'postgresql'), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('email_key', sa.String(length=254).with_variant(sa.String(length=254, collation='C'), 'postgresql'), nullable=False),
    sa.Column('email_verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('mobile', sa.String(length=20), nullable=True),
    sa.Column('mobile_verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('phone', sa.String(length=20), nullable=True),
    sa.Column('locale', sa.String(length=8), nullable=False),
    sa.Column('limited_to_contracts', sa.Boolean(), nullable=False),
    sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('locked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deactivated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deactivated_with_customer', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_accounts_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
    sa.UniqueConstraint('customer_id', 'number', name=op.f('uq_accounts_customer_id_number')),
    sa.UniqueConstraint('sub', name=op.f('uq_accounts_sub')),
    sa.UniqueConstraint('username_key', name=op.f('uq_accounts_username_key'))
    )
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.create_index('ix_accounts_customer_email', ['customer_id', 'email_key', 'number'], unique=False)
        batch_op.create_index('ix_accounts_customer_name', ['customer_id', 'name_key', 'number'], unique=False)
        batch_op.create_index('ix_accounts_customer_role', ['customer_id', 'role', 'number'], unique=False)
        batch_op.create_index('ix_accounts_customer_username', ['customer_id', 'username_key'], unique=False)
        batch_op.create_index('ix_accounts_email_key', ['email_key'], unique=False)
        batch_op.create_index('ix_accounts_mobile', ['mobile'], unique=False)

    op.create_table('contracts',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('customer_id', sa.String(length=32), nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('label', sa.String(length=200), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_contracts_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contracts'))
    )
    with op.batch_alter_table("contracts") as batch_op:
        batch_op.create_index(batch_op.f('ix_contracts_customer_id'), ['customer_id'], unique=False)

    op.create_table('contact_changes',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('value', sa.String(length=254), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_contact_changes_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_changes')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_contact_changes_token_hash'))
    )
    with op.batch_alter_table("contact_changes") as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_changes_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_changes_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index('uq_contact_changes_open', ['account_id', 'kind'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('contract_grants',
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('contract_id', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_contract_grants_account_id')),
    sa.ForeignKeyConstraint(['contract_id'], ['contracts.id'], name=op.f('fk_contract_grants_contract_id')),
    sa.PrimaryKeyConstraint('account_id', 'contract_id', name=op.f('pk_contract_grants'))
    )
    with op.batch_alter_table("contract_grants") as batch_op:
        batch_op.create_index(batch_op.f('ix_contract_grants_contract_id'), ['contract_id'], unique=False)

    op.create_table('invitations',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('job_id', sa.String(length=32), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('send_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('scheduled_local', sa.String(length=40), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivery_failed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_reason', sa.String(length=16), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_invitations_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_invitations_token_hash'))
    )
    with op.batch_alter_table("invitations") as batch_op:
        batch_op.create_index('ix_invitations_account', ['account_id', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitations_ended_at'), ['ended_at'], unique=False)
        batch_op.create_index('ix_invitations_job_id', ['job_id'], unique=False)
        batch_op.create_index('uq_invitations_open', ['account_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("invitations")
    op.drop_table("contract_grants")
    op.drop_table("contact_changes")
    op.drop_table("contracts")
    op.drop_table("accounts")
    op.drop_table("access_requests")
    op.drop_table("directory_attempts")
    op.drop_table("customers")
