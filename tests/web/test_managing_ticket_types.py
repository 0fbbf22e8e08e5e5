"""An event's ticket types on organisers' pages."""

import re
from datetime import UTC, datetime

import pytest

from app.models import Role
from app.models.columns import now
from app.services import staff
from tests.web.conftest import HTMX, Visitor

VIP = {"name": "VIP", "price": "1250.50", "present_name": "General"}


@pytest.fixture
def event(make_event):
    return make_event(name="Kolam", capacity=20, price_minor=50_000, currency="INR")


@pytest.fixture
def types(event, factories):
    facts = ({"name": "VIP", "price_minor": 90_000, "quota": 5}, {"name": "Student"})
    return factories.ticket_types(event, *facts)


def pages_of(event):
    return f"/admin/events/{event.id}/ticket-types"


def names(sql):
    return [name for (name,) in sql("SELECT name FROM ticket_types ORDER BY position, id")]


def form_of(organiser, event, kind, **typed):
    """The form of a type as it is shown, with what somebody typed in it."""
    page = organiser.get(f"{pages_of(event)}/{kind.id}").text
    shown = {}
    for tag in re.findall(
        r"<input[^>]*>", page.partition('class="panel"')[2].partition("</form>")[0]
    ):
        facts = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if facts.get("type") != "checkbox" or "checked" in tag:
            shown[facts["name"]] = facts.get("value", "").replace("&#34;", '"')
    return shown | typed


def test_an_event_without_types_says_what_it_sells_and_names_it_with_its_first_type(
    organiser, event, make_booking, sql, invariants
):
    make_booking(event, seats=3)
    page = organiser.get(pages_of(event)).text
    assert "one kind of seat, each for ₹500" in page
    assert 'value="Standard"' in page
    assert organiser.post(pages_of(event), VIP).status_code == 303
    assert sql(
        "SELECT name, price_minor, taken, is_default FROM ticket_types ORDER BY position"
    ) == [("General", 50_000, 3, True), ("VIP", 125_050, 0, False)]
    shown = organiser.get(pages_of(event)).text
    assert "one kind of seat" not in shown
    assert "present_name" not in shown
    assert "₹1,250.50" in shown


def test_a_type_is_added_with_all_its_facts_at_the_event_s_hours(organiser, event, sql):
    facts = {
        "description": "Front rows, and a drink",
        "quota": "6",
        "sales_open_at": "2031-01-01T10:00",
        "sales_close_at": "2031-01-02T10:00",
        "min_per_order": "2",
        "max_per_order": "4",
        "hidden": "y",
    }
    assert organiser.post(pages_of(event), VIP | facts).status_code == 303
    assert sql(
        "SELECT description, quota, sales_open_at, min_per_order, max_per_order, hidden"
        " FROM ticket_types WHERE name = 'VIP'"
    ) == [("Front rows, and a drink", 6, datetime(2031, 1, 1, 4, 30, tzinfo=UTC), 2, 4, True)]
    shown = organiser.get(pages_of(event)).text
    for words in ("Hidden", "from 1 Jan 2031, 10:00", "until 2 Jan 2031, 10:00", "2–4", "of 6"):
        assert words in shown


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": ""}, "name", "Name the ticket type."),
        ({"name": "general"}, "name", "has this name already"),
        ({"present_name": " "}, "present_name", "Name the ticket type."),
        ({"price": "dear"}, "price", "Enter an amount"),
        ({"price": ""}, "price", "Say what a seat costs"),
        ({"price": "1.234"}, "price", "INR has 2 decimals"),
        ({"quota": "0"}, "quota", "From 1 to"),
        ({"quota": "few"}, "quota", "Enter a whole number"),
        ({"min_per_order": "4", "max_per_order": "2"}, "max_per_order", "Must be at least 4."),
        ({"min_per_order": "4", "quota": "2"}, "quota", "Must be at least 4."),
        (
            {"sales_open_at": "2031-01-02T10:00", "sales_close_at": "2031-01-01T10:00"},
            "sales_close_at",
            "Must be after sales open.",
        ),
    ],
)
def test_what_is_wrong_with_a_type_is_said_at_its_field_and_what_was_typed_stays(
    organiser, event, sql, typed, field, words
):
    answer = organiser.post(pages_of(event), VIP | {"description": "Front rows"} | typed)
    assert answer.status_code == 422
    told = re.search(rf'id="{field}-error"[^>]*>([^<]*)<', answer.text)[1]
    assert words in told
    assert 'value="Front rows"' in answer.text
    assert names(sql) == []


