"""Bookings: a user's own, or any booking for an organiser."""

from typing import Any

from flask import Response, request

from app.api.body import api_blueprint
from app.api.callers import Caller, caller
from app.api.cancellation_schemas import (
    BookingChange,
    CancellationQuery,
    CancelledOut,
    RefundPeriodOut,
    SeatRefundOut,
)
from app.api.present import (
    booked_json,
    booking_out,
    json_response,
    page_response,
    user_booking_out,
)
from app.api.room_tickets import TICKET_HEADER, admit_caller
from app.api.schemas import (
    BookedOut,
    BookingIn,
    BookingOut,
    PagingQuery,
    UserBookingsOut,
)
from app.api.spec import KEY, TOKEN, answers, valid
from app.booking.desk import BookingDesk
from app.booking.orders import Booked, CostLimit, Item
from app.edge import rate_limits
from app.edge.current import desk, waiting_rooms
from app.errors import (
    EventNotFound,
    InvalidField,
    NotAdmitted,
    NotAllowed,
    PlaceUsedUp,
    UserNotFound,
)
from app.models.booking import MAX_SEATS
from app.services import bookings, room_exemptions, seat_refunds
from app.services.room_places import NOTHING, Taken

blueprint = api_blueprint("bookings", __name__)
BOOKINGS: dict[str, Any] = {"tags": ["Bookings"], "security": [{TOKEN: []}, {KEY: []}]}


@blueprint.post("/bookings")
@valid(
    answers(400, 401, 404, 409, 413, 415, 503, HTTP_201=BookedOut),
    body=BookingIn,
    operation_id="createBooking",
    **BOOKINGS,
)
def create_booking(body: BookingIn) -> Response:
    """Book seats

    For a user, or for whoever has an email: then with a name. `seats` are of the event's default
    ticket type; `items` are of the types that they name, all or none, and the answer is the first
    booking, with the others in `also_booked`. 409 says which `ticket_type_id` is sold out
    (`type-sold-out`) or not on sale (`type-not-on-sale`), why a voucher's `code` is not good for
    the order (`code-refused`), or the `total_minor` that is more by now than `max_total_minor`
    (`price-risen`).

    Where an event has a waiting room, send the ticket that you have of it as `Waiting-Room-Ticket`:
    403 `waiting-room` says that it is not your turn. Staff keys need none.

    Repeat a request whose answer was lost with the same `Idempotency-Key`: it books once, and
    answers as the first time, with `Idempotency-Replayed: true`.
    """
    key = request.headers.get("Idempotency-Key")
    ticket = request.headers.get(TICKET_HEADER)
    booked = place(desk(), caller(), body, key, request.remote_addr, ticket=ticket)
    content = booked_json(booked, for_guest=body.email is not None)
    response = Response(content, 201, mimetype="application/json")
    response.headers["Location"] = f"/bookings/{booked.booking.id}"
    if booked.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


@blueprint.get("/bookings/<id:booking_id>")
@valid(answers(401, 404, HTTP_200=BookingOut), operation_id="getBooking", **BOOKINGS)
def get_booking(booking_id: int) -> Response:
    """Get one booking"""
    booking = bookings.get_booking(booking_id, of_user=caller().limited_to)
    return json_response(booking_out(booking))


@blueprint.patch("/bookings/<id:booking_id>")
@valid(
    answers(400, 401, 404, 409, 413, 415, 503, HTTP_200=BookingOut),
    body=BookingChange,
    operation_id="changeBooking",
    **BOOKINGS,
)
def change_booking(booking_id: int, body: BookingChange) -> Response:
    """Give some of a booking's seats back

    `seats` is how many to keep, so that the same request twice gives back once.
    """
    booking = bookings.cancel(
        desk(),
        booking_id,
        by_user=caller().limited_to,
        organiser=caller().organiser,
        keep=body.seats,
        admitted_too=body.admitted_too,
        **_money_back(body),
    )
    return json_response(booking_out(booking))


@blueprint.delete("/bookings/<id:booking_id>")
@valid(
    answers(401, 404, 409, 503, HTTP_200=CancelledOut),
    query=CancellationQuery,
    operation_id="cancelBooking",
    **BOOKINGS,
)
def cancel_booking(booking_id: int, query: CancellationQuery) -> Response:
    """Cancel a booking

    Its seats return once; cancelling it again answers the same.
    """
    booking = bookings.cancel(
        desk(),
        booking_id,
        by_user=caller().limited_to,
        organiser=caller().organiser,
        admitted_too=query.admitted_too,
        **_money_back(query),
    )
    return json_response(CancelledOut(booking_id=booking.id, status="CANCELLED"))


@blueprint.get("/bookings/<id:booking_id>/refund")
@valid(answers(401, 404, HTTP_200=SeatRefundOut), operation_id="getRefund", **BOOKINGS)
def get_refund(booking_id: int) -> Response:
    """Tell what comes back for giving back a seat now"""
    booking = bookings.get_booking(booking_id, of_user=caller().limited_to)
    quote = seat_refunds.quote(booking, also_gift=caller().organiser) if booking.stands else None
    told = SeatRefundOut(
        price_minor=booking.price_minor,
        currency=booking.currency,
        refund_minor=quote and quote.refund_minor,
        periods=[RefundPeriodOut.model_validate(one) for one in quote.periods] if quote else [],
    )
    return json_response(told)


