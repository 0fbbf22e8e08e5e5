"""What a receipt says, for its page and for `templates/papers/receipt.typ`: all from the receipt
itself, in the reader's language."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app.lib.taxes import STATES
from app.models import PaymentProvider, Receipt
from app.models.references import spoken
from app.presenters.event_times import moment
from app.presenters.paper_words import Words, labelled, words
from app.presenters.prices import price
from app.presenters.refund_words import provider_label

DAY = "d MMMM y"


def receipt_kind(receipt: Receipt) -> str:
    """What the paper is called."""
    if receipt.is_credit_note:
        return str(_("Credit note"))
    return str(_("Tax invoice") if receipt.is_taxed else _("Receipt"))


def receipt_words(receipt: Receipt, email: str | None) -> dict[str, Any]:
    """Return all that the paper says; `email` is the buyer's, as far as the reader may see it."""
    locale, seller = get_locale(), receipt.facts["seller"]
    kind = receipt_kind(receipt)
    return {
        "lang": locale.language if locale else "en",
        "region": (locale.territory if locale else None) or "IN",
        "title": f"{kind} {receipt.name}",
        "author": seller["name"] or "Utsavam",
        "kind": kind,
        "number": receipt.name,
        "seller": _seller(receipt),
        "facts": list(_facts(receipt, email)),
        "head": [str(_("What")), str(_("Price")), str(_("Amount"))],
        "lines": [_line(receipt, line) for line in receipt.facts["lines"]],
        "sums": list(_sums(receipt)),
        "total": {
            "label": _total(receipt),
            "amount": price(receipt.amount_minor, receipt.currency),
        },
        "foot": words(" · ".join(filter(None, (seller["name"], seller["email"])))),
    }


def month_name(first_day: date) -> str:
    """The month as people write it: November 2026."""
    return format_date(first_day, "LLLL y", locale=get_locale() or "en_IN")


def receipt_file_name(receipt: Receipt) -> str:
    """Return a name for its PDF: `R26-27-00042.pdf`."""
    return f"{receipt.name.replace('/', '-')}.pdf"


def _seller(receipt: Receipt) -> list[Words]:
    seller = receipt.facts["seller"]
    address = "\n".join(part.strip() for part in seller["address"].splitlines())
    number = _tax_number(receipt)
    return [words(one) for one in (seller["name"], address, seller["email"], number) if one]


def _tax_number(receipt: Receipt) -> str:
    number, tax = receipt.facts["seller"]["tax_number"], receipt.facts["tax"]
    if not number:
        return ""
    return f"GSTIN {number}" if tax and tax["place"] else str(_("Tax number: %(n)s", n=number))


def _facts(receipt: Receipt, email: str | None) -> Iterator[dict[str, Any]]:
    facts = receipt.facts
    zone = ZoneInfo(facts["time_zone"])
    yield labelled(_("Number"), receipt.name)
    yield labelled(_("Date"), moment(receipt.issued_at, zone, DAY))
    if receipt.is_credit_note:
        issued = datetime.fromisoformat(facts["receipt"]["issued_at"])
        of = {"number": facts["receipt"]["number"], "day": moment(issued, zone, DAY)}
        yield labelled(_("Corrects"), _("%(number)s of %(day)s", **of))
    yield labelled(_("To"), receipt.buyer_name or "–", email or "")
    event = facts["event"]
    start = datetime.fromisoformat(event["start_at"])
    more = [moment(start, ZoneInfo(event["time_zone"])), event["place"]]
    yield labelled(_("Event"), event["name"], "\n".join(filter(None, more)))
    yield labelled(_("Booking"), spoken(facts["reference"]))
    how = " ".join(filter(None, (provider_label(facts["provider"]), facts["provider_ref"])))
    settled = _("Paid back") if receipt.is_credit_note else _("Paid")
    by_whom = "" if receipt.is_credit_note and facts["provider"] == PaymentProvider.DOOR else how
    yield labelled(settled, moment(receipt.settled_at, zone, DAY), by_whom)
    if tax := facts["tax"]:
        if tax["code"]:
            yield labelled("HSN/SAC" if tax["place"] else _("Code"), tax["code"])
        if tax["place"]:
            place = f"{STATES.get(tax['place'], '')} ({tax['place']})".strip()
            yield labelled(_("Place of supply"), place)


def _line(receipt: Receipt, line: dict[str, Any]) -> dict[str, Any]:
    event, seats = receipt.facts["event"]["name"], line["seats"]
    more = ngettext("%(num)d seat", "%(num)d seats", seats) if seats else ""
    each, what = line["price_minor"], line["type"] or event
    if line["is_fee"]:
        what = _("Fee: %(what)s", what=what)
    return {
        **words(what),
        "more": words(more),
        "price": "" if each is None else price(each, receipt.currency),
        "amount": price(line["amount_minor"], receipt.currency),
    }


def _sums(receipt: Receipt) -> Iterator[dict[str, str]]:
    """Net and taxes, which are the amount together; nothing without a tax."""
    if not receipt.is_taxed:
        return
    yield {"label": str(_("Without tax")), "amount": price(receipt.net_minor, receipt.currency)}
    for tax in receipt.facts["taxes"]:
        label = f"{tax['name']} {tax['rate']} %"
        yield {"label": label, "amount": price(tax["amount_minor"], receipt.currency)}


def _total(receipt: Receipt) -> str:
    return str(_("Paid back in all") if receipt.is_credit_note else _("Paid in all"))