@pytest.mark.parametrize(
    ("currency", "typed", "minor", "refused"),
    [("JPY", "1250", 1250, "12.5"), ("KWD", "1.250", 1250, "1.2505")],
)
def test_a_price_is_typed_in_the_decimals_of_the_event_s_currency(
    organiser, make_event, sql, currency, typed, minor, refused
):
    event = make_event(currency=currency, price_minor=1000)
    assert f"In {currency}, as in" in organiser.get(pages_of(event)).text
    assert organiser.post(pages_of(event), VIP | {"price": refused}).status_code == 422
    assert organiser.post(pages_of(event), VIP | {"price": typed}).status_code == 303
    assert sql("SELECT price_minor FROM ticket_types WHERE name = 'VIP'") == [(minor,)]


def test_a_type_s_form_shows_its_facts_and_saves_what_was_changed(organiser, event, types, sql):
    form = form_of(organiser, event, types["VIP"])
    assert (form["name"], form["price"], form["quota"]) == ("VIP", "900", "5")
    typed = form | {"price": "950", "sales_close_at": "2031-01-01T10:00"}
    assert organiser.post(f"{pages_of(event)}/{types['VIP'].id}", typed).status_code == 303
    assert sql(
        "SELECT price_minor, quota, sales_close_at FROM ticket_types WHERE name = 'VIP'"
    ) == [(95_000, 5, datetime(2031, 1, 1, 4, 30, tzinfo=UTC))]
    ((was, becomes),) = sql(
        "SELECT before, after FROM audit_entries WHERE action = 'ticket_type.changed'"
    )
    assert was == {"price_minor": 90_000, "sales_close_at": None}
    assert becomes["ticket_type"] == "VIP"
    history = organiser.get(f"/admin/audit?event={event.id}").text
    assert "Ticket type changed" in history
    assert "<del>₹900</del> → <ins>₹950</ins>" in history


def test_two_organisers_keep_both_their_changes_of_one_type(organiser, event, types, sql):
    page = f"{pages_of(event)}/{types['VIP'].id}"
    mine = form_of(organiser, event, types["VIP"], description="Front rows")
    theirs = form_of(organiser, event, types["VIP"], price="950")
    assert organiser.post(page, theirs).status_code == 303
    assert organiser.post(page, mine).status_code == 303
    assert sql("SELECT price_minor, description FROM ticket_types WHERE name = 'VIP'") == [
        (95_000, "Front rows")
    ]


def test_of_two_organisers_with_other_prices_the_second_is_told_the_first_s(
    organiser, event, types, sql
):
    page = f"{pages_of(event)}/{types['VIP'].id}"
    mine = form_of(organiser, event, types["VIP"], price="800")
    organiser.post(page, form_of(organiser, event, types["VIP"], price="950"))
    refused = organiser.post(page, mine)
    assert refused.status_code == 409
    assert "changed it meanwhile, to: 950" in refused.text
    shown = re.search(r'name="shown"[^>]*value="([^"]*)"', refused.text)[1].replace("&#34;", '"')
    assert organiser.post(page, mine | {"shown": shown}).status_code == 303
    assert sql("SELECT price_minor FROM ticket_types WHERE name = 'VIP'") == [(80_000,)]


def test_a_quota_below_what_is_taken_is_refused(organiser, event, types, make_booking, sql):
    make_booking(event, seats=3, ticket_type_id=types["VIP"].id)
    sql("UPDATE ticket_types SET taken = 3 WHERE name = 'VIP'")
    page = f"{pages_of(event)}/{types['VIP'].id}"
    refused = organiser.post(page, form_of(organiser, event, types["VIP"], quota="2"))
    assert refused.status_code == 422
    assert "below the 3 seats that are taken" in refused.text


