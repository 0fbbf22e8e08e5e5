"""Scenes of seats that are to be paid first: the form, the reservation, and what became of it."""

from datetime import timedelta

from playwright.sync_api import expect

from app.models.columns import now
from app.models.references import new_reference

NOTE = "By transfer to Utsavam, IBAN DE02 1203 0000 0000 2020 51, or by UPI to utsavam@bank"


def fill(world):
    """Give the world events of which seats are paid first, and bookings that are, and were not."""
    start, soon = now() + timedelta(days=50), now() + timedelta(minutes=14)
    facts = {"name": "Sarangi Evening", "price_minor": 50000, "capacity": 400, "start_at": start}
    paid = world.events["paid first"] = world.factories.event(
        **facts, payment_minutes=15, payment_note=NOTE
    )
    odd = world.events["odd payment"] = world.factories.event(
        name="హైదరాబాద్ శాస్త్రీయ నృత్యోత్సవం",
        venue="రవీంద్ర భారతి",
        price_minor=4500,
        currency="JPY",
        time_zone="America/New_York",
        payment_minutes=3 * 24 * 60,
        capacity=400,
        start_at=start,
    )
    types = world.factories.ticket_types(paid, {"name": "VIP", "price_minor": 200000, "quota": 10})
    order = new_reference()
    for name, seats in {"General": 2, "VIP": 1}.items():
        world.bookings[f"reserved {name}"] = world.factories.booking(
            *(paid, world.alice, seats),
            price_minor=types[name].price_minor,
            ticket_type_id=types[name].id,
            order_reference=order,
            status="RESERVED",
            reserved_until=soon,
        )
    for status, until in {"RESERVED": timedelta(days=3), "EXPIRED": -timedelta(hours=2)}.items():
        world.bookings[status] = world.factories.booking(
            *(odd, world.alice, 2), price_minor=4500, status=status, reserved_until=now() + until
        )

    fill_receipts(world, paid, odd)
    paid = world.factories.booking(paid, world.alice, price_minor=50000)
    payment = world.factories.payment(paid, marked_by="Priya")
    world.factories.refund(payment, amount_minor=50000)
    world.factories.payment(
        world.bookings["EXPIRED"],
        **{"provider": "upi", "provider_ref": None, "bank_reference": "412345678901"},
        **{"state": "PENDING", "paid_at": None, "currency": "JPY"},
    )


def fill_receipts(world, paid, odd):
    """Give the world a booking whose receipt the site issues when it is asked for, and one of which
    seats were given back since."""
    facts = {"guest_name": "محمد العربي", "fee_minor": 1500, "paid_at": now()}
    bought = world.factories.booking(paid, world.alice, 3, price_minor=51500, **facts)
    line = {"ticket_type_id": None, "seats": 3, "price_minor": 51500, "fee_minor": 1500}
    world.factories.payment(bought, seats_paid=[line])
    kept = world.factories.booking(odd, world.alice, 1, price_minor=4500, paid_at=now())
    facts = {"status": "CANCELLED", "cancelled_at": now(), "part_of": kept.id}
    part = world.factories.booking(odd, world.alice, 1, price_minor=4500, **facts)
    payment = world.factories.payment(kept, currency="JPY", amount_minor=9000)
    done = {"booking_id": part.id, "state": "PAID_BACK", "done_at": now(), "reason": "cancelled"}
    world.factories.refund(payment, amount_minor=4500, **done)
    world.factories.receipt(payment)
    world.bookings |= {"bought": bought, "partly credited": kept}


def form(name):
    def play(page, world):
        return page.goto(world.event_url(name))

    return play


def reserved(name):
    """With its countdown, which waits for what time it is."""

    def play(page, world):
        answer = page.goto(world.booking_url(name))
        expect(page.locator(".countdown")).to_contain_text("left to pay")
        return answer

    return play


def booking(name, rest=""):
    def play(page, world):
        return page.goto(world.booking_url(name, rest))

    return play


def on_the_way(page, world):
    """Between the site and the provider, whose page is there and leaves the browser where it is."""
    page.route("https://checkout.stripe.com/**", lambda route: route.fulfill(status=204))
    page.goto(world.booking_url("reserved VIP"))
    page.get_by_role("button", name="by Stripe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("To the payment")


def admin_booking(name):
    def play(page, world):
        return page.goto(f"/admin/bookings/{world.bookings[name].id}")

    return play


def of_event(name, page):
    def play(browser_page, world):
        return browser_page.goto(f"/admin/events/{world.events[name].id}/{page}")

    return play


def payment_form(page, world):
    """With an error, as most are."""
    page.goto(f"/admin/bookings/{world.bookings['EXPIRED'].id}/payment")
    page.get_by_label("Amount that has come").fill("12")
    page.get_by_role("button", name="Mark as paid").click()
    expect(page.locator("#errors")).to_be_visible()


def statement(page, world):
    page.goto(f"/admin/events/{world.events['odd payment'].id}/statement")
    lines = ["2026-11-28,9000,UPI/412345678901/asha", "2026-11-28,-500,Gebühr", "2026-11-29,12,x"]
    content = "\n".join(["date,amount,text", *lines]).encode()
    file = {"name": "statement.csv", "mimeType": "text/csv", "buffer": content}
    page.get_by_label("Statement (CSV)").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("button", name="Mark the ticked lines as paid")).to_be_visible()


VISITOR = {"event-paid-first": form("paid first"), "event-odd-payment": form("odd payment")}
MEMBER = {
    "ticket-reserved": reserved("RESERVED"),
    "ticket-reserved-together": reserved("reserved VIP"),
    "ticket-reserved-asked": booking("RESERVED", "/cancellation"),
    "ticket-expired": booking("EXPIRED"),
    "event-with-reservation": form("odd payment"),
    "receipt": booking("bought", "/receipts"),
    "receipt-credited": booking("partly credited", "/receipts"),
}
ONLINE = {
    "ticket-reserved-online": reserved("reserved VIP"),
    "payment-on-the-way": on_the_way,
}
"""Of a member, where people can pay online."""
ORGANISER = {
    "admin-booking-reserved": admin_booking("RESERVED"),
    "admin-booking-expired": admin_booking("EXPIRED"),
    "admin-payments": of_event("odd payment", "payments"),
    "admin-payments-received": of_event("paid first", "payments?received=1"),
    "admin-payment-errors": payment_form,
    "admin-receipts": lambda page, _world: page.goto("/admin/receipts"),
    "admin-statement-lines": statement,
    "admin-refunds-owed": lambda page, _world: page.goto("/admin/refunds/owed"),
}
