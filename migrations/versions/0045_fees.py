"""Fees: of an event's seats, and the part of a booking's price that is one.

Revision ID: 0045
Revises: 0044
Create Date: 2026-11-28 12:20:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

RULES = {
    "events": (
        "ck_events_fee_in_range",
        "fee_minor BETWEEN 0 AND 2000000000 AND fee_basis_points BETWEEN 0 AND 10000",
    ),
    "bookings": ("ck_bookings_fee_within_price", "fee_minor BETWEEN 0 AND price_minor"),
}


def upgrade():
    # What comes before the last constraint's check may have been done by an attempt that broke off.
    for table, name in (
        ("events", "fee_minor"),
        ("events", "fee_basis_points"),
        ("bookings", "fee_minor"),
    ):
        column = sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        op.add_column(table, column, if_not_exists=True)
    included = sa.Column(
        "fee_included", sa.Boolean(), server_default=sa.text("false"), nullable=False
    )
    op.add_column("events", included, if_not_exists=True)
    for table, (name, rule) in RULES.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID")
    with op.get_context().autocommit_block():
        for table, (name, _rule) in RULES.items():
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def downgrade():
    op.drop_column("bookings", "fee_minor")
    for column in ("fee_included", "fee_basis_points", "fee_minor"):
        op.drop_column("events", column)
