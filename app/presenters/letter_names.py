"""What each letter is called, for staff."""

from flask_babel import gettext as _


def letter_name(letter: str) -> str:
    """Return the letter's name in words, or its own when it has none."""
    names: dict[str, str] = {
        "ticket": _("Ticket"),
        "reservation": _("Reservation, with how to pay"),
        "reservation_ended": _("Reservation ended"),
        "seats_given_back": _("Seats given back"),
        "money_back": _("Money back"),
        "event_changed": _("Event changed"),
        "message": _("Organiser's letter"),
        "reminder": _("Reminder"),
        "event_cancelled": _("Event cancelled"),
        "sign_in": _("Link to sign in"),
        "sign_up": _("Link to make an account"),
        "sign_up_known": _("Link to sign in, for who has an account"),
        "password": _("Link to set a password"),
        "password_changed": _("Password changed"),
        "email_change": _("Link to change the email"),
        "email_changed": _("Email changed"),
        "email_taken": _("Email that has an account"),
    }
    return names.get(letter, letter.replace("_", " "))
