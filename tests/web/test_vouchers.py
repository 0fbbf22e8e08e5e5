"""Codes on an event's page: typed or in a link, told before anything is booked, kept on errors."""

from datetime import timedelta

import pytest
from lxml import html

from app.models.columns import now
from tests.web.conftest import HTMX

pytestmark = pytest.mark.usefixtures("invariants")
GUEST = {"name": "Meena", "email": "meena@example.com"}


@pytest.fixture
def event(make_event):
    return make_event(capacity=20, price_minor=50_000)


@pytest.fixture
def page(visitor, event):
    """The event's page, also with a code in its address."""

    def page(code=None):
        address = f"/events/{event.id}/{event.slug}" + (f"?code={code}" if code else "")
        answer = visitor.get(address)
        assert answer.status_code == 200
        return html.fromstring(answer.text)

    return page


@pytest.fixture
def send(visitor, event, page):
    """Send the booking form, as its page has it; `more` is what is typed."""

    def send(headers=None, **more):
        key = page().xpath("//input[@name='idempotency_key']/@value")[0]
        facts = {"idempotency_key": key, **GUEST, "seats": "1", **more}
        more = {"headers": headers} if headers else {}
        return visitor.post(f"/events/{event.id}/bookings", data=facts, **more)

    return send


def at(soup, id):
    found = soup.xpath(f"//*[@id='{id}']")
    return found[0] if found else None


def words(soup, id):
    return " ".join(" ".join(at(soup, id).itertext()).split())


def test_an_event_without_vouchers_asks_for_no_code(page, factories, event):
    assert at(page(), "code") is None
    factories.voucher(event)
    field = at(page(), "code")
    assert (field.get("name"), field.get("value")) == ("code", "")
    assert next(field.iterancestors("details")).get("open") is None


def test_enter_books_since_the_code_s_button_comes_after(page, factories, event):
    factories.voucher(event)
    buttons = page().xpath("//form[@id='booking-form']//button[@type='submit']")
    assert [button.get("name") for button in buttons] == [None, "apply"]
    assert "formnovalidate" in buttons[1].attrib


def test_a_link_brings_its_code_and_tells_what_it_does(page, factories, event):
    factories.voucher(event, "CHOIR-20", price_effect="percent_off", price_value=20)
    soup = page("choir-20")
    assert at(soup, "code").get("value") == "choir-20"
    assert "CHOIR-20 20% off each seat." in words(soup, "code-told")
    assert "₹400 a seat instead of ₹500" in words(soup, "booking-form")
    assert at(soup, "seats-asked").get("data-price") == "40000"


def test_a_code_is_tried_without_booking_and_what_was_typed_stays(send, factories, event, sql):
    factories.voucher(event, "CHOIR-20", price_effect="amount_off", price_value=10_000)
    shown = send(code="choir 20", name="Mee", seats="3", email="", apply="1")
    soup = html.fromstring(shown.text)
    assert shown.status_code == 200
    assert "₹100 off each seat." in words(soup, "code-told")
    typed = {id: at(soup, id).get("value") for id in ("code", "name", "email", "seats-asked")}
    assert typed == {"code": "choir 20", "name": "Mee", "email": "", "seats-asked": "3"}
    assert "error-text" not in shown.text
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_htmx_gets_the_form_alone(send, factories, event):
    factories.voucher(event, "CHOIR-20", price_effect="fixed_price", price_value=0)
    shown = send(headers=HTMX, code="CHOIR-20", apply="1")
    assert "<html" not in shown.text
    soup = html.fromstring(shown.text)
    assert "data-focus" in at(soup, "code-told").attrib
    assert "Each seat is free." in words(soup, "code-told")


@pytest.mark.parametrize("apply", [{}, {"apply": "1"}], ids=["booking", "trying"])
def test_a_code_that_is_not_good_is_told_at_its_field(send, factories, event, sql, apply):
    factories.voucher(event, "ENDED", valid_until=now() - timedelta(hours=1))
    for code, told in (("NEVER-WAS", "no such code"), ("ENDED", "until a day that is past")):
        refused = send(code=code, **apply)
        soup = html.fromstring(refused.text)
        assert refused.status_code in {404, 409, 422}
        assert told in words(soup, "code-error")
        assert (at(soup, "code").get("value"), at(soup, "name").get("value")) == (code, "Meena")
        assert "open" in soup.xpath("//details[@class='code-field']")[0].attrib
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_a_form_with_a_code_books_at_its_price(send, factories, event, sql):
    factories.voucher(event, "CHOIR-20", price_effect="percent_off", price_value=20)
    assert send(code="ch01r-20", seats="2").status_code == 303
    assert sql("SELECT seats, price_minor FROM bookings") == [(2, 40_000)]
    assert sql("SELECT used FROM vouchers") == [(1,)]


