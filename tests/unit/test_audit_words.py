"""The audit log in words: a price as money, a moment by the site's clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.models import AuditEntry, Event
from app.presenters.audit_words import audit_words

KOLKATA = ZoneInfo("Asia/Kolkata")
AT = datetime(2026, 11, 26, 9, tzinfo=UTC)


def said(before, after, currency="INR"):
    entry = AuditEntry(id=1, at=AT, before=before, after=after)
    return "; ".join(map(str, audit_words(entry, KOLKATA, Event(currency=currency))))


@pytest.mark.parametrize(
    ("name", "before", "after", "words"),
    [
        ("price_minor", 59900, 54900, "price ₹599 → ₹549"),
        ("price_minor", 0, 54950, "price ₹0 → ₹549.50"),
        (
            *("start_at", "2026-12-05T13:30:00+00:00", "2026-12-05T14:30:00+00:00"),
            "start Sat 5 Dec 19:00 → 20:00",
        ),
        (
            *("start_at", "2026-12-05T13:30:00+00:00", "2027-01-06T14:30:00+00:00"),
            "start Sat 5 Dec 19:00 → Wed 6 Jan 2027 20:00",
        ),
        ("end_at", None, "2026-12-05T20:00:00+00:00", "end – → Sun 6 Dec 01:30"),
        ("capacity", 800, 12000, "capacity 800 → 12,000"),
        ("payment_minutes", None, 15, "minutes that seats wait for the payment – → 15"),
        (
            *("refund_rule", None),
            [{"hours_before": 168, "percent": 100}, {"hours_before": None, "percent": 50}],
            "money back on cancelling 100 % → 100 % to 168 h before, then 50 %",
        ),
        ("kept_minor", 0, 25_050, "kept ₹0 → ₹250.50"),
        ("tax_bp", None, 500, "tax in hundredths of a per cent – → 500"),
        ("sales_paused", False, True, "sales paused no → yes"),
        ("image_digest", None, "5f" * 32, "picture – → a picture"),
        ("status", "draft", "published", "status draft → published"),
        ("name", "2031 Revue", "Revue", "name 2031 Revue → Revue"),
    ],
)
def test_a_change_is_told_in_words(migrated_app, name, before, after, words):
    with migrated_app.test_request_context():
        assert said({name: before}, {name: after}) == words


def test_a_price_is_in_the_events_currency_or_in_the_one_it_was_changed_to(migrated_app):
    with migrated_app.test_request_context():
        assert "¥1,000 → " in said({"price_minor": 1000}, {"price_minor": 900}, "JPY")
        assert "€9" in said(
            {"currency": "INR", "price_minor": 0}, {"currency": "EUR", "price_minor": 900}
        )


def test_a_new_thing_is_told_by_what_it_was_given(migrated_app):
    with migrated_app.test_request_context():
        facts = {"name": "Talk", "city": "", "end_at": None, "sales_paused": False, "capacity": 5}
        assert said(None, facts) == "name Talk; capacity 5"


def test_a_long_text_is_cut(migrated_app):
    with migrated_app.test_request_context():
        assert said({"description": "a" * 500}, {"description": ""}).endswith("a… → –")
