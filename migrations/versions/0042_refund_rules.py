"""The organiser's rule of how much comes back on cancelling, and what was kept by it.

Revision ID: 0042
Revises: 0041
Create Date: 2026-11-28 12:10:00

"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def to(table, column, target):
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT"
    )


def upgrade():
    op.add_column("events", sa.Column("refund_rule", JSONB(), nullable=True), if_not_exists=True)
    op.create_table(
        "refund_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("steps", JSONB(), nullable=True),
        sa.Column("stood_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_booking_id", sa.BigInteger(), nullable=False),
        to("refund_rules", "event_id", "events"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_rules")),
        if_not_exists=True,
    )
    op.create_index("ix_refund_rules_event_id", "refund_rules", ["event_id"], if_not_exists=True)
    op.create_table(
        "kept_amounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_kept_amounts_amount_positive")),
        to("kept_amounts", "payment_id", "payments"),
        to("kept_amounts", "booking_id", "bookings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_amounts")),
        if_not_exists=True,
    )
    op.create_index(
        "uq_kept_amounts_booking_id",
        "kept_amounts",
        ["booking_id"],
        unique=True,
        if_not_exists=True,
    )
    op.create_index(
        "ix_kept_amounts_payment_id", "kept_amounts", ["payment_id"], if_not_exists=True
    )


def downgrade():
    op.drop_table("kept_amounts")
    op.drop_table("refund_rules")
    op.drop_column("events", "refund_rule")