def test_a_hidden_type_is_shown_and_booked_with_its_code_alone(page, send, factories, event, sql):
    box = {"name": "Box", "price_minor": 90_000, "hidden": True}
    box = factories.ticket_types(event, box)["Box"]
    factories.voucher(
        event, "BOXES", ticket_type_id=box.id, price_effect="percent_off", price_value=50
    )
    assert at(page(), f"items-{box.id}") is None
    soup = page("BOXES")
    assert at(soup, f"items-{box.id}").get("data-price") == "45000"
    assert "₹450 instead of ₹900" in words(soup, f"items-{box.id}-price")
    assert len(soup.xpath("//fieldset[@class='ticket-types']/div")) == 1
    # The counter's version knows the types that are offered to all.
    assert at(soup, "seats").get("hx-get") == at(page(), "seats").get("hx-get") + "&code=BOXES"
    assert send(code="BOXES", **{f"items-{box.id}": "2"}).status_code == 303
    assert sql("SELECT seats, price_minor FROM bookings") == [(2, 45_000)]


def test_a_presale_code_books_before_sales_open(page, visitor, factories, make_event, event, sql):
    hold = factories.hold(event, "Fan club", seats=4)
    factories.voucher(event, "FANCLUB", hold_id=hold.id, max_uses=3)
    factories.voucher(event, "LATER", max_uses=3)
    sql("UPDATE events SET sales_open_at = now() + interval '1 day'")
    factories.show()
    soup = page()
    assert at(soup, "booking-form").tag == "div"
    assert soup.xpath("//form[@class='code-link']//input/@name") == ["code"]
    assert "once sales are open" in words(page("LATER"), "booking-form")
    soup = page("FANCLUB")
    assert at(soup, "seats-asked").get("max") == "4"
    assert "4 seats are kept for it." in words(soup, "booking-form")
    key = soup.xpath("//input[@name='idempotency_key']/@value")[0]
    facts = {**GUEST, "seats": "2", "code": "FANCLUB", "idempotency_key": key}
    assert visitor.post(f"/events/{event.id}/bookings", data=facts).status_code == 303
    assert sql("SELECT seats_left FROM holds") == [(2,)]


def test_what_is_shown_with_a_code_is_kept_by_no_cache(visitor, factories, event):
    factories.voucher(event, "CHOIR-20")
    answer = visitor.get(f"/events/{event.id}/{event.slug}?code=CHOIR-20")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_poll_brings_the_form_that_its_code_opens(visitor, page, factories, event, sql):
    hold = factories.hold(event, "Fan club", seats=4)
    effect = {"price_effect": "percent_off", "price_value": 20}
    factories.voucher(event, "FANCLUB", hold_id=hold.id, **effect)
    assert at(page("fanclub"), "seats").get("hx-get").endswith("&code=FANCLUB")
    assert "code=" not in at(page(), "seats").get("hx-get")
    sql("UPDATE events SET seats_available = 0, seats_held = 20, version = version + 1")
    factories.show()
    poll = f"/events/{event.id}/seats?v=ok-16"
    plain, answer = (
        visitor.get(poll, headers=HTMX),
        visitor.get(f"{poll}&code=fanclub", headers=HTMX),
    )
    assert at(html.fromstring(plain.text), "seats-asked") is None
    assert "Cache-Control" not in plain.headers or "no-store" not in plain.headers["Cache-Control"]
    soup = html.fromstring(answer.text)
    assert (at(soup, "booking-form").tag, at(soup, "seats-asked").get("max")) == ("form", "4")
    assert "20% off each seat." in words(soup, "code-told")
    assert "data-focus" not in at(soup, "code-told").attrib
    assert answer.headers["Cache-Control"] == "no-store"


def test_guesses_on_the_page_are_limited_too(make_app, event, factories):
    from tests.web.conftest import Visitor

    visitor = Visitor(make_app(limit_wrong_codes="2 per minute"))
    code = factories.voucher(event, "CHOIR-20", price_effect="fixed_price", price_value=0).code
    where = f"/events/{event.id}/{event.slug}?code="
    for wrong in ("WRONG1", "WRONG2"):
        assert "no such code" in visitor.get(where + wrong).text
    answer = visitor.get(where + code).text
    assert "Please wait" in answer
    assert "Each seat is free." not in answer
