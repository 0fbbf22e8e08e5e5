"""A seat for a friend, from the giver's ticket to the friend's, for all who look at the gallery."""

import re

from playwright.sync_api import expect


def asked(page, world):
    """The giver's page, of a guest's ticket for two; `world.giver` is where it stands."""
    page.goto(world.event_url("ok"))
    for label, value in (("Your name", "ಅಕ್ಷತಾ"), ("Email", "akshata@example.com"), ("Seats", "2")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name=re.compile("^Book")).click()
    page.wait_for_url(re.compile("/tickets/"))
    world.giver = page.url.partition("?")[0]
    page.get_by_role("link", name="Give a seat to a friend").click()
    expect(page.get_by_role("button", name="Give seat 2 away")).to_be_visible()


def waiting(page, world):
    asked(page, world)
    page.get_by_role("button", name="Give seat 2 away").click()
    expect(page.get_by_role("button", name=re.compile("^Send or copy your friend"))).to_be_visible()
    world.gift = page.locator("code.secret").inner_text()


def friends(page, world):
    return page.goto(world.gift)


def mistyped(page, world):
    page.goto(world.gift)
    page.get_by_label("Email, if you like").fill("ravi@")
    page.get_by_role("button", name="Accept the seat").click()
    expect(page.locator("#errors")).to_be_visible()


def accepted(page, world):
    page.goto(world.gift)
    page.get_by_label("Your name").fill("Ravi")
    page.get_by_role("button", name="Accept the seat").click()
    page.get_by_role("heading", name="You're going to").wait_for()


def of_the_giver(page, world):
    """All that was given: a ticket without a seat."""
    page.goto(f"{world.giver}/gifts")
    page.get_by_role("button", name="Give my seat away").click()
    page.get_by_role("heading", name="You gave this seat away").wait_for()
    world.gift_of_last = page.locator("code.secret").inner_text()


def known_elsewhere(page, world):
    page.context.clear_cookies()
    return page.goto(world.gift)


def taken_back(page, world):
    page.goto(world.giver)
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("The seat is yours again").wait_for()
    return page.goto(world.gift_of_last)


SCENES = {
    "gift-asked": asked,
    "gift-waiting": waiting,
    "gift": friends,
    "gift-mistyped": mistyped,
    "gift-accepted": accepted,
    "gift-of-the-last-seat": of_the_giver,
    "gift-accepted-elsewhere": known_elsewhere,
    "gift-taken-back": taken_back,
}
