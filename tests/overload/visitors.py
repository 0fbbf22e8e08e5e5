"""What browsers and programs send: requests for a `Crowd`, of people with sessions of their own."""

from urllib.parse import urlencode

from itsdangerous import URLSafeTimedSerializer

from app.services.secrets import new_secret
from tests.load.bench.people import sign_in
from tests.overload.crowd import KEY, Crowd

FORM = "application/x-www-form-urlencoded"
HTML = {"Accept": "text/html"}


def request(method, path, body="", **headers):
    if body:
        headers["Content-Length"] = len(body)
    lines = {"Host": "127.0.0.1", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}"


def form(path, cookie, token, **fields):
    body = urlencode({"csrf_token": token, **fields})
    return request("POST", path, body, Cookie=cookie, Content_Type=FORM, **HTML)


def programs(event, user, connections, rate=None):
    """Programs that book a seat for the user, again and again."""
    wish = f'{{"user_id": {user.id}, "event_id": {event.id}, "seats": 1}}'
    order = request("POST", "/api/bookings", wish, Content_Type="application/json")
    return Crowd([[order]], connections, rate)


class SignedIn:
    """A thousand people who are signed in to the site."""

    def __init__(self, app, site):
        with app.app_context():
            people = sign_in(app)
        # Where it doesn't ask for HTTPS, the site's port is part of its cookie's name.
        name = f"utsavam_{site.url.rpartition(':')[2]}"
        self._people = [(f"{name}={p.cookie.partition('=')[2]}", p) for p in people]

    def readers(self, event):
        """All of them, each of whom loads the list, the event, their bookings and a ticket."""
        paths = "/", f"/events/{event.id}/{event.slug}", "/bookings", "/bookings/{}"
        own = [
            [request("GET", path.format(p.booking), Cookie=cookie, **HTML) for path in paths]
            for cookie, p in self._people
        ]
        return Crowd(own, len(own), network=2)

    def buyers(self, event, connections):
        """Some of them, who send the form of the event's page again and again."""
        path = f"/events/{event.id}/bookings"
        some = self._people[:connections]
        own = [[form(path, cookie, p.token, seats=1, idempotency_key=KEY)] for cookie, p in some]
        return Crowd(own, connections)


def signing_in(app, site, emails, password, rate):
    """As many people who sign in, each from an address of their own, so many a second."""
    secret = new_secret()[:40]
    session = {"csrf_token": secret, "_permanent": True}
    cookie = app.session_interface.get_signing_serializer(app).dumps(session)
    cookie = f"utsavam_{site.url.rpartition(':')[2]}={cookie}"
    token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(secret)
    own = [[form("/sign-in", cookie, token, email=e, password=password)] for e in emails]
    return Crowd(own, len(own), rate, network=3)
