"""Staff keys may expire, be limited to events, and show a viewer guests' emails.

Revision ID: 0015
Revises: 0012
Create Date: 2026-11-26 14:30:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    # Viewers' keys that exist see no emails from now on: an owner allows it with a new key.
    allowed = sa.Column("sees_emails", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("staff_keys", allowed)
    op.add_column("staff_keys", sa.Column("event_ids", sa.ARRAY(sa.BigInteger())))
    op.add_column("staff_keys", sa.Column("expires_at", sa.DateTime(timezone=True)))


def downgrade():
    # Without its limits a key would open more than it may.
    op.execute(
        "UPDATE staff_keys SET revoked_at = coalesce(revoked_at, now()) "
        "WHERE event_ids IS NOT NULL OR expires_at IS NOT NULL"
    )
    for name in ("expires_at", "event_ids", "sees_emails"):
        op.drop_column("staff_keys", name)
