"""What the ledger asks of the database, asked of the one in virtual time."""

from dataclasses import replace

from app.booking import reservations
from app.booking.orders import Confirmed


class Queries:
    """Stands where the ledger and its recovery say `queries`."""

    def lock_rows(self, session, event_ids):
        session.statement()
        for id in sorted(event_ids):
            session.database.lock(session, id)
            session.active = session.world.now
        rows = session.database.rows | session.changed
        return {id: rows[id] for id in sorted(event_ids) if id in rows}

    def earlier(self, session, asked, typed):
        session.statement()
        users = {user_id for user_id, _key in asked}
        found = [
            (_confirmed(b), b.idempotency_key, b.fingerprint)
            for b in session.database.bookings.values()
            if b.idempotency_key is not None and (b.user_id, b.idempotency_key) in asked
        ]
        types = session.database.types.values() if typed else ()
        return (
            users,
            found,
            [replace(one, taken=session.taken.get(one.id, one.taken)) for one in types],
        )

    def seats_by_user(self, session, pairs):
        return {}

    def booked_together(self, session, references):
        session.statement()
        found = {}
        for booking in session.database.bookings.values():
            order = booking.order_reference
            if order in references and booking.reference != order:
                found.setdefault(order, []).append(_confirmed(booking))
        return found

    def insert_bookings(
        self,
        session,
        orders,
        prices,
        left,
        at,
        *,
        journal=False,
        taken=None,
        vouchers=None,
        fees=None,
    ):
        if not orders:
            return {}
        for fee, (minor, _currency) in zip(fees or (), prices, strict=bool(fees)):
            assert (fee > 0) == (minor > fee), "a free seat has a fee, or another has none"
        session.statement()
        rows = session.database.rows | session.changed
        session.made = {order.reference: order for order in orders}
        session.taken |= taken or {}
        drawn = vouchers.drawn if vouchers else {}
        if vouchers:
            session.used |= vouchers.used
            session.holds |= vouchers.holds
        for id, seats in left.items():
            ends = [o.reserved_until for o in orders if o.event_id == id and o.reserved_until]
            ends += [rows[id].next_expiry_at] if rows[id].next_expiry_at else []
            session.changed[id] = rows[id]._replace(
                seats_available=seats,
                version=rows[id].version + 1,
                next_expiry_at=min(ends, default=None),
                seats_held=rows[id].seats_held - drawn.get(id, 0),
            )
        return {order.reference: _confirmed(order) for order in orders}

    def confirmed_by_reference(self, session, references):
        session.statement()
        bookings = session.database.bookings
        return {r: _confirmed(bookings[r]) for r in references if r in bookings}


class VoucherQueries:
    """Stands where the ledger says `voucher_queries`."""

    def read(self, session, codes):
        session.statement()
        return [
            replace(one, used=session.used.get(one.id, one.used))
            for one in session.database.vouchers.values()
            if (one.event_id, one.code_key) in codes
        ]


class Reservations:
    """Stands where the ledger says `reservations`, and for whoever marks them as paid."""

    reserved = staticmethod(reservations.reserved)

    def expire(self, session, event_ids, at, *, journal):
        session.statement()
        database = session.database
        for id in event_ids:
            due = [b for b in database.unpaid() if b.event_id == id and b.reserved_until <= at]
            for booking in due:
                database.lock(session, booking.reference)
            # Looked at again after the wait.
            waiting = {b.reference for b in database.unpaid()}
            due = [b for b in due if b.reference in waiting]
            ended = {b.reference for b in due}
            session.expired |= ended
            session.give_back(due)
            rest = [b.reserved_until for b in database.unpaid() if b.reference not in ended]
            row = database.rows[id]
            session.changed[id] = row._replace(
                seats_available=row.seats_available + sum(b.seats for b in due),
                version=row.version + 1,
                next_expiry_at=min(rest, default=None),
            )

    def confirm(self, session, reference):
        """Whether it was still waiting for its payment."""
        session.statement()
        session.database.lock(session, reference)
        if reference not in {b.reference for b in session.database.unpaid()}:
            return False
        session.statement()
        session.paid = {reference}
        return True


def _confirmed(order):
    return Confirmed(
        *(0, order.reference, order.user_id, order.event_id, order.seats, 0),
        ticket_type_id=order.ticket_type_id,
        order_reference=order.order_reference,
        reserved_until=order.reserved_until,
    )
