"""The WSGI middleware in front of Flask, in order."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask

from app.api.fast_path import ApiFastPath
from app.config import Settings
from app.edge.addresses import OwnAddress
from app.edge.headers import ResponseHeaders
from app.edge.negotiation import Negotiation
from app.edge.page_admission import PageAdmission
from app.edge.request_ids import AccessLog, RequestIds
from app.edge.request_metrics import RequestMetrics
from app.edge.room_status import RoomStatusPath
from app.edge.static_files import StaticFiles
from app.web.fast_path import PageFastPath
from app.web.joining import JoinFastPath

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from app.metrics import Metrics

    Layer = Callable[[WSGIApplication], WSGIApplication]


def install(app: Flask, settings: Settings, metrics: "Metrics | None") -> None:
    """Wrap the application in the middleware. Call it when all routes are registered."""
    for layer in reversed(_layers(app, settings, metrics)):
        app.wsgi_app = layer(app.wsgi_app)  # type: ignore[method-assign, assignment]


def _layers(app: Flask, settings: Settings, metrics: "Metrics | None") -> "list[Layer]":
    """Return the layers, outermost first.

    After them, Flask runs the hooks of `security` (host, slashes, time waited, NUL), CSRF
    protection for pages, and `access`, which authorises the request.
    """
    return [
        # Assigns the request id, which responses, logs and error reports include.
        partial(RequestIds, trusting=settings.proxy_hops > 0),
        # Log and count every response, including those of the layers below.
        *([AccessLog] if settings.access_log else []),
        *([partial(RequestMetrics, metrics=metrics)] if metrics else []),
        # Decides between page and JSON by the original path and headers.
        partial(Negotiation, app),
        # Completes the headers of every response, so it needs the result of negotiation.
        ResponseHeaders,
        # Takes the client's address and scheme from our own proxies only.
        partial(OwnAddress, hops=settings.proxy_hops),
        # Tells those who wait how far a waiting room is. The line of pages is not for them.
        partial(RoomStatusPath, app),
        # Lets pages in a few at a time, so that orders find the process free.
        partial(PageAdmission, app, settings),
        # Answer plain orders directly, at a fifth of the cost of a pass through Flask.
        partial(ApiFastPath, app),
        partial(PageFastPath, app),
        # Thousands join a waiting room within seconds.
        partial(JoinFastPath, app),
        # Answers plain requests for static files from memory. Bookings don't pass here.
        partial(StaticFiles, app),
    ]
