"""Device requests, fetched documents and origins of clients, initial access tokens, staff sessions, exchanged tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what the whole protocol keeps."""
    op.create_table('device_requests',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('device_code_hash', sa.String(length=64), nullable=False),
    sa.Column('user_code_hash', sa.String(length=64), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('asked', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('polled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('poll_seconds', sa.Integer(), nullable=False),
    sa.Column('browser_hash', sa.String(length=64), nullable=True),
    sa.Column('signin_id', sa.String(length=32), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('granted', sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_device_requests')),
    sa.UniqueConstraint('device_code_hash', name=op.f('uq_device_requests_device_code_hash')),
    sa.UniqueConstraint('user_code_hash', name=op.f('uq_device_requests_user_code_hash'))
    )
    with op.batch_alter_table('device_requests') as batch_op:
        batch_op.create_index(batch_op.f('ix_device_requests_expires_at'), ['expires_at'], unique=False)

    op.create_table('initial_access_tokens',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('uses_left', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_initial_access_tokens')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_initial_access_tokens_token_hash'))
    )
    with op.batch_alter_table('initial_access_tokens') as batch_op:
        batch_op.create_index(batch_op.f('ix_initial_access_tokens_expires_at'), ['expires_at'], unique=False)

    op.create_table('client_documents',
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('uri', sa.String(length=2000), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_documents_client_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'kind', name=op.f('pk_client_documents'))
    )
    op.create_table('client_origins',
    sa.Column('origin', sa.String(length=300), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_origins_client_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('origin', 'client_id', name=op.f('pk_client_origins'))
    )
    with op.batch_alter_table('client_origins') as batch_op:
        batch_op.create_index(batch_op.f('ix_client_origins_client_id'), ['client_id'], unique=False)

    with op.batch_alter_table('clients') as batch_op:
        batch_op.add_column(sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('registration_token_hash', sa.String(length=64), nullable=True))

    with op.batch_alter_table('sessions') as batch_op:
        batch_op.add_column(sa.Column('area', sa.String(length=16), server_default='public', nullable=False))

    with op.batch_alter_table('signins') as batch_op:
        batch_op.add_column(sa.Column('area', sa.String(length=16), server_default='public', nullable=False))

    with op.batch_alter_table('token_families') as batch_op:
        batch_op.add_column(sa.Column('parent_id', sa.String(length=32), nullable=True))
        batch_op.create_index('ix_token_families_parent', ['parent_id'], unique=False)



def downgrade() -> None:
    """Drop it again."""
    with op.batch_alter_table('token_families') as batch_op:
        batch_op.drop_index('ix_token_families_parent')
        batch_op.drop_column('parent_id')

    with op.batch_alter_table('signins') as batch_op:
        batch_op.drop_column('area')

    with op.batch_alter_table('sessions') as batch_op:
        batch_op.drop_column('area')

    with op.batch_alter_table('clients') as batch_op:
        batch_op.drop_column('registration_token_hash')
        batch_op.drop_column('last_used_at')

    with op.batch_alter_table('client_origins') as batch_op:
        batch_op.drop_index(batch_op.f('ix_client_origins_client_id'))

    op.drop_table('client_origins')
    op.drop_table('client_documents')
    with op.batch_alter_table('initial_access_tokens') as batch_op:
        batch_op.drop_index(batch_op.f('ix_initial_access_tokens_expires_at'))

    op.drop_table('initial_access_tokens')
    with op.batch_alter_table('device_requests') as batch_op:
        batch_op.drop_index(batch_op.f('ix_device_requests_expires_at'))

    op.drop_table('device_requests')
