"""Waiting rooms: a proof of work for joining.

Revision ID: 0051
Revises: 0050
Create Date: 2026-11-28 15:30:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None
RULE = "ck_waiting_rooms_proof_seconds_in_range"


def upgrade():
    # What comes before the check may have been done by an attempt that broke off.
    seconds = sa.Column("proof_seconds", sa.Integer(), server_default="0", nullable=False)
    op.add_column("waiting_rooms", seconds, if_not_exists=True)
    op.execute(f"ALTER TABLE waiting_rooms DROP CONSTRAINT IF EXISTS {RULE}")
    check = "CHECK (proof_seconds BETWEEN 0 AND 30)"
    op.execute(f"ALTER TABLE waiting_rooms ADD CONSTRAINT {RULE} {check} NOT VALID")
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE waiting_rooms VALIDATE CONSTRAINT {RULE}")


def downgrade():
    op.drop_column("waiting_rooms", "proof_seconds")