def test_types_are_moved_once_however_often_a_button_is_sent(organiser, event, types, sql):
    page = f"{pages_of(event)}/{types['Student'].id}/place"
    assert organiser.post(page, {"place": "1"}).status_code == 303
    assert names(sql) == ["General", "Student", "VIP"]
    listed = organiser.post(page, {"place": "1"}, headers=HTMX)
    assert listed.text.lstrip().startswith('<ol id="ticket-types"')
    assert names(sql) == ["General", "Student", "VIP"]
    organiser.post(page, {"place": "0"}, headers=HTMX)
    assert names(sql) == ["Student", "General", "VIP"]


@pytest.mark.parametrize("place", ["-1", "", "first", "99999"])
def test_a_place_that_is_none_moves_nothing(organiser, event, types, sql, place):
    organiser.post(f"{pages_of(event)}/{types['Student'].id}/place", {"place": place})
    assert names(sql) == ["General", "VIP", "Student"]


def test_a_type_is_withdrawn_and_taken_back(organiser, event, types, sql):
    page = f"{pages_of(event)}/{types['Student'].id}"
    assert organiser.post(f"{page}/withdrawal").status_code == 303
    assert "sold no more" in organiser.get(pages_of(event)).text
    table = organiser.get(pages_of(event)).text
    assert "Withdrawn" in table
    again = organiser.post(f"{page}/return", headers=HTMX)
    assert "Withdrawn" not in again.text
    assert sql("SELECT withdrawn FROM ticket_types WHERE name = 'Student'") == [(False,)]


def test_only_a_type_that_was_never_booked_is_removed(organiser, event, types, make_booking, sql):
    make_booking(event, ticket_type_id=types["VIP"].id, status="CANCELLED", cancelled_at=now())
    for kind, words in ((types["VIP"], "has bookings"), (types["General"], "default type")):
        page = f"{pages_of(event)}/{kind.id}"
        assert "Remove the ticket type" not in organiser.get(page).text
        assert organiser.post(f"{page}/removal").location.endswith(page)
        assert words in organiser.get(page).text
    page = f"{pages_of(event)}/{types['Student'].id}"
    assert "Remove the ticket type" in organiser.get(page).text
    assert organiser.post(f"{page}/removal").status_code == 303
    assert names(sql) == ["General", "VIP"]


def test_a_type_of_another_event_is_not_found(organiser, types, make_event):
    other = make_event()
    assert organiser.get(f"{pages_of(other)}/{types['VIP'].id}").status_code == 404
    moved = organiser.post(f"{pages_of(other)}/{types['VIP'].id}/place", {"place": "0"})
    assert moved.status_code == 404


def test_a_viewer_sees_types_and_changes_none(app, event, types):
    viewer = Visitor(app)
    with app.app_context():
        _key, secret = staff.create_key("viewer", Role.VIEWER)
    viewer.log_in(secret)
    page = viewer.get(pages_of(event)).text
    assert "VIP" in page
    assert "Withdraw" not in page
    assert "Add a ticket type" not in page
    assert viewer.post(f"{pages_of(event)}/{types['VIP'].id}/withdrawal").status_code == 403


def test_an_event_s_form_leaves_prices_to_its_types(organiser, event, types, sql):
    page = organiser.get(f"/admin/events/{event.id}/edit").text
    assert 'name="price"' not in page
    assert f'href="{pages_of(event)}"' in page
    form = {"name": "Renamed", "start_at": "2031-03-04T07:00", "capacity": "80"}
    form |= {"time_zone": "Asia/Kolkata", "price": "3"}
    assert organiser.post(f"/admin/events/{event.id}/edit", form).status_code == 303
    assert sql("SELECT name, price_minor FROM events") == [("Renamed", 0)]


def test_a_copy_of_an_event_has_its_types_with_nothing_taken(
    organiser, event, types, make_booking, sql
):
    make_booking(event, seats=2)
    copy = {"name": "Again", "start_at": "2031-03-04T07:00"}
    assert organiser.post(f"/admin/events/{event.id}/duplicate", copy).status_code == 303
    assert sql(
        "SELECT ticket_types.name, taken FROM ticket_types JOIN events ON events.id = event_id"
        " WHERE events.name = 'Again' ORDER BY position"
    ) == [("General", 0), ("VIP", 0), ("Student", 0)]
