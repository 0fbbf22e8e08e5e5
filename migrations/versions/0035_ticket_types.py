"""An event sells tickets of several types.

Revision ID: 0035
Revises: 0034
Create Date: 2026-11-28 05:40:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

OF_ITS_EVENT = "fk_bookings_ticket_type"


def upgrade():
    # Events first, as those who book lock them. What comes before the last constraint's check may
    # have been done by an attempt that broke off.
    op.create_table(
        "ticket_types",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("description", sa.String(300), server_default="", nullable=False),
        sa.Column("price_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quota", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sales_open_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sales_close_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("min_per_order", sa.Integer(), server_default="1", nullable=False),
        sa.Column("max_per_order", sa.Integer(), nullable=True),
        flag("hidden"),
        flag("withdrawn"),
        flag("is_default"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        check("taken >= 0 AND (quota IS NULL OR taken <= quota)", "taken_within_quota"),
        check("quota BETWEEN 1 AND 10000000", "quota_in_range"),
        check("price_minor >= 0", "price_not_negative"),
        check("sales_close_at > sales_open_at", "sales_close_after_open"),
        check(
            "min_per_order BETWEEN 1 AND 1000 AND max_per_order BETWEEN min_per_order AND 1000",
            "per_order_in_range",
        ),
        check("length(btrim(name)) > 0", "name_not_blank"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_ticket_types_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_types")),
        sa.UniqueConstraint("event_id", "id", name=op.f("uq_ticket_types_event_id_id")),
        if_not_exists=True,
    )
    op.create_index(
        "uq_ticket_types_event_id_name",
        "ticket_types",
        ["event_id", sa.text("lower(name)")],
        unique=True,
        if_not_exists=True,
    )
    op.create_index(
        "uq_ticket_types_event_id_default",
        "ticket_types",
        ["event_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
        if_not_exists=True,
    )
    # A constant default rewrites no row.
    op.add_column("events", flag("has_types"), if_not_exists=True)
    op.add_column(
        "events", sa.Column("highest_price_minor", sa.Integer(), nullable=True), if_not_exists=True
    )
    op.add_column(
        "bookings", sa.Column("ticket_type_id", sa.BigInteger(), nullable=True), if_not_exists=True
    )
    op.add_column(
        "bookings", sa.Column("order_reference", sa.String(20), nullable=True), if_not_exists=True
    )
    op.execute(f"ALTER TABLE bookings DROP CONSTRAINT IF EXISTS {OF_ITS_EVENT}")
    op.execute(
        f"ALTER TABLE bookings ADD CONSTRAINT {OF_ITS_EVENT} "
        "FOREIGN KEY (event_id, ticket_type_id) REFERENCES ticket_types (event_id, id) "
        "ON DELETE RESTRICT NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE bookings VALIDATE CONSTRAINT {OF_ITS_EVENT}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_order_reference")
        op.create_index(
            "ix_bookings_order_reference",
            "bookings",
            ["order_reference"],
            postgresql_where=sa.text("order_reference IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade():
    op.drop_index("ix_bookings_order_reference", table_name="bookings")
    op.drop_constraint(OF_ITS_EVENT, "bookings", type_="foreignkey")
    op.drop_column("bookings", "order_reference")
    op.drop_column("bookings", "ticket_type_id")
    op.drop_column("events", "highest_price_minor")
    op.drop_column("events", "has_types")
    op.drop_table("ticket_types")


def flag(name):
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def check(condition, name):
    return sa.CheckConstraint(condition, name=op.f(f"ck_ticket_types_{name}"))
