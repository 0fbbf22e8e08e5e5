"""The site's database role: it reads and writes rows, and can't change the schema.

The owner of a table may drop its triggers, including those that protect the audit log. So the
owner migrates and restores, and the site connects as a role of its own
(https://www.postgresql.org/docs/18/ddl-priv.html).
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from app.lib.pg_urls import libpq_url

APP_ROLE = "utsavam_app"

_ROLE = """
    SELECT rolsuper OR pg_has_role(oid, current_user, 'MEMBER') FROM pg_roles WHERE rolname = %s
"""
_CURRENT_USER = "SELECT current_user::text"
_OWNERS = """
    SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""
_GRANTED = """
    SELECT DISTINCT pg_get_userbyid(grantee)::text
    FROM pg_class, aclexplode(relacl)
    WHERE oid = to_regclass('public.bookings') AND grantee NOT IN (0, relowner)
        AND privilege_type = 'INSERT'
    ORDER BY 1
"""
_GRANTS = (
    "GRANT CONNECT ON DATABASE {database} TO {role}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    # For backups; identity columns need no right on their sequences.
    "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE UPDATE, DELETE ON audit_entries, check_ins, receipts FROM {role}",
    # An issued receipt is never changed, but that an email is taken from it.
    "GRANT UPDATE (buyer_email) ON receipts TO {role}",
    "REVOKE DELETE ON receipt_series FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
    # For tables and sequences that later migrations of the same owner create.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public "
    "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON SEQUENCES TO {role}",
)


class NotGranted(Exception):
    """The role did not get its privileges; the message says why, and what to do."""


def grant(owner_url: str, role: str = APP_ROLE, password: str | None = None) -> bool:
    """Grant the role exactly what the site needs; returns whether the role had to be created.

    Runs in one transaction and is idempotent. Sets the password if one is given. Raises
    `NotGranted`.
    """
    try:
        with psycopg.connect(libpq_url(owner_url), connect_timeout=10) as owner:
            made = _ensure_role(owner, role)
            if password:
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                owner.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
            _grant(owner, role)
            return made
    except psycopg.Error as error:
        message = (str(error).strip() or "no answer").splitlines()[0]
        raise NotGranted(f"The role {role} did not get its rights: {message}") from error


def granted_to(owner_url: str) -> Sequence[str]:
    """The roles that the site may connect as: those that may insert bookings, without the owner."""
    with psycopg.connect(libpq_url(owner_url), connect_timeout=10) as owner:
        return [row[0] for row in owner.execute(_GRANTED)]


def _ensure_role(owner: "psycopg.Connection[tuple[str, ...]]", role: str) -> bool:
    me = owner.execute(_CURRENT_USER).fetchone()
    owners = {row[0] for row in owner.execute(_OWNERS)}
    if not owners:
        raise NotGranted("There are no tables yet: run `flask db upgrade` first.")
    if me and owners != {me[0]}:
        raise NotGranted(f"DATABASE_URL is not the tables' owner, who is {', '.join(owners)}.")
    found = owner.execute(_ROLE, [role]).fetchone()
    if found and found[0]:
        raise NotGranted(f"{role} is a superuser, or the owner: it would not be held to anything.")
    if not found:
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    return found is None


def _grant(owner: "psycopg.Connection[tuple[str, ...]]", role: str) -> None:
    names = {"role": sql.Identifier(role), "database": sql.Identifier(owner.info.dbname)}
    for statement in _GRANTS:
        owner.execute(sql.SQL(statement).format(**names))
