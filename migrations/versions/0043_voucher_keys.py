"""Idempotency keys of requests that make vouchers, and an index of whom vouchers are for.

Revision ID: 0043
Revises: 0042
Create Date: 2026-11-28 12:20:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

INDEX, BY_EMAIL = "ix_vouchers_idempotency_key", "ix_vouchers_email"


def upgrade():
    op.add_column("vouchers", sa.Column("idempotency_key", sa.String(64)), if_not_exists=True)
    op.add_column("vouchers", sa.Column("fingerprint", sa.String(64)), if_not_exists=True)
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.create_index(
            INDEX,
            "vouchers",
            ["event_id", "idempotency_key"],
            postgresql_where=sa.text("idempotency_key IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {BY_EMAIL}")
        op.create_index(
            BY_EMAIL,
            "vouchers",
            ["email"],
            postgresql_where=sa.text("email IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade():
    op.drop_index(BY_EMAIL, table_name="vouchers")
    op.drop_index(INDEX, table_name="vouchers")
    op.drop_column("vouchers", "fingerprint")
    op.drop_column("vouchers", "idempotency_key")
