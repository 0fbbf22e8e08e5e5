"""Words of a search of events that act as filters: the same for pages and API."""

from app.edge.current import settings
from app.models.columns import now
from app.services.search_terms import Meaning, meanings_of


def meanings_here(q: str, *, past: bool = False) -> tuple[Meaning, ...]:
    """What words of a search mean as filters; the site's clock decides which day it is."""
    return meanings_of(q, now().astimezone(settings().zone), past=past)
