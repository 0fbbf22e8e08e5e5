"""The organiser's form: what is typed becomes an event's facts, or a sentence at its field."""

from datetime import UTC, datetime

import pytest
from werkzeug.datastructures import MultiDict

from app.admin.copy_form import CopyForm
from app.admin.event_form import TIMES, EventForm
from app.errors import InvalidField
from app.models import Event
from app.services.events import create_event

TYPED = {
    "name": " Kolam Morning ",
    "start_at": "2099-01-02T06:30",
    "time_zone": "Asia/Kolkata",
    "capacity": "40",
    "price": "1,499.50",
}


@pytest.fixture
def filled(app):
    with app.test_request_context():

        def fill(**typed):
            return EventForm(formdata=MultiDict({**TYPED, **typed}), meta={"csrf": False})

        yield fill


def test_what_is_typed_becomes_facts_by_the_clock_of_the_event(filled):
    form = filled()
    assert form.validate(), form.errors
    facts = form.facts()
    assert facts["name"] == "Kolam Morning"
    assert facts["start_at"] == datetime(2099, 1, 2, 1, 0, tzinfo=UTC)
    assert (facts["capacity"], facts["price_minor"]) == (40, 149_950)


def refused_at(form, desk):
    """The fields at which the form or the service refuses."""
    if not form.validate():
        return set(form.errors)
    try:
        create_event(form.facts(), desk)
    except InvalidField as refusal:
        return {refusal.field}
    return set()


BAD = [
    ("name", ["", "  ", "x" * 201, "a\x01b", "a\ufffeb"]),
    ("description", ["a\x0bb", "\uffff"]),
    ("start_at", ["", "soon", "2099-13-01T00:00"]),
    ("capacity", ["", "0", "-1", "1.5", "many", "10000001"]),
    ("price", ["-1", "free", "1.005", "99999999999", "1e400"]),
    ("max_per_person", ["0", "-1", "x", "1001"]),
    ("payment_minutes", ["0", "-15", "an hour", "43201"]),
    ("refund_percent", ["-1", "101", "half"]),
    ("tax_rate", ["-1", "100", "18.255", "NaN", "Infinity", "half"]),
    ("tax_place", ["99", "Telangana"]),
    ("time_zone", ["Mars/Olympus", "", "../../etc/passwd"]),
]


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in BAD for value in values]
)
def test_what_is_no_fact_is_refused_at_its_field(filled, desk, field, value):
    assert refused_at(filled(**{field: value}), desk) == {field}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"first_percent": "100"}, "first_hours"),
        ({"first_hours": "48"}, "first_percent"),
        ({"second_percent": "50"}, "second_hours"),
        ({"first_percent": "50", "first_hours": "0"}, "first_hours"),
        ({"first_percent": "50", "first_hours": "8785"}, "first_hours"),
        ({"first_percent": "50", "first_hours": "48"}, "percent"),
        (
            {
                **{"first_percent": "100", "first_hours": "48", "percent": "0"},
                **{"second_percent": "50", "second_hours": "49"},
            },
            "second_hours",
        ),
        (
            {
                **{"first_percent": "50", "first_hours": "48", "percent": "0"},
                **{"second_percent": "50", "second_hours": "24"},
            },
            "second_percent",
        ),
    ],
)
def test_what_is_no_refund_rule_is_refused_at_its_field(filled, desk, typed, field):
    form = filled(**{f"refund_{name}": value for name, value in typed.items()})
    assert refused_at(form, desk) == {f"refund_{field}"}


def test_a_refund_rule_of_each_length_is_typed(filled):
    early = {"refund_first_percent": "100", "refund_first_hours": "168"}
    later = {"refund_second_percent": "50", "refund_second_hours": "24"}
    first, second = {"hours_before": 168, "percent": 100}, {"hours_before": 24, "percent": 50}
    last = {"hours_before": None, "percent": 0}
    for typed, rule in [
        ({}, None),
        ({"refund_percent": "100"}, None),
        ({"refund_percent": "0"}, [last]),
        ({**early, "refund_percent": "0"}, [first, last]),
        ({**early, **later, "refund_percent": "0"}, [first, second, last]),
        ({**later, "refund_percent": "0"}, [second, last]),
    ]:
        form = filled(**typed)
        assert form.validate(), form.errors
        assert form.facts()["refund_rule"] == rule


