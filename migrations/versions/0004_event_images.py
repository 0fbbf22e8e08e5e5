"""An event may have a picture of its own.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-23 01:50:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    # The last line works by itself: what comes before may have been done by an earlier attempt.
    op.create_table(
        "event_images",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("wide", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_event_images"),
        if_not_exists=True,
    )
    image_digest = sa.Column("image_digest", sa.String(64), nullable=True)
    op.add_column("events", image_digest, if_not_exists=True)
    op.execute("ALTER TABLE events DROP CONSTRAINT IF EXISTS fk_events_image_digest")
    op.execute(
        "ALTER TABLE events ADD CONSTRAINT fk_events_image_digest FOREIGN KEY (image_digest) "
        "REFERENCES event_images (digest) ON DELETE RESTRICT NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE events VALIDATE CONSTRAINT fk_events_image_digest")


def downgrade():
    op.drop_constraint("fk_events_image_digest", "events", type_="foreignkey")
    op.drop_column("events", "image_digest")
    op.drop_table("event_images")
