"""The database models, one module each."""

from app.models.api_token import ApiToken
from app.models.audit_entry import AuditEntry
from app.models.booking import Booking, BookingState, BookingStatus
from app.models.check_in import Admission, CheckIn, DoorAnswer, NotValid
from app.models.event import Event, EventStatus, Phase, SaleState
from app.models.event_image import EventImage
from app.models.gift import Gift, GiftState
from app.models.guest_message import GuestMessage, Reminder
from app.models.hold import Hold
from app.models.journal_entry import Happened, JournalEntry
from app.models.mail import Mail, MailState
from app.models.payment import (
    KeptAmount,
    Payment,
    PaymentProvider,
    PaymentState,
    Refund,
    RefundReason,
    RefundState,
)
from app.models.provider_event import EventOutcome, ProviderEvent
from app.models.receipt import Receipt, ReceiptSeries
from app.models.refund_rule import RefundRule
from app.models.sales_day import SalesDay, SummedDay
from app.models.sign_in import SignIn
from app.models.sign_in_link import LinkPurpose, SignInLink
from app.models.staff_key import Permission, Role, StaffKey
from app.models.ticket_type import TicketType, TypeState
from app.models.user import User
from app.models.voucher import PriceEffect, Voucher
from app.models.waiting_room import RoomMinute, RoomMode, WaitingRoom

__all__ = [
    "Admission",
    "ApiToken",
    "AuditEntry",
    "Booking",
    "BookingState",
    "BookingStatus",
    "CheckIn",
    "DoorAnswer",
    "Event",
    "EventImage",
    "EventOutcome",
    "EventStatus",
    "Gift",
    "GiftState",
    "GuestMessage",
    "Happened",
    "Hold",
    "JournalEntry",
    "KeptAmount",
    "LinkPurpose",
    "Mail",
    "MailState",
    "NotValid",
    "Payment",
    "PaymentProvider",
    "PaymentState",
    "Permission",
    "Phase",
    "PriceEffect",
    "ProviderEvent",
    "Receipt",
    "ReceiptSeries",
    "Refund",
    "RefundReason",
    "RefundRule",
    "RefundState",
    "Reminder",
    "Role",
    "RoomMinute",
    "RoomMode",
    "SaleState",
    "SalesDay",
    "SignIn",
    "SignInLink",
    "StaffKey",
    "SummedDay",
    "TicketType",
    "TypeState",
    "User",
    "Voucher",
    "WaitingRoom",
]
