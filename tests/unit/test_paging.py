"""Cursors: ours come back as they went out, and rubbish is refused by name."""

import pytest

from app.errors import InvalidField
from app.services.paging import cut, decode_cursor, decode_id_cursor, encode_cursor

RUBBISH = ["", "rubbish", "=", "a", "!!!!", "ä", "%00", "\udcff", "MTIz MTIz", "x" * 10_000, "_w"]


def test_a_cursor_comes_back_as_it_went_out():
    assert decode_cursor(encode_cursor("2030-01-01T00:00:00+00:00", 7), 2) == [
        "2030-01-01T00:00:00+00:00",
        "7",
    ]
    assert decode_id_cursor(encode_cursor(123_456_789)) == 123_456_789


def test_a_cursor_goes_into_an_address_as_it_is():
    cursors = [encode_cursor("?" * n, n) for n in range(40)]
    assert all(set(cursor).isdisjoint("+/=&?#% ") for cursor in cursors)


@pytest.mark.parametrize("cursor", RUBBISH, ids=lambda cursor: repr(cursor)[:12])
def test_rubbish_is_refused_by_name(cursor):
    with pytest.raises(InvalidField) as refusal:
        decode_id_cursor(cursor)
    assert refusal.value.field == "after"


@pytest.mark.parametrize("part", ["x", "-1", "1.5", " 1", "٣", "1" * 19, ""])
def test_a_cursor_without_an_id_is_refused(part):
    with pytest.raises(InvalidField):
        decode_id_cursor(encode_cursor(part))


def test_a_cursor_of_another_listing_is_refused():
    with pytest.raises(InvalidField):
        decode_cursor(encode_cursor(1, 2), 1)
    with pytest.raises(InvalidField):
        decode_cursor(encode_cursor(1), 2)


@pytest.mark.parametrize(("rows", "more"), [([], False), ([1, 2], False), ([1, 2, 3], True)])
def test_a_page_knows_of_more_by_the_one_row_too_many(rows, more):
    assert cut(rows, 2) == (rows[:2], more)
