"""A ticket that was opened once is shown without a network, and to nobody else."""

import re
import socket
from contextlib import contextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, expect

from app.presenters.ticket_addresses import ticket_secret
from app.services import bookings
from tests.browser.people import PASSWORD
from tests.support.servers import wait_until

KEPT = """async (path) => {
  const store = await caches.has("tickets") && await caches.open("tickets");
  return Boolean(store && await store.match(path)
    && (await store.keys()).some(({ url }) => url.includes("/css/")));
}"""
PAGES = """async () => await caches.has("tickets")
  ? (await (await caches.open("tickets")).keys()).map(({ url }) => new URL(url).pathname).filter(
    (path) => /^.(bookings|tickets)/.test(path) && !path.endsWith(".json"))
  : []"""
HAS_STORE = "() => caches.has('tickets')"
AT = re.compile(r"Without network: as it was at \d\d:\d\d\.")


@pytest.fixture
def ticket(alice, make_event, make_booking):
    return make_booking(make_event(name="Onam", capacity=50), user=alice, seats=2)


@pytest.fixture
def secret_address(app):
    def of(booking):
        with app.app_context():
            return f"/tickets/{ticket_secret(booking)}"

    return of


def open_and_keep(page, path):
    page.goto(path)
    wait_until(lambda: page.evaluate(KEPT, path))


def note_of(page):
    return page.locator("[data-kept]")


@contextmanager
def no_network(page):
    page.context.set_offline(True)
    yield
    page.context.set_offline(False)


def is_shown(page, path):
    with suppress(Error):
        page.goto(path)
        return page.locator(".qr-box").first.is_visible()
    return False


def test_a_ticket_is_shown_whole_without_a_network_and_no_other_page_is_touched(
    visit, sign_in, ticket
):
    path = f"/bookings/{ticket.id}"
    with visit(tolerated=["Failed to load resource"]) as page:
        sign_in(page)
        open_and_keep(page, path)
        expect(note_of(page)).to_be_hidden()
        with no_network(page):
            page.goto(path)
            expect(note_of(page)).to_have_text(re.compile(AT.pattern))
            expect(page.locator(".qr-box")).to_have_count(2)
            assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("Anek")
            assert page.evaluate("[...document.fonts].some((font) => font.status === 'loaded')")
            assert page.locator("img.poster").evaluate("(image) => image.naturalWidth") > 0
            # app.js is there too.
            page.get_by_role("button", name="Next seat").click()
            for other in ("/bookings", f"{path}/cancellation", "/"):
                assert not is_shown(page, other)
        page.goto(path)
        expect(note_of(page)).to_be_hidden()
        for other in ("/bookings", "/account", "/"):
            page.goto(other)
            assert page.evaluate("navigator.serviceWorker.controller") is None


def test_signing_out_erases_what_was_kept(visit, sign_in, ticket):
    path = f"/bookings/{ticket.id}"
    with visit(tolerated=["Failed to load resource"]) as page:
        sign_in(page)
        open_and_keep(page, path)
        page.goto("/account")
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.get_by_text("You are signed out.").wait_for()
        assert not page.evaluate(HAS_STORE)
        with no_network(page):
            assert not is_shown(page, path)


def test_the_next_person_finds_nothing_of_the_last(visit, sign_in, ticket, make_user):
    """Also where nobody signed out: the sign-in was ended elsewhere, or its time was over."""
    path = f"/bookings/{ticket.id}"
    make_user(email="bob@example.com", name="Bob", password=PASSWORD)
    with visit(tolerated=["Failed to load resource"]) as page:
        sign_in(page)
        open_and_keep(page, path)
        page.goto("/account")
        page.wait_for_timeout(100)
        # Whoever is still here keeps them.
        assert page.evaluate(PAGES) == [path]
        page.context.clear_cookies()
        page.goto("/sign-in")
        wait_until(lambda: not page.evaluate(HAS_STORE))
        page.get_by_label("Email").fill("bob@example.com")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Bob").wait_for()
        with no_network(page):
            assert not is_shown(page, path)


def test_a_guest_forgets_the_tickets_of_this_browser(
    visit, guests_ticket, ticket, secret_address, make_event
):
    with visit(tolerated=["Failed to load resource"]) as page:
        path = guests_ticket(page)
        with no_network(page):
            assert is_shown(page, path)
            expect(note_of(page)).to_be_visible()
        page.goto("/tickets")
        page.get_by_role("button", name="Forget them").click()
        page.get_by_text("This browser keeps no tickets any more.").wait_for()
        assert not page.evaluate(HAS_STORE)
        with no_network(page):
            assert not is_shown(page, path)


@pytest.fixture
def guests_ticket(make_event):
    """Books as a guest; the ticket's address without what is told once."""
    event = make_event(name="Pongal", capacity=50)

    def book(page):
        page.goto(f"/events/{event.id}/{event.slug}")
        page.get_by_label("Email").fill("asha@example.com")
        page.get_by_label("Name").fill("Asha")
        page.locator("[data-book]").click()
        page.get_by_role("heading", name="You're going to").wait_for()
        path = urlsplit(page.url).path
        wait_until(lambda: page.evaluate(KEPT, path))
        return path

    return book


def test_a_cancelled_ticket_is_kept_no_longer_and_old_ones_make_room(
    visit, sign_in, ticket, app, desk
):
    path = f"/bookings/{ticket.id}"
    with visit() as page:
        sign_in(page)
        open_and_keep(page, path)
        page.evaluate(
            """async () => {
              const store = await caches.open("tickets");
              const keep = (path, until) => store.put(path, new Response("", { headers: {
                "X-Keep-Until": new Date(Date.now() + until).toISOString(), "X-Kept-At": "1",
              } }));
              await keep("/tickets/over", -1000);
              for (let number = 1; number <= 25; number += 1) {
                await keep(`/bookings/9${number}`, 1e6);
              }
            }"""
        )
        page.goto(path)
        wait_until(lambda: len(page.evaluate(PAGES)) == 20)
        kept = page.evaluate(PAGES)
        assert path in kept
        assert "/tickets/over" not in kept
        with app.app_context():
            bookings.cancel(desk, ticket.id)
        page.goto(path)
        page.get_by_role("heading", name="This booking is cancelled").wait_for()
        wait_until(lambda: path not in page.evaluate(PAGES))


def test_a_server_that_is_away_or_silent_is_no_network_either(
    browser, site, ticket, secret_address
):
    path, relay = secret_address(ticket), Relay(site)
    context = browser.new_context(base_url=relay.url)
    page = context.new_page()
    open_and_keep(page, path)
    relay.is_silent = True
    page.goto(path)  # after three seconds
    expect(note_of(page)).to_have_text(re.compile(AT.pattern))
    relay.close()
    assert is_shown(page, path)
    expect(note_of(page)).to_be_visible()
    context.close()


class Relay:
    """Stands before the site until it is closed; while it is silent, nothing gets through."""

    def __init__(self, site):
        self._target = urlsplit(site).hostname, urlsplit(site).port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.is_silent = False
        self._ends = []
        Thread(target=self._accept, daemon=True).start()

    def close(self):
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, server = self._listener.accept()[0], socket.create_connection(self._target)
                self._ends += [client, server]
                for one, other in ((client, server), (server, client)):
                    Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one, other):
        with suppress(OSError):
            while data := one.recv(65536):
                if not self.is_silent:
                    other.sendall(data)
