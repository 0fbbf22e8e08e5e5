"""An event's vouchers, for its organisers."""

from flask import Response

from app.api.body import api_blueprint
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
from app.services import vouchers

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
    made = vouchers.add_voucher(event_id, body.model_dump(exclude_unset=True), desk())
    return json_response(_out(made), 201)


@blueprint.post("/admin/events/<id:event_id>/vouchers/batch")
@valid(
    answers(400, 401, 404, 413, 415, 503, HTTP_201=VouchersOut),
    body=VouchersIn,
    operation_id="addVouchers",
    **STAFF,
)
def add_vouchers(event_id: int, body: VouchersIn) -> Response:
    """Make many vouchers at once

    They differ by their random codes alone.
    """
    facts = body.model_dump(exclude_unset=True)
    made = vouchers.add_vouchers(event_id, facts.pop("count"), facts, desk())
    return json_response(VouchersOut(vouchers=[_out(one) for one in made]), 201)


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


def _out(voucher: Voucher) -> VoucherOut:
    shown = VoucherOut.model_validate(voucher)
    if shown.email is not None:
        shown.email = shown_email(shown.email)
    return shown
