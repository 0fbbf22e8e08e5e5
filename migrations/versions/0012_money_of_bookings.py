"""A booking keeps its currency, and an event says how it is paid.

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-26 14:15:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    # Null for bookings made so far, and by a version that is still running: those have the event's
    # currency, which can't change once anything was booked.
    # Each table by itself: bookings lock events first, so who holds one and waits for the other
    # deadlocks with them.
    with op.get_context().autocommit_block():
        currency = sa.Column("currency", sa.String(3), nullable=True)
        op.add_column("bookings", currency, if_not_exists=True)
    note = sa.Column("payment_note", sa.String(200), server_default="", nullable=False)
    op.add_column("events", note, if_not_exists=True)


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_column("events", "payment_note", if_exists=True)
    op.drop_column("bookings", "currency")
