"""Organisers write to an event's guests, and guests are reminded the day before.

Revision ID: 0026
Revises: 0025
Create Date: 2026-11-26 19:45:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

KINDS = "'booked', 'given_back', 'event_changed', 'event_cancelled'"


def upgrade():
    # Each table by itself, as in 0024; what comes before may have been done by an attempt that
    # broke off.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        reminds = sa.Column("reminds_guests", sa.Boolean(), server_default=sa.false(), nullable=False)
        op.add_column("mails", sa.Column("guest_message_id", sa.BigInteger()), if_not_exists=True)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_mails_guest_message_id")
        op.create_index(
            "ix_mails_guest_message_id",
            "mails",
            ["guest_message_id"],
            postgresql_where=sa.text("guest_message_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("SET lock_timeout = '5s'")
        op.add_column("events", reminds, if_not_exists=True)
    _allow(f"{KINDS}, 'message', 'reminder'")
    op.create_table(
        "guest_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(150), nullable=False),
        sa.Column("body", sa.String(5000), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_guest_messages"),
    )
    op.create_index("uq_guest_messages_token", "guest_messages", ["token"], unique=True)
    op.create_index("ix_guest_messages_event_id", "guest_messages", ["event_id"])
    op.create_table(
        "reminders",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "start_at", name="pk_reminders"),
    )


def _allow(kinds):
    op.execute("ALTER TABLE journal_entries DROP CONSTRAINT IF EXISTS ck_journal_entries_kind_known")
    op.execute(
        "ALTER TABLE journal_entries ADD CONSTRAINT ck_journal_entries_kind_known "
        f"CHECK (kind IN ({kinds})) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE journal_entries VALIDATE CONSTRAINT ck_journal_entries_kind_known")


def downgrade():
    op.drop_table("reminders")
    op.drop_table("guest_messages")
    op.execute("DELETE FROM journal_entries WHERE kind IN ('message', 'reminder')")
    _allow(KINDS)
    with op.get_context().autocommit_block():
        op.drop_index("ix_mails_guest_message_id", "mails", if_exists=True)
        op.drop_column("mails", "guest_message_id", if_exists=True)
        op.drop_column("events", "reminds_guests", if_exists=True)
