"""Moments, days and amounts as people and programs write them."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from werkzeug.datastructures import MultiDict

from app.admin.event_form import TIMES, EventForm
from app.api.fields import Moment
from app.errors import InvalidField
from app.lib.money import CURRENCIES, minor_to_text, parse_money
from app.models import Event
from app.services.event_rules import check_event
from tests.fuzz.search import examples, quick, served
from tests.fuzz.texts import texts

RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII
)
"""Its section 5.6, with the space that its note allows; seconds and a colon may be left out."""
moment = TypeAdapter(Moment)
zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
written = st.from_regex(RFC_3339, fullmatch=True) | st.from_regex(
    r"(\d{1,5}-\d\d-\d\d)?[T ]?(\d\d:\d\d(:\d\d)?)?([Z+-]\d{0,4})?|[+-]?\d{0,15}(\.\d*)?",
    fullmatch=True,
)


@quick
@given(written | texts | st.integers() | st.floats() | st.booleans() | st.none())
def test_only_rfc_3339_text_is_a_moment_of_the_api(value):
    try:
        found = moment.validate_python(value)
    except ValidationError:
        return
    assert isinstance(value, str)
    assert RFC_3339.fullmatch(value)
    assert found.tzinfo is UTC
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        found.astimezone(ZoneInfo(zone))


@quick
@given(st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 31), timezones=zones))
def test_a_moment_comes_back_as_it_went_out(at):
    found = moment.validate_python(at.isoformat())
    assert found == at.astimezone(UTC)
    assert moment.validate_json(moment.dump_json(found)) == found


rims = st.builds(
    lambda at, hours: at.replace(tzinfo=timezone(timedelta(hours=hours))).isoformat(),
    st.sampled_from([datetime(1970, 1, 1), datetime(9998, 12, 31, 23), datetime(9999, 1, 1)]),
    st.integers(-14, 14),
)


@quick
@given(written | rims)
def test_what_the_api_gives_as_a_moment_it_takes_again(text):
    try:
        found = moment.validate_python(text)
    except ValidationError:
        return
    assert moment.validate_json(moment.dump_json(found)) == found


TYPED = {
    "name": "Kolam Morning",
    "start_at": "2099-01-02T06:30",
    "time_zone": "Asia/Kolkata",
    "capacity": "40",
    "price": "499.50",
    "status": "published",
}


@pytest.fixture
def fill(app):
    with app.test_request_context():
        yield lambda typed: EventForm(formdata=MultiDict(typed), meta={"csrf": False})


local = st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", fullmatch=True) | st.datetimes().map(
    lambda at: at.isoformat(timespec="minutes")
)
fields = st.sampled_from([*TYPED, *TIMES, "max_per_person", "seen", "city"])
typed = st.dictionaries(fields, local | texts | st.sampled_from(["1e999999", "-0", "1e5000"]))


@examples(100)
@given(typed, st.sampled_from(sorted(available_timezones())))
def test_what_is_typed_becomes_facts_or_a_sentence_at_a_field(fill, typed, zone):
    form = fill({**TYPED, "time_zone": zone, **typed})
    form.seen_at()
    if not form.validate():
        assert form.first_error
        return
    facts = form.facts()
    for name in TIMES:
        assert facts[name] is None or facts[name].tzinfo is UTC
    event = Event(**facts)
    try:
        check_event(event)
    except InvalidField as refusal:
        assert refusal.field in form
        return
    # What was taken can be shown again.
    assert EventForm.of(_stored(event)).start_at.data


def _stored(event):
    event.updated_at = event.start_at
    return event


span = (datetime(1971, 1, 1), datetime(9997, 12, 31))


@examples(100)
@given(st.datetimes(*span, timezones=zones), st.sampled_from(sorted(available_timezones())))
def test_a_form_sent_as_it_was_shown_changes_no_moment(fill, at, zone):
    at = at.astimezone(UTC)
    event = _stored(
        Event(name="Kolam", time_zone=zone, start_at=at, capacity=5, price_minor=0, currency="INR")
    )
    event.status = "published"
    shown = EventForm.of(event)
    form = fill(
        {field.name: field._value() for field in shown if hasattr(field, "_value")}
        | {"status": event.status}
    )
    assert form.validate(), form.errors
    assert form.facts(event)["start_at"] == at


@quick
@given(texts | st.from_regex(r"-?[0-9,_]{0,12}(\.\d{0,4})?([eE][+-]?\d{0,9})?", fullmatch=True))
def test_an_amount_is_a_number_of_the_smallest_units_or_refused(text):
    try:
        minor = parse_money(text, "INR")
    except ValueError:
        return
    assert Fraction(minor, 100) == Fraction(re.sub("[,' ]", "", text).strip() or "0")
    assert type(minor) is int
    assert 0 <= minor < 10**20


@quick
@given(st.integers(0, 10**12), st.sampled_from(sorted(CURRENCIES)))
def test_an_amount_comes_back_as_it_was_shown(minor, currency):
    assert parse_money(minor_to_text(minor, currency), currency) == minor


days = st.dates().map(date.isoformat) | texts | st.sampled_from(["0001-01-01", "9999-12-31"])


@served
@given(days, days)
def test_any_span_of_days_is_counted_or_named(client, admin, first, last):
    answer = client.get(
        "/api/admin/analytics", query_string={"from": first, "to": last}, headers=admin
    )
    assert answer.status_code in {200, 400, 422}, answer.text
    if answer.status_code == 422:
        assert answer.json["errors"][0]["field"] in {"from", "to"}
