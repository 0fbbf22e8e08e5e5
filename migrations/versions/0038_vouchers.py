"""Vouchers: codes that change what an event sells to whoever types them.

Revision ID: 0038
Revises: 0037
Create Date: 2026-11-28 09:40:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

OF_ITS_EVENT = "fk_bookings_voucher"
WITH_VOUCHER = "ck_bookings_voucher_order_with_voucher"


def upgrade():
    # What comes before the last constraint's check may have been done by an attempt that broke off.
    op.create_table(
        "vouchers",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("code_key", sa.String(30), nullable=False),
        sa.Column("max_uses", sa.Integer(), server_default="1", nullable=False),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("ticket_type_id", sa.BigInteger(), nullable=True),
        sa.Column("price_effect", sa.String(12), nullable=True),
        sa.Column("price_value", sa.Integer(), nullable=True),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(200), server_default="", nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        check("used >= 0 AND used <= max_uses", "used_within_max"),
        check("max_uses BETWEEN 1 AND 1000000", "max_uses_in_range"),
        check("code_key ~ '^[0-9A-Z]{4,30}$'", "code_key_spelt"),
        check(
            "price_effect IN ('amount_off', 'percent_off', 'fixed_price')", "price_effect_known"
        ),
        check(
            "(price_effect IS NULL) = (price_value IS NULL)"
            " AND price_value BETWEEN 0 AND 2000000000"
            " AND (price_effect <> 'percent_off' OR price_value BETWEEN 1 AND 100)",
            "price_value_in_range",
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_vouchers_event_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["hold_id"], ["holds.id"], name=op.f("fk_vouchers_hold_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["event_id", "ticket_type_id"],
            ["ticket_types.event_id", "ticket_types.id"],
            name="fk_vouchers_ticket_type",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers")),
        sa.UniqueConstraint("event_id", "id", name=op.f("uq_vouchers_event_id_id")),
        sa.UniqueConstraint("event_id", "code_key", name=op.f("uq_vouchers_event_id_code_key")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_vouchers_hold_id",
        "vouchers",
        ["hold_id"],
        postgresql_where=sa.text("hold_id IS NOT NULL"),
        if_not_exists=True,
    )
    op.add_column(
        "bookings", sa.Column("voucher_id", sa.BigInteger(), nullable=True), if_not_exists=True
    )
    op.add_column(
        "bookings", sa.Column("voucher_order", sa.String(20), nullable=True), if_not_exists=True
    )
    op.execute(f"ALTER TABLE bookings DROP CONSTRAINT IF EXISTS {OF_ITS_EVENT}")
    op.execute(f"ALTER TABLE bookings DROP CONSTRAINT IF EXISTS {WITH_VOUCHER}")
    op.execute(
        f"ALTER TABLE bookings ADD CONSTRAINT {OF_ITS_EVENT} "
        "FOREIGN KEY (event_id, voucher_id) REFERENCES vouchers (event_id, id) "
        "ON DELETE RESTRICT NOT VALID"
    )
    op.execute(
        f"ALTER TABLE bookings ADD CONSTRAINT {WITH_VOUCHER} "
        "CHECK ((voucher_id IS NULL) = (voucher_order IS NULL)) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE bookings VALIDATE CONSTRAINT {OF_ITS_EVENT}")
        op.execute(f"ALTER TABLE bookings VALIDATE CONSTRAINT {WITH_VOUCHER}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_voucher")
        op.create_index(
            "ix_bookings_voucher",
            "bookings",
            ["voucher_id", "voucher_order"],
            postgresql_where=sa.text("voucher_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade():
    op.drop_index("ix_bookings_voucher", table_name="bookings")
    op.drop_constraint(WITH_VOUCHER, "bookings")
    op.drop_constraint(OF_ITS_EVENT, "bookings", type_="foreignkey")
    op.drop_column("bookings", "voucher_order")
    op.drop_column("bookings", "voucher_id")
    op.drop_table("vouchers")


def check(condition, name):
    return sa.CheckConstraint(condition, name=op.f(f"ck_vouchers_{name}"))
