"""The tables of the application, and how tests empty them."""

TABLES = (
    "api_tokens, audit_entries, bookings, events, event_images, sales_days, sign_ins, staff_keys,"
    " summed_days, users"
)


def empty_tables(connection, numbering="RESTART"):
    """The audit log refuses to be emptied for as long as its triggers work."""
    connection.execute("SET session_replication_role = replica")
    connection.execute(f"TRUNCATE {TABLES} {numbering} IDENTITY")
    connection.execute("SET session_replication_role = origin")
