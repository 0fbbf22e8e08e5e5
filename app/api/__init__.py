"""The JSON API under `/api`; `app.edge.negotiation` also routes it API requests without the prefix.

It authenticates by headers only, never by cookies.
"""

from flask import Flask

from app.api import (
    admin_bookings,
    admin_events,
    admin_holds,
    admin_images,
    admin_operations,
    admin_payments,
    admin_receipts,
    admin_reports,
    admin_ticket_types,
    admin_vouchers,
    bookings,
    check_ins,
    events,
    gifts,
    health,
    no_shows,
    openapi,
    staff_keys,
    users,
    waiting_rooms,
    walk_ins,
)

MODULES = (
    *(health, events, bookings, gifts, users, waiting_rooms, admin_holds, admin_events),
    *(admin_images, admin_ticket_types, admin_vouchers, admin_payments, admin_receipts),
    *(admin_bookings, admin_operations, admin_reports, staff_keys, check_ins, walk_ins, no_shows),
)


def init_app(app: Flask) -> None:
    for module in MODULES:
        app.register_blueprint(module.blueprint, url_prefix="/api")
    openapi.init_app(app)
