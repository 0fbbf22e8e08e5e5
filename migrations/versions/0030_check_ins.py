"""Seats are checked in at the door, and staff keys may be for the door alone.

Revision ID: 0030
Revises: 0029
Create Date: 2026-11-27 23:05:00

"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

KNOWN = "role IN ('door', 'viewer', 'organiser', 'owner')"
BEFORE = "role IN ('viewer', 'organiser', 'owner')"


def timestamp(name, **options):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, **options)


def to(table, column, target):
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def upgrade():
    _know(KNOWN)
    # Events first, as those who book lock them.
    op.create_table(
        "check_ins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column(
            "seats", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False
        ),
        sa.Column("answer", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(16), nullable=True),
        sa.Column("door", sa.String(40), server_default="", nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
        timestamp("at"),
        timestamp("received_at", server_default=sa.text("now()")),
        sa.CheckConstraint(
            "answer IN ('admitted', 'already_used', 'not_valid', 'undone')",
            name=op.f("ck_check_ins_answer_known"),
        ),
        sa.CheckConstraint(
            "(answer = 'not_valid') = (reason IS NOT NULL)",
            name=op.f("ck_check_ins_reason_if_not_valid"),
        ),
        to("check_ins", "event_id", "events"),
        to("check_ins", "booking_id", "bookings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_ins")),
    )
    op.create_index(
        "ix_check_ins_event_id_received_at", "check_ins", ["event_id", "received_at", "id"]
    )
    op.create_index("ix_check_ins_booking_id", "check_ins", ["booking_id"])
    op.create_table(
        "admissions",
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("check_in_id", sa.Uuid(), nullable=False),
        timestamp("at"),
        sa.Column("door", sa.String(40), server_default="", nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.CheckConstraint("seat >= 1", name=op.f("ck_admissions_seat_positive")),
        to("admissions", "event_id", "events"),
        to("admissions", "booking_id", "bookings"),
        to("admissions", "check_in_id", "check_ins"),
        sa.PrimaryKeyConstraint("booking_id", "seat", name=op.f("pk_admissions")),
    )
    op.create_index("ix_admissions_event_id_at", "admissions", ["event_id", "at"])


def downgrade():
    op.execute("DELETE FROM staff_keys WHERE role = 'door'")
    _know(BEFORE)
    op.drop_table("admissions")
    op.drop_table("check_ins")


def _know(roles):
    op.execute("ALTER TABLE staff_keys DROP CONSTRAINT IF EXISTS ck_staff_keys_role_known")
    op.execute(
        f"ALTER TABLE staff_keys ADD CONSTRAINT ck_staff_keys_role_known CHECK ({roles}) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE staff_keys VALIDATE CONSTRAINT ck_staff_keys_role_known")
