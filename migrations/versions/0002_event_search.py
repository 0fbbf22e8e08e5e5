"""Events are found by their words, mistakes forgiven.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-22 23:30:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TITLES = "name || ' ' || venue || ' ' || city || ' ' || category"
WORDS = f"to_tsvector('simple'::regconfig, {TITLES} || ' ' || description)"


def upgrade():
    # A trusted extension: the database's owner may install it.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_index("ix_events_words", "events", [sa.text(f"({WORDS})")], postgresql_using="gin")
    op.create_index(
        "ix_events_titles", "events", [sa.text(f"({TITLES}) gin_trgm_ops")], postgresql_using="gin"
    )


def downgrade():
    op.drop_index("ix_events_titles", table_name="events")
    op.drop_index("ix_events_words", table_name="events")
    op.execute("DROP EXTENSION IF EXISTS pg_trgm")
