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
    op.add_column("users", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("bookings", sa.Column("part_of", sa.BigInteger(), nullable=True))
    # Checked apart, so that bookings wait for nothing longer than a moment.
    op.execute(
        "ALTER TABLE bookings ADD CONSTRAINT fk_bookings_part_of FOREIGN KEY (part_of) "
        "REFERENCES bookings (id) ON DELETE RESTRICT NOT VALID"
    )
    op.execute("ALTER TABLE bookings VALIDATE CONSTRAINT fk_bookings_part_of")


def downgrade():
    op.drop_constraint("fk_bookings_part_of", "bookings", type_="foreignkey")
    op.drop_column("bookings", "part_of")
    op.drop_column("users", "deleted_at")
