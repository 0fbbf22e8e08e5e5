"""A guest's way by the letter that they got: booked on one device, opened on another."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.servers import wait_until

PHONE = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
GUEST = "meera@example.com"


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.usefixtures("letters_are_sent")
def test_a_guest_opens_the_letters_link_on_another_phone_and_gives_a_seat_back(
    visit_mailing, post, make_event, sql, invariants, javascript
):
    event = make_event(name="Indie Concert", capacity=48, price_minor=50000)
    post.messages.clear()
    with visit_mailing(java_script_enabled=javascript, **PHONE) as page:
        book(page, event)
    (ticket,) = letters_to_guest(post, 1)
    assert "You're going to Indie Concert!" in text_of(ticket)
    with visit_mailing(java_script_enabled=javascript, **PHONE) as page:
        page.goto(link_in(ticket))
        expect(page.get_by_role("heading", level=1)).to_have_text("Your ticket")
        expect(page.locator(".ticket")).to_contain_text("Meera Nair")
        expect(page.locator(".qr-box")).to_have_count(2)
        assert fits(page)
        give_one_back(page)
    ticket, told = letters_to_guest(post, 2)
    assert "Indie Concert" in told["Subject"]
    assert link_in(told) == link_in(ticket), "one address, for as long as a seat is booked"
    assert sql("SELECT seats_available FROM events") == [(47,)]


@pytest.mark.usefixtures("letters_are_sent")
def test_a_mistyped_email_is_corrected_and_the_letter_goes_to_the_right_one(
    visit_mailing, log_in, post, make_event, sql
):
    event = make_event(name="Indie Concert", capacity=48)
    post.messages.clear()
    with visit_mailing(**PHONE) as page:
        book(page, event, "meera@exmaple.com")
        former = page.url
    with visit_mailing(**PHONE) as page:
        log_in(page)
        page.goto("/admin/bookings?q=exmaple")
        page.get_by_role("link", name="Meera Nair").click()
        page.get_by_role("link", name="Correct name or email").click()
        page.get_by_label("Guest's email").fill(GUEST)
        assert fits(page)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("main")).to_contain_text(GUEST)
    (ticket,) = letters_to_guest(post, 1)
    with visit_mailing(**PHONE) as page:
        assert page.goto(former).status == 404
        page.goto(link_in(ticket))
        expect(page.get_by_role("heading", level=1)).to_have_text("Your ticket")


def book(page, event, email=GUEST):
    page.goto(f"/events/{event.id}")
    page.get_by_label("Your name").fill("Meera Nair")
    page.get_by_label("Email").fill(email)
    page.get_by_role("spinbutton", name="Seats").fill("2")
    page.locator("#booking-form").get_by_role("button", name=re.compile("^Book")).tap()
    page.wait_for_url(re.compile("/tickets/"))


def give_one_back(page):
    page.get_by_role("link", name="Cancel this booking").tap()
    page.get_by_label("Seats to give back").fill("1")
    assert fits(page)
    page.get_by_role("button", name=re.compile("^Yes, ")).tap()
    expect(page.locator("main")).to_contain_text("You keep 1 seat")
    assert fits(page)


def letters_to_guest(post, number):
    """As they have arrived, which takes a second or two."""
    wait_until(lambda: len(post.received(GUEST)) == number, 20)
    return post.received(GUEST)


def text_of(letter):
    return letter.get_body(("plain",)).get_content()


def link_in(letter):
    return re.search(r"http://\S+/tickets/\S+", text_of(letter))[0]


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
