"""What a new event has unless somebody says otherwise; set from the site's settings at start."""

_currency = "INR"


def set_default_currency(currency: str) -> None:
    """Set the currency (ISO 4217) of new events, for the whole process."""
    global _currency  # noqa: PLW0603 - a setting of the site, needed without its settings
    _currency = currency


def default_currency() -> str:
    """Return the currency (ISO 4217) of new events: the setting `DEFAULT_CURRENCY`."""
    return _currency
