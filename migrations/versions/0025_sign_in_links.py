"""Links and codes by mail, with which people sign in and prove an address.

Revision ID: 0025
Revises: 0024
Create Date: 2026-11-26 19:15:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade():
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "sign_in_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("browser_digest", sa.String(64), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(100), server_default="", nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.CheckConstraint(
            "purpose IN ('sign_in', 'sign_up', 'password', 'email')",
            name=op.f("ck_sign_in_links_purpose_known"),
        ),
        sa.CheckConstraint(
            "(user_id IS NULL) = (purpose = 'sign_up')",
            name=op.f("ck_sign_in_links_user_unless_signing_up"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sign_in_links_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_links")),
    )
    op.create_index("uq_sign_in_links_digest", "sign_in_links", ["digest"], unique=True)
    for column in ("browser_digest", "user_id", "expires_at"):
        op.create_index(f"ix_sign_in_links_{column}", "sign_in_links", [column])


def downgrade():
    op.drop_table("sign_in_links")
