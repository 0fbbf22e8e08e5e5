"""Pages for visitors. A view parses, calls a service and renders; it runs no queries itself."""

from flask import Flask

from app.web import (
    account,
    art,
    checkout,
    dev_mail,
    docs,
    events,
    feeds,
    gifts,
    images,
    my_bookings,
    online_payments,
    room_status,
    service_workers,
    sign_in,
    sign_in_links,
    sign_up,
    site_pages,
    tickets,
    tokens,
    waiting_rooms,
)

PARTS = (
    events,
    feeds,
    art,
    images,
    checkout,
    waiting_rooms,
    room_status,
    my_bookings,
    service_workers,
    tickets,
    online_payments,
    gifts,
    sign_in,
    sign_in_links,
    sign_up,
    account,
    tokens,
    docs,
    site_pages,
    dev_mail,
)


def init_app(app: Flask) -> None:
    for module in PARTS:
        app.register_blueprint(module.blueprint)
