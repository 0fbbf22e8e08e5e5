"""How much comes back on cancelling: told before the click, and never worse by the click."""

import re
from datetime import timedelta

import pytest

from app.models.columns import now
from app.presenters.ticket_addresses import ticket_secret
from app.services import bookings
from tests.web.conftest import HTMX, PASSWORD

HALF = [{"hours_before": None, "percent": 50}]
NOTHING = [{"hours_before": None, "percent": 0}]
STEPS = [{"hours_before": 48, "percent": 100}, {"hours_before": None, "percent": 50}]


@pytest.fixture
def make(make_event):
    def make(rule=None, days=10, **facts):
        start = now() + timedelta(days=days)
        facts = {"price_minor": 50_000, "payment_minutes": 15, **facts}
        return make_event(refund_rule=rule, start_at=start, name="Revue", **facts)

    return make


@pytest.fixture
def paid(make_booking, factories, alice):
    def paid(event, seats=1, **facts):
        facts = {"user": alice, "price_minor": event.price_minor, **facts}
        booking = make_booking(event, seats=seats, booked_in=event.currency, **facts)
        factories.payment(booking, currency=event.currency)
        return booking

    return paid


@pytest.fixture
def money(sql):
    def money():
        owed, kept = (
            [amount for (amount,) in sql(f"SELECT amount_minor FROM {name} ORDER BY id")]
            for name in ("refunds", "kept_amounts")
        )
        return owed, kept

    return money


def path_of(booking):
    return f"/bookings/{booking.id}/cancellation"


def shown(page):
    found = re.search(r'name="shown_refund" value="(\d+)"', page)
    return found and found[1]


def test_the_event_tells_the_rule_with_its_days_by_its_clock(visitor, make, sql):
    event = make(STEPS)
    sql("UPDATE events SET start_at = '2031-06-14 13:30+00'")
    page = visitor.get(f"/events/{event.id}", follow_redirects=True).text
    assert "Cancelled until Thu 12 Jun 2031, 19:00 IST, all of the price comes back." in page
    assert "After that, until Sat 14 Jun 2031, 19:00 IST, 50%." in page


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, "all of the price comes back"),
        ({"rule": NOTHING}, "nothing of the price comes back"),
        ({"rule": HALF, "payment_minutes": None}, "50% of the price comes back"),
        ({"payment_minutes": None}, None),
        ({"rule": HALF, "price_minor": 0}, None),
    ],
)
def test_an_event_tells_it_that_has_a_rule_or_is_paid_here(visitor, make, facts, told):
    page = visitor.get(f"/events/{make(**facts).id}", follow_redirects=True).text
    assert (told in page) if told else ("of the price comes back" not in page)


def test_a_guest_is_told_what_comes_back_and_until_when(signed_in, make, paid, money):
    booking = paid(make(STEPS, days=1))
    page = signed_in.get(path_of(booking)).text
    assert "₹250 of ₹500 come back." in page
    assert "50% of the price comes back." in page
    assert "all of the price" not in page
    signed_in.post(path_of(booking), {"shown_refund": shown(page)})
    assert money() == ([25_000], [25_000])


def test_all_that_comes_back_needs_no_question(signed_in, make, paid, money):
    booking = paid(make(), seats=2)
    page = signed_in.get(path_of(booking)).text
    assert "You have paid ₹500 a seat: that is owed to you for each" in page
    assert "nothing_back" not in page
    signed_in.post(path_of(booking), {"had": "2", "give": "1", "shown_refund": shown(page)})
    assert money() == ([50_000], [])


@pytest.mark.parametrize("headers", [None, HTMX])
def test_nothing_that_comes_back_is_asked_explicitly(signed_in, make, paid, money, headers):
    booking = paid(make(NOTHING), seats=2)
    more = {"headers": headers} if headers else {}
    page = signed_in.get(path_of(booking), **more).text
    assert "Nothing of ₹500 a seat comes back." in page
    sent = {"had": "2", "give": "2", "shown_refund": shown(page)}
    answer = signed_in.post(path_of(booking), sent, **more)
    assert answer.status_code == 422
    assert "Tick that you know that nothing comes back." in answer.text
    assert 'name="give" inputmode="numeric" required min="1" max="2" step="1" value="2"' in (
        answer.text
    )
    assert money() == ([], [])
    signed_in.post(path_of(booking), {**sent, "nothing_back": "y"}, **more)
    assert money() == ([], [100_000])


