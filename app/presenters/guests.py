"""Guests as staff is shown them: without their emails where these are not for the key."""

from flask_babel import gettext as _

from app.models import User
from app.models.staff_scope import shown_email


def guest_name(user: User) -> str:
    """Return the guest's name, or else what may be shown instead."""
    return name_of(user.name, user.email)


def guest_email(user: User) -> str:
    return shown_email(user.email) or ""


def name_of(name: str, email: str) -> str:
    return name or (shown_email(email) or str(_("A guest"))).partition("@")[0]
