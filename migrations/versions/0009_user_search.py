"""Guests are found by a part of their name or email among a million.

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-23 04:10:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    # Beside the site while it serves; such an index can't be made within a transaction.
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_users_names",
            "users",
            [sa.text("(name || ' ' || email) gin_trgm_ops")],
            postgresql_using="gin",
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_users_names", table_name="users", postgresql_concurrently=True, if_exists=True
        )
