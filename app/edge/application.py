"""The Flask application, without the parts that only others need."""

from collections.abc import Callable
from typing import Any

from flask import Flask


class Application(Flask):
    """Every view, hook and handler of ours is a plain function, so none is asked whether it is a
    coroutine: Flask asks ten times a request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
