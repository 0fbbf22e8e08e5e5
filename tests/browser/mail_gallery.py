"""The pages that a site has which sends letters, or has otherwise, in every state."""

from playwright.sync_api import expect

from tests.browser.gallery import Scene, at, guests_ticket, log_in, sent_empty

MEERA = "meera@example.com"
WORDS = "The hall is flooded.\nWe are so sorry, and hope to see you all the same."


def letter_asked_for(page, _world, email=MEERA):
    page.goto("/sign-in/mail?for=password")
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Send me the letter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")


def wrong_code(page, world):
    letter_asked_for(page, world)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#errors")).to_be_visible()


def link_of_a_letter(page, world):
    letter_asked_for(page, world, world.alice.email)
    (link,) = world.sql("SELECT facts->>'link' FROM mails WHERE letter = 'password'")[0]
    page.goto("/sign-in/links/" + link.rpartition("/")[2])
    expect(page.get_by_label("New password")).to_be_visible()


def guests_seats_for_google(page, world):
    guests_ticket(page, world)
    page.get_by_role("link", name="Add to Google Wallet").click()
    expect(page.get_by_role("heading", name="Add to Google Wallet")).to_be_visible()


def event_page(rest, name="ok"):
    return at(lambda world: f"/admin/events/{world.events[name].id}/{rest}")


def refused_words(page, world):
    """Words that would reach nobody, since nothing is told of."""
    event_page("edit")(page, world)
    page.get_by_label("Your words to those who have booked").fill(WORDS)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#words-error")).to_be_visible()


def letter_looked_at(page, world):
    event_page("letters")(page, world)
    page.get_by_label("Subject").fill("Doors at six")
    page.locator("#body").fill("Come **early**: the night air is cool.")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", name="Send this letter?")).to_be_visible()


def logged_in(page, world):
    log_in(page, world.admin_key)


def booking(rest=""):
    return at(lambda world: f"/admin/bookings/{world.bookings['issued'].id}{rest}")


SCENES = [
    Scene("mail-sign-in", at("/sign-in")),
    Scene("mail-sign-in-by-mail", at("/sign-in/mail")),
    Scene("mail-sign-in-by-mail-errors", sent_empty("/sign-in/mail", "Send me the letter")),
    Scene("mail-password-forgotten", at("/sign-in/mail?for=password")),
    Scene("mail-code", letter_asked_for),
    Scene("mail-code-wrong", wrong_code),
    Scene("mail-link", link_of_a_letter),
    Scene("mail-link-over", at(f"/sign-in/links/{'x' * 43}"), status=404),
    Scene("mail-sign-up", at("/sign-up")),
    Scene("mail-sign-up-errors", sent_empty("/sign-up", "Make an account")),
    Scene("mail-guest-ticket", guests_ticket),
    Scene("mail-guest-google-wallet", guests_seats_for_google),
    Scene("mail-admin-events", logged_in),
    Scene("mail-admin-event-edit", event_page("edit")),
    Scene("mail-admin-event-words-refused", refused_words),
    Scene("mail-admin-event-cancel", event_page("cancellation")),
    Scene("mail-admin-event-delete", event_page("deletion")),
    Scene("mail-admin-guest-letters", event_page("letters")),
    Scene("mail-admin-guest-letter-preview", letter_looked_at),
    Scene("mail-admin-booking", booking()),
    Scene("mail-admin-booking-give-back", booking("/cancellation?had=2&give=1")),
    Scene("mail-admin-booking-guest", booking("/guest")),
    Scene("mail-admin-letters", at("/admin/letters")),
]
"""First those of a visitor, then an organiser's."""
