"""Booking by the pages, as a browser does: cookies, forms with CSRF tokens, HTMX's requests."""

import re
from html import unescape
from urllib.parse import urlencode

from .organiser import Trouble

HTML = {"Accept": "text/html"}
HTMX = {"Accept": "*/*", "HX-Request": "true"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
VERSION = re.compile(r"/seats\?v=([^\"&]+)")
BOOKED = re.compile(r"/bookings/(\d+)")
STATE = re.compile(r'class="seat-status" data-state="([a-z]+)"')
NO_TOKEN = 'name="csrf_token" value=""'
"""On the page that is the same for all who come without a session."""
SECRET = re.compile(r'<code class="secret">([^<]+)</code>')


class ByPages:
    """One person's browser."""

    def __init__(self, ask, person, house):
        self._ask, self._person, self._house = ask, person, house
        self._version, self._form, self._filled = "", None, {}
        self.is_sold_out = False
        """Whether the page said so when it was last read."""

    def arrive(self):
        """Come by the list, sign up or in, and wait at the event's page."""
        self._get("/", "list of events (page)")
        self.look()
        self.sign_in()
        self.look()

    def sign_in(self):
        person = self._person
        facts = {"email": person.email, "name": person.name, "password": person.password}
        if person.is_new and (page := self._sign_up_form()):
            made = self._post(
                "/sign-up", {**page, **facts}, "sign up (page)", (303, 422), "/sign-up"
            )
            if made.status_code == 303:
                return
            # An answer was lost: the account is there already.
        else:
            headers = self._house.organiser.headers
            self._ask(
                "POST", "/api/users", "sign up (API)", (201, 409), json=facts, headers=headers
            )
        facts = {"email": person.email, "password": person.password}
        self._send("/sign-in", facts, "sign in (page)", (303,))

    def _sign_up_form(self):
        """The form's hidden field; None where a letter, which nobody gets, would have to come, and
        where organisers make the accounts."""
        page = self._get("/sign-up", "sign up form (page)").text
        if 'name="password"' not in page:
            return None
        return {"csrf_token": field(page, "csrf_token")}

    def make_token(self):
        """The headers of a program that acts as this person."""
        page = self._get("/account", "account (page)", (200, 303))
        if page.status_code == 303:
            raise Trouble("nobody stays signed in; give HOST with the https:// that people use")
        facts = {
            "token-csrf_token": field(page.text, "token-csrf_token"),
            "token-name": "rehearsal",
            "token-password": self._person.password,
        }
        made = self._post("/account/api-tokens", facts, "make a token (page)", (201,), "/account")
        return {"Authorization": f"Bearer {SECRET.search(made.text)[1]}"}

    def come_back(self):
        """Come by the list to the event's page."""
        self._get("/", "list of events (page)")
        self.look()

    def look(self):
        """Load the event's page: what it shows, and its form if it sells."""
        self._read(self._get(self._event_page, "event (page)").text)

    def peek(self):
        """Ask the seat counter for what is new, as the open page does; whether one can book."""
        path = f"/events/{self._house.event_id}/seats?v={self._version}"
        answer = self._ask("GET", path, "seat counter (page)", (200, 204), headers=HTMX)
        if answer.status_code == 200:
            self._read(answer.text)
        return self._form is not None

    def find_key(self):
        """The idempotency key of the page's form; None when it sells nothing."""
        if self._form is None:
            self.look()
        self._filled, self._form = self._form or {}, None
        return self._filled.get("idempotency_key")

    def book(self, order):
        """The booking's id, or None for a refusal."""
        ticket = self._order({"seats": order.seats})
        return int(BOOKED.search(ticket)[1]) if ticket else None

    def _order(self, facts):
        """The address of the ticket, which was looked at, or None for a refusal."""
        path = f"/events/{self._house.event_id}/bookings"
        facts = {**self._filled, **facts}
        answer = self._post(path, facts, "book (page)", (204, 409), self._event_page, HTMX)
        if answer.status_code == 409:
            return None
        ticket = answer.headers["HX-Redirect"]
        self._get(ticket, "ticket (page)")
        return ticket

    def look_at_mine(self):
        self._get("/bookings", "my bookings (page)")

    def give_back(self, order, keep):
        path = f"/bookings/{order.booking_id}/cancellation"
        facts = {"had": order.kept, "give": order.kept - keep} if order.kept > 1 else {}
        answer = self._send(path, facts, "cancel (page)", (303,))
        return "show=" in answer.headers["Location"]

    @property
    def _event_page(self):
        return f"/events/{self._house.event_id}/{self._house.slug}"

    def _read(self, page):
        if version := VERSION.search(page):
            self._version = unescape(version[1])
        if 'name="idempotency_key"' in page:
            self._form = {"idempotency_key": field(page, "idempotency_key")}
            if NO_TOKEN not in page:
                self._form["csrf_token"] = field(page, "csrf_token")
        elif "not-on-sale" in page:
            self._form = None
        if state := STATE.search(page):
            self.is_sold_out = state[1] == "gone"

    def _get(self, path, step, expect=(200,)):
        return self._ask("GET", path, step, expect, headers=HTML)

    def _send(self, path, facts, step, expect):
        """Load the page at this address, and send its form back there."""
        shown = self._get(path, step.replace("(page)", "form (page)"))
        facts = {"csrf_token": field(shown.text, "csrf_token"), **facts}
        return self._post(path, facts, step, expect, path)

    def _post(self, path, facts, step, expect, page, headers=HTML):
        # Over HTTPS a form is believed only with the page that it came from.
        headers = {**headers, **FORM, "Referer": self._house.host + page}
        return self._ask("POST", path, step, expect, headers=headers, data=urlencode(facts))


def field(page, name):
    """The value of a hidden field."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    if not found:
        raise Trouble(f"the page has no field {name}; is HOST the site itself?")
    return unescape(found[1])
