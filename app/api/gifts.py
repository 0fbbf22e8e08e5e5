"""Seats given to friends, by their givers; a friend accepts one on its page."""

from typing import Any

from flask import Response, request

from app.api.body import api_blueprint
from app.api.callers import caller
from app.api.gift_schemas import GiftIn, GiftOut, GiftsOut
from app.api.present import booking_out, json_response
from app.api.schemas import BookingOut
from app.api.spec import KEY, TOKEN, answers, valid
from app.edge import rate_limits
from app.edge.current import desk
from app.models import Gift, GiftState
from app.presenters.gift_addresses import gift_url
from app.services import bookings, gifts

blueprint = api_blueprint("gifts", __name__)
GIFTS: dict[str, Any] = {"tags": ["Bookings"], "security": [{TOKEN: []}, {KEY: []}]}


@blueprint.post("/bookings/<id:booking_id>/gifts")
@valid(
    answers(400, 401, 404, 409, 413, 415, 429, 503, HTTP_201=GiftOut),
    body=GiftIn,
    operation_id="giveSeat",
    **GIFTS,
)
def give_seat(booking_id: int, body: GiftIn) -> Response:
    """Give a seat to a friend

    The booking's last seat gets a booking of its own, which waits for the friend behind `url`. Its
    old code lets nobody in any more; the codes of the others stay as they are.
    """
    user_id = caller().limited_to
    if user_id is not None:
        rate_limits.giving(booking_id, request.remote_addr)
    gift = gifts.give(desk(), booking_id, seat=body.seat, by_user=user_id)
    return json_response(_gift_out(gift), 201)


@blueprint.get("/bookings/<id:booking_id>/gifts")
@valid(answers(401, 404, HTTP_200=GiftsOut), operation_id="listGifts", **GIFTS)
def list_gifts(booking_id: int) -> Response:
    """List the seats of a booking that were given to friends

    Without those that were taken back.
    """
    booking = bookings.get_booking(booking_id, of_user=caller().limited_to)
    return json_response(GiftsOut([_gift_out(gift) for gift in gifts.list_gifts(booking)]))


@blueprint.delete("/bookings/<id:booking_id>/gifts/<id:gift_id>")
@valid(answers(401, 404, 409, 503, HTTP_200=BookingOut), operation_id="takeSeatBack", **GIFTS)
def take_seat_back(booking_id: int, gift_id: int) -> Response:
    """Take a seat back that no friend has accepted

    Its link is dead, and it is the last seat of its booking again, which is answered. Taking it
    back again answers the same.
    """
    user_id = caller().limited_to
    gifts.take_back(desk(), booking_id, gift_id, by_user=user_id)
    return json_response(booking_out(bookings.get_booking(booking_id, of_user=user_id)))


def _gift_out(gift: Gift) -> GiftOut:
    waits = gift.state == GiftState.WAITING
    return GiftOut(
        gift_id=gift.booking_id,
        booking_id=gift.from_id,
        seat=gift.seat,
        state=gift.state.value,
        name=gift.booking.holder_name if gift.accepted_at else None,
        url=gift_url(gift) if waits else None,
        given_at=gift.given_at,
        accepted_at=gift.accepted_at,
    )
