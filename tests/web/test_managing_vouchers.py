"""Organisers make, find, withdraw and export an event's codes."""

import csv
import html
import io
import json
import re
from datetime import timedelta

import pytest

from app.models.columns import now


@pytest.fixture
def event(make_event):
    return make_event(capacity=20, price_minor=50_000)


@pytest.fixture
def codes(organiser, event):
    """The page's text, without its marks."""

    def codes(query=""):
        answer = organiser.get(f"/admin/events/{event.id}/vouchers{query}")
        assert answer.status_code == 200
        return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())

    return codes


@pytest.fixture
def make(organiser, event):
    def make(**typed):
        typed = {"count": "1", "max_uses": "1", "price_effect": "", **typed}
        return organiser.post(f"/admin/events/{event.id}/vouchers", typed)

    return make


def test_a_code_is_made_and_listed_with_what_it_does(codes, make, factories, event):
    assert "There are no codes yet." in codes()
    hold = factories.hold(event, "Fan club", seats=4)
    kind = factories.ticket_types(event, {"name": "Box", "hidden": True})["Box"]
    typed = {"code": "choir-20", "max_uses": "1200", "price_effect": "percent_off", "value": "20"}
    typed |= {"hold_id": str(hold.id), "ticket_type_id": str(kind.id), "note": "The altos"}
    typed |= {"email": "Meena@Example.com"}
    assert make(**typed, valid_until="2031-02-03T18:00").status_code == 303
    told = codes()
    for words in (
        *("CHOIR-20 The altos", "0 of 1,200", "20% off each seat.", "Of the hold Fan club"),
        *("For the ticket type Box", "meena@example.com", "3 Feb 2031, 18:00"),
    ):
        assert words in told


def test_prices_are_typed_in_the_event_s_currency(codes, make, sql):
    make(code="LESS", price_effect="amount_off", value="150.50")
    make(code="CHEAP", price_effect="fixed_price", value="0")
    assert sql("SELECT price_effect, price_value FROM vouchers ORDER BY id") == [
        ("amount_off", 15_050),
        ("fixed_price", 0),
    ]
    told = codes()
    assert "₹150.50 off each seat." in told
    assert "Each seat is free." in told


def test_many_are_made_at_once_and_paged(codes, make, organiser, event, sql):
    made = make(count="130", note="Members")
    assert made.status_code == 303
    assert "130 codes are made." in codes()
    assert sql("SELECT count(*), count(DISTINCT code_key) FROM vouchers") == [(130, 130)]
    page = organiser.get(f"/admin/events/{event.id}/vouchers").text
    assert page.count("/withdrawal") == 50
    more = re.search(r'href="([^"]*after=[^"]*)"', page)[1].replace("&amp;", "&")
    assert organiser.get(more).text.count("/withdrawal") == 50


def test_a_form_that_is_sent_twice_makes_its_codes_once(codes, make, organiser, event, sql):
    shown = organiser.get(f"/admin/events/{event.id}/vouchers").text
    key = {"idempotency_key": shown_in(shown)["idempotency_key"]}
    for _ in range(2):
        assert make(count="30", **key).status_code == 303
    assert sql("SELECT count(*) FROM vouchers") == [(30,)]
    other = make(count="31", **key)
    assert other.status_code == 422
    assert "These were made already." in other.text
    assert make(**shown_in(other.text)).status_code == 303
    assert sql("SELECT count(*) FROM vouchers") == [(61,)]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"code": "abc"}, "Must be 4 to 30 letters from A to Z, and digits."),
        ({"code": "ch01r-20"}, "The event has this code already, or one that reads like it."),
        ({"code": "MANY", "count": "2"}, "Several codes are random ones"),
        ({"count": "1001"}, "From 1 to 1000 at once."),
        ({"price_effect": "percent_off", "value": "101"}, "From 1 to 100 per cent"),
        ({"price_effect": "amount_off", "value": "much"}, 'id="value-error"'),
        ({"value": "20"}, "Say what it does to the price."),
        ({"email": "nobody"}, "Enter an email address"),
    ],
)
def test_what_is_typed_wrong_is_told_and_kept(make, factories, event, sql, typed, told):
    factories.voucher(event, "CHOIR-20")
    refused = make(note="For the altos", **typed)
    assert refused.status_code == 422
    assert told in refused.text
    assert 'value="For the altos"' in refused.text
    assert sql("SELECT count(*) FROM vouchers") == [(1,)]


def test_codes_are_found_by_letters_and_notes(codes, factories, event):
    factories.voucher(event, "CHOIR-20", note="Altos")
    factories.voucher(event, "BAND-20", note="Drums")
    for search in ("alto", "ch0ir"):
        told = codes(f"?q={search}")
        assert "CHOIR-20" in told
        assert "BAND-20" not in told
    assert "No code is like that." in codes("?q=nothing")


def test_a_withdrawn_code_stays_in_the_list_and_is_good_no_more(
    organiser, codes, factories, event, sql
):
    voucher = factories.voucher(event, "CHOIR-20", valid_until=now() - timedelta(hours=1))
    assert "It is over." in codes()
    where = f"/admin/events/{event.id}/vouchers/{voucher.id}/withdrawal"
    assert organiser.post(where).status_code == 303
    told = codes()
    assert "“CHOIR-20” is withdrawn." in told
    assert "Withdrawn" in told
    assert sql("SELECT withdrawn FROM vouchers") == [(True,)]


