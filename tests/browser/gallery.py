"""Every page of the site in every state that a visitor can meet: one list, for all who look.

A scene leads a page to its state. The tests of `test_gallery.py` look at each in light and dark,
on a phone and on a desk; `make shots` keeps what they saw.
"""

import contextlib
import re
from dataclasses import dataclass, field
from datetime import timedelta

from playwright.sync_api import expect

from app.models.columns import now
from app.services import accounts
from tests.browser import (
    code_gallery,
    door_gallery,
    fee_gallery,
    gift_gallery,
    payment_gallery,
    refund_gallery,
    room_gallery,
    type_gallery,
)
from tests.browser.people import PASSWORD

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
DESCRIPTION = """
Mohiniyattam, Kuchipudi and **Kathak** under the open sky.

## What to bring

- a shawl: the night air is cool
- your ticket, on the phone or on paper

> The gates open an hour before. [The whole programme](https://example.org/programme)
"""
ELSEWHERE = {
    "venue": "The Old Palace Grounds behind Nishagandhi",
    "address": "12 Kanakakkunnu Palace Road, near the Museum",
    "city": "Thiruvananthapuram",
}


SCRIPTS = {
    "telugu": ("హైదరాబాద్ శాస్త్రీయ నృత్యోత్సవం", "రవీంద్ర భారతి", "లక్ష్మీ ప్రసన్న"),
    "arabic": ("مهرجان الموسيقى العربية (2026)", "مسرح المدينة، دبي", "فاطمة الزهراء"),
    "hindi": ("हिन्दुस्तानी शास्त्रीय संगीत की संध्या", "राष्ट्रीय नाट्य विद्यालय", "कृष्णमूर्ति त्रिपाठी"),
    "japanese": ("春の夜の能楽と雅楽の演奏会「花」", "東京国際フォーラム", "山田 花子"),
}
"""A title, a place and a guest in each."""
TALL, LEFTWARDS = "telugu", "arabic"
"""What pages must bear: letters that stand high and hang low, and lines from right to left."""
LINK = {
    "link": "https://tickets.example.org/sign-in/links/3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "code": "482915",
    "minutes": 15,
    "expires_at": "2999-01-01T00:00:00+00:00",
    "account": "asha@example.com",
}
"""What a letter tells that proves an address."""


