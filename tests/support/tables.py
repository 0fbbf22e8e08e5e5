"""The tables of the application, and how tests empty them."""

from contextlib import suppress

from psycopg.errors import DeadlockDetected

TABLES = (
    "admissions, api_tokens, audit_entries, bookings, check_ins, events, event_images,"
    " gifts, guest_messages, holds, journal_entries, kept_amounts, mails, payments,"
    " provider_events, receipt_series, receipts, refund_rules, refunds, reminders, sales_days,"
    " sign_in_links, sign_ins,"
    " staff_keys, summed_days, ticket_types, users, vouchers,"
    " waiting_room_minutes, waiting_rooms"
)
# TRUNCATE makes new files for each table, index and sequence, in 50 ms or more: a tenth of what all
# the tests took. It is kept for tables with much in them, which are quicker to leave than to clear.
_EMPTY = f"""
DO $$
DECLARE name text; has_rows boolean;
BEGIN
    -- The audit log refuses to be emptied for as long as its triggers work.
    SET LOCAL session_replication_role = replica;
    -- Waits for whoever still writes or reads, as TRUNCATE does.
    LOCK TABLE {TABLES} IN ACCESS EXCLUSIVE MODE;
    FOREACH name IN ARRAY string_to_array('{TABLES}', ', ') LOOP
        IF pg_relation_size(name) > 500000 THEN
            EXECUTE format('TRUNCATE %I CASCADE', name);
        ELSE
            EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO has_rows;
            IF has_rows THEN
                EXECUTE format('DELETE FROM %I', name);
            END IF;
        END IF;
    END LOOP;
END $$
"""
TRIES = 5
"""A page that a browser has just left may have asked for something: its transaction reads tables in
another order than we lock them, and PostgreSQL ends one of the two."""
_RESTART = """
    SELECT setval(seqrelid::regclass, 1, false)
    FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL
"""


def empty_tables(connection, numbering="RESTART"):
    """`numbering="CONTINUE"` never gives an id twice."""
    for _ in range(TRIES - 1):
        with suppress(DeadlockDetected):
            connection.execute(_EMPTY)
            break
    else:
        connection.execute(_EMPTY)
    if numbering == "RESTART":
        connection.execute(_RESTART)
