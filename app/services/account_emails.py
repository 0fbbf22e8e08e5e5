"""An account's email, changed by staff: for people who can't prove a new one by a letter.

A booking that was made for the wrong person is another matter: see `booking_guests`.
"""

from sqlalchemy import delete

from app.db import transaction
from app.errors import AccountChanged
from app.lib.emails import one_spelling
from app.models import SignInLink, User
from app.services import accounts, audit, outbox


def change_email(user_id: int, email: str, *, seen: str | None = None) -> User:
    """Change the email of somebody's account, and return it; the same email again changes nothing.

    Bookings, password, browsers and API tokens stay. Letters of the bookings that wait are
    sent to the new address. The former one is told by a letter, and links that were sent there open
    nothing more. `seen` is the email that was changed, if known.
    Raises `UserNotFound`, also for a deleted account, `AccountChanged` if the email is another than
    the one that was seen, and `EmailTaken`.
    """
    with accounts.refusing_a_taken_email(), transaction() as session:
        user = accounts.locked_user(session, user_id)
        former, email = user.email, one_spelling(email)
        if email == former:
            return user
        if seen is not None and one_spelling(seen) != one_spelling(former):
            raise AccountChanged(user_id)
        user.email = email
        session.execute(
            delete(SignInLink)
            # Not one that staff made: it was handed to the person.
            .where(SignInLink.user_id == user_id, SignInLink.browser_digest.is_not(None))
            .execution_options(synchronize_session=False)
        )
        outbox.follow(user, former)
        outbox.enqueue("email_changed", former, user=user, facts={"new": email})
        after = {"email": email, "user_id": user_id}
        audit.record("user.email_changed", before={"email": former}, after=after)
    return user
