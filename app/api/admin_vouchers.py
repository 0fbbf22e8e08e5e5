"""An event's vouchers, for its organisers."""

from flask import Response, request

from app.api.body import api_blueprint
from app.api.bookings import same_key
from app.api.present import json_response, page_response
from app.api.spec import STAFF, answers, valid
from app.api.voucher_schemas import (
    VoucherChange,
    VoucherIn,
    VoucherOut,
    VouchersIn,
    VouchersOut,
    VouchersQuery,
)
from app.edge.current import desk
from app.models import Voucher
from app.models.staff_scope import shown_email
from app.services import voucher_making, vouchers
from app.services.voucher_making import Made

blueprint = api_blueprint("admin_vouchers", __name__)


@blueprint.get("/admin/events/<id:event_id>/vouchers")
@valid(
    answers(401, 404, HTTP_200=VouchersOut),
    query=VouchersQuery,
    operation_id="listVouchers",
    **STAFF,
)
def list_vouchers(event_id: int, query: VouchersQuery) -> Response:
    """List an event's vouchers

    Also those that are withdrawn, used up or over.
    """
    page = vouchers.list_vouchers(event_id, search=query.q, limit=query.limit, after=query.after)
    return page_response(VouchersOut(vouchers=[_out(one) for one in page.items]), page)


@blueprint.post("/admin/events/<id:event_id>/vouchers")
@valid(
    answers(400, 401, 404, 413, 415, 503, HTTP_201=VoucherOut),
    body=VoucherIn,
    operation_id="addVoucher",
    **STAFF,
)
def add_voucher(event_id: int, body: VoucherIn) -> Response:
    """Make a voucher

    Its code opens a hidden ticket type, changes the price, or draws on a hold. One use is one
    order; it is given back when none of the order's seats is taken any more.
    """
    facts = body.model_dump(exclude_unset=True)
    made = voucher_making.add_voucher(event_id, facts, desk(), key=_key())
    return _made(made, _out(made.vouchers[0]))


@blueprint.post("/admin/events/<id:event_id>/vouchers/batch")
@valid(
    answers(400, 401, 404, 413, 415, 503, HTTP_201=VouchersOut),
    body=VouchersIn,
    operation_id="addVouchers",
    **STAFF,
)
def add_vouchers(event_id: int, body: VouchersIn) -> Response:
    """Make many vouchers at once

    They differ by their random codes alone. Repeat a request whose answer was lost with the same
    `Idempotency-Key`.
    """
    facts = body.model_dump(exclude_unset=True)
    made = voucher_making.add_vouchers(event_id, facts.pop("count"), facts, desk(), key=_key())
    return _made(made, VouchersOut(vouchers=[_out(one) for one in made.vouchers]))


@blueprint.patch("/admin/events/<id:event_id>/vouchers/<id:voucher_id>")
@valid(
    answers(400, 401, 404, 413, 415, 503, HTTP_200=VoucherOut),
    body=VoucherChange,
    operation_id="changeVoucher",
    **STAFF,
)
def change_voucher(event_id: int, voucher_id: int, body: VoucherChange) -> Response:
    """Change a voucher

    For orders to come; its code stays.
    """
    facts = body.model_dump(exclude_unset=True)
    return json_response(_out(vouchers.change_voucher(event_id, voucher_id, facts, desk())))


@blueprint.delete("/admin/events/<id:event_id>/vouchers/<id:voucher_id>")
@valid(answers(401, 404, 503, HTTP_204=None), operation_id="withdrawVoucher", **STAFF)
def withdraw_voucher(event_id: int, voucher_id: int) -> tuple[str, int]:
    """Withdraw a voucher for good

    What was booked with it stands.
    """
    vouchers.withdraw_voucher(event_id, voucher_id, desk())
    return "", 204


def _key() -> str | None:
    sent = request.headers.get("Idempotency-Key")
    return None if sent is None else same_key(sent, None)


def _made(made: Made, shown: VoucherOut | VouchersOut) -> Response:
    response = json_response(shown, 201)
    if made.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _out(voucher: Voucher) -> VoucherOut:
    shown = VoucherOut.model_validate(voucher)
    if shown.email is not None:
        shown.email = shown_email(shown.email)
    return shown
