"""What a service without our rules does: it reads, thinks, and writes.

Every control shows a race by these, on the same database. `together` stands between the reading
and the writing, so that the threads meet there each time and not only on an unlucky day.
"""

import psycopg

from app.models.references import new_reference

INSERT = (
    "INSERT INTO bookings (reference, user_id, event_id, seats, idempotency_key, fingerprint) "
    "VALUES (%s, %s, %s, 1, %s, %s)"
)
LEFT = "SELECT seats_available FROM events WHERE id = %s"


def book(url, user, event, together):
    with psycopg.connect(url) as connection:
        (left,) = connection.execute(LEFT, [event.id]).fetchone()
        together.wait(30)
        if left < 1:
            return "sold out"
        connection.execute(INSERT, [new_reference(), user.id, event.id, None, None])
        connection.execute(
            "UPDATE events SET seats_available = %s WHERE id = %s", [left - 1, event.id]
        )
    return "booked"


def book_once_by_key(url, user, event, key, together):
    with psycopg.connect(url) as connection:
        query = "SELECT id FROM bookings WHERE user_id = %s AND idempotency_key = %s"
        earlier = connection.execute(query, [user.id, key]).fetchone()
        together.wait(30)
        if earlier is None:
            connection.execute(INSERT, [new_reference(), user.id, event.id, key, "same"])


def cancel(url, booking, together):
    with psycopg.connect(url) as connection:
        query = "SELECT status FROM bookings WHERE id = %s"
        (status,) = connection.execute(query, [booking.id]).fetchone()
        together.wait(30)
        if status == "CANCELLED":
            return
        connection.execute(
            "UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE id = %s",
            [booking.id],
        )
        connection.execute(
            "UPDATE events SET seats_available = seats_available + %s WHERE id = %s",
            [booking.seats, booking.event_id],
        )


def issue(url, user, hold, together):
    with psycopg.connect(url) as connection:
        query = "SELECT seats_left FROM holds WHERE id = %s"
        (left,) = connection.execute(query, [hold.id]).fetchone()
        together.wait(30)
        if left < 1:
            return "none left"
        connection.execute(INSERT, [new_reference(), user.id, hold.event_id, None, None])
        connection.execute("UPDATE holds SET seats_left = %s WHERE id = %s", [left - 1, hold.id])
        connection.execute(
            "UPDATE events SET seats_held = %s WHERE id = %s", [left - 1, hold.event_id]
        )
    return "issued"


def set_capacity(url, event, capacity, together):
    with psycopg.connect(url) as connection:
        query = "SELECT capacity, seats_available FROM events WHERE id = %s"
        before, left = connection.execute(query, [event.id]).fetchone()
        together.wait(30)
        connection.execute(
            "UPDATE events SET capacity = %s, seats_available = %s WHERE id = %s",
            [capacity, left + capacity - before, event.id],
        )


def lock_both(url, first, second, together):
    with psycopg.connect(url) as connection:
        lock = "SELECT 1 FROM events WHERE id = %s FOR NO KEY UPDATE"
        connection.execute(lock, [first.id])
        together.wait(30)
        connection.execute(lock, [second.id])
