"""What each letter is called, for staff."""

from flask_babel import gettext as _


def letter_name(letter: str) -> str:
    """Return the letter's name in words, or its own when it has none."""
    names: dict[str, str] = {
        "ticket": _("Ticket"),
        "seats_given_back": _("Seats given back"),
        "event_changed": _("Event changed"),
        "message": _("Organiser's letter"),
        "reminder": _("Reminder"),
        "event_cancelled": _("Event cancelled"),
    }
    return names.get(letter, letter.replace("_", " "))
