"""Signing keys, clients, authorization requests, codes, tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table('authorization_requests',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('parameters', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('browser_hash', sa.String(length=64), nullable=True),
    sa.Column('pushed_id', sa.String(length=32), nullable=True),
    sa.Column('signin_id', sa.String(length=32), nullable=True),
    sa.Column('asked_acr', sa.String(length=64), nullable=True),
    sa.Column('consented_by', sa.String(length=32), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_authorization_requests'))
    )
    with op.batch_alter_table("authorization_requests") as batch_op:
        batch_op.create_index(batch_op.f('ix_authorization_requests_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_authorization_requests_pushed_id'), ['pushed_id'], unique=False)

    op.create_table('clients',
    sa.Column('id', sa.String(length=128), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('metadata_document', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('first_party', sa.Boolean(), nullable=False),
    sa.Column('profile', sa.String(length=16), nullable=True),
    sa.Column('origin', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clients'))
    )

    op.create_table('codes',
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('redirect_uri', sa.String(length=2000), nullable=False),
    sa.Column('code_challenge', sa.String(length=64), nullable=True),
    sa.Column('grant', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('family_id', sa.String(length=32), nullable=True),
    sa.Column('delete_after', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_codes'))
    )
    with op.batch_alter_table("codes") as batch_op:
        batch_op.create_index(batch_op.f('ix_codes_delete_after'), ['delete_after'], unique=False)

    op.create_table('consents',
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('scopes', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('account_id', 'client_id', name=op.f('pk_consents'))
    )
    with op.batch_alter_table("consents") as batch_op:
        batch_op.create_index('ix_consents_client', ['client_id'], unique=False)

    op.create_table('pushed_requests',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('reference_hash', sa.String(length=64), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('parameters', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delete_after', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pushed_requests')),
    sa.UniqueConstraint('reference_hash', name=op.f('uq_pushed_requests_reference_hash'))
    )
    with op.batch_alter_table("pushed_requests") as batch_op:
        batch_op.create_index(batch_op.f('ix_pushed_requests_delete_after'), ['delete_after'], unique=False)

    op.create_table('resources',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('identifier', sa.String(length=500), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('scopes', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('token_format', sa.String(length=16), nullable=False),
    sa.Column('introspection_client_id', sa.String(length=128), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_resources')),
    sa.UniqueConstraint('identifier', name=op.f('uq_resources_identifier'))
    )
    with op.batch_alter_table("resources") as batch_op:
        batch_op.create_index(batch_op.f('ix_resources_introspection_client_id'), ['introspection_client_id'], unique=False)

    op.create_table('session_clients',
    sa.Column('session_id', sa.String(length=32), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('sid', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('session_id', 'client_id', name=op.f('pk_session_clients'))
    )
    with op.batch_alter_table("session_clients") as batch_op:
        batch_op.create_index(batch_op.f('ix_session_clients_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_session_clients_sid'), ['sid'], unique=False)

    op.create_table('signing_keys',
    sa.Column('kid', sa.String(length=64), nullable=False),
    sa.Column('alg', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('public_jwk', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('kid', name=op.f('pk_signing_keys'))
    )
    with op.batch_alter_table("signing_keys") as batch_op:
        batch_op.create_index('uq_signing_keys_active', ['alg'], unique=True, sqlite_where=sa.text("state = 'active'"), postgresql_where=sa.text("state = 'active'"))
        batch_op.create_index('uq_signing_keys_next', ['alg'], unique=True, sqlite_where=sa.text("state = 'next'"), postgresql_where=sa.text("state = 'next'"))

    op.create_table('token_families',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=True),
    sa.Column('session_id', sa.String(length=32), nullable=True),
    sa.Column('offline', sa.Boolean(), nullable=False),
    sa.Column('grant', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('dpop_jkt', sa.String(length=64), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('generation_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_reason', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_token_families'))
    )
    with op.batch_alter_table("token_families") as batch_op:
        batch_op.create_index('ix_token_families_account', ['account_id'], unique=False)
        batch_op.create_index('ix_token_families_client', ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_token_families_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index('ix_token_families_session', ['session_id'], unique=False)

    op.create_table('used_jtis',
    sa.Column('purpose', sa.String(length=160), nullable=False),
    sa.Column('jti_hash', sa.String(length=64), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('purpose', 'jti_hash', name=op.f('pk_used_jtis'))
    )
    with op.batch_alter_table("used_jtis") as batch_op:
        batch_op.create_index(batch_op.f('ix_used_jtis_expires_at'), ['expires_at'], unique=False)

    op.create_table('access_tokens',
    sa.Column('jti', sa.String(length=32), nullable=False),
    sa.Column('family_id', sa.String(length=32), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['family_id'], ['token_families.id'], name=op.f('fk_access_tokens_family_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('jti', name=op.f('pk_access_tokens'))
    )
    with op.batch_alter_table("access_tokens") as batch_op:
        batch_op.create_index(batch_op.f('ix_access_tokens_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_tokens_family_id'), ['family_id'], unique=False)

    op.create_table('client_secrets',
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_secrets_client_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_client_secrets'))
    )
    with op.batch_alter_table("client_secrets") as batch_op:
        batch_op.create_index('ix_client_secrets_client', ['client_id'], unique=False)

    op.create_table('family_contracts',
    sa.Column('family_id', sa.String(length=32), nullable=False),
    sa.Column('contract_id', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['family_id'], ['token_families.id'], name=op.f('fk_family_contracts_family_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('family_id', 'contract_id', name=op.f('pk_family_contracts'))
    )
    with op.batch_alter_table("family_contracts") as batch_op:
        batch_op.create_index(batch_op.f('ix_family_contracts_contract_id'), ['contract_id'], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("family_contracts")
    op.drop_table("client_secrets")
    op.drop_table("access_tokens")
    op.drop_table("used_jtis")
    op.drop_table("token_families")
    op.drop_table("signing_keys")
    op.drop_table("session_clients")
    op.drop_table("resources")
    op.drop_table("pushed_requests")
    op.drop_table("consents")
    op.drop_table("codes")
    op.drop_table("clients")
    op.drop_table("authorization_requests")
