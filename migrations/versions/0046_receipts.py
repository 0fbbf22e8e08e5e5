"""Receipts of payments and credit notes of refunds, and the taxes of events.

Revision ID: 0046
Revises: 0045
Create Date: 2026-11-28 12:10:00

"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

RATE = "ck_events_tax_rate_in_range"


def column(name, kind=None, nullable=False, **options):
    return sa.Column(name, kind or sa.BigInteger(), nullable=nullable, **options)


def timestamp(name):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def to(name, target, key="id"):
    return sa.ForeignKeyConstraint(
        [name], [f"{target}.{key}"], name=op.f(f"fk_receipts_{name}"), ondelete="RESTRICT"
    )


def check(table, name, condition):
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def index(name, columns, unique=False, where=None):
    where = sa.text(where) if where else None
    op.create_index(
        name, "receipts", columns, unique=unique, postgresql_where=where, if_not_exists=True
    )


def upgrade():
    # What comes before the last constraint's check may have been done by an attempt that broke off.
    op.create_table(
        "receipt_series",
        column("name", sa.String(10)),
        column("last"),
        timestamp("last_at"),
        check("receipt_series", "last_not_negative", "last >= 0"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_receipt_series")),
        if_not_exists=True,
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        column("series", sa.String(10)),
        column("number"),
        column("payment_id"),
        column("refund_id", nullable=True),
        column("user_id"),
        column("event_id"),
        column("buyer_name", sa.String(100), server_default=""),
        column("buyer_email", sa.String(254), server_default=""),
        timestamp("issued_at"),
        column("amount_minor"),
        column("tax_minor"),
        column("currency", sa.String(3)),
        column("facts", JSONB()),
        check("receipts", "number_positive", "number >= 1"),
        check("receipts", "amount_positive", "amount_minor > 0"),
        check("receipts", "tax_not_negative", "tax_minor >= 0"),
        to("series", "receipt_series", "name"),
        to("payment_id", "payments"),
        to("refund_id", "refunds"),
        to("user_id", "users"),
        to("event_id", "events"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        if_not_exists=True,
    )
    index("uq_receipts_series_number", ["series", "number"], unique=True)
    index("uq_receipts_payment_id", ["payment_id"], unique=True, where="refund_id IS NULL")
    index("ix_receipts_payment_id", ["payment_id"])
    index("uq_receipts_refund_id", ["refund_id"], unique=True)
    index("ix_receipts_user_id", ["user_id"])
    index("ix_receipts_event_id_id", ["event_id", "id"])
    index("ix_receipts_issued_at_id", ["issued_at", "id"])
    awaits = {"type_": sa.Boolean(), "nullable": False, "server_default": sa.true()}
    op.add_column("payments", sa.Column("awaits_receipt", **awaits), if_not_exists=True)
    op.add_column("payments", sa.Column("seats_paid", JSONB()), if_not_exists=True)
    op.add_column("refunds", sa.Column("awaits_credit_note", **awaits), if_not_exists=True)
    op.add_column("events", sa.Column("tax_bp", sa.Integer()), if_not_exists=True)
    op.add_column("events", sa.Column("tax_place", sa.String(2)), if_not_exists=True)
    op.execute(f"ALTER TABLE events DROP CONSTRAINT IF EXISTS {RATE}")
    op.execute(
        f"ALTER TABLE events ADD CONSTRAINT {RATE} CHECK (tax_bp BETWEEN 0 AND 9999) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE events VALIDATE CONSTRAINT {RATE}")
        for table, name, at, state in (
            ("payments", "awaits_receipt", "paid_at", "PAID"),
            ("refunds", "awaits_credit_note", "done_at", "PAID_BACK"),
        ):
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_{name}")
            op.create_index(
                f"ix_{table}_{name}",
                table,
                [at, "id"],
                postgresql_where=sa.text(f"{name} AND state = '{state}'"),
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade():
    op.drop_index("ix_payments_awaits_receipt", "payments")
    op.drop_index("ix_refunds_awaits_credit_note", "refunds")
    op.drop_constraint(RATE, "events")
    op.drop_column("events", "tax_place")
    op.drop_column("events", "tax_bp")
    op.drop_column("refunds", "awaits_credit_note")
    op.drop_column("payments", "seats_paid")
    op.drop_column("payments", "awaits_receipt")
    op.drop_table("receipts")
    op.drop_table("receipt_series")