@dataclass
class World:
    """What there is to see; filled once for all scenes."""

    factories: object
    sql: object
    alice: object
    mailbox: object
    """The folder of the demo's mail server."""
    letters: dict = field(default_factory=dict)
    events: dict = field(default_factory=dict)
    bookings: dict = field(default_factory=dict)
    hold: object = None
    types: dict = field(default_factory=dict)
    """Of the event `typed`, by name."""
    admin_key: str = ""

    def __post_init__(self):
        many = {"category": "Music", "price_minor": 50000, "capacity": 400}
        states = {
            "ok": {
                **many,
                **ELSEWHERE,
                "name": "Dance Night",
                "description": DESCRIPTION,
                "reminds_guests": True,
            },
            "few": {**many, "name": "Poets", "seats_available": 9},
            "last": {**many, "name": "Last Words", "seats_available": 2},
            "gone": {**many, "name": "Jazz by the Bay", "seats_available": 12},
            "soon": {**many, "name": "Full Moon", "sales_open_at": now() + DAY + 3 * HOUR},
            "closing": {**many, "name": "Golu", "sales_close_at": now() + 5 * HOUR},
            "closed": {**many, "name": "Golu Eve", "sales_close_at": now() - HOUR},
            "limited": {**many, "name": "Kolam Morning", "max_per_person": 2},
            "paused": {**many, "name": "Paused", "sales_paused": True},
            "cancelled": {**many, "name": "Field Day", "status": "cancelled"},
            "over": {**many, "name": "Drum Evening", "start_at": now() - 5 * DAY},
            "draft": {**many, "name": "Not Yet", "status": "draft"},
            "held": {**many, "name": "House Seats", "seats_available": 0, "seats_held": 400},
            "free": {"name": "Tech Talk", "price_minor": 0, "capacity": 50},
            "long": {"name": "A Very Long Name " + "of an Evening " * 8, "capacity": 50},
            "typed": {**many, "name": "Raga Night"},
            "late": {**many, "name": "Sadya", "cancel_until": now() - HOUR},
        }
        for order, (name, facts) in enumerate(states.items()):
            start = now() + (order + 3) * DAY
            self.events[name] = self.factories.event(**{"start_at": start, **facts})
        for name, seats in {"ok": 3, "limited": 2, "gone": 12, "over": 1, "late": 2}.items():
            self._book(name, seats)
        self._book("cancelled", 2)
        self.hold = self.factories.hold(self.events["limited"], "Sponsor", 12)
        self.bookings["issued"] = self.factories.booking(
            self.events["limited"], seats=2, issued_for="The band's drummer"
        )
        for number, (script, (name, venue, guest)) in enumerate(SCRIPTS.items()):
            facts = {"name": name, "venue": venue, "city": venue, "category": name[:20]}
            start = now() + (20 + number) * DAY
            self.events[script] = self.factories.event(start_at=start, **{**many, **facts})
            user = self.factories.user(f"{script}@example.com", name=guest)
            self.bookings[script] = self.factories.booking(self.events[script], user, seats=2)
        self.bookings["given back"] = self._book("free", 2)
        self.sql(
            "UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE id = %s",
            self.bookings["given back"].id,
        )
        self.gone_event = self.factories.event(name="Taken Down")
        self.sql("UPDATE events SET deleted_at = now() WHERE id = %s", self.gone_event.id)
        for number in range(8):
            self.factories.event(name=f"Evening {number}", start_at=now() + (40 + number) * DAY)
        type_gallery.fill(self)
        payment_gallery.fill(self)
        refund_gallery.fill(self)
        code_gallery.fill(self)
        fee_gallery.fill(self)
        room_gallery.fill(self)
        self._write_letters()

    def _book(self, name, seats):
        made = self.factories.booking(
            self.events[name],
            user=self.alice,
            seats=seats,
            price_minor=self.events[name].price_minor,
        )
        return self.bookings.setdefault(name, made)

    def _write_letters(self):
        """One of each letter, as the demo's mail server keeps it."""
        self.sql(
            "INSERT INTO mails (letter, recipient, locale, state, last_error, booking_id) VALUES"
            " ('ticket', 'nobody@example.com', 'en_IN', 'given_up', '550 no such mailbox', %s)",
            self.bookings["ok"].id,
        )
        words = "The hall is flooded.\nWe are so sorry, and hope to see you all the same."
        before = {"venue": "The Little Stage", "start_at": now().isoformat()}
        after = {"venue": "The Old Palace", "start_at": (now() + DAY).isoformat()}
        for letter, booking, facts in (
            ("ticket", "ok", {}),
            ("reservation", "RESERVED", {}),
            ("reservation_ended", "EXPIRED", {}),
            ("seats_given_back", "limited", {"seats": 2, "kept": 2}),
            ("event_changed", "gone", {"words": words, "before": before, "after": after}),
            ("event_cancelled", "cancelled", {"words": words}),
            ("sign_in", "ok", LINK),
            ("password", "ok", LINK),
            ("email_change", "ok", LINK),
            ("email_changed", "ok", {"new": "meena@example.com"}),
            ("reminder", "ok", {"start_at": self.events["ok"].start_at.isoformat()}),
            ("message", "ok", {"title": "Doors at six", "body": f"**{words}**"}),
        ):
            self.letters[letter] = self.factories.letter(
                self.mailbox, letter, self.bookings[booking], facts
            )
        self.letters["order"] = self.factories.letter(
            self.mailbox, "ticket", self.bookings["VIP"], {}
        )

    def letter_url(self, letter):
        return f"/dev/mail/{self.letters[letter]}"

    def with_types(self):
        """An event with three ticket types, one of them hidden, and a booking of VIP."""
        event = self.events["typed"]
        if not self.types:
            vip = {
                "name": "VIP",
                "description": "Front rows, and a drink with the artists",
                "price_minor": 150_000,
                "quota": 40,
                "max_per_order": 4,
                "sales_close_at": event.start_at - DAY,
            }
            student = {"name": "Student", "price_minor": 20_000, "quota": 60, "hidden": True}
            self.types = self.factories.ticket_types(event, vip, student)
            facts = {"ticket_type_id": self.types["VIP"].id, "price_minor": 150_000}
            self.bookings["typed"] = self.factories.booking(event, seats=2, **facts)
            self.sql("UPDATE ticket_types SET taken = 2 WHERE id = %s", self.types["VIP"].id)
        return event

    def event_url(self, name):
        return f"/events/{self.events[name].id}/{self.events[name].slug}"

    def booking_url(self, name, rest=""):
        return f"/bookings/{self.bookings[name].id}{rest}"


