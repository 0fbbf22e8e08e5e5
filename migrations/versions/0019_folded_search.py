"""Events and guests are found without accents, apostrophes and case.

Revision ID: 0019
Revises: 0015
Create Date: 2026-11-26 15:00:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0019"
down_revision = "0015"
branch_labels = None
depends_on = None

SENT = "øłđıðħŧς''\u02bb\u02bc\u2018\u2019\u201b\u00b4`\u200c\u200d"


def folded(text):
    """As `app/lib/folding.py` had it when this was written."""
    plain = f"normalize(translate(lower({text}), '{SENT}', 'oldidhtσ'), NFKD)"
    return f"lower(regexp_replace({plain}, '[\\u0300-\\u036f]', '', 'g'))"


TITLES = "name || ' ' || venue || ' ' || city || ' ' || category"
TRIGRAMS = "({}) gin_trgm_ops"
WORDS = "(to_tsvector('simple'::regconfig, {}))"
NAMES = "name || ' ' || email"
MADE = {
    "ix_events_folded_titles": ("events", TRIGRAMS.format(folded(TITLES))),
    "ix_events_folded_words": ("events", WORDS.format(folded(f"{TITLES} || ' ' || description"))),
    "ix_users_folded": ("users", TRIGRAMS.format(folded(NAMES))),
}
DROPPED = {
    "ix_events_titles": ("events", TRIGRAMS.format(TITLES)),
    "ix_events_words": ("events", WORDS.format(f"{TITLES} || ' ' || description")),
    "ix_users_names": ("users", TRIGRAMS.format(NAMES)),
}
"""The version before searches more slowly without them, for as long as it still runs."""


def upgrade():
    replace(DROPPED, MADE)


def downgrade():
    replace(MADE, DROPPED)


def replace(dropped, made):
    # Beside the site while it serves; such indexes can't be made within a transaction. They wait for
    # whoever is at work, however long, and nobody waits for them. What an attempt that broke off has
    # left is no index.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        for name, (table, expression) in made.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                table,
                [sa.text(expression)],
                postgresql_using="gin",
                postgresql_concurrently=True,
                if_not_exists=True,
            )
        for name, (table, _expression) in dropped.items():
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
        op.execute("SET lock_timeout = '5s'")
