"""People in browsers, for the benchmark: who is signed in, with cookie and form token."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from itsdangerous import URLSafeTimedSerializer

PEOPLE = 1000
OWN_BOOKINGS = 3
"""What each has booked before, of events that nobody books meanwhile."""


@dataclass(frozen=True)
class Person:
    """What a browser sends along, and one of the person's bookings."""

    cookie: str
    token: str
    booking: int


def sign_in(app) -> list[Person]:
    """Make people who are signed in and have booked; the app's context is open.

    Their cookies are those that the site would have set.
    """
    from app.db import transaction
    from app.models import Booking, Event, SignIn, User
    from app.models.columns import now
    from app.models.references import new_reference
    from app.services.secrets import digest, new_secret

    start = now() + timedelta(days=20)
    events = [
        Event(name=f"Booked {n}", start_at=start, capacity=10_000, seats_available=10_000 - PEOPLE)
        for n in range(OWN_BOOKINGS)
    ]
    users = [User(email=f"person{n}@bench.example", name=f"Person {n}") for n in range(PEOPLE)]
    tokens = [new_secret() for _ in users]
    until = now() + timedelta(days=1)
    with transaction() as session:
        session.add_all([*events, *users])
        session.flush()
        booked = [
            [
                Booking(reference=new_reference(), user_id=user.id, event_id=event.id, seats=1)
                for event in events
            ]
            for user in users
        ]
        signed_in = [
            SignIn(user_id=user.id, token_digest=digest(token), expires_at=until)
            for user, token in zip(users, tokens, strict=True)
        ]
        session.add_all([*signed_in, *(booking for own in booked for booking in own)])
    return [
        Person(*_cookie_and_token(app, token), own[0].id)
        for token, own in zip(tokens, booked, strict=True)
    ]


def write(people: list[Person], file: Path) -> None:
    """One person a line, as the scripts of wrk read them."""
    file.write_text("".join(f"{p.cookie}\t{p.token}\t{p.booking}\n" for p in people))


def _cookie_and_token(app, token):
    session = {"user": token, "csrf_token": token[:40], "_permanent": True}
    cookie = app.session_interface.get_signing_serializer(app).dumps(session)
    sent = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(token[:40])
    return f"{app.config['SESSION_COOKIE_NAME']}={cookie}", sent
