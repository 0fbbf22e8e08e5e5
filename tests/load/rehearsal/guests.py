"""Booking by the pages without an account: with a name, an email, and the ticket's own address."""

import re

from .pages import ByPages

TICKET = re.compile(r"/tickets/(\S+?)(?:\?|$)")
REFERENCE = 12
"""Letters of the booking's reference, with which the ticket's address begins."""
FILES = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js|woff2)[^"]*)"')


class AsGuest(ByPages):
    """The browser of a guest, which keeps their tickets."""

    def __init__(self, ask, person, house):
        super().__init__(ask, person, house)
        self._secrets = {}

    def arrive(self):
        """Come for the first time: by the list and all that a browser fetches for it."""
        page = self._get("/", "list of events (page)").text
        for path in dict.fromkeys(FILES.findall(page)):
            self._ask("GET", path, "style, scripts, fonts (page)", (200,))
        self.look()

    def book(self, order):
        """The booking's reference, or None for a refusal."""
        facts = {"name": self._person.name, "email": self._person.email}
        ticket = self._order({**facts, "seats": order.seats})
        if ticket is None:
            return None
        secret = TICKET.search(ticket)[1]
        self._secrets[secret[:REFERENCE]] = secret
        return secret[:REFERENCE]

    def look_at_mine(self):
        self._get("/tickets", "this browser's tickets (page)")

    def give_back(self, order, keep):
        path = f"/tickets/{self._secrets[order.booking_id]}"
        facts = {"had": order.kept, "give": order.kept - keep} if order.kept > 1 else {}
        self._send(f"{path}/cancellation", facts, "cancel (page)", (303,))
        return "Done. You " in self._get(path, "ticket (page)").text
