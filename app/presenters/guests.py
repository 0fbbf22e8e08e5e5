"""Guests as staff is shown them: without their emails where these are not for the key."""

from flask_babel import gettext as _

from app.models import Booking, User
from app.models.staff_scope import shown_email


def guest_name(booking: Booking) -> str:
    """Return the name that the booking was made with, or else what may be shown instead."""
    return name_of(booking.guest_name or booking.user.name, booking.user.email)


def guest_email(user: User) -> str:
    return shown_email(user.email) or ""


def name_of(name: str, email: str) -> str:
    return name or (shown_email(email) or str(_("A guest"))).partition("@")[0]