@pytest.mark.parametrize("told", ["50000", "", "none", "9" * 30, None])
def test_less_than_was_shown_is_asked_again(signed_in, make, paid, money, told):
    booking = paid(make(HALF))
    sent = {} if told is None else {"shown_refund": told}
    answer = signed_in.post(path_of(booking), sent)
    assert answer.status_code == 409
    assert "Less of the price comes back by now: please look, and decide again." in answer.text
    assert shown(answer.text) == "25000"
    assert money() == ([], [])
    signed_in.post(path_of(booking), {"shown_refund": "25000"})
    assert money() == ([25_000], [25_000])


def test_a_secret_address_asks_the_same(visitor, app, make, paid, money):
    booking = paid(make(HALF))
    with app.app_context():
        path = f"/tickets/{ticket_secret(bookings.get_booking(booking.id))}/cancellation"
    page = visitor.get(path).text
    assert "₹250 of ₹500 come back." in page
    assert visitor.post(path, {"shown_refund": "50000"}).status_code == 409
    assert visitor.post(path, {"shown_refund": shown(page)}).status_code == 303
    assert money() == ([25_000], [25_000])


def test_an_old_form_of_what_was_never_paid_asks_nothing_more(signed_in, make, make_booking, alice):
    booking = make_booking(make(HALF), user=alice, price_minor=50_000)
    assert shown(signed_in.get(path_of(booking)).text) is None
    assert signed_in.post(path_of(booking)).status_code == 303


def test_who_leaves_is_told_what_comes_back_and_gets_no_less(
    signed_in, make, paid, money, desk, sql
):
    soon = make(STEPS, days=5)
    paid(make(HALF, currency="JPY", price_minor=333))
    paid(soon, seats=2)
    page = signed_in.get("/account/deletion").text
    assert "Of what you have paid for them, JP¥333, JP¥167 come back." in page
    assert "Of what you have paid for them, ₹1,000, all comes back." in page
    sent = {"password": PASSWORD, "shown_refund": "JPY 167 INR 100000"}
    assert 'name="shown_refund" type="hidden" value="JPY 167 INR 100000"' in page
    sql("UPDATE events SET start_at = now() + interval '1 day' WHERE id = %s", soon.id)
    answer = signed_in.post("/account/deletion", sent)
    assert answer.status_code == 422
    assert "Less money comes back by now: please look again." in answer.text
    assert "Of what you have paid for them, ₹1,000, ₹500 come back." in answer.text
    assert money() == ([], [])
    sent["shown_refund"] = "JPY 167 INR 50000"
    assert signed_in.post("/account/deletion", sent).status_code == 303
    assert money() == ([167, 50_000], [166, 50_000])


