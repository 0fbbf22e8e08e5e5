"""Pages for staff, protected by an admin key or staff key."""

from flask import Flask

from app.admin import (
    arrivals,
    audit,
    booking_accounts,
    booking_exports,  # noqa: F401 - its views belong to the blueprint of `bookings`
    booking_guests,
    bookings,
    checks,
    dashboard,
    door,
    door_lists,
    door_sync,
    events,
    guest_messages,
    holds,
    images,
    keys,
    live_sales,
    login,
    mails,
    no_shows,
    payments,
    receipts,
    refunds,
    statements,
    ticket_types,
    vouchers,
    waiting_rooms,
    walk_ins,
)

PAGES = (
    *(
        login,
        dashboard,
        events,
        live_sales,
        arrivals,
        door_lists,
        no_shows,
        holds,
        ticket_types,
        vouchers,
        waiting_rooms,
        guest_messages,
        images,
        bookings,
        booking_guests,
        booking_accounts,
        payments,
        statements,
        receipts,
        refunds,
        mails,
        audit,
        keys,
    ),
    checks,
)


def init_app(app: Flask) -> None:
    for module in PAGES:
        app.register_blueprint(module.blueprint, url_prefix="/admin")
    app.register_blueprint(keys.own, url_prefix="/admin")
    app.register_blueprint(door.blueprint, url_prefix="/door")
    app.register_blueprint(walk_ins.blueprint, url_prefix="/door")
    app.register_blueprint(door_lists.at_door, url_prefix="/door")
    app.register_blueprint(door_sync.blueprint, url_prefix="/door")
