"""A row or two for every table, as people leave them behind: what no migration and no backup may
lose or change."""

from psycopg import sql
from psycopg.types.json import Jsonb

DIGEST = "5f" * 32
MOMENT = "2031-02-03 04:05:06.789012+00"

ROWS = [
    (
        "event_images",
        {"digest": DIGEST, "card": bytes(range(256)), "wide": b"\x00\xff", "created_at": MOMENT},
    ),
    (
        "events",
        {
            "id": 7,
            "name": "Ōnam Sadya; 'quoted' \\. \"twice\"",
            "venue": "The Little Stage",
            "address": "12 Lake Road\nKochi\t682001",
            "city": "കൊച്ചി",
            "category": "Food",
            "description": "COPY x FROM stdin;\n\\.\n**bold**",
            "time_zone": "Asia/Kolkata",
            "start_at": MOMENT,
            "end_at": "2031-02-03 08:00:00+00",
            "capacity": 500,
            "seats_available": 477,
            "seats_held": 20,
            "price_minor": 25_000,
            "currency": "INR",
            "payment_note": "In cash, or by UPI; 'at the door'",
            "max_per_person": 4,
            "sales_open_at": "2031-01-01 04:30:00+00",
            "sales_close_at": "2031-02-03 00:00:00+00",
            "sales_paused": True,
            "cancel_until": "2031-02-01 00:00:00+00",
            "refund_rule": Jsonb([{"hours_before": None, "percent": 50}]),
            "image_digest": DIGEST,
            "status": "published",
            "version": 12,
            "incarnation": 281_474_976_710_655,
            "created_at": MOMENT,
            "updated_at": MOMENT,
        },
    ),
    (
        "events",
        {
            "id": 8,
            "name": "Taken down",
            "start_at": MOMENT,
            "capacity": 1,
            "seats_available": 1,
            "status": "cancelled",
            "version": 2,
            "incarnation": 1,
            "deleted_at": MOMENT,
        },
    ),
    (
        "holds",
        {"id": 6, "event_id": 7, "name": "Sponsor", "seats_left": 12, "created_at": MOMENT},
    ),
    (
        "ticket_types",
        {
            "id": 5,
            "event_id": 7,
            "position": 2,
            "name": "VIP 🎟",
            "description": "First rows",
            "price_minor": 90_000,
            "quota": 10,
            "taken": 0,
            "sales_open_at": MOMENT,
            "min_per_order": 1,
            "max_per_order": 4,
            "hidden": True,
            "is_default": True,
            "created_at": MOMENT,
        },
    ),
    (
        "vouchers",
        {
            "id": 9,
            "event_id": 7,
            "code": "DIWALI-25",
            "code_key": "D1WA1125",
            "max_uses": 3,
            "used": 1,
            "valid_until": MOMENT,
            "email": "meena@bücher.example",
            "ticket_type_id": 5,
            "price_effect": "percent_off",
            "price_value": 25,
            "hold_id": 6,
            "note": "For the choir 🎶",
            "created_at": MOMENT,
        },
    ),
    (
        "waiting_rooms",
        {
            "event_id": 7,
            "mode": "on",
            "per_minute": 900,
            "paused": True,
            "pass_minutes": 15,
            "open_without_redis": True,
            "revision": 3,
            "epoch": 8_815_265_341_811_369,
            "seed": "5" * 64,
            "begun_at": MOMENT,
            "opened_at": MOMENT,
            "arrived": 20_000,
            "arrived_before": 19_000,
            "lobby_size": 12_000,
            "mix": "a" * 40,
            "paces": "[[1795869234.379,1,15.0]]",
            "proof_seconds": 5,
            "exempt_orders": 12,
            "exempt_seats": 40,
            "measured": True,
            "most_inside": 500,
            "busy_after": 1.5,
            "auto_on": False,
            "start_per_second": 12.5,
        },
    ),
    (
        "waiting_room_minutes",
        {
            "event_id": 7,
            "at": MOMENT,
            "epoch": 8_815_265_341_811_369,
            "arrived": 20_000,
            "admitted": 900,
            "came": 850,
            "booked": 800,
            "per_second": 15.25,
        },
    ),
    (
        "users",
        {
            "id": 3,
            "email": "Meena@example.com",
            "name": "Meena 🎉",
            "password_hash": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
            "created_at": MOMENT,
        },
    ),
    ("users", {"id": 4, "email": "gone@example.com", "name": "", "deleted_at": MOMENT}),
    (
        "bookings",
        {
            "id": 21,
            "reference": "AAAABBBBCCCC",
            "user_id": 3,
            "event_id": 7,
            "seats": 3,
            "price_minor": 25_000,
            "currency": "INR",
            "status": "CONFIRMED",
            "idempotency_key": "k-1",
            "fingerprint": DIGEST,
            "seats_given_away": 1,
            "voucher_id": 9,
            "voucher_order": "AAAABBBBCCCC",
            "created_at": MOMENT,
            "paid_at": MOMENT,
        },
    ),
    (
        "bookings",
        {
            "id": 22,
            "reference": "DDDDEEEEFFFF",
            "user_id": 3,
            "event_id": 7,
            "seats": 1,
            "status": "CANCELLED",
            "created_at": MOMENT,
            "cancelled_at": "2031-02-03 05:00:00+00",
            "part_of": 21,
            "guest_name": "Meena's aunt",
            "address_version": 2,
            "issued_for": "The band's drummer",
        },
    ),
    (
        "gifts",
        {
            "booking_id": 22,
            "from_id": 21,
            "event_id": 7,
            "seat": 4,
            "given_at": MOMENT,
            "accepted_at": MOMENT,
        },
    ),
    (
        "payments",
        {
            "id": 31,
            "booking_id": 21,
            "provider": "upi",
            "provider_ref": "412345678901",
            "bank_reference": "412345678901",
            "amount_minor": 100_000,
            "currency": "INR",
            "state": "PAID",
            "created_at": MOMENT,
            "paid_at": MOMENT,
            "marked_by": "Priya's key",
        },
    ),
    (
        "provider_events",
        {
            "provider": "stripe",
            "event_id": "evt_1",
            "kind": "checkout.session.completed",
            "body": Jsonb({"page": "cs_1", "state": "paid"}),
            "received_at": MOMENT,
            "due_at": MOMENT,
            "worked_at": MOMENT,
            "outcome": "paid",
        },
    ),
    (
        "refunds",
        {
            "id": 41,
            "payment_id": 31,
            "booking_id": 22,
            "amount_minor": 25_000,
            "currency": "INR",
            "state": "PAID_BACK",
            "reason": "cancelled",
            "created_at": MOMENT,
            "done_at": MOMENT,
            "done_by": "Priya's key",
            "tries": 1,
            "try_at": MOMENT,
            "refusal": "insufficient funds (status 400)",
            "failed_ref": "re_1",
            "provider_ref": "re_1",
        },
    ),
    (
        "refund_rules",
        {
            "id": 51,
            "event_id": 7,
            "steps": Jsonb([{"hours_before": None, "percent": 50}]),
            "stood_until": MOMENT,
            "last_booking_id": 22,
        },
    ),
    (
        "kept_amounts",
        {
            "id": 61,
            "payment_id": 31,
            "booking_id": 22,
            "amount_minor": 5_000,
            "currency": "INR",
            "created_at": MOMENT,
        },
    ),
    (
        "receipt_series",
        {"name": "R26-27", "last": 1, "last_at": MOMENT},
    ),
    (
        "receipts",
        {
            "id": 51,
            "series": "R26-27",
            "number": 1,
            "payment_id": 31,
            "refund_id": 41,
            "user_id": 3,
            "event_id": 7,
            "buyer_name": "Meena's aunt",
            "buyer_email": "aunt@example.org",
            "issued_at": MOMENT,
            "amount_minor": 25_000,
            "tax_minor": 3_814,
            "currency": "INR",
            "facts": Jsonb({"taxes": []}),
        },
    ),
    (
        "api_tokens",
        {
            "id": 2,
            "user_id": 3,
            "name": "laptop",
            "token_digest": "aa" * 32,
            "last_four": "wxyz",
            "last_used_at": MOMENT,
        },
    ),
    (
        "sign_ins",
        {"id": 9, "token_digest": "bb" * 32, "user_id": 3, "expires_at": "2031-03-01 00:00:00+00"},
    ),
    (
        "sign_in_links",
        {
            "id": 4,
            "digest": "dd" * 32,
            "browser_digest": "ee" * 32,
            "purpose": "sign_in",
            "user_id": 3,
            "email": "meena@example.com",
            "expires_at": "2031-03-01 00:00:00+00",
        },
    ),
    (
        "staff_keys",
        {"id": 1, "name": "Door", "role": "viewer", "key_digest": "cc" * 32, "last_four": "abcd"},
    ),
    (
        "check_ins",
        {
            "id": "0b6f5f7e-6d1e-4d7a-9a44-0e9d4f6f1a11",
            "event_id": 7,
            "booking_id": 21,
            "code": "7Q2K-9F4M-XT3B-1",
            "seats": [1],
            "answer": "admitted",
            "door": "East gate",
            "actor": "Door",
            "at": MOMENT,
            "received_at": MOMENT,
        },
    ),
    (
        "admissions",
        {
            "booking_id": 21,
            "seat": 1,
            "event_id": 7,
            "check_in_id": "0b6f5f7e-6d1e-4d7a-9a44-0e9d4f6f1a11",
            "at": MOMENT,
            "door": "East gate",
            "actor": "Door",
        },
    ),
    (
        "audit_entries",
        {
            "id": 5,
            "at": MOMENT,
            "actor": "ADMIN_KEY",
            "action": "event.updated",
            "subject": "event",
            "subject_id": 7,
            "subject_name": "Ōnam Sadya",
            "before": Jsonb({"capacity": 400}),
            "after": Jsonb({"capacity": 500}),
        },
    ),
    (
        "journal_entries",
        {
            "id": 6,
            "at": MOMENT,
            "kind": "event_changed",
            "event_id": 7,
            "booking_ids": [21, 22],
            "facts": Jsonb({"words": "See you; 'all' of you"}),
        },
    ),
    (
        "mails",
        {
            "id": 4,
            "letter": "ticket",
            "recipient": "meena@bücher.example",
            "locale": "en_IN",
            "user_id": 3,
            "booking_id": 21,
            "event_id": 7,
            "message_id": "6f1c0a4e-8f0b-4a55-9d1f-0d7a3a4b5c6d",
            "state": "given_up",
            "attempts": 3,
            "due_at": MOMENT,
            "last_error": "550 no such mailbox",
            "created_at": MOMENT,
        },
    ),
    (
        "sales_days",
        {
            "day": "2031-01-31",
            "event_id": 7,
            "bookings": 2,
            "seats": 4,
            "cancellations": 1,
            "seats_back": 1,
        },
    ),
    (
        "guest_messages",
        {
            "id": 8,
            "event_id": 7,
            "token": "0c1d0a4e-8f0b-4a55-9d1f-0d7a3a4b5c6d",
            "subject": "Doors at six",
            "body": "Come early;\n**all** of you",
            "guests": 2,
            "dropped": 1,
            "created_at": MOMENT,
        },
    ),
    ("reminders", {"event_id": 7, "start_at": MOMENT}),
    ("summed_days", {"day": "2031-01-31"}),
]

_TABLES = """
    SELECT table_name::text, array_agg(column_name::text ORDER BY ordinal_position)
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    GROUP BY table_name ORDER BY table_name
"""


def tables_of(connection):
    """The tables that there are, and the columns of each."""
    return dict(connection.execute(_TABLES).fetchall())


def fill(connection, columns=None):
    """Put the rows into these columns of these tables, or into all that there are."""
    columns = columns or tables_of(connection)
    unknown = columns.keys() - {table for table, _row in ROWS}
    assert not unknown, f"give these tables a row in tests/support/rows.py: {sorted(unknown)}"
    for table, row in ROWS:
        if table in columns:
            _insert(connection, table, {n: v for n, v in row.items() if n in columns[table]})


def contents(connection, columns=None):
    """Every row of every table, of these columns of these tables if they are named."""
    return {
        table: connection.execute(_select(table, names)).fetchall()
        for table, names in (columns or tables_of(connection)).items()
    }


def _insert(connection, table, row):
    statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )
    connection.execute(statement, row)


def _select(table, names):
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        columns, sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names[:2]))
    )
