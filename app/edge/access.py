"""Access rules: one table with every endpoint, checked before any view runs.

The application refuses to start when an endpoint is missing from the table, so a new one can't be
left open by mistake. In addition, a user's objects are looked up among that user's own only, so
another user's are "not found".
"""

from collections.abc import Callable
from enum import StrEnum

from flask import Flask, request

from app.edge.htmx import Answer
from app.errors import NotAllowed
from app.models import staff_scope


class Who(StrEnum):
    """Who may call an endpoint."""

    ANYONE = "anyone"
    USER = "user"
    """A user signed in to the web pages."""
    CALLER = "caller"
    """An API client with a user's token, or staff, who may act for any user."""
    SEE = "see"
    MANAGE = "manage"
    KEYS = "keys"
    CHECK_IN = "check_in"
    """The last four are permissions of staff (`app.models.Permission`)."""


Door = Callable[[Who], Answer | None]
"""Admits the caller by returning None; else returns a redirect or raises `UtsavamError`."""

TABLE = {
    Who.ANYONE: """
        static openapi site_pages.organiser site_pages.terms site_pages.privacy
        dev_mail.index dev_mail.show dev_mail.text dev_mail.attached
        docs.favicon docs.problems docs.robots docs.swagger_ui
        events.index events.list_events events.find events.show events.seats events.your_seats
        events.calendar
        feeds.atom feeds.calendar art.poster art.preview images.card images.wide
        sign_in_links.ask sign_in_links.send sign_in_links.ask_code sign_in_links.try_code
        sign_in_links.show sign_in_links.open_link
        sign_in.show sign_in.create sign_in.delete sign_up.show sign_up.create
        checkout.begin checkout.create
        waiting_rooms.show waiting_rooms.join room_status.show
        service_workers.bookings service_workers.tickets service_workers.door
        tickets.index tickets.forget tickets.show tickets.calendar tickets.pdf
        tickets.payment tickets.announce_payment tickets.pay_online
        tickets.receipts tickets.receipt_pdf
        online_payments.back online_payments.webhook
        tickets.apple_pass tickets.google_passes tickets.google_pass
        tickets.confirm_cancellation tickets.cancel
        tickets.gifts tickets.give tickets.take_back gifts.show gifts.accept
        admin_login.show admin_login.create admin_login.delete
        api_health.health api_health.ready api_events.list_events api_events.get_event
        api_users.create_user
        api_waiting_rooms.join api_waiting_rooms.get api_waiting_rooms.challenge
    """,
    Who.USER: """
        my_bookings.index my_bookings.show my_bookings.calendar my_bookings.pdf
        my_bookings.payment my_bookings.announce_payment my_bookings.pay_online
        my_bookings.receipts my_bookings.receipt_pdf
        my_bookings.apple_pass my_bookings.google_passes my_bookings.google_pass
        my_bookings.confirm_cancellation my_bookings.cancel
        my_bookings.gifts my_bookings.give my_bookings.take_back
        account.show account.rename account.change_email account.change_password
        account.sign_out_everywhere account.export account.confirm_deletion account.delete
        api_tokens.find api_tokens.create api_tokens.revoke
    """,
    Who.CALLER: """
        api_bookings.create_booking api_bookings.get_booking api_bookings.change_booking
        api_bookings.cancel_booking api_bookings.get_refund
        api_bookings.list_bookings_of_user
        api_gifts.give_seat api_gifts.list_gifts api_gifts.take_seat_back
    """,
    Who.SEE: """
        admin_dashboard.show admin_dashboard.days_csv admin_dashboard.events_csv
        admin_events.index admin_events.edit
        admin_live_sales.show admin_live_sales.figures admin_live_sales.export admin_holds.index
        admin_ticket_types.index admin_vouchers.index admin_vouchers.export
        admin_waiting_rooms.edit admin_waiting_rooms.figures api_waiting_rooms.get_settings
        admin_arrivals.show admin_no_shows.show admin_door_lists.show
        admin_guest_messages.index admin_guest_messages.show
        admin_bookings.index admin_bookings.show admin_bookings.progress
        admin_bookings.export_csv admin_bookings.export_excel admin_bookings.guest_list
        admin_refunds.index admin_refunds.export admin_refunds.owed admin_payments.index
        admin_receipts.index admin_receipts.export admin_receipts.show admin_receipts.pdf
        admin_audit.index admin_audit.export admin_checks.show admin_own_key.log_out_everywhere
        api_admin_bookings.list_bookings_of_event api_admin_reports.analytics api_users.list_users
        api_admin_events.list_events api_admin_events.watch api_admin_holds.list_holds
        api_admin_ticket_types.list_types api_admin_vouchers.list_vouchers
        api_admin_bookings.list_bookings api_admin_reports.list_audit api_admin_reports.get_sales
        api_check_ins.get_arrivals api_no_shows.list_no_shows
        api_admin_payments.list_to_come api_admin_payments.list_payments
        api_admin_payments.list_refunds api_admin_payments.get_figures
        api_admin_receipts.list_receipts
    """,
    Who.MANAGE: """
        admin_events.new admin_events.create admin_events.update admin_events.preview
        admin_events.check admin_events.publish admin_events.withdraw
        admin_events.ask_copy admin_events.duplicate
        admin_events.confirm_cancellation admin_events.cancel
        admin_events.confirm_deletion admin_events.delete
        admin_images.upload admin_images.remove
        admin_live_sales.pause admin_live_sales.resume admin_live_sales.hold
        admin_live_sales.release
        admin_holds.create admin_holds.edit admin_holds.update admin_holds.release
        admin_ticket_types.create admin_ticket_types.edit admin_ticket_types.update
        admin_ticket_types.move admin_ticket_types.withdraw admin_ticket_types.offer
        admin_ticket_types.remove admin_vouchers.create admin_vouchers.edit
        admin_vouchers.update admin_vouchers.withdraw
        admin_waiting_rooms.update admin_waiting_rooms.pace api_waiting_rooms.change_settings
        admin_guest_messages.preview admin_guest_messages.test admin_guest_messages.send
        admin_guest_messages.send_again admin_guest_messages.remind
        admin_bookings.make_link admin_bookings.send_ticket
        admin_bookings.new admin_bookings.create
        admin_bookings.confirm_cancellation admin_bookings.cancel admin_bookings.replace_address
        admin_booking_guests.edit admin_booking_guests.update
        admin_booking_accounts.edit admin_booking_accounts.update
        admin_payments.ask admin_payments.record admin_refunds.mark
        admin_statements.ask admin_statements.show admin_statements.mark
        admin_checks.reconcile_next admin_checks.seed admin_mails.index admin_mails.send_again
        api_admin_events.create_event api_admin_events.update_event api_admin_events.delete_event
        api_admin_operations.seed_demo_data api_admin_operations.remove_rehearsal
        api_admin_events.copy_event
        api_admin_holds.add_hold api_admin_holds.change_hold api_admin_holds.release_hold
        api_admin_ticket_types.add_type api_admin_ticket_types.change_type
        api_admin_ticket_types.remove_type
        api_admin_payments.record_payment api_admin_payments.mark_paid_back
        api_admin_vouchers.add_voucher api_admin_vouchers.add_vouchers
        api_admin_vouchers.change_voucher api_admin_vouchers.withdraw_voucher
        api_admin_holds.issue_booking api_admin_bookings.change_guest
        api_images.set_image api_images.remove_image api_admin_operations.reconcile_some
    """,
    Who.CHECK_IN: """
        door.index door.show door.check_in door.undo door_sync.show door_sync.create
        walk_ins.ask walk_ins.create walk_ins.undo door_lists.show_at_door
        api_walk_ins.create_walk_in api_walk_ins.undo_walk_in
        api_check_ins.create_check_in api_check_ins.undo_check_in api_check_ins.list_check_ins
        api_check_ins.read_guest_list
    """,
    Who.KEYS: """
        admin_keys.index admin_keys.create admin_keys.revoke
        api_staff_keys.list_keys api_staff_keys.create_key api_staff_keys.revoke_key
    """,
}
RULES = {endpoint: who for who, endpoints in TABLE.items() for endpoint in endpoints.split()}
_OWN = """
    my_bookings.show my_bookings.calendar my_bookings.pdf
    my_bookings.receipts my_bookings.receipt_pdf
    my_bookings.payment my_bookings.announce_payment my_bookings.pay_online
    my_bookings.apple_pass my_bookings.google_passes my_bookings.google_pass
    my_bookings.confirm_cancellation my_bookings.cancel
    my_bookings.gifts my_bookings.give my_bookings.take_back
    api_gifts.give_seat api_gifts.list_gifts api_gifts.take_seat_back
    api_tokens.revoke
    api_bookings.get_booking api_bookings.change_booking api_bookings.cancel_booking
    api_bookings.get_refund api_bookings.list_bookings_of_user
"""
OWN = frozenset(_OWN.split())
"""Endpoints that take the id of a user's object; another user's id gives "not found"."""


