"""The operator's checks from the pages: parts, books, and the demo's data."""

import re

import pytest

from app.admin import checks
from tests.web.conftest import HTMX, Visitor

START = "/admin/checks/reconciliation"


def hidden(text):
    return dict(re.findall(r'name="(after|checked|broken|repaired)" value="(\d+)"', text))


def test_each_part_of_the_site_is_told(organiser):
    text = organiser.get("/admin/checks").text
    well = (
        *("Settings", "Database", "Migrations", "Redis", "Connections", "Unpaid seats"),
        *("Sign-up", "Wallets", "Waiting rooms"),
    )
    for part in (*well, "Organiser", "Letters"):
        assert f"<dt>{part}</dt>" in text
    assert text.count("In order") == len(well)


def test_a_part_that_is_not_in_order_says_what_to_do(organiser, sql):
    ((head,),) = sql("SELECT version_num FROM alembic_version")
    sql("UPDATE alembic_version SET version_num = '0001'")
    try:
        assert "flask db upgrade" in organiser.get("/admin/checks").text
    finally:
        sql("UPDATE alembic_version SET version_num = %s", head)


def test_sound_books_are_told_in_one_step(organiser, make_event, make_booking):
    make_booking(make_event(), seats=2)
    text = organiser.post(START).text
    assert "1 event checked:" in text
    assert "all seats add up." in text


def test_what_does_not_add_up_is_named_and_left_alone(organiser, make_event, make_booking, sql):
    event = make_event(name="Odd One", capacity=5)
    make_booking(event, seats=2)
    make_event()
    sql("UPDATE events SET seats_available = 4 WHERE id = %s", event.id)
    text = organiser.post(START, headers=HTMX).text
    assert "Odd One" in text
    assert "4 left + 0 held back + 2 booked, capacity 5" in text
    assert "1 does not add up." in text
    assert sql("SELECT seats_available FROM events ORDER BY id") == [(4,), (5,)]
    sql("UPDATE events SET seats_available = 3 WHERE id = %s", event.id)


def test_tokens_that_differ_are_put_right(organiser, make_event, redis):
    event = make_event(capacity=5)
    redis.set(f"event:{event.id}:tokens", "99")
    assert "Tokens were put right for 1." in organiser.post(START).text.replace("Its t", "T")
    assert redis.get(f"event:{event.id}:tokens") == "5"


def test_a_long_check_goes_on_step_by_step_and_tells_how_far_it_is(
    organiser, make_event, monkeypatch
):
    monkeypatch.setattr(checks, "AT_ONCE", 2)
    monkeypatch.setattr(checks, "STEP", 0)
    for _ in range(5):
        make_event()
    first = organiser.post(START, headers=HTMX).text
    assert "2 of 5 events checked" in first
    assert 'hx-trigger="load"' in first
    second = organiser.post(START, hidden(first), headers=HTMX).text
    assert "4 of 5 events checked" in second
    last = organiser.post(START, hidden(second), headers=HTMX).text
    assert "5 events checked:" in last
    assert 'hx-trigger="load"' not in last


def test_without_script_a_button_leads_on(organiser, make_event, monkeypatch):
    monkeypatch.setattr(checks, "AT_ONCE", 2)
    monkeypatch.setattr(checks, "STEP_WITHOUT_SCRIPT", 0)
    for _ in range(3):
        make_event()
    page = organiser.post(START).text
    assert "Go on" in page
    assert "3 events checked:" in organiser.post(START, hidden(page)).text


@pytest.mark.parametrize("rubbish", ["-1", "x", "9" * 40, "1.5"])
def test_rubbish_in_the_steps_figures_begins_anew(organiser, make_event, rubbish):
    make_event()
    assert "1 event checked:" in organiser.post(START, {"after": rubbish, "checked": rubbish}).text


def test_only_the_demo_can_be_seeded_from_the_pages(organiser, sql):
    assert "The demo's data" not in organiser.get("/admin/checks").text
    assert organiser.post("/admin/checks/demo").status_code == 404
    assert sql("SELECT count(*) FROM events") == [(0,)]


def test_the_demo_is_seeded_from_the_pages(make_app, sql, settings):
    organiser = Visitor(make_app(demo=True))
    organiser.log_in(settings.admin_key[0])
    assert "Make them" in organiser.get("/admin/checks").text
    assert organiser.post("/admin/checks/demo").status_code == 303
    assert "19 things made, 0 were there already." in organiser.get("/admin/checks").text
    assert sql("SELECT count(*) FROM events") == [(16,)]


def test_money_that_is_not_as_it_should_be_is_named(
    organiser, make_event, make_booking, factories, sql
):
    broken, slow = (make_event(name=name, payment_minutes=15) for name in ("Broken", "Slow"))
    made = [make_booking(event, price_minor=500) for event in (broken, slow)]
    paid = [factories.payment(one, provider="stripe") for one in made]
    sql("UPDATE payments SET amount_minor = 900 WHERE id = %s", paid[0].id)
    refund = factories.refund(paid[1], booking_id=made[1].id, amount_minor=1)
    sql("UPDATE refunds SET created_at = created_at - interval '2 days' WHERE id = %s", refund.id)
    sql("UPDATE payments SET amount_minor = 501 WHERE id = %s", paid[1].id)
    text = " ".join(re.sub(r"<[^>]*>", " ", organiser.post(START).text).split())
    assert re.search(r"Does not add up: \S*Broken.+? Of 1 payment something else stays", text)
    assert re.search(r"Money is stuck: \S*Slow.+? 1 refund is owed by its provider", text)
