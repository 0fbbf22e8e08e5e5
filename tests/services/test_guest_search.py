"""Guests found as organisers type and scan: mistakes, apostrophes, parts and codes of tickets."""

import pytest

from app.models.references import read_code
from app.services.booking_search import (
    BookingQuery,
    count_bookings,
    iterate_bookings,
    search_bookings,
)
from app.services.users import list_users


@pytest.fixture
def guests(make_event, make_booking, make_user):
    event = make_event(name="Sadya", capacity=50)
    people = {
        "O’Brien": "conor@example.org",
        "Lakshmi Iyer": "l.iyer@example.com",
        "Ravi Kumar": "ravi@bücher.example",
        "José Núñez": "jn@example.net",
    }
    return event, {
        name: make_booking(event, make_user(email, name=name), seats=3)
        for name, email in people.items()
    }


def found(q, event=None):
    query = BookingQuery(event_id=event and event.id, q=q)
    ids = [booking.id for booking in search_bookings(query).items]
    assert count_bookings(query)[""] == len(ids)
    assert sorted(row.id for row in iterate_bookings(query)) == sorted(ids)
    return ids


@pytest.mark.parametrize(
    ("words", "name"),
    [
        *((q, "O’Brien") for q in ("obrien", "O'Brien", "o’brien", "OBRIEN", "conor@", "obrein")),
        *(
            (q, "Lakshmi Iyer")
            for q in ("Lakshni", "lakshmi", "iyer lakshmy", "l.iyer@ex", "laxshmi")
        ),
        *(
            (q, "Ravi Kumar")
            for q in ("kumar", "kumra", "bücher", "bucher", "xn--bcher-kva.example")
        ),
        *((q, "José Núñez") for q in ("jose", "nunez", "NÚÑEZ", "nunes jose", "example.net")),
    ],
)
def test_a_guest_is_found_as_people_type_them(guests, words, name):
    event, booked = guests
    assert found(words) == found(words, event) == [booked[name].id]
    assert [user.name for user in list_users(q=words).items] == [name]


@pytest.mark.long
def test_a_part_of_a_reference_finds_its_booking(guests):
    event, booked = guests
    for booking in booked.values():
        whole = booking.reference
        for part in (
            whole,
            whole.lower(),
            whole[:5],
            whole[4:9],
            whole[-4:],
            booking.spoken_reference[5:],
        ):
            assert booking.id in found(part), part
            assert booking.id in found(part, event), part


def test_the_text_of_a_tickets_code_finds_its_booking(guests):
    event, booked = guests
    booking = booked["Ravi Kumar"]
    for text in (
        f"{booking.reference}-2",
        f"{booking.reference}-2".lower(),
        f"{booking.spoken_reference}-2",
        f" {booking.spoken_reference} 2\n",
        f"{booking.spoken_reference}-2".replace("-", "–"),
        booking.spoken_reference.replace("-", " "),
    ):
        assert found(text) == found(text, event) == [booking.id], text
    assert found(f"{booking.reference[:-1]}2-2") in ([], [booking.id])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("7Q2K9F4MXT3B-1", ("7Q2K9F4MXT3B", 1)),
        ("7q2k-9f4m-xt3b-12", ("7Q2K9F4MXT3B", 12)),
        ("7Q2K9F4MXT3B", ("7Q2K9F4MXT3B", None)),
        ("7Q2K9F4MXT3", None),
        ("Lakshmi", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_reference_and_seat(text, read):
    code = read_code(text)
    assert (code and (code.reference, code.seat)) == read


def test_somebody_else_of_a_name_alike_is_not_found_while_the_name_finds_somebody(
    guests, make_booking, make_user
):
    event, _booked = guests
    other = make_booking(event, make_user(name="Lakshna"))
    assert found("lakshna") == [other.id]
