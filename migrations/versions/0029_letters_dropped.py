"""Count to whom a letter to all guests was not sent, since they gave their seats back before.

Revision ID: 0029
Revises: 0026
Create Date: 2026-11-27 01:55:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0029"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade():
    # A constant default rewrites no row.
    op.add_column(
        "guest_messages", sa.Column("dropped", sa.Integer(), server_default="0", nullable=False)
    )


def downgrade():
    op.drop_column("guest_messages", "dropped")
