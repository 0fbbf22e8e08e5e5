"""Booking by the API, as a program does that a person gave a token to."""

from .pages import ByPages


class ByApi:
    """Signs in by the pages, since only there a token is made."""

    def __init__(self, ask, person, house):
        self._ask, self._house = ask, house
        self._pages = ByPages(ask, person, house)
        self._headers, self._last = {}, None
        self.is_sold_out = False

    def arrive(self):
        self._pages.sign_in()
        self._headers = self._pages.make_token()
        self.look()

    def come_back(self):
        self.look()

    def look(self):
        event = self._ask("GET", self._event, "event (API)", (200,)).json()
        self.is_sold_out = event["sale_state"] == "sold_out"
        return event

    def peek(self):
        return self.look()["sale_state"] == "open"

    def find_key(self):
        """A key for a new order: a program orders without looking first."""
        return self._house.new_key()

    def book(self, order):
        """The booking's id, or None for a refusal."""
        wish = {"event_id": self._house.event_id, "seats": order.seats}
        headers = {**self._headers, "Idempotency-Key": order.key}
        answer = self._ask(
            "POST", "/api/bookings", "book (API)", (201, 409), json=wish, headers=headers
        )
        if answer.status_code == 409:
            return None
        self._last = answer.json()["booking_id"]
        return self._last

    def look_at_mine(self):
        if self._last:
            path = f"/api/bookings/{self._last}"
            self._ask("GET", path, "booking (API)", (200,), headers=self._headers)

    def give_back(self, order, keep):
        path = f"/api/bookings/{order.booking_id}"
        if keep:
            facts = {"json": {"seats": keep}, "headers": self._headers}
            answer = self._ask("PATCH", path, "cancel a part (API)", (200,), **facts)
            return answer.json()["seats"] == keep
        answer = self._ask("DELETE", path, "cancel (API)", (200,), headers=self._headers)
        return answer.json()["status"] == "CANCELLED"

    @property
    def _event(self):
        return f"/api/events/{self._house.event_id}"