def test_the_first_field_with_an_error_is_known(filled):
    form = filled(price="free", capacity="0")
    assert not form.validate()
    assert form.first_error == "capacity"


@pytest.mark.parametrize("field", ["start_at", "end_at", "sales_open_at", "cancel_until"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_moment_at_the_edge_of_the_calendar_is_refused(filled, desk, field, moment, zone):
    """In another time zone it lies beyond what Python can hold, and every list would break."""
    form = filled(**{field: moment, "time_zone": zone})
    assert refused_at(form, desk) == {field}


@pytest.mark.parametrize(
    ("moment", "zone", "fair"),
    [
        ("1970-01-01T13:59", "Etc/GMT-14", False),
        ("1970-01-01T14:00", "Etc/GMT-14", True),
        ("9999-01-01T05:29", "Asia/Kolkata", True),
        ("9999-01-01T05:30", "Asia/Kolkata", False),
    ],
)
def test_the_years_of_a_moment_are_counted_in_utc(filled, moment, zone, fair):
    """What is stored is shown by any clock, and is taken again as it was shown."""
    form = filled(start_at=moment, time_zone=zone)
    assert form.validate() == fair
    assert fair or set(form.errors) == {"start_at"}


@pytest.mark.parametrize(
    "at",
    [
        datetime(2099, 1, 2, 1, 0, 15, 250, tzinfo=UTC),
        # Half past two of that night, both times, before and after the clocks go back.
        datetime(2030, 10, 27, 0, 30, tzinfo=UTC),
        datetime(2030, 10, 27, 1, 30, tzinfo=UTC),
    ],
)
def test_a_moment_left_as_it_was_shown_stays_what_it_is(filled, at):
    event = Event(
        name="Kolam", time_zone="Europe/Berlin", start_at=at, capacity=5, price_minor=0,
        currency="INR", updated_at=at,
    )  # fmt: skip
    shown = EventForm.of(event).start_at._value()
    form = filled(start_at=shown, time_zone="Europe/Berlin")
    assert form.validate()
    assert form.facts(event)["start_at"] == at
    moved = filled(start_at=shown, time_zone="Asia/Kolkata")
    assert moved.validate()
    assert moved.facts(event)["start_at"] != at


NEW_YORK = "America/New_York"


@pytest.mark.parametrize("field", TIMES)
@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        ("2027-03-14T02:30", NEW_YORK),
        ("2027-03-14T02:00", NEW_YORK),
        ("2027-03-28T02:59", "Europe/Berlin"),
        ("2027-04-30T00:15", "Africa/Cairo"),
        ("2026-10-04T02:10", "Australia/Lord_Howe"),
    ],
)
def test_an_hour_that_clocks_skip_is_refused_at_its_field(filled, field, moment, zone):
    form = filled(**{field: moment, "time_zone": zone})
    assert not form.validate()
    (error,) = form.errors[field]
    assert error.startswith(f"There is no {moment[-5:]} that night in {zone}: clocks go forward.")


@pytest.mark.parametrize(
    ("moment", "utc"),
    [
        ("2027-03-14T01:59", datetime(2027, 3, 14, 6, 59, tzinfo=UTC)),
        ("2027-03-14T03:00", datetime(2027, 3, 14, 7, 0, tzinfo=UTC)),
        # Twice that night: the first.
        ("2027-11-07T01:30", datetime(2027, 11, 7, 5, 30, tzinfo=UTC)),
    ],
)
def test_the_hours_beside_it_are_taken_and_of_two_the_first(filled, moment, utc):
    form = filled(start_at=moment, time_zone=NEW_YORK)
    assert form.validate(), form.errors
    assert form.facts()["start_at"] == utc


def test_the_hour_to_take_instead_is_named(filled):
    form = filled(start_at="2027-03-14T02:30", time_zone=NEW_YORK)
    form.validate()
    assert "03:30 exists." in form.errors["start_at"][0]


def test_a_copy_refuses_an_hour_that_clocks_skip(app):
    with app.test_request_context():
        event = Event(start_at=datetime(2026, 3, 14, 7, tzinfo=UTC), time_zone=NEW_YORK)
        typed = MultiDict({"name": "Kolam", "start_at": "2027-03-14T02:30"})
        form = CopyForm(event, formdata=typed, meta={"csrf": False})
        assert not form.validate()
        assert "clocks go forward" in form.errors["start_at"][0]
