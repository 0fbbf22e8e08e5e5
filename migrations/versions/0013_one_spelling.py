"""Names, titles and email addresses have one spelling: letters in NFC, a domain by its own letters.

Revision ID: 0013
Revises: 0010
Create Date: 2026-11-26 14:20:00

"""

import logging
import unicodedata

import idna
import sqlalchemy as sa
from alembic import context, op


revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None

log = logging.getLogger("alembic.runtime.migration")

TEXTS = {
    "events": {"name": 200, "venue": 200, "address": 300, "city": 100, "category": 60, "description": 20_000},
    "users": {"name": 100},
    "staff_keys": {"name": 60},
    "api_tokens": {"name": 60},
}


def upgrade():
    for table, columns in TEXTS.items():
        for column, longest in columns.items():
            # Only rows that are spelt otherwise are locked: hardly any. A key's name that would
            # then be another's stays as it is.
            op.execute(
                f"UPDATE {table} SET {column} = normalize({column}, NFC) "
                f"WHERE {column} IS NOT NFC NORMALIZED "
                f"AND length(normalize({column}, NFC)) <= {longest}"
                + (
                    " AND NOT EXISTS (SELECT FROM staff_keys other WHERE lower(other.name) = "
                    "lower(normalize(staff_keys.name, NFC)))"
                    if table == "staff_keys"
                    else ""
                )
            )
    if not context.is_offline_mode():
        spell_emails(op.get_bind())


def spell_emails(connection):
    """Two accounts whose addresses are one by the new spelling stay as they are, and are told."""
    other = sa.text("SELECT id, email FROM users WHERE email ~ '[^\\x01-\\x7f]|xn--' ORDER BY id")
    for ident, email in connection.execute(other).all():
        spelt = one_spelling(email)
        if spelt == email:
            continue
        taken = connection.scalar(
            sa.text("SELECT id FROM users WHERE lower(email) = :spelt AND id <> :id"),
            {"spelt": spelt, "id": ident},
        )
        if taken is not None:
            log.warning("Users %s and %s have one address, spelt in two ways", taken, ident)
            continue
        change = sa.text("UPDATE users SET email = :spelt WHERE id = :id")
        connection.execute(change, {"spelt": spelt, "id": ident})


def one_spelling(email):
    """As `app/lib/emails.py` had it when this was written."""
    local, at, domain = unicodedata.normalize("NFC", email).rpartition("@")
    domain = domain.lower().rstrip(".\u3002\uff0e\uff61")
    try:
        domain = idna.decode(idna.encode(domain, uts46=True))
    except UnicodeError:
        domain = unicodedata.normalize("NFC", domain)
    return f"{unicodedata.normalize('NFC', local.lower())}{at}{domain}"


def downgrade():
    """Both spellings were always allowed."""
