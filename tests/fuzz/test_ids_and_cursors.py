"""Ids and cursors in addresses: ours come back as they went out, and no other breaks anything."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidField
from app.services.event_search import EventQuery
from app.services.events import list_events
from app.services.paging import decode_cursor, decode_id_cursor, encode_cursor
from tests.fuzz.search import examples, quick, served
from tests.fuzz.texts import plain, texts

HTML = {"Accept": "text/html"}
parts = st.lists(st.text(st.characters(exclude_characters="|", codec="utf-8")), min_size=1)


@quick
@given(parts)
def test_a_cursor_comes_back_as_it_went_out_and_needs_no_quoting(parts):
    cursor = encode_cursor(*parts)
    assert decode_cursor(cursor, len(parts)) == parts
    assert quote(cursor, safe="") == cursor


@quick
@given(st.text(st.characters()) | st.text("ABab01-_=|", max_size=20), st.integers(1, 5))
def test_what_is_no_cursor_is_refused_by_name(text, count):
    try:
        assert len(decode_cursor(text, count)) == count
    except InvalidField as refusal:
        assert refusal.field == "after"


@quick
@given(st.integers(-5, 10**20) | texts)
def test_an_id_cursor_holds_an_id_that_postgresql_can_hold(part):
    try:
        found = decode_id_cursor(encode_cursor(part))
    except InvalidField:
        assert not (isinstance(part, int) and 0 <= part < 10**18)
    else:
        assert found == int(part)
        assert 0 <= found < 2**63


@pytest.fixture
def house(factories):
    """A user with a booking, an event and its organiser's look at all of it."""
    user = factories.user()
    event = factories.event()
    factories.booking(event, user)
    return user


ADDRESSES = [
    *("/api/events/{}", "/api/bookings/{}", "/api/users/{}/bookings", "/api/admin/events/{}"),
    *("/events/{}", "/events/{}/x", "/events/{}/seats", "/bookings/{}", "/art/{}.svg"),
    *("/images/{}/card.webp", "/static/{}", "/admin/events/{}/edit", "/{}"),
]


@served
@given(st.sampled_from(ADDRESSES), st.integers() | texts, st.booleans())
def test_no_id_in_an_address_breaks_it(client, admin, house, address, ident, page):
    headers = HTML if page else admin
    # A dot alone is resolved by the client, before it asks.
    path = address.format(quote(str(ident), safe="").replace(".", "%2E"))
    answer = client.get(path, headers=headers)
    assert answer.status_code < 500, answer.text
    if path.startswith("/api/") and not (str(ident).isascii() and str(ident).isdigit()):
        assert answer.status_code in {404, 405, 308}


LISTINGS = [
    *("/api/events?after=", "/api/admin/users?after=", "/api/admin/events/1/bookings?after="),
    *("/api/users/1/bookings?after=", "/api/events?upcoming_only=false&after="),
]
PAGED = ["/?after=", "/?sort=price&after=", "/?when=past&after=", "/?sort=price&when=past&after="]
forged = st.lists(
    st.sampled_from(["soonest", "price", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
    | st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat)
    | st.integers(-(10**25), 10**25)
    | texts,
    min_size=1,
    max_size=4,
).map(lambda parts: encode_cursor(*parts))
edges = st.builds(
    encode_cursor,
    st.just("price"),
    st.integers(-(10**25), 10**25) | texts,
    st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    st.integers(0, 10**18),
)


@served
@given(st.sampled_from(LISTINGS), forged | edges | plain)
def test_a_forged_cursor_of_the_api_shows_a_page_or_is_named(client, admin, house, listing, cursor):
    answer = client.get(listing + quote(cursor), headers=admin)
    assert answer.status_code in {200, 400, 422}, answer.text
    if answer.status_code == 422:
        assert answer.json["errors"][0]["field"] == "after"


@served
@given(st.sampled_from(PAGED), forged | edges | plain)
def test_a_forged_cursor_of_a_page_breaks_nothing(client, house, listing, cursor):
    answer = client.get(listing + quote(cursor), headers=HTML)
    assert answer.status_code in {200, 400, 422}, answer.text


starts = st.datetimes(datetime(2030, 1, 1), datetime(2030, 1, 1, 0, 0, 2), timezones=st.just(UTC))


@examples(4)
@given(
    st.lists(st.tuples(starts, st.sampled_from([0, 500])), max_size=7),
    st.integers(1, 3),
    st.sampled_from(["soonest", "price"]),
)
def test_pages_hold_each_event_once_and_in_order(app, sql, make_event, facts, limit, sort):
    sql("DELETE FROM events")
    for start, price in facts:
        make_event(start_at=start, price_minor=price)
    found, after = [], None
    with app.app_context():
        while True:
            page = list_events(EventQuery(sort=sort, limit=limit, after=after))
            assert len(page.items) <= limit
            found += page.items
            after = page.next_cursor
            if after is None:
                break
        keys = [(e.price_minor * (sort == "price"), e.start_at, e.id) for e in found]
    assert keys == sorted(set(keys))
    assert len(found) == len(facts)
