"""Sample inputs of the API's document, of things that the demo has: sent unchanged, they work."""

from typing import Any

BODIES: dict[str, dict[str, Any]] = {
    "createBooking": {"user_id": 1, "event_id": 2, "seats": 2},
    "changeBooking": {"seats": 1},
    "giveSeat": {"seat": 6},
    "createUser": {
        "email": "meena@example.com",
        "name": "Meena",
        "password": "a long sentence nobody guesses",
    },
    "createEvent": {
        "name": "Veena Evening",
        "venue": "Music Academy",
        "city": "Chennai",
        "start_at": "2031-01-10T18:00:00+05:30",
        "capacity": 300,
        "price_minor": 50000,
        "currency": "INR",
        "refund_rule": [
            {"hours_before": 168, "percent": 100},
            {"hours_before": None, "percent": 50},
        ],
        "status": "draft",
    },
    "updateEvent": {"max_per_person": 6},
    "copyEvent": {"name": "The same, once more"},
    "changeRoomSettings": {"mode": "on", "per_minute": 1200},
    "addHold": {"name": "Sponsor", "seats": 4},
    "changeHold": {"seats": 3},
    "addTicketType": {"name": "Early bird", "price_minor": 10000, "quota": 20, "max_per_order": 2},
    "changeTicketType": {"quota": 1500},
    "addVoucher": {
        "code": "CHOIR-2031",
        "max_uses": 40,
        "price_effect": "percent_off",
        "price_value": 20,
        "note": "For the choir's families",
    },
    "addVouchers": {"count": 3, "price_effect": "fixed_price", "price_value": 10000},
    "changeVoucher": {"max_uses": 60},
    "issueBooking": {"email": "ravi@example.com", "free": True, "issued_for": "The band"},
    "recordPayment": {
        "provider": "upi",
        "amount_minor": 120000,
        "currency": "INR",
        "bank_reference": "412345678901",
    },
    "changeGuestOfBooking": {"name": "Alice"},
    "checkIn": {"id": "6f1c0a4e-8f0b-4a55-9d1f-0d7a3a4b5c6d", "booking_id": 3, "door": "East"},
    "undoCheckIn": {"id": "7a2d1b5f-9f1c-4b66-8e2a-1e8b4b5c6d7e", "door": "East"},
    "admitWalkIn": {"id": "5e0b9f3d-7eaf-4944-8c0e-fc6929394b5c", "seats": 2, "door": "East"},
    "undoWalkIn": {"id": "8b3e2c60-a02d-4c77-9f3b-2f9c5c6d7e8f", "door": "East"},
    "createStaffKey": {"name": "box office", "role": "viewer"},
    "reconcile": {"after": 0, "repair": False},
}
"""By call. Without them a sample holds every field, and its "string" would be saved."""
ADDRESSES: dict[str, int | str] = {
    "event_id": 1,
    "booking_id": 1,
    "user_id": 1,
    "key_id": 1,
    "hold_id": 1,
    "type_id": 2,
    "voucher_id": 1,
    "run": "1a2b3c4d",
    "refund_id": 1,
    "gift_id": 1,
    "check_in_id": "6f1c0a4e-8f0b-4a55-9d1f-0d7a3a4b5c6d",
}
"""By parameter of an address."""
_OF_HOLDS = ("listHolds", "addHold", "changeHold", "releaseHold", "issueBooking")
_OF_TYPES = ("listTicketTypes", "addTicketType", "changeTicketType", "removeTicketType")
_OF_VOUCHERS = (
    "listVouchers",
    "addVoucher",
    "addVouchers",
    "changeVoucher",
    "withdrawVoucher",
)
_OF_DOORS = (
    "checkIn",
    "undoCheckIn",
    "listCheckIns",
    "getArrivals",
    "listNoShows",
    "readGuestList",
)
_OF_ROOMS = (
    "changeRoomSettings",
    "getRoomSettings",
    "getWaitingRoomChallenge",
    "joinWaitingRoom",
    "getWaitingRoom",
)
_OF_GIFTS = ("giveSeat", "listGifts", "takeSeatBack")
ADDRESSES_OF: dict[str, dict[str, int | str]] = {
    **{call: {"event_id": 2, "hold_id": 1} for call in _OF_HOLDS},
    # The event that sells several types.
    **{call: {"event_id": 12, "type_id": 3} for call in _OF_TYPES},
    **{call: {"event_id": 2, "voucher_id": 1} for call in _OF_VOUCHERS},
    # What the first makes, where all samples are sent in the document's order.
    **{call: {"booking_id": 5, "gift_id": 17} for call in _OF_GIFTS},
    # The event of the booking that is checked in.
    **{call: {**ADDRESSES, "event_id": 4} for call in _OF_DOORS},
    # None of the demo's other samples books of it.
    **{call: {"event_id": 9} for call in _OF_ROOMS},
    "admitWalkIn": {"event_id": 2},
    "undoWalkIn": {"event_id": 2, "check_in_id": "5e0b9f3d-7eaf-4944-8c0e-fc6929394b5c"},
}
"""By call, where another sample would forbid it: the event with the first id is deleted."""
