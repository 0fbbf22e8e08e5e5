"""A door's program searches by the text of a ticket's code, and learns which seat it is."""

import pytest


@pytest.mark.parametrize("seat", [1, 2, 9])
def test_the_answer_tells_the_seat_of_the_code(organiser, make_event, make_booking, seat):
    event = make_event(capacity=50)
    booking = make_booking(event, seats=3)
    make_booking(event)
    for address in ("/admin/bookings", f"/admin/events/{booking.event_id}/bookings"):
        (found,) = organiser.get(f"{address}?q={booking.reference.lower()}-{seat}").json
        told = found["reference"], found["scanned_seat"], found["seats"]
        assert told == (booking.reference, seat, 3)


def test_other_searches_scan_no_seat(organiser, make_event, make_booking):
    booking = make_booking(make_event(capacity=50), seats=3)
    for q in (booking.reference, booking.reference[:6], ""):
        (found,) = organiser.get(f"/admin/bookings?q={q}").json
        assert found["scanned_seat"] is None
