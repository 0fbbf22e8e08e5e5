"""Scenes of vouchers' codes: on an event's page, before its sale opens, and at its organiser's."""

from datetime import timedelta

from playwright.sync_api import expect

from app.models.columns import now


def fill(world):
    """Give the world an event with codes, and one whose sale a code opens."""
    start = now() + timedelta(days=60)
    facts = {"category": "Music", "price_minor": 50000, "capacity": 400, "start_at": start}
    event = world.events["codes"] = world.factories.event(name="Santoor Evening", **facts)
    box = {"name": "Box", "price_minor": 200000, "hidden": True, "description": "With chai"}
    box = world.factories.ticket_types(event, box)["Box"]
    many = {"max_uses": 1200, "valid_until": start, "note": "Families of the choir's altos"}
    world.factories.voucher(event, "CHOIR-20", price_effect="percent_off", price_value=20, **many)
    world.factories.voucher(
        *(event, "BOXES"), ticket_type_id=box.id, price_effect="amount_off", price_value=50000
    )
    ended = {"valid_until": now() - timedelta(days=1), "email": "meena@example.com"}
    world.factories.voucher(event, "ENDED", price_effect="fixed_price", price_value=0, **ended)
    world.factories.voucher(event, "WITHDRAWN", withdrawn=True)
    opens = {**facts, "sales_open_at": now() + timedelta(days=3)}
    early = world.events["presale"] = world.factories.event(name="Flute at Dawn", **opens)
    hold = world.factories.hold(early, "Fan club", 12)
    world.factories.voucher(early, "FANCLUB", hold_id=hold.id, max_uses=9)


def link(name, code):
    def play(page, world):
        return page.goto(f"{world.event_url(name)}?code={code}")

    return play


def asked(page, world):
    return page.goto(world.event_url("presale"))


def tried(page, world):
    """What the code does is told without loading the page, and what was typed stays."""
    page.goto(world.event_url("codes"))
    page.get_by_label("Your name", exact=True).fill("Lakshmi")
    page.get_by_text("I have a code").click()
    page.get_by_label("Code", exact=True).fill("choir 20")
    page.get_by_role("button", name="Apply the code").click()
    expect(page.locator("#code-told")).to_contain_text("20% off each seat.")
    expect(page.get_by_label("Your name", exact=True)).to_have_value("Lakshmi")


def wrong(page, world):
    page.goto(world.event_url("codes"))
    page.get_by_text("I have a code").click()
    page.get_by_label("Code", exact=True).fill("NEVER-WAS")
    page.get_by_role("button", name="Apply the code").click()
    expect(page.locator("#code-error")).to_contain_text("no such code")


def kept(name):
    def play(page, world):
        return page.goto(f"/admin/events/{world.events[name].id}/vouchers")

    return play


def refused(page, world):
    page.goto(f"/admin/events/{world.events['codes'].id}/vouchers")
    page.get_by_label("Code", exact=True).fill("choir-20")
    page.get_by_role("button", name="Make codes").click()
    expect(page.locator("#errors")).to_be_visible()


def changed(page, world):
    page.goto(f"/admin/events/{world.events['codes'].id}/vouchers")
    page.get_by_role("link", name="CHOIR-20").click()
    page.get_by_label("Orders with one code").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#errors")).to_be_visible()


VISITOR = {
    "event-code-typed": tried,
    "event-code-wrong": wrong,
    "event-code-of-a-hidden-type": link("codes", "BOXES"),
    "event-presale-asked": asked,
    "event-presale": link("presale", "FANCLUB"),
}
ORGANISER = {
    "admin-codes": kept("codes"),
    "admin-codes-none": kept("paid first"),
    "admin-codes-errors": refused,
    "admin-code-change": changed,
}
