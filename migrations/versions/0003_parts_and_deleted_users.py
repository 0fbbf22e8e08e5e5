"""Bookings given back in part, and users who left.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-23 01:15:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    # Checked apart, when the lock is gone, so that bookings wait for no longer than a moment. What
    # comes before may then have been done already, by an attempt that broke off.
    moment = sa.DateTime(timezone=True)
    op.add_column("users", sa.Column("deleted_at", moment, nullable=True), if_not_exists=True)
    part_of = sa.Column("part_of", sa.BigInteger(), nullable=True)
    op.add_column("bookings", part_of, if_not_exists=True)
    op.execute("ALTER TABLE bookings DROP CONSTRAINT IF EXISTS fk_bookings_part_of")
    op.execute(
        "ALTER TABLE bookings ADD CONSTRAINT fk_bookings_part_of FOREIGN KEY (part_of) "
        "REFERENCES bookings (id) ON DELETE RESTRICT NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE bookings VALIDATE CONSTRAINT fk_bookings_part_of")


def downgrade():
    op.drop_constraint("fk_bookings_part_of", "bookings", type_="foreignkey")
    op.drop_column("bookings", "part_of")
    op.drop_column("users", "deleted_at")
