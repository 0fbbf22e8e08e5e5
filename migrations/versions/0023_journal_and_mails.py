"""The journal of what people are to be told, and the mails that tell them.

Revision ID: 0023
Revises: 0022
Create Date: 2026-11-26 19:00:00

"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def moment(name, **options):
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def upgrade():
    now = {"server_default": sa.func.now(), "nullable": False}
    nothing = {"server_default": sa.text("'{}'"), "nullable": False}
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        moment("at", **now),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("event_id", sa.BigInteger()),
        sa.Column("booking_ids", sa.ARRAY(sa.BigInteger()), **nothing),
        sa.Column("facts", postgresql.JSONB(), **nothing),
        sa.CheckConstraint(
            "kind IN ('booked', 'given_back', 'event_changed', 'event_cancelled')",
            name=op.f("ck_journal_entries_kind_known"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_journal_entries"),
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("letter", sa.String(40), nullable=False),
        sa.Column("bulk", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("locale", sa.String(20), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("booking_id", sa.BigInteger()),
        sa.Column("event_id", sa.BigInteger()),
        sa.Column("facts", postgresql.JSONB(), **nothing),
        sa.Column("message_id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("state", sa.String(10), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        moment("due_at", **now),
        sa.Column("last_error", sa.String(300)),
        moment("created_at", **now),
        moment("sent_at"),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'given_up')", name=op.f("ck_mails_state_known")
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_mails_sent_when_sent")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mails_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
    )
    op.create_index("uq_mails_message_id", "mails", ["message_id"], unique=True)
    for name, columns, states in (
        ("ix_mails_due", ["bulk", "due_at"], "state = 'queued' OR state = 'sending'"),
        ("ix_mails_given_up", ["id"], "state = 'given_up'"),
        ("ix_mails_sent_at", ["sent_at"], "state = 'sent'"),
    ):
        op.create_index(name, "mails", columns, postgresql_where=sa.text(states))
    op.create_index("ix_mails_user_id", "mails", ["user_id"])


def downgrade():
    op.drop_table("mails")
    op.drop_table("journal_entries")
