"""Payments by providers: the page where they are paid, and what the providers tell of them.

Revision ID: 0040
Revises: 0039
Create Date: 2026-11-28 10:00:00

"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

PROVIDERS = "ck_payments_provider_known"
BEFORE = "provider IN ('transfer', 'upi', 'door')"
AFTER = "provider IN ('transfer', 'upi', 'door', 'stripe', 'razorpay')"


def timestamp(name, nullable=True, **options):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, **options)


def upgrade():
    # What comes before the last constraint's check may have been done by an attempt that broke off.
    op.create_table(
        "provider_events",
        sa.Column("provider", sa.String(12), nullable=False),
        sa.Column("event_id", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("body", JSONB(), nullable=True),
        timestamp("received_at", nullable=False, server_default=sa.text("now()")),
        timestamp("due_at", nullable=False, server_default=sa.text("now()")),
        timestamp("worked_at"),
        sa.Column("outcome", sa.String(12), nullable=True),
        sa.CheckConstraint(
            "provider IN ('stripe', 'razorpay')", name=op.f("ck_provider_events_provider_known")
        ),
        sa.CheckConstraint(
            "outcome IN ('nothing', 'paid', 'owed', 'closed', 'unknown')",
            name=op.f("ck_provider_events_outcome_known"),
        ),
        sa.CheckConstraint(
            "(worked_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_provider_events_outcome_when_worked"),
        ),
        sa.PrimaryKeyConstraint("provider", "event_id", name=op.f("pk_provider_events")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_provider_events_due_at",
        "provider_events",
        ["due_at"],
        postgresql_where=sa.text("worked_at IS NULL"),
        if_not_exists=True,
    )
    op.add_column("payments", sa.Column("page", sa.String(255)), if_not_exists=True)
    op.add_column("payments", timestamp("ask_at"), if_not_exists=True)
    op.execute(f"ALTER TABLE payments DROP CONSTRAINT IF EXISTS {PROVIDERS}")
    op.execute(f"ALTER TABLE payments ADD CONSTRAINT {PROVIDERS} CHECK ({AFTER}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE payments VALIDATE CONSTRAINT {PROVIDERS}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_payments_provider_page")
        op.create_index(
            "uq_payments_provider_page",
            "payments",
            ["provider", "page"],
            unique=True,
            postgresql_where=sa.text("page IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_payments_ask_at")
        op.create_index(
            "ix_payments_ask_at",
            "payments",
            ["ask_at"],
            postgresql_where=sa.text("ask_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade():
    op.drop_index("ix_payments_ask_at", table_name="payments")
    op.drop_index("uq_payments_provider_page", table_name="payments")
    op.drop_constraint(op.f(PROVIDERS), "payments", type_="check")
    op.create_check_constraint(op.f(PROVIDERS), "payments", BEFORE)
    op.drop_column("payments", "ask_at")
    op.drop_column("payments", "page")
    op.drop_table("provider_events")