_WHOLE_SITE = """
    admin_events.new admin_events.create admin_events.ask_copy admin_events.duplicate
    admin_checks.show admin_checks.reconcile_next admin_checks.seed
    admin_bookings.make_link admin_booking_accounts.edit admin_booking_accounts.update
    admin_mails.index admin_mails.send_again
    admin_keys.index admin_keys.create admin_keys.revoke
    api_admin_events.create_event api_admin_events.copy_event api_users.list_users
    api_admin_operations.seed_demo_data api_admin_operations.reconcile_some
    api_admin_operations.remove_rehearsal
    api_staff_keys.list_keys api_staff_keys.create_key api_staff_keys.revoke_key
"""
WHOLE_SITE = frozenset(_WHOLE_SITE.split())
"""Endpoints closed to keys that are limited to events. Of the other endpoints for staff, those
with an event's id open for the key's events only, and services limit what the rest list."""


def init_app(app: Flask, *, users: Door, staff: Door, programs: Door) -> None:
    """Check access before every view of `app`; call this after all views are registered.

    `users` and `staff` guard the web pages, `programs` guards the API. Raises `RuntimeError` when
    an endpoint has no rule, or a rule no endpoint.
    """
    addresses = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
    if differ := addresses.keys() ^ RULES.keys():
        raise RuntimeError(f"app/edge/access.py and the addresses differ in {sorted(differ)}")
    doors: dict[str, tuple[Door | None, Who]] = {}
    for endpoint, who in RULES.items():
        if who == Who.ANYONE:
            doors[endpoint] = None, who
        elif addresses[endpoint].startswith("/api/"):
            doors[endpoint] = programs, who
        else:
            doors[endpoint] = users if who == Who.USER else staff, who

    @app.before_request
    def admit() -> Answer | None:
        if request.endpoint is None:
            return None  # no route matches; Flask answers 404
        if request.endpoint not in doors:
            raise NotAllowed
        door, who = doors[request.endpoint]
        if door is None:
            return None
        elsewhere = door(who)
        if elsewhere is None:
            _check_scope(request.endpoint)
        return elsewhere


def _check_scope(endpoint: str) -> None:
    """Raise `KeyLimited` or `EventNotFound` for what the staff key's limits exclude."""
    if endpoint in WHOLE_SITE:
        staff_scope.require_all_events()
    staff_scope.require_event((request.view_args or {}).get("event_id"))
    staff_scope.require_event(request.args.get("event", type=int))
