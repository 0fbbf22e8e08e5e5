"""What a request passes through before Flask's own routing, in order."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask

from app.api.fast_path import FastPath
from app.config import Settings
from app.edge.addresses import OwnAddress
from app.edge.headers import ResponseHeaders
from app.edge.negotiation import Negotiation
from app.edge.request_ids import AccessLog, RequestIds
from app.edge.request_metrics import RequestMetrics

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from app.metrics import Metrics

    Layer = Callable[[WSGIApplication], WSGIApplication]


def install(app: Flask, settings: Settings, metrics: "Metrics | None") -> None:
    """Put the layers before Flask; to be called when every address is there."""
    for layer in reversed(_layers(app, settings, metrics)):
        app.wsgi_app = layer(app.wsgi_app)  # type: ignore[method-assign, assignment]


def _layers(app: Flask, settings: Settings, metrics: "Metrics | None") -> "list[Layer]":
    """The outermost first.

    After them Flask runs the hooks of `security` (host, slashes, time waited, NUL), CSRF
    protection for pages, and `access`, which asks who may.
    """
    return [
        # Names the request, so that whatever answers it, logs it or breaks can say the name.
        partial(RequestIds, trusting=settings.proxy_hops > 0),
        # Logs and counts whole answers, those of the other layers included.
        *([AccessLog] if settings.access_log else []),
        *([partial(RequestMetrics, metrics=metrics)] if metrics else []),
        # Decides between page and JSON by the path and headers as they came.
        partial(Negotiation, app),
        # Completes every answer's headers; it must know what negotiation decided.
        ResponseHeaders,
        # Takes the client's address and scheme from our own proxies alone.
        partial(OwnAddress, hops=settings.proxy_hops),
        # Answers plain orders right here, at a fifth of what Flask would cost.
        partial(FastPath, app),
    ]
