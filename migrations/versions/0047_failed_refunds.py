"""What a provider calls a refund that did not arrive.

Revision ID: 0047
Revises: 0046
Create Date: 2026-11-28 12:40:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("refunds", sa.Column("failed_ref", sa.String(60)), if_not_exists=True)


def downgrade():
    op.drop_column("refunds", "failed_ref")
