"""An event says whether it has vouchers, so that its page offers to type a code.

Revision ID: 0039
Revises: 0038
Create Date: 2026-11-28 09:55:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade():
    # A constant default rewrites no row.
    op.add_column(
        "events",
        sa.Column("has_vouchers", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        if_not_exists=True,
    )
    op.execute("UPDATE events SET has_vouchers = true WHERE id IN (SELECT event_id FROM vouchers)")


def downgrade():
    op.drop_column("events", "has_vouchers")