@dataclass(frozen=True)
class Scene:
    name: str
    play: object
    status: int = 200
    """Of the answer, for scenes that are one address."""


def at(path):
    """A scene that is one address: a path, or what tells it of the world."""

    def play(page, world):
        return page.goto(path(world) if callable(path) else path)

    return play


def event(name):
    return at(lambda world: world.event_url(name))


def booking(name, rest=""):
    return at(lambda world: world.booking_url(name, rest))


def search(words):
    def play(page, _world):
        page.goto("/")
        page.get_by_label("Search events").press_sequentially(words)
        expect(page).to_have_url(re.compile("q="))

    return play


def sent_empty(path, button):
    def play(page, _world):
        page.goto(path)
        page.locator("main").get_by_role("button", name=button, exact=True).click()
        expect(page.locator("#errors")).to_be_visible()

    return play


def lost_race(page, world):
    page.goto(world.event_url("last"))
    page.get_by_role("spinbutton", name="Seats").fill("2")
    world.sql(
        "UPDATE events SET seats_available = 1, version = version + 1 WHERE id = %s",
        world.events["last"].id,
    )
    page.get_by_role("button", name=re.compile("^Book")).click()
    expect(page.locator("#seats-error")).to_be_visible()
    world.sql(
        "UPDATE events SET seats_available = 2, version = version + 1 WHERE id = %s",
        world.events["last"].id,
    )
    world.factories.show()


def asked_inline(page, world):
    page.goto("/bookings")
    page.locator(f"#booking-{world.bookings['ok'].id}").get_by_role(
        "link", name=re.compile("^Give back")
    ).click()
    expect(page.get_by_role("button", name=re.compile("^Yes, "))).to_be_visible()


def wrong_number(page, world):
    page.goto(world.booking_url("ok", "/cancellation"))
    page.locator("form.cancellation").evaluate("form => { form.noValidate = true; }")
    page.get_by_label("Seats to give back").fill("9")
    page.get_by_role("button", name=re.compile("^Yes, ")).click()
    expect(page.locator("main").get_by_role("alert")).to_be_visible()


def new_token(page, world):
    page.goto("/account")
    page.get_by_label("Name of the new token").fill("box office laptop")
    page.locator("#token-password").fill(PASSWORD)
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator(".secret")).to_be_visible()


def without_password(page, world):
    world.sql("UPDATE users SET password_hash = NULL WHERE id = %s", world.alice.id)
    try:
        page.goto("/account")
        expect(page.locator("#no-password")).to_be_visible()
    finally:
        kept = accounts.hash_password(PASSWORD)
        world.sql("UPDATE users SET password_hash = %s WHERE id = %s", kept, world.alice.id)


def new_staff_key(page, world):
    page.goto("/admin/keys")
    page.get_by_label("Whose key it is").fill("Asha, box office")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator(".secret")).to_be_visible()


def wrong_field(page, world):
    page.goto(f"/admin/events/{world.events['ok'].id}/edit")
    page.get_by_label("Capacity").fill("1")
    page.get_by_label("Capacity").press("Tab")
    expect(page.locator("#capacity-error")).to_contain_text("are sold")


