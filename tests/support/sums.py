"""The promise of Utsavam, asked of the database itself."""

QUERY = """
    SELECT e.id, e.capacity, e.seats_available, e.seats_held,
           coalesce(sum(b.seats) FILTER (WHERE b.status = 'CONFIRMED'), 0),
           (SELECT coalesce(sum(h.seats_left), 0) FROM holds h WHERE h.event_id = e.id)
    FROM events e LEFT JOIN bookings b ON b.event_id = e.id
    GROUP BY e.id ORDER BY e.id
"""


def assert_seats_add_up(sql):
    """For every event, the seats left, held back and sold are its capacity, and its named holds
    are of those held back."""
    for event_id, capacity, left, held, sold, named in sql(QUERY):
        counted = f"event {event_id}: {left} left, {held} held back, {sold} sold of {capacity}"
        assert min(left, held) >= 0, counted
        assert left + held + sold == capacity, counted
        assert named <= held, f"{counted}; {named} in holds"


def seats_left(sql, event):
    return sql("SELECT seats_available FROM events WHERE id = %s", event.id)[0][0]


def seats_sold(sql, event):
    query = (
        "SELECT coalesce(sum(seats), 0) FROM bookings WHERE event_id = %s AND status = 'CONFIRMED'"
    )
    return sql(query, event.id)[0][0]
