"""Sums of sales tell takings, and whose midnight ended their days.

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-23 05:05:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    # The days summed so far ended by UTC and tell no takings: the site sums them anew, as it does
    # whenever its time zone is another.
    for name in ("takings", "takings_back"):
        column = sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
        op.add_column("sales_days", column)
    zone = sa.Column("time_zone", sa.String(64), server_default="", nullable=False)
    op.add_column("summed_days", zone)


def downgrade():
    op.drop_column("summed_days", "time_zone")
    op.drop_column("sales_days", "takings_back")
    op.drop_column("sales_days", "takings")
