"""What tests begin with: events, users, bookings and tokens, written straight to the database."""

import mailbox
from datetime import timedelta
from functools import cache
from itertools import count
from uuid import uuid4

from sqlalchemy import or_, update

from app.db import db, transaction
from app.models import Booking, Event, GuestMessage, Hold, Mail, Payment, Refund, User, Voucher
from app.models.columns import now
from app.models.references import new_reference
from app.models.voucher import code_key, new_code
from app.services import (
    accounts,
    check_ins,
    letters,
    receipt_issuing,
    receipts,
    ticket_types,
)
from app.services.api_tokens import create_api_token
from app.services.check_ins import Scan
from app.services.messages import message_of


@cache
def hashed_once(password, _hasher):
    """Computing a hash takes a tenth of a second and more, on purpose."""
    return accounts.hash_password(password)


class Factories:
    """Each makes one thing that is plain unless told otherwise, and answers it detached."""

    def __init__(self, app):
        self._app = app
        self._numbers = count(1)

    def event(self, **facts):
        """An event in thirty days with five seats, on sale."""
        plain = {
            "name": f"Event {next(self._numbers)}",
            "venue": "The Little Stage",
            "city": "Bengaluru",
            "start_at": now() + timedelta(days=30),
            "capacity": 5,
        }
        facts = {**plain, **facts}
        event = self._add(Event(**{"seats_available": facts["capacity"], **facts}))
        self.show()
        return event

    def show(self):
        """Say that something was written past the services: what pages keep is out of date."""
        self._app.extensions["desk"].gate.publish([], changed=True)

    def user(self, email=None, name="Asha", password=None):
        """A user with an email of their own."""
        email = email or f"user{next(self._numbers)}@example.com"
        hashed = hashed_once(password, accounts._hasher) if password else None
        return self._add(User(email=email, name=name, password_hash=hashed))

    def booking(self, event, user=None, seats=1, **facts):
        """A confirmed booking, its seats taken from the event."""
        user = user or self.user()
        booking = Booking(
            reference=new_reference(), event_id=event.id, user_id=user.id, seats=seats, **facts
        )
        with self._app.app_context(), transaction() as session:
            row = session.get_one(Event, event.id, with_for_update=True)
            row.seats_available -= seats
            row.version += 1
            session.add(booking)
        self.show()
        return booking

    def hold(self, event, name="Sponsor", seats=2):
        """A named hold, its seats taken from those on sale."""
        with self._app.app_context(), transaction() as session:
            row = session.get_one(Event, event.id, with_for_update=True)
            row.seats_available -= seats
            row.seats_held += seats
            row.version += 1
            hold = Hold(event_id=event.id, name=name, seats_left=seats)
            session.add(hold)
        self.show()
        return hold

    def ticket_types(self, event, *facts, default_name="General"):
        """The event's types by name: its default one, and one for each of `facts`."""
        desk = self._app.extensions["desk"]
        with self._app.app_context():
            for one in facts:
                ticket_types.add_type(event.id, one, desk, default_name=default_name)
            types = ticket_types.list_types(event.id)
            db.session.expunge_all()
        return {one.name: one for one in types}

    def voucher(self, event, code=None, **facts):
        """A voucher of the event, good for one order."""
        code = code or new_code()
        facts = {"event_id": event.id, "code": code, "code_key": code_key(code)} | facts
        voucher = Voucher(**{"max_uses": 1, **facts})
        with self._app.app_context(), transaction() as session:
            row = session.get_one(Event, event.id, with_for_update=True)
            row.has_vouchers = True
            row.version += 1
            session.add(voucher)
        self.show()
        return voucher

    def payment(self, booking, **facts):
        """A bank transfer that has come, of all that the booking costs."""
        reference = f"T-{next(self._numbers)}"
        plain = {"provider": "transfer", "provider_ref": reference, "currency": "INR"}
        plain |= {"amount_minor": max(booking.total_minor, 1), "state": "PAID", "paid_at": now()}
        payment = self._add(Payment(booking_id=booking.id, **{**plain, **facts}))
        if payment.paid_at:
            of_order = Booking.order_reference == booking.reference
            paid = update(Booking).where(or_(Booking.id == booking.id, of_order))
            with self._app.app_context(), transaction() as session:
                session.execute(paid.where(Booking.is_confirmed).values(paid_at=payment.paid_at))
        return payment

    def refund(self, payment, **facts):
        """The whole payment, owed back."""
        plain = {"amount_minor": payment.amount_minor, "currency": payment.currency}
        plain |= {"reason": "twice"}
        return self._add(Refund(payment_id=payment.id, **{**plain, **facts}))

    def receipt(self, payment):
        """Of a payment that brought its seats, as the worker issues it."""
        with self._app.app_context():
            receipt_issuing.issue_for([payment.id])
            receipt, *_notes = receipts.of_payments([payment.id])[payment.id]
            db.session.expunge(receipt)
        return receipt

    def token(self, user, name="laptop"):
        """The headers of a program that acts as the user."""
        with self._app.app_context():
            _token, secret = create_api_token(user.id, name)
        return {"Authorization": f"Bearer {secret}"}

    def _add(self, thing):
        with self._app.app_context(), transaction() as session:
            session.add(thing)
        return thing

    def message(self, event, **facts):
        """What an organiser wrote to all guests."""
        facts = {"subject": "Doors at six", "body": "Come **early**.", "guests": 2} | facts
        return self._add(GuestMessage(event_id=event.id, token=uuid4(), **facts))

    def check_in(self, event):
        """A scan that admitted nobody; its id."""
        ident = uuid4()
        with self._app.app_context():
            check_ins.check_in(event.id, Scan(ident, "nothing", door="East gate"))
        return ident

    def letter(self, folder, letter, booking, facts):
        """A letter in the demo's mailbox; returns its key there."""
        mail = Mail(
            letter=letter,
            recipient="asha@example.com",
            locale="en_IN",
            facts=facts,
            booking_id=booking.id,
            message_id=uuid4(),
            created_at=now(),
        )
        settings = self._app.extensions["settings"].model_copy(
            update={"mail_from": "tickets@example.org"}
        )
        with self._app.app_context():
            message = message_of(letters.render(mail), mail, settings)
        return mailbox.Maildir(folder, create=True).add(message.as_bytes())
