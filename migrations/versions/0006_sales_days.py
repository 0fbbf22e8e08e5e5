"""Sales by day and event, summed once a day is over, so that figures of years are quick.

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-23 02:40:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    # By itself, and first: it waits for whoever is at work, however long, and nobody waits for it.
    # What an attempt that broke off has left is no index.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_cancelled_at")
        op.create_index(
            "ix_bookings_cancelled_at",
            "bookings",
            ["cancelled_at"],
            postgresql_where=sa.text("cancelled_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("SET lock_timeout = '5s'")
    op.create_table(
        "sales_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("cancellations", sa.Integer(), nullable=False),
        sa.Column("seats_back", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "event_id", name="pk_sales_days"),
    )
    op.create_table(
        "summed_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_summed_days"),
    )


def downgrade():
    op.drop_index("ix_bookings_cancelled_at", table_name="bookings")
    op.drop_table("summed_days")
    op.drop_table("sales_days")