def edited_twice(page, world):
    """Two organisers have changed the same field of an event."""
    page.goto(f"/admin/events/{world.events['limited'].id}/edit")
    other = page.context.new_page()
    other.goto(page.url)
    for editor, city in ((other, "Madurai"), (page, "Salem")):
        editor.get_by_label("City", exact=True).fill(city)
        editor.get_by_role("button", name="Save", exact=True).click()
        editor.wait_for_load_state()
    other.close()
    expect(page.locator("main").get_by_role("alert").first).to_contain_text("Madurai")


def on_sale(page, world):
    """With bookings of the last seconds."""
    event, buyer = world.events["long"], world.alice
    wish = {"user_id": buyer.id, "event_id": event.id, "seats": 1}
    for _ in range(12):
        assert page.request.post("/api/bookings", data=wish).ok
    page.goto(f"/admin/events/{event.id}/console")
    expect(page.locator("#rate-chart rect").first).to_be_attached()


def held_too_many(page, world):
    page.goto(f"/admin/events/{world.events['ok'].id}/console")
    page.get_by_label("How many more").fill("9999")
    page.get_by_role("button", name="Hold back").click()
    expect(page.locator("#seats-error")).to_be_visible()


def guest_without_email(page, world):
    page.goto(f"/admin/bookings/{world.bookings['issued'].id}/guest")
    page.get_by_label("Guest's email").fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#errors")).to_be_visible()


def account_email_taken(page, world):
    page.goto(f"/admin/bookings/{world.bookings['issued'].id}/account")
    page.get_by_label("New email").fill(f"{TALL}@example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#email-error")).to_contain_text("There is an account")


def link_made(page, world):
    page.goto(f"/admin/bookings/{world.bookings['issued'].id}")
    page.get_by_role("button", name="Make a sign-in link").click()
    expect(page.locator("#sign-in-link")).to_be_visible()


def sign_in_link(page, world):
    link_made(page, world)
    page.goto(page.locator("#sign-in-link").inner_text())
    expect(page.get_by_label("New password")).to_be_visible()


def guest_letters(page, world):
    event = world.events["ok"]
    message = world.factories.message(event)
    world.sql(
        "INSERT INTO mails (letter, recipient, locale, state, last_error, guest_message_id) VALUES"
        " ('message', 'nobody@example.com', 'en_IN', 'given_up', '550 no such mailbox', %s)",
        message.id,
    )
    page.goto(f"/admin/events/{event.id}/letters")


def guest_letter_preview(page, world):
    guest_letters(page, world)
    # This site has no mail server, so its page has no form to write in.
    page.locator("form[action$='/reminder']").evaluate(
        """form => {
            form.action = form.action.replace(/reminder$/, "letters/preview");
            const facts = {subject: "Doors at six", body: "Come **early**.",
                token: "0b6b2f0e-8f35-4f0e-9d3c-3a1d9c1f7a55"};
            for (const [name, value] of Object.entries(facts))
                form.append(Object.assign(document.createElement("input"), {name, value}));
            form.submit();
        }"""
    )
    expect(page.get_by_role("heading", name="Send this letter?")).to_be_visible()


def guest_letter_progress(page, world):
    guest_letters(page, world)
    page.get_by_role("link", name="Doors at six").first.click()
    expect(page.get_by_role("button", name="Send it to them again")).to_be_visible()


def hold_without_name(page, world):
    page.goto(f"/admin/events/{world.events['ok'].id}/holds")
    page.get_by_role("button", name="Hold back").click()
    expect(page.locator("#errors")).to_be_visible()


def ticket_types_of(world):
    return f"/admin/events/{world.with_types().id}/ticket-types"


def ticket_type_without_name(page, world):
    page.goto(f"/admin/events/{world.events['ok'].id}/ticket-types")
    page.get_by_label("What it includes").fill("Front rows")
    page.get_by_label("Price of a seat").fill("dear")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#errors")).to_be_visible()


def ticket_type(page, world):
    page.goto(f"{ticket_types_of(world)}/{world.types['VIP'].id}")


def books_checked(page, world):
    page.goto("/admin/checks")
    page.get_by_role("button", name="Check the books").click()
    expect(page.locator("#reconciliation")).to_contain_text("checked:")


def offline(page, world):
    page.goto(world.event_url("ok"))
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    page.evaluate("document.getElementById('offline').hidden = false")


