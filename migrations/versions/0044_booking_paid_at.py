"""When a payment brought a booking its seats.

Revision ID: 0044
Revises: 0043
Create Date: 2026-11-28 12:20:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

PAID = """
    WITH RECURSIVE came AS (
        SELECT f.reference, f.event_id, p.paid_at FROM payments p
        JOIN bookings f ON f.id = p.booking_id
        WHERE p.state = 'PAID' AND NOT EXISTS (
            SELECT 1 FROM refunds r WHERE r.payment_id = p.id AND r.booking_id IS NULL
        )
    ), paid AS (
        SELECT b.id, c.paid_at FROM came c JOIN bookings b ON b.reference = c.reference
        UNION
        SELECT b.id, c.paid_at FROM came c JOIN bookings b ON b.order_reference = c.reference
        UNION
        SELECT g.booking_id, paid.paid_at FROM paid JOIN gifts g ON g.from_id = paid.id
    ), parts AS (
        SELECT b.id, paid.paid_at FROM paid JOIN bookings b ON b.part_of = paid.id
        UNION ALL SELECT id, paid_at FROM paid
    )
    UPDATE bookings SET paid_at = parts.paid_at FROM parts
    WHERE bookings.id = parts.id AND bookings.reserved_until IS NULL
"""


def upgrade():
    paid_at = sa.Column("paid_at", sa.DateTime(timezone=True))
    op.add_column("bookings", paid_at, if_not_exists=True)
    op.execute(PAID)


def downgrade():
    op.drop_column("bookings", "paid_at")
