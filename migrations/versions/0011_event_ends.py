"""An event is over at its end, and a calendar's entry says which version it is.

Revision ID: 0011
Revises: 0013
Create Date: 2026-11-26 14:15:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0011"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    # By itself, and first: it waits for whoever is at work, however long, and nobody waits for it.
    # What an attempt that broke off has left is no index.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_events_end_at")
        op.create_index(
            "ix_events_end_at",
            "events",
            ["end_at"],
            postgresql_where=sa.text("deleted_at IS NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("SET lock_timeout = '5s'")
    column = sa.Column("calendar_sequence", sa.Integer(), server_default="0", nullable=False)
    op.add_column("events", column, if_not_exists=True)


def downgrade():
    op.drop_column("events", "calendar_sequence")
    op.drop_index("ix_events_end_at", table_name="events")