TRY_TEN_TIMES = """async form => {
    for (let times = 0; times < 10; times++)
        await fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))});
}"""


def too_many_tries(page, _world):
    page.goto("/sign-in")
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.locator("main form").first.evaluate(TRY_TEN_TIMES)
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.locator(".error-page")).to_have_attribute("data-status", "429")


def form_of_another_session(page, _world):
    """As when a second tab was signed in meanwhile."""
    page.goto("/sign-in")
    page.get_by_label("Email").fill("lakshmi@example.com")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.context.clear_cookies()
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.locator("[data-reason]")).to_have_attribute("data-reason", "no-cookie")


@contextlib.contextmanager
def without_events_table(world):
    world.sql("ALTER TABLE events RENAME TO events_away")
    try:
        yield
    finally:
        world.sql("ALTER TABLE events_away RENAME TO events")


def broken(page, world):
    with without_events_table(world):
        assert page.goto("/?q=broken").status == 500
    expect(page.locator(".error-page")).to_have_attribute("data-status", "500")


def database_away(page, world):
    """Somebody holds the whole table for longer than a page waits."""
    world.sql("BEGIN")
    world.sql("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
    try:
        assert page.goto("/?q=locked").status == 503
    finally:
        world.sql("ROLLBACK")


def viewer_looks(page, world):
    """A viewer's event page; from here on a viewer sits at the browser."""
    page.goto("/admin/keys")
    page.get_by_label("Whose key it is").fill("Ravi")
    page.get_by_label("What they may do").select_option("viewer")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator(".secret").inner_text()
    page.get_by_role("button", name="Log out").first.click()
    log_in(page, key)
    page.goto(f"/admin/events/{world.events['ok'].id}/edit")
    expect(page.get_by_label("Capacity")).to_be_disabled()


def guest_books(page, world, name="ok", **changes):
    """The booking card of an event as somebody fills it in who is not signed in."""
    facts = {"Your name": "Lakshmi", "Email": "lakshmi@example.com", "Seats": "2", **changes}
    page.goto(world.event_url(name))
    for label, value in facts.items():
        page.get_by_label(label, exact=True).fill(value)
    page.locator("#booking-form").evaluate("form => form.noValidate = true")
    page.locator("#booking-form").get_by_role("button", name=re.compile("^Book")).click()


def guest_mistypes(page, world):
    guest_books(page, world, **{"Your name": "", "Email": "lakshmi@"})
    expect(page.locator("#email-error")).to_be_visible()


def guest_over_the_limit(page, world):
    guest_books(page, world, "limited", Email="alice@example.com")
    expect(page.locator("#seats-error")).to_contain_text("With one email")


def guests_ticket(page, world):
    guest_books(page, world)
    page.wait_for_url(re.compile("/tickets/"))


def guests_ticket_kept(page, world):
    """As the worker shows its copy."""
    guests_ticket(page, world)
    page.locator("[data-kept]").evaluate("(note) => { note.hidden = false }")
    page.locator("[data-kept]").evaluate(
        "(note) => { note.innerHTML = note.innerHTML.replace('{time}', '18:42') }"
    )


def guests_ticket_given_back(page, world):
    guests_ticket(page, world)
    page.get_by_role("link", name="Cancel this booking").click()
    page.get_by_label("Seats to give back").fill("2")
    page.get_by_role("button", name="Yes, give them back").click()
    page.get_by_role("heading", name="This booking is cancelled").wait_for()


def guests_ticket_asked(page, world):
    guests_ticket(page, world)
    page.get_by_role("link", name="Cancel this booking").click()
    page.get_by_label("Seats to give back").wait_for()


def guests_ticket_replaced(page, world):
    guests_ticket(page, world)
    world.sql("UPDATE bookings SET address_version = address_version + 1")
    assert page.reload().status == 404


def guests_tickets(page, world):
    guests_ticket(page, world)
    page.goto("/tickets")
    page.locator(".booking-row").first.wait_for()


VISITOR = [
    Scene("list", at("/")),
    Scene("list-search", search("concert dance")),
    Scene("list-typo", search("dence")),
    Scene("list-no-match", at("/?q=nothing+at+all&price=free")),
    Scene("list-filtered", at("/?when=month&price=paid&available=1&sort=price")),
    Scene("list-past", at("/?when=past")),
    Scene("event", event("ok")),
    Scene("event-few", event("few")),
    Scene("event-last", event("last")),
    Scene("event-sold-out", event("gone")),
    Scene("event-sold-out-for-now", event("held")),
    Scene("event-not-open", event("soon")),
    Scene("event-closing", event("closing")),
    Scene("event-paused", event("paused")),
    Scene("event-closed", event("closed")),
    Scene("event-ended", event("over")),
    Scene("event-cancelled", event("cancelled")),
    Scene("event-long-name", event("long")),
    *(Scene(f"event-{script}", event(script)) for script in SCRIPTS),
    Scene("organiser", at("/organiser")),
    Scene("terms", at("/terms")),
    Scene("privacy", at("/privacy")),
    Scene("event-offline", offline),
    Scene("guest-mistypes", guest_mistypes, status=422),
    Scene("guest-over-the-limit", guest_over_the_limit, status=409),
    Scene("guest-ticket", guests_ticket),
    Scene("guest-ticket-kept", guests_ticket_kept),
    Scene("guest-ticket-asked", guests_ticket_asked),
    Scene("guest-ticket-given-back", guests_ticket_given_back),
    Scene("guest-ticket-replaced", guests_ticket_replaced, status=404),
    Scene("guest-tickets", guests_tickets),
    Scene("guest-tickets-none", at("/tickets")),
    *(Scene(name, play) for name, play in gift_gallery.SCENES.items()),
    *(Scene(name, play) for name, play in type_gallery.VISITOR.items()),
    *(Scene(name, play) for name, play in payment_gallery.VISITOR.items()),
    *(Scene(name, play) for name, play in refund_gallery.VISITOR.items()),
    *(Scene(name, play) for name, play in code_gallery.VISITOR.items()),
    *(Scene(name, play) for name, play in fee_gallery.VISITOR.items()),
    *(Scene(name, play) for name, play in room_gallery.VISITOR.items()),
    Scene("sign-in", at("/sign-in")),
    Scene("sign-in-without-mail", at("/sign-in/mail")),
    Scene("sign-in-errors", sent_empty("/sign-in", "Sign in")),
    Scene("sign-up-closed", at("/sign-up")),
    Scene("problems", at("/docs/problems")),
    Scene("admin-login", at("/admin/login")),
    Scene("error-404", at("/nothing/here"), status=404),
    Scene("error-410", at(lambda w: f"/events/{w.gone_event.id}/taken-down"), status=410),
    Scene("error-422", at("/?after=rubbish"), status=422),
    Scene("error-500", broken),
    Scene("error-503", database_away),
    Scene("error-429", too_many_tries),
    Scene("error-form-refused", form_of_another_session, status=400),
]
SIGN_UP = [
    Scene("sign-in-with-sign-up", at("/sign-in")),
    Scene("sign-up", at("/sign-up")),
    Scene("sign-up-errors", sent_empty("/sign-up", "Make an account")),
]
"""Where people make accounts themselves, and no letter proves their email."""
SIGN_UP_MEMBER = [
    Scene("account-with-email", at("/account")),
    Scene("account-email-errors", sent_empty("/account", "Save the email")),
]
"""And change it themselves."""
ONLINE = [Scene(name, play) for name, play in payment_gallery.ONLINE.items()]
MEMBER = [
    Scene("event-signed-in", event("ok")),
    Scene("event-all-held", event("limited")),
    Scene("event-lost-race", lost_race),
    Scene("bookings", at("/bookings")),
    Scene("bookings-asked", asked_inline),
    Scene("bookings-past", at("/bookings?show=past")),
    Scene("bookings-cancelled", at("/bookings?show=cancelled")),
    Scene("ticket-new", booking("ok", "?new=1")),
    Scene("ticket-many", booking("gone")),
    Scene("ticket-many-more", booking("gone", "?from=11")),
    Scene("ticket-given-back", booking("given back")),
    Scene("ticket-event-cancelled", booking("cancelled")),
    *(Scene(name, play) for name, play in type_gallery.MEMBER.items()),
    *(Scene(name, play) for name, play in payment_gallery.MEMBER.items()),
    *(Scene(name, play) for name, play in refund_gallery.MEMBER.items()),
    Scene("cancellation", booking("ok", "/cancellation")),
    Scene("cancellation-wrong-number", wrong_number),
    Scene("cancellation-too-late", booking("late", "/cancellation")),
    Scene("cancellation-done-before", booking("given back", "/cancellation")),
    Scene("account", at("/account")),
    Scene("account-errors", sent_empty("/account", "Save the password")),
    Scene("account-new-token", new_token),
    Scene("account-token-errors", sent_empty("/account", "Make a token")),
    Scene("account-without-password", without_password),
    Scene("leave", at("/account/deletion")),
    Scene("error-404-booking", at("/bookings/999999"), status=404),
]


def admin_pages_in(script):
    """What an organiser sees of an event and its guest in a script."""

    def event_page(rest):
        return at(lambda world: f"/admin/events/{world.events[script].id}/{rest}")

    return [
        Scene(f"admin-event-{script}", event_page("edit")),
        Scene(f"admin-console-{script}", event_page("console")),
        Scene(f"admin-guest-list-{script}", event_page("guests")),
        Scene(
            f"admin-bookings-{script}",
            at(lambda world: f"/admin/bookings?event={world.events[script].id}"),
        ),
        Scene(
            f"admin-booking-{script}",
            at(lambda world: f"/admin/bookings/{world.bookings[script].id}"),
        ),
    ]


ORGANISER = [
    *(scene for script in (TALL, LEFTWARDS) for scene in admin_pages_in(script)),
    Scene("admin-dashboard", at("/admin")),
    Scene("admin-dashboard-year", at("/admin?range=365&sort=fill")),
    Scene("admin-dashboard-no-match", at("/admin?q=nothing")),
    Scene("admin-events", at("/admin/events")),
    Scene("admin-events-no-match", at("/admin/events?q=nothing")),
    Scene("admin-event-new", at("/admin/events/new")),
    Scene("admin-event-errors", sent_empty("/admin/events/new", "Publish")),
    Scene("admin-event-edit", at(lambda w: f"/admin/events/{w.events['ok'].id}/edit")),
    Scene("admin-event-draft", at(lambda w: f"/admin/events/{w.events['draft'].id}/edit")),
    Scene("admin-event-copy", at(lambda w: f"/admin/events/{w.events['ok'].id}/duplicate")),
    Scene("admin-event-field", wrong_field),
    Scene("admin-event-cancel", at(lambda w: f"/admin/events/{w.events['ok'].id}/cancellation")),
    Scene("admin-guest-letters", guest_letters),
    Scene("admin-guest-letter-preview", guest_letter_preview),
    Scene("admin-guest-letter-progress", guest_letter_progress),
    Scene("admin-event-delete", at(lambda w: f"/admin/events/{w.events['ok'].id}/deletion")),
    Scene("admin-console-quiet", at(lambda w: f"/admin/events/{w.events['soon'].id}/console")),
    Scene("admin-console", on_sale),
    Scene("admin-console-paused", at(lambda w: f"/admin/events/{w.events['paused'].id}/console")),
    Scene("admin-console-refused", held_too_many),
    Scene("admin-event-history", at(lambda w: f"/admin/audit?event={w.events['ok'].id}")),
    Scene("admin-event-conflict", edited_twice),
    Scene("admin-checks", at("/admin/checks")),
    Scene("admin-checks-done", books_checked),
    Scene("admin-bookings", at("/admin/bookings")),
    Scene("admin-bookings-of-event", at(lambda w: f"/admin/bookings?event={w.events['ok'].id}")),
    Scene("admin-bookings-no-match", at("/admin/bookings?q=nothing")),
    Scene("admin-booking", at(lambda w: f"/admin/bookings/{w.bookings['ok'].id}")),
    Scene(
        "admin-booking-cancelled", at(lambda w: f"/admin/bookings/{w.bookings['given back'].id}")
    ),
    Scene(
        "admin-booking-give-back",
        at(lambda w: f"/admin/bookings/{w.bookings['ok'].id}/cancellation?had=3&give=1"),
    ),
    *(Scene(name, play) for name, play in payment_gallery.ORGANISER.items()),
    *(Scene(name, play) for name, play in room_gallery.ORGANISER.items()),
    *(Scene(name, play) for name, play in refund_gallery.ORGANISER.items()),
    *(Scene(name, play) for name, play in code_gallery.ORGANISER.items()),
    Scene("admin-guest-list", at(lambda w: f"/admin/events/{w.events['ok'].id}/guests")),
    Scene("admin-refunds", at("/admin/refunds")),
    Scene("admin-holds", at(lambda w: f"/admin/events/{w.events['limited'].id}/holds")),
    Scene("admin-holds-none", at(lambda w: f"/admin/events/{w.events['ok'].id}/holds")),
    Scene("admin-holds-errors", hold_without_name),
    Scene("admin-hold", at(lambda w: f"/admin/events/{w.hold.event_id}/holds/{w.hold.id}")),
    Scene("admin-ticket-types", at(ticket_types_of)),
    Scene(
        "admin-ticket-types-none",
        at(lambda w: f"/admin/events/{w.events['ok'].id}/ticket-types"),
    ),
    Scene("admin-ticket-types-errors", ticket_type_without_name),
    Scene("admin-ticket-type", ticket_type),
    Scene("admin-issue-typed", at(lambda w: f"/admin/events/{w.with_types().id}/bookings/new")),
    Scene("admin-sales-typed", at(lambda w: f"/admin/events/{w.with_types().id}/console")),
    Scene(
        "admin-issue",
        at(lambda w: f"/admin/events/{w.hold.event_id}/bookings/new?source={w.hold.id}"),
    ),
    Scene("admin-booking-issued", at(lambda w: f"/admin/bookings/{w.bookings['issued'].id}")),
    Scene("admin-booking-guest", at(lambda w: f"/admin/bookings/{w.bookings['issued'].id}/guest")),
    Scene("admin-booking-guest-errors", guest_without_email),
    Scene("admin-booking-account", at(lambda w: f"/admin/bookings/{w.bookings['ok'].id}/account")),
    Scene("admin-booking-account-taken", account_email_taken),
    Scene("admin-sign-in-link", link_made),
    Scene("sign-in-link", sign_in_link),
    Scene("admin-book-for", at(lambda w: f"/admin/events/{w.events['ok'].id}/bookings/new")),
    Scene("admin-letters", at("/admin/letters")),
    Scene("admin-keys", at("/admin/keys")),
    Scene("admin-keys-errors", sent_empty("/admin/keys", "Make a key")),
    Scene("admin-key-made", new_staff_key),
    *(Scene(name, play) for name, play in door_gallery.SCENES.items()),
    Scene("admin-audit", at("/admin/audit")),
    Scene("admin-audit-no-match", at("/admin/audit?q=nothing")),
    Scene("admin-event-viewer", viewer_looks),
    Scene("admin-console-viewer", at(lambda w: f"/admin/events/{w.events['ok'].id}/console")),
    Scene("error-403", at("/admin/keys"), status=403),
]
LETTERS = (
    *("reservation", "reservation_ended"),
    *("message", "ticket", "seats_given_back", "event_changed", "event_cancelled", "reminder"),
    *("sign_in", "password", "email_change", "email_changed", "order"),
)
VISITOR += [
    Scene("mailbox", at("/dev/mail")),
    *(Scene(f"letter-{name}", at(lambda w, name=name: w.letter_url(name))) for name in LETTERS),
]
SCENES = {"visitor": VISITOR, "member": MEMBER, "organiser": ORGANISER}


def log_in(page, key):
    page.goto("/admin/events")
    page.get_by_label("Admin key", exact=True).fill(key)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Events", level=1).wait_for()


def sign_in(page):
    page.goto("/sign-in")
    page.get_by_label("Email").fill("alice@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Alice").wait_for()