def test_a_booking_and_a_hold_tell_of_codes(organiser, factories, event, sql):
    voucher, hold = factories.voucher(event, "CHOIR-20"), factories.hold(event)
    booking = factories.booking(event, voucher_id=voucher.id, voucher_order="7Q2K9F4MXT3B")
    sql("UPDATE vouchers SET used = 1")
    assert "With the code CHOIR-20" in organiser.get(f"/admin/bookings/{booking.id}").text
    page = organiser.get(f"/admin/events/{event.id}/holds/{hold.id}").text
    assert "Codes that bring its seats are withdrawn." in page


def test_codes_are_exported_with_their_links(organiser, factories, event):
    factories.voucher(event, "CHOIR-20", max_uses=3, price_effect="amount_off", price_value=1050)
    factories.voucher(event, "BAND-20", note="=1+1", email="ravi@example.com")
    answer = organiser.get(f"/admin/events/{event.id}/vouchers.csv?q=20")
    assert answer.mimetype == "text/csv"
    band, choir = csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")))
    assert (choir["Code"], choir["Used"], choir["Uses"]) == ("CHOIR-20", "0", "3")
    assert (choir["Effect"], choir["Value"]) == ("amount_off", "10.50")
    assert choir["Link"].endswith(f"/events/{event.id}/{event.slug}?code=CHOIR-20")
    assert (band["Note"], band["Email"]) == ("'=1+1", "ravi@example.com")


@pytest.fixture
def change(organiser, event):
    """Open a code's form, type something else, and send it; `typed_before` by somebody else."""

    def change(voucher, **typed):
        where = f"/admin/events/{event.id}/vouchers/{voucher.id}"
        return organiser.post(where, shown_in(organiser.get(where).text) | typed)

    return change


def shown_in(page):
    """What the page's form would send untouched."""
    fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))
    fields |= dict(
        re.findall(
            r'name="(\w+)"[^>]*>(?:(?!</select).)*<option selected value="(\w*)"', page, re.DOTALL
        )
    )
    return {name: html.unescape(value) for name, value in fields.items() if name != "csrf_token"}


def test_a_code_is_changed_for_orders_to_come(change, codes, factories, event, sql):
    until = now() + timedelta(days=3)
    choir = {"price_effect": "percent_off", "price_value": 20, "email": "meena@example.com"}
    voucher = factories.voucher(event, "CHOIR-20", valid_until=until, note="Altos", **choir)
    typed = {"max_uses": "40", "price_effect": "amount_off", "value": "150.50"}
    assert change(voucher, **typed, email="Ravi@example.com", note="").status_code == 303
    facts = "max_uses, price_effect, price_value, email, note, valid_until, code"
    assert sql(f"SELECT {facts} FROM vouchers") == [
        (40, "amount_off", 15_050, "ravi@example.com", "", until, "CHOIR-20")
    ]
    assert "“CHOIR-20” is saved." in (told := codes())
    assert "₹150.50 off each seat." in told
    logged = sql("SELECT before, after FROM audit_entries WHERE action = 'voucher.changed'")
    assert "ravi" not in str(logged)
    assert logged[0][0]["max_uses"] == 1


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"max_uses": "1"}, "Can&#39;t be below the 2 that are used."),
        ({"max_uses": ""}, "Say how many orders may use it."),
        ({"price_effect": "percent_off", "value": "101"}, "From 1 to 100 per cent"),
        ({"price_effect": "", "value": "5"}, "Say what it does to the price."),
        ({"email": "nobody"}, "Enter an email address"),
    ],
)
def test_a_change_that_can_not_be_is_told_at_its_field(change, factories, event, sql, typed, told):
    voucher = factories.voucher(event, "CHOIR-20", max_uses=3)
    for _ in range(2):
        booking = {"voucher_id": voucher.id, "voucher_order": f"ORDER{_}"}
        factories.booking(event, **booking)
    sql("UPDATE vouchers SET used = 2")
    refused = change(voucher, note="For the altos", **typed)
    assert refused.status_code == 422
    assert told in refused.text
    assert 'value="For the altos"' in refused.text
    assert sql("SELECT max_uses, note FROM vouchers") == [(3, "")]


def test_of_two_organisers_who_change_one_code_the_second_is_told(change, factories, event, sql):
    voucher = factories.voucher(event, "CHOIR-20", price_effect="percent_off", price_value=20)
    seen = {"max_uses": 1, "price_effect": "percent_off", "price_value": 20}
    mine = {"shown": json.dumps(seen | {"email": None, "valid_until": None, "note": ""})}
    sql("UPDATE vouchers SET price_effect = 'fixed_price', price_value = 5000, note = 'Theirs'")
    told = change(voucher, **mine, price_effect="percent_off", value="30", note="")
    assert told.status_code == 409
    assert "Somebody else changed it meanwhile, to: A seat costs." in told.text
    again = shown_in(told.text) | {"price_effect": "percent_off", "value": "30"}
    assert change(voucher, **again).status_code == 303
    assert sql("SELECT price_effect, price_value, note FROM vouchers") == [
        ("percent_off", 30, "Theirs")
    ]


def test_a_withdrawn_code_has_no_form(organiser, factories, event):
    voucher = factories.voucher(event, withdrawn=True)
    assert organiser.get(f"/admin/events/{event.id}/vouchers/{voucher.id}").status_code == 404
