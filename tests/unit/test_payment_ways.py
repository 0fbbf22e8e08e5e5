"""How a reservation can be paid: a bank's references, UPI's links, and codes of them."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image

from app.lib.payment_texts import UPI_ADDRESS, NotABankReference, bank_reference, upi_link
from app.models import Event
from app.models.payment import ToPay
from app.presenters.payment_ways import payment_ways
from app.presenters.qr_codes import picture

UNTIL = datetime(2031, 1, 1, tzinfo=UTC)
DUE = ToPay("7Q2K9F4MXT3B", 125_050, "INR", UNTIL, True, None)
UPI = {"upi_address": "tickets@okbank", "upi_name": "The Little Stage & Co"}


@pytest.fixture
def request_context(app):
    with app.test_request_context():
        yield


def ways(due=DUE, note="", **changes):
    return payment_ways(due, Event(payment_note=note), **{**UPI, **changes})


@pytest.mark.parametrize("text", ["412345678901", " 4123 4567 8901 ", "4123\u00a045678901"])
def test_a_upi_reference_has_twelve_digits(text):
    assert bank_reference(text, of_upi=True) == "412345678901"


@pytest.mark.parametrize(
    "text", ["", "41234567890", "4123456789012", "41234567890A", "४१२३४५६७८९०१"]
)
def test_nothing_else_is_one(text):
    with pytest.raises(NotABankReference, match="12 digits"):
        bank_reference(text, of_upi=True)


def test_a_bank_s_reference_is_compared_in_capitals_without_spaces():
    assert bank_reference("neft/n-123 4.5a", of_upi=False) == "NEFT/N-1234.5A"


@pytest.mark.parametrize("text", ["", " ", "/", "x" * 61, "a;b", "<b>", "a\x00b", "é1"])
def test_what_no_bank_writes_is_none(text):
    with pytest.raises(NotABankReference):
        bank_reference(text, of_upi=False)


@pytest.mark.parametrize("address", ["tickets@okbank", "a.b-9@ybl", "9876543210@upi"])
def test_a_upi_address_is_known(address):
    assert UPI_ADDRESS.fullmatch(address)


@pytest.mark.parametrize("address", ["tickets", "a@b.example", "a b@ok", "@ok", "a@", "a@ok&am=1"])
def test_an_email_or_a_sentence_is_none(address):
    assert not UPI_ADDRESS.fullmatch(address)


def test_the_link_names_amount_currency_and_reference():
    link = upi_link("tickets@okbank", "Stage & Co", Decimal("1250.5"), "7Q2K9F4MXT3B")
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc) == ("upi", "pay")
    assert {name: value for name, (value,) in parse_qs(parts.query).items()} == {
        "pa": "tickets@okbank",
        "pn": "Stage & Co",
        "am": "1250.50",
        "cu": "INR",
        "tn": "7Q2K9F4MXT3B",
    }
    assert "+" not in link  # an app may show it as it is


def test_the_code_is_the_link(request_context):
    found = ways()
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture(found.upi.link))))
    assert code.text == found.upi.link
    assert found.upi.qr.startswith("<svg")
    assert (found.amount, found.reference) == ("₹1,250.50", "7Q2K-9F4M-XT3B")


@pytest.mark.parametrize(
    ("due", "changes"),
    [
        (DUE, {"upi_address": ""}),
        (DUE._replace(currency="AED"), {}),
        (DUE._replace(is_reserved=False), {}),
    ],
    ids=["no address", "another currency", "time is over"],
)
def test_no_upi_where_it_can_t_be_paid_by_it(request_context, due, changes):
    found = ways(due, "By transfer to 123", **changes)
    assert found.upi is None
    assert found.note == "By transfer to 123"
