"""Seats are held back by name, and a booking that staff issues says who it is for.

Revision ID: 0024
Revises: 0023
Create Date: 2026-11-26 18:30:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade():
    # Each table by itself: bookings lock events first, so who holds one and waits for the other
    # deadlocks with them.
    with op.get_context().autocommit_block():
        issued_for = sa.Column("issued_for", sa.String(120), nullable=True)
        op.add_column("bookings", issued_for, if_not_exists=True)
    # What is held back already stays without a name: `seats_held` less the holds' sum. So the
    # version before, which knows the one number alone, keeps on being right.
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("seats_left", sa.Integer(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("length(btrim(name)) > 0", name=op.f("ck_holds_name_not_blank")),
        sa.CheckConstraint("seats_left >= 0", name=op.f("ck_holds_seats_not_negative")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_holds_event_id_events"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(
        "uq_holds_event_id_name", "holds", ["event_id", sa.text("lower(name)")], unique=True
    )


def downgrade():
    op.drop_table("holds")
    with op.get_context().autocommit_block():
        op.drop_column("bookings", "issued_for", if_exists=True)
