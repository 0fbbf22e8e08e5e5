"""The promise of Utsavam, asked of the database itself."""

QUERY = """
    SELECT e.id, e.capacity, e.seats_available, e.seats_held,
           coalesce(sum(b.seats) FILTER (WHERE b.status IN ('CONFIRMED', 'RESERVED')), 0),
           (SELECT coalesce(sum(h.seats_left), 0) FROM holds h WHERE h.event_id = e.id)
    FROM events e LEFT JOIN bookings b ON b.event_id = e.id
    GROUP BY e.id ORDER BY e.id
"""

BY_TYPE = """
    SELECT t.event_id, t.name, t.quota, t.taken, (
        SELECT coalesce(sum(b.seats), 0) FROM bookings b
        WHERE b.event_id = t.event_id AND b.status IN ('CONFIRMED', 'RESERVED')
          AND (b.ticket_type_id = t.id OR b.ticket_type_id IS NULL AND t.is_default)
    )
    FROM ticket_types t ORDER BY t.event_id, t.id
"""


BY_VOUCHER = """
    SELECT v.event_id, v.code, v.max_uses, v.used, (
        SELECT count(DISTINCT b.voucher_order) FROM bookings b
        WHERE b.voucher_id = v.id AND b.status IN ('CONFIRMED', 'RESERVED')
    )
    FROM vouchers v ORDER BY v.event_id, v.id
"""

UNFORESEEN = """
    SELECT b.id FROM bookings b JOIN events e ON e.id = b.event_id
    WHERE b.status = 'RESERVED' AND b.reserved_until < coalesce(e.next_expiry_at, 'infinity')
"""


def assert_seats_add_up(sql):
    """For every event, the seats left, held back and sold are its capacity, and its named holds
    are of those held back; for every ticket type, those taken are its bookings', within its
    quota; every voucher counts the orders that take seats with it, as many as it allows. The
    event's row knows of each reservation when it ends at the latest."""
    assert sql(UNFORESEEN) == []
    for event_id, code, most, used, orders in sql(BY_VOUCHER):
        counted = f"event {event_id}, {code}: {used} used of {most}, {orders} orders"
        assert used == orders <= most, counted
    for event_id, name, quota, taken, sold in sql(BY_TYPE):
        counted = f"event {event_id}, {name}: {taken} taken, {sold} sold, quota {quota}"
        assert taken == sold, counted
        assert quota is None or taken <= quota, counted
    for event_id, capacity, left, held, sold, named in sql(QUERY):
        counted = f"event {event_id}: {left} left, {held} held back, {sold} sold of {capacity}"
        assert min(left, held) >= 0, counted
        assert left + held + sold == capacity, counted
        assert named <= held, f"{counted}; {named} in holds"


def seats_left(sql, event):
    return sql("SELECT seats_available FROM events WHERE id = %s", event.id)[0][0]


def seats_sold(sql, event):
    query = (
        "SELECT coalesce(sum(seats), 0) FROM bookings WHERE event_id = %s "
        "AND status IN ('CONFIRMED', 'RESERVED')"
    )
    return sql(query, event.id)[0][0]
