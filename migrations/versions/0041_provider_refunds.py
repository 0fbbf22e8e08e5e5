"""Refunds that a provider pays back: how often it was asked, and what it said.

Revision ID: 0041
Revises: 0040
Create Date: 2026-11-28 10:10:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade():
    tries = sa.Column("tries", sa.Integer(), server_default="0", nullable=False)
    op.add_column("refunds", tries, if_not_exists=True)
    op.add_column("refunds", sa.Column("try_at", sa.DateTime(timezone=True)), if_not_exists=True)
    op.add_column("refunds", sa.Column("refusal", sa.String(200)), if_not_exists=True)
    op.add_column("refunds", sa.Column("provider_ref", sa.String(60)), if_not_exists=True)


def downgrade():
    for column in ("provider_ref", "refusal", "try_at", "tries"):
        op.drop_column("refunds", column)
