"""Limits that several routes share."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from werkzeug.wrappers import Response

from app.edge.current import settings
from app.edge.extensions import limiter

P = ParamSpec("P")
R = TypeVar("R")


def failures_limited(view: Callable[P, R]) -> Callable[P, R]:
    """Refuse a view that proves who one is after too many failures, of one address and of all."""
    by_address = limiter.limit(lambda: settings().limit_sign_in, deduct_when=_failed)
    by_all = limiter.limit(
        lambda: settings().limit_sign_in_everyone,
        key_func=lambda: "everyone",
        deduct_when=_failed,
    )
    return by_address(by_all(view))


def _failed(response: Response) -> bool:
    """A refused sign-in counts; a good one does not, so that a busy house locks nobody out."""
    return response.status_code in {401, 422}
