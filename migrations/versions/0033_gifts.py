"""A seat can be given to a friend.

Revision ID: 0033
Revises: 0030
Create Date: 2026-11-28 01:45:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0033"
down_revision = "0030"
branch_labels = None
depends_on = None

KNOWN = "status IN ('CONFIRMED', 'CANCELLED', 'GIVEN_AWAY')"
BEFORE = "status IN ('CONFIRMED', 'CANCELLED')"


def timestamp(name, nullable=True, **options):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, **options)


def to(column, target):
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_gifts_{column}"), ondelete="CASCADE"
    )


def upgrade():
    # Events first, as those who book lock them. What comes before the last constraint's check may
    # have been done by an attempt that broke off.
    op.create_table(
        "gifts",
        sa.Column("booking_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        timestamp("given_at", nullable=False, server_default=sa.text("now()")),
        timestamp("accepted_at"),
        timestamp("taken_back_at"),
        sa.CheckConstraint("seat >= 1", name=op.f("ck_gifts_seat_positive")),
        sa.CheckConstraint(
            "accepted_at IS NULL OR taken_back_at IS NULL",
            name=op.f("ck_gifts_accepted_or_taken_back"),
        ),
        to("event_id", "events"),
        to("booking_id", "bookings"),
        to("from_id", "bookings"),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_gifts")),
        if_not_exists=True,
    )
    op.create_index(
        "uq_gifts_from_id_seat",
        "gifts",
        ["from_id", "seat"],
        unique=True,
        postgresql_where=sa.text("taken_back_at IS NULL"),
        if_not_exists=True,
    )
    op.create_index("ix_gifts_from_id", "gifts", ["from_id"], if_not_exists=True)
    op.create_index("ix_gifts_event_id", "gifts", ["event_id"], if_not_exists=True)
    # A constant default rewrites no row.
    given_away = sa.Column("seats_given_away", sa.Integer(), server_default="0", nullable=False)
    op.add_column("bookings", given_away, if_not_exists=True)
    _know(KNOWN)


def downgrade():
    op.drop_table("gifts")
    # Nothing is lost of what was sold: the seat is in the booking that it moved to.
    op.execute(
        "UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE status = 'GIVEN_AWAY'"
    )
    _know(BEFORE)
    op.drop_column("bookings", "seats_given_away")


def _know(statuses):
    op.execute("ALTER TABLE bookings DROP CONSTRAINT IF EXISTS ck_bookings_status_known")
    op.execute(
        f"ALTER TABLE bookings ADD CONSTRAINT ck_bookings_status_known CHECK ({statuses}) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE bookings VALIDATE CONSTRAINT ck_bookings_status_known")
