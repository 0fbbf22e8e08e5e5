"""An organiser may pause an event's sales, and go on.

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-23 02:45:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "events",
        sa.Column("sales_paused", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade():
    op.drop_column("events", "sales_paused")