@blueprint.get("/users/<id:user_id>/bookings")
@valid(
    answers(401, 404, HTTP_200=UserBookingsOut),
    query=PagingQuery,
    operation_id="listBookingsOfUser",
    **BOOKINGS,
)
def list_bookings_of_user(user_id: int, query: PagingQuery) -> Response:
    """List a user's bookings, the newest first"""
    if caller().limited_to not in (None, user_id):
        raise UserNotFound(user_id)
    page = bookings.list_bookings_of_user(user_id, limit=query.limit, after=query.after)
    return page_response(UserBookingsOut([user_booking_out(b) for b in page.items]), page)


def _money_back(asked: BookingChange | CancellationQuery) -> dict[str, Any]:
    """What is to come back. Raises `InvalidField` for what the caller can't say."""
    refund = asked.refund if asked.refund_minor is None else asked.refund_minor
    if refund is not None and not caller().organiser:
        name = "refund" if asked.refund_minor is None else "refund_minor"
        raise InvalidField(name, "is for staff to say")
    if asked.refund is not None and asked.refund_minor is not None:
        raise InvalidField("refund_minor", "can't be given together with refund")
    return {"refund": refund, "seen_refund": asked.seen_refund_minor}


def place(
    desk: BookingDesk,
    caller: Caller,
    request: BookingIn,
    key: str | None,
    address: str | None,
    *,
    ticket: str | None,
) -> Booked:
    """Book for the caller; `key` is the `Idempotency-Key` header, `address` the caller's address,
    `ticket` the `Waiting-Room-Ticket` header.

    Raises what `bookings.book` raises, `NotAdmitted`, `PlaceUsedUp`, `InvalidField` for a bad key,
    `UserNotFound`, `NotAllowed`, and `TooManyRequests`.
    """
    if caller.staff and not caller.staff.scope.covers(request.event_id):
        raise EventNotFound(request.event_id)
    taken = NOTHING if caller.staff else _admit(caller, request, key, ticket)
    booked = taken.book(lambda: _place_within_limits(desk, caller, request, key, address))
    if caller.staff and not booked.replayed and waiting_rooms().row(request.event_id):
        room_exemptions.count(request.event_id, sum(one.seats for one in booked.bookings))
    return booked


def _admit(caller: Caller, request: BookingIn, key: str | None, ticket: str | None) -> Taken:
    """Let pass whose turn it is, and who asks once more for the answer to what they have booked."""
    seats = request.seats if request.items is None else sum(one.seats for one in request.items)
    try:
        return admit_caller(request.event_id, seats, caller, ticket)
    except (NotAdmitted, PlaceUsedUp):
        once = request.idempotency_key if key is None else same_key(key, request.idempotency_key)
        booker = None if request.email else caller.acting_for(request.user_id)
        if not bookings.is_repeated(once, user_id=booker, email=request.email):
            raise
        return NOTHING


def _place_within_limits(
    desk: BookingDesk, caller: Caller, request: BookingIn, key: str | None, address: str | None
) -> Booked:
    # Staff makes the codes; everybody else may be guessing.
    tried = None if caller.staff else request.code
    with rate_limits.voucher_code(tried, request.event_id, address):
        return _place(desk, caller, request, key, address)


def _place(
    desk: BookingDesk, caller: Caller, request: BookingIn, key: str | None, address: str | None
) -> Booked:
    if request.email is not None or request.name is not None:
        return _place_for_guest(desk, caller, request, key)
    user_id = caller.acting_for(request.user_id)
    wanted = _wanted(request)
    once = request.idempotency_key if key is None else same_key(key, request.idempotency_key)
    if caller.user_id is not None:
        rate_limits.booking(caller.user_id, address)
    return bookings.book(
        desk, user_id=user_id, event_id=request.event_id, **wanted, idempotency_key=once
    )


def _place_for_guest(
    desk: BookingDesk, caller: Caller, request: BookingIn, key: str | None
) -> Booked:
    if not caller.anybody:
        if caller.user_id is None:
            raise NotAllowed
        raise InvalidField("email", "is for callers who may act for any user")
    if request.user_id is not None:
        raise InvalidField("user_id", "can't be given together with a name and an email")
    if request.name is None or request.email is None:
        raise InvalidField("name" if request.name is None else "email", "is required")
    once = request.idempotency_key if key is None else same_key(key, request.idempotency_key)
    return bookings.book_as_guest(
        desk,
        email=request.email,
        name=request.name,
        event_id=request.event_id,
        **_wanted(request),
        idempotency_key=once,
    )


def _wanted(request: BookingIn) -> dict[str, Any]:
    """The seats, and the items that they are of; raises `InvalidField` for both, or too many."""
    limit = request.max_total_minor
    more = {"code": request.code, "limit": None if limit is None else CostLimit(limit)}
    if request.items is None:
        return {"seats": request.seats, **more}
    if "seats" in request.model_fields_set:
        raise InvalidField("seats", "can't be given together with items")
    items = [Item(item.ticket_type_id, item.seats) for item in request.items]
    if len({item.ticket_type_id for item in items}) < len(items):
        raise InvalidField("items", "must name each ticket type once")
    seats = sum(item.seats for item in items)
    if seats > MAX_SEATS:
        raise InvalidField("items", f"can be at most {MAX_SEATS} seats together")
    return {"seats": seats, "items": items, **more}


def same_key(header: str, in_body: str | None) -> str:
    """The header's key; raises `InvalidField` if it is malformed or the body has another."""
    if not 1 <= len(header) <= 200 or any(not "!" <= c <= "~" for c in header):
        raise InvalidField("Idempotency-Key", "must be 1 to 200 printable ASCII characters")
    if in_body not in (None, header):
        raise InvalidField("idempotency_key", "differs from the Idempotency-Key header")
    return header