class TestStaff:
    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            ({}, ([50_000], [])),
            ({"refund": "all"}, ([50_000], [])),
            ({"refund": "rule"}, ([25_000], [25_000])),
            ({"refund": "amount", "refund_amount": "₹99.50"}, ([9_950], [40_050])),
            ({"refund": "amount", "refund_amount": "0"}, ([], [50_000])),
        ],
    )
    def test_choose_what_comes_back(self, organiser, make, paid, money, sent, expected):
        booking = paid(make(HALF))
        path = f"/admin/bookings/{booking.id}/cancellation"
        page = organiser.get(f"{path}?had=1&give=1").text
        assert "By the event's rule, which holds for guests: ₹250" in page.replace("&#39;", "'")
        organiser.post(path, {"had": "1", "give": "1", **sent})
        assert money() == expected

    @pytest.mark.parametrize(
        ("amount", "told"),
        [
            ("500.01", "That is more than was paid for the seats."),
            ("", "Enter an amount, as in"),
            ("12,5", "Enter an amount, as in"),
        ],
    )
    def test_are_told_what_is_wrong_with_an_amount(
        self, organiser, make, paid, money, amount, told
    ):
        booking = paid(make(HALF))
        sent = {"had": "1", "give": "1", "refund": "amount", "refund_amount": amount}
        answer = organiser.post(f"/admin/bookings/{booking.id}/cancellation", sent)
        assert answer.status_code == 422
        assert told in answer.text
        assert f'value="{amount}"' in answer.text
        assert money() == ([], [])

    def test_read_in_its_history_what_became_of_it(self, organiser, make, paid):
        booking = paid(make(HALF))
        sent = {"had": "1", "give": "1", "refund": "rule"}
        organiser.post(f"/admin/bookings/{booking.id}/cancellation", sent)
        page = organiser.get(f"/admin/bookings/{booking.id}").text
        assert "1 seats, then 0; ₹250 owed back, ₹250 kept" in page
        assert "<strong>₹250</strong> kept for seats that were given back" in page
        page = organiser.get(f"/admin/events/{booking.event_id}/payments?received=1").text
        assert "₹250 kept" in page


WISH = {"name": "Revue", "start_at": "2099-01-02T06:30", "time_zone": "Asia/Kolkata"}
WISH |= {"capacity": "40", "price": "500"}
RULE = {"refund_first_percent": "100", "refund_first_hours": "168", "refund_percent": "50"}


def test_an_organiser_types_a_rule_and_reads_it_as_guests_do(organiser, sql):
    organiser.post("/admin/events", {**WISH, **RULE})
    ((event_id, rule),) = sql("SELECT id, refund_rule FROM events")
    assert rule == [{"hours_before": 168, "percent": 100}, *HALF]
    page = organiser.get(f"/admin/events/{event_id}/edit").text
    assert "Cancelled until Fri 26 Dec 2098, 06:30 IST, all of the price comes back." in page
    for name, value in RULE.items():
        assert re.search(rf'name="{name}"[^>]* value="{value}"', page)


def test_what_is_no_rule_is_told_at_its_field_and_nothing_is_lost(organiser, sql):
    sent = {**WISH, **RULE, "refund_second_percent": "100", "refund_second_hours": "24"}
    answer = organiser.post("/admin/events", sent)
    assert answer.status_code == 422
    told = "Must give back less in each step than in the one before it."
    assert f'href="#refund_second_percent">Then, in per cent</a>: {told}' in answer.text
    assert re.search(r'name="refund_second_hours"[^>]* value="24"', answer.text)
    assert sql("SELECT count(*) FROM events") == [(0,)]


def test_a_friend_reads_that_the_money_is_the_givers(signed_in, make, make_booking, alice):
    given = make_booking(make(HALF), user=alice, price_minor=50_000, paid_at=now())
    page = signed_in.get(path_of(given)).text
    assert "Whoever gave you this seat has paid for it" in page
    assert shown(page) is None


def test_a_reservation_tells_what_was_agreed_before_it_is_paid(
    signed_in, make, make_booking, alice
):
    event = make(HALF)
    facts = {"status": "RESERVED", "reserved_until": event.start_at, "price_minor": 50_000}
    booking = make_booking(event, user=alice, **facts)
    assert "50% of the price comes back." in signed_in.get(f"/bookings/{booking.id}").text


def test_pages_that_tell_nothing_of_the_rule_are_as_for_other_events(signed_in, make, paid):
    event = make(STEPS)
    booking = paid(event)
    ticket = f"/bookings/{booking.id}"
    for path in ("/", "/events.atom", "/bookings", ticket, f"/events/{event.id}"):
        page = signed_in.get(path, follow_redirects=True)
        assert page.status_code == 200, path
        assert "Revue" in page.text
    assert signed_in.get(f"{ticket}/ticket.pdf").status_code == 200
    assert signed_in.get(f"{ticket}/calendar.ics").status_code == 200
    assert signed_in.get("/account/data.json").status_code == 200
