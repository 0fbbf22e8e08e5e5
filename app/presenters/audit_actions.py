"""Labels of staff actions, for the audit log and for histories."""

from flask_babel import gettext as _


def action_label(action: str) -> str:
    """Return the label of an action, or its name when it has none."""
    labels: dict[str, str] = {
        "event.created": _("Event created"),
        "event.updated": _("Event changed"),
        "event.deleted": _("Event deleted"),
        "booking.made": _("Booked for a guest"),
        "booking.guest_corrected": _("Guest corrected"),
        "booking.address_replaced": _("A ticket's link replaced"),
        "booking.issued": _("Seats issued to a guest"),
        "booking.walked_in": _("A seat sold or given at the door"),
        "waiting_room.changed": _("Waiting room changed"),
        "waiting_room.turned_on": _("Waiting room turned on by itself"),
        "waiting_room.turned_off": _("Waiting room turned off by itself"),
        "hold.added": _("Seats held back for somebody"),
        "hold.changed": _("Hold changed"),
        "hold.released": _("Hold released"),
        "ticket_type.added": _("Ticket type added"),
        "ticket_type.changed": _("Ticket type changed"),
        "ticket_type.removed": _("Ticket type removed"),
        "voucher.added": _("Voucher made"),
        "voucher.changed": _("Voucher changed"),
        "voucher.withdrawn": _("Voucher withdrawn"),
        "booking.cancelled": _("Seats given back"),
        "payment.received": _("A payment has come"),
        "refund.paid_back": _("Money paid back"),
        "booking.seat_given": _("A seat given to a friend"),
        "booking.seat_taken_back": _("A seat taken back from a friend"),
        "seats.taken_out": _("Check-in undone"),
        "booking.ticket_sent": _("Ticket sent by mail"),
        "user.link_made": _("Sign-in link made for a guest"),
        "user.email_changed": _("Email of an account changed"),
        "guests.forgotten": _("Guests of long ago forgotten"),
        "guests.exported": _("Guests' data taken along"),
        "guests.written_to": _("A letter to all guests"),
        "guests.written_again": _("A letter to guests sent again"),
        "mail.sent_again": _("A letter sent again"),
        "rehearsal.removed": _("Rehearsal removed"),
        "key.created": _("Staff key made"),
        "key.revoked": _("Staff key revoked"),
        "login.refused": _("Wrong admin key refused"),
    }
    return labels.get(action, action)
