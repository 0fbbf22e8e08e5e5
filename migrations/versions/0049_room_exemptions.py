"""Waiting rooms: what staff has booked past them.

Revision ID: 0049
Revises: 0048
Create Date: 2026-11-28 15:10:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None
COUNTS = ("exempt_orders", "exempt_seats")


def upgrade():
    for name in COUNTS:
        count = sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
        op.add_column("waiting_rooms", count, if_not_exists=True)


def downgrade():
    for name in COUNTS:
        op.drop_column("waiting_rooms", name)
