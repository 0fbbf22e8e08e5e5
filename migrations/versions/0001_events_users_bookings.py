"""Events, users, bookings, sign-ins, API tokens.

Revision ID: 0001
Revises:
Create Date: 2026-11-22 19:00:36.120685

"""

from alembic import op
import sqlalchemy as sa


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():

    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("venue", sa.String(length=200), server_default="", nullable=False),
        sa.Column("address", sa.String(length=300), server_default="", nullable=False),
        sa.Column("city", sa.String(length=100), server_default="", nullable=False),
        sa.Column("category", sa.String(length=60), server_default="", nullable=False),
        sa.Column("description", sa.String(length=20000), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(length=64), server_default="Asia/Kolkata", nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("seats_available", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("currency", sa.String(length=3), server_default="INR", nullable=False),
        sa.Column("max_per_person", sa.Integer(), nullable=True),
        sa.Column("sales_open_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sales_close_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=12), server_default="published", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'cancelled')", name=op.f("ck_events_status_known")
        ),
        sa.CheckConstraint(
            "capacity BETWEEN 1 AND 10000000", name=op.f("ck_events_capacity_in_range")
        ),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_events_ends_after_start")),
        sa.CheckConstraint("length(btrim(name)) > 0", name=op.f("ck_events_name_not_blank")),
        sa.CheckConstraint("max_per_person >= 1", name=op.f("ck_events_max_per_person_positive")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_events_price_not_negative")),
        sa.CheckConstraint(
            "sales_close_at > sales_open_at", name=op.f("ck_events_sales_close_after_open")
        ),
        sa.CheckConstraint(
            "seats_available <= capacity", name=op.f("ck_events_seats_within_capacity")
        ),
        sa.CheckConstraint("seats_available >= 0", name=op.f("ck_events_seats_not_negative")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_events_version_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_events_start_at_id",
            ["start_at", "id"],
            unique=False,
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("email <> ''", name=op.f("ck_users_email_not_blank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index("uq_users_email", [sa.literal_column("lower(email)")], unique=True)

    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index("ix_api_tokens_user_id", ["user_id"], unique=False)
        batch_op.create_index("uq_api_tokens_token_digest", ["token_digest"], unique=True)

    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("status", sa.String(length=12), server_default="CONFIRMED", nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'CANCELLED') = (cancelled_at IS NOT NULL)",
            name=op.f("ck_bookings_cancelled_when_cancelled"),
        ),
        sa.CheckConstraint(
            "status IN ('CONFIRMED', 'CANCELLED')", name=op.f("ck_bookings_status_known")
        ),
        sa.CheckConstraint(
            "(idempotency_key IS NULL) = (fingerprint IS NULL)",
            name=op.f("ck_bookings_fingerprint_with_key"),
        ),
        sa.CheckConstraint("seats BETWEEN 1 AND 1000", name=op.f("ck_bookings_seats_in_range")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_bookings_event_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_bookings_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
    )
    with op.batch_alter_table("bookings", schema=None) as batch_op:
        batch_op.create_index(
            "ix_bookings_confirmed",
            ["event_id", "user_id"],
            unique=False,
            postgresql_include=["seats"],
            postgresql_where=sa.text("status = 'CONFIRMED'"),
        )
        batch_op.create_index("ix_bookings_created_at", ["created_at"], unique=False)
        batch_op.create_index("ix_bookings_event_id_id", ["event_id", "id"], unique=False)
        batch_op.create_index("ix_bookings_user_id_id", ["user_id", "id"], unique=False)
        batch_op.create_index("uq_bookings_reference", ["reference"], unique=True)
        batch_op.create_index(
            "uq_bookings_user_id_idempotency_key",
            ["user_id", "idempotency_key"],
            unique=True,
            postgresql_where=sa.text("idempotency_key IS NOT NULL"),
        )

    op.create_table(
        "sign_ins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("admin_key_digest", sa.String(length=64), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (admin_key_digest IS NULL)",
            name=op.f("ck_sign_ins_user_or_organiser"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index("ix_sign_ins_expires_at", ["expires_at"], unique=False)
        batch_op.create_index("ix_sign_ins_user_id", ["user_id"], unique=False)
        batch_op.create_index("uq_sign_ins_token_digest", ["token_digest"], unique=True)


def downgrade():

    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.drop_index("uq_sign_ins_token_digest")
        batch_op.drop_index("ix_sign_ins_user_id")
        batch_op.drop_index("ix_sign_ins_expires_at")

    op.drop_table("sign_ins")
    with op.batch_alter_table("bookings", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_bookings_user_id_idempotency_key",
            postgresql_where=sa.text("idempotency_key IS NOT NULL"),
        )
        batch_op.drop_index("uq_bookings_reference")
        batch_op.drop_index("ix_bookings_user_id_id")
        batch_op.drop_index("ix_bookings_event_id_id")
        batch_op.drop_index("ix_bookings_created_at")
        batch_op.drop_index(
            "ix_bookings_confirmed",
            postgresql_include=["seats"],
            postgresql_where=sa.text("status = 'CONFIRMED'"),
        )

    op.drop_table("bookings")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index("uq_api_tokens_token_digest")
        batch_op.drop_index("ix_api_tokens_user_id")

    op.drop_table("api_tokens")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index("uq_users_email")

    op.drop_table("users")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_start_at_id", postgresql_where=sa.text("deleted_at IS NULL"))

    op.drop_table("events")
