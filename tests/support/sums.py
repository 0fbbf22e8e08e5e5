"""The promise of Utsavam, asked of the database itself."""

QUERY = """
    SELECT e.id, e.capacity, e.seats_available,
           coalesce(sum(b.seats) FILTER (WHERE b.status = 'CONFIRMED'), 0)
    FROM events e LEFT JOIN bookings b ON b.event_id = e.id
    GROUP BY e.id ORDER BY e.id
"""


def assert_seats_add_up(sql):
    """For every event, the seats left and the seats sold are its capacity."""
    for event_id, capacity, left, sold in sql(QUERY):
        assert left >= 0, f"event {event_id} has {left} seats left"
        assert left + sold == capacity, f"event {event_id}: {left} left + {sold} sold != {capacity}"


def seats_left(sql, event):
    return sql("SELECT seats_available FROM events WHERE id = %s", event.id)[0][0]


def seats_sold(sql, event):
    query = (
        "SELECT coalesce(sum(seats), 0) FROM bookings WHERE event_id = %s AND status = 'CONFIRMED'"
    )
    return sql(query, event.id)[0][0]
