"""Payments of reserved orders, and what of them is owed back.

Revision ID: 0037
Revises: 0036
Create Date: 2026-11-28 09:10:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def timestamp(name, nullable=True, **options):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, **options)


def to(table, column, target):
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT"
    )


def check(table, name, condition):
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade():
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(12), nullable=False),
        sa.Column("provider_ref", sa.String(60), nullable=True),
        sa.Column("bank_reference", sa.String(60), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(12), server_default="PENDING", nullable=False),
        timestamp("created_at", nullable=False, server_default=sa.text("now()")),
        timestamp("paid_at"),
        sa.Column("marked_by", sa.String(60), nullable=True),
        check("payments", "provider_known", "provider IN ('transfer', 'upi', 'door')"),
        check("payments", "state_known", "state IN ('PENDING', 'PAID')"),
        check("payments", "amount_positive", "amount_minor > 0"),
        check("payments", "paid_when_paid", "(state = 'PAID') = (paid_at IS NOT NULL)"),
        to("payments", "booking_id", "bookings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        if_not_exists=True,
    )
    for column in ("provider_ref", "bank_reference"):
        op.create_index(
            f"uq_payments_provider_{column}",
            "payments",
            ["provider", column],
            unique=True,
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
            if_not_exists=True,
        )
    op.create_index(
        "uq_payments_booking_id_provider",
        "payments",
        ["booking_id", "provider"],
        unique=True,
        postgresql_where=sa.text("state = 'PENDING'"),
        if_not_exists=True,
    )
    op.create_index("ix_payments_booking_id", "payments", ["booking_id"], if_not_exists=True)
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(12), server_default="OWED", nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        timestamp("created_at", nullable=False, server_default=sa.text("now()")),
        timestamp("done_at"),
        sa.Column("done_by", sa.String(60), nullable=True),
        check("refunds", "state_known", "state IN ('OWED', 'PAID_BACK')"),
        check(
            "refunds",
            "reason_known",
            "reason IN ('late', 'twice', 'wrong_amount', 'cancelled', 'event_cancelled')",
        ),
        check("refunds", "amount_positive", "amount_minor > 0"),
        check("refunds", "done_when_paid_back", "(state = 'PAID_BACK') = (done_at IS NOT NULL)"),
        to("refunds", "booking_id", "bookings"),
        to("refunds", "payment_id", "payments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        if_not_exists=True,
    )
    op.create_index(
        "uq_refunds_payment_id_booking_id",
        "refunds",
        ["payment_id", "booking_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        if_not_exists=True,
    )
    op.create_index("ix_refunds_booking_id", "refunds", ["booking_id"], if_not_exists=True)
    op.create_index(
        "ix_refunds_owed",
        "refunds",
        ["id"],
        postgresql_where=sa.text("state = 'OWED'"),
        if_not_exists=True,
    )


def downgrade():
    op.drop_table("refunds")
    op.drop_table("payments")
