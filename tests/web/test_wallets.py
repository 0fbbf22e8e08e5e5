"""Tickets as passes for the wallets of phones, signed with credentials of our own making.

No pass was tried with a real account: Apple and Google alone say whether they take one.
"""

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image

from app.lib.google_passes import LONGEST, SAVE
from app.presenters.ticket_addresses import ticket_secret
from app.services import bookings
from tests.support.codes import codes_on
from tests.support.wallet_keys import ACCOUNT, ISSUER, PASS_TYPE, TEAM, WalletKeys
from tests.web.conftest import PASSWORD, Visitor

START = datetime(2031, 5, 4, 13, 30, tzinfo=UTC)
REQUIRED = {
    "formatVersion": int,
    "passTypeIdentifier": str,
    "teamIdentifier": str,
    "serialNumber": str,
    "organizationName": str,
    "description": str,
}
"""By Apple's "Pass"."""
SHOWN = {"headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields"}
COLOUR = re.compile(r"rgb\(\d{1,3}, \d{1,3}, \d{1,3}\)")
GOOGLE = json.loads((Path(__file__).parents[1] / "support/google_wallet.json").read_text())


@pytest.fixture(scope="module")
def google():
    """Google's schema of a pass."""
    # Its import takes a second and a half, which who runs other tests is spared.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(GOOGLE)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return WalletKeys(tmp_path_factory.mktemp("wallets") / "keys")


@pytest.fixture(scope="module")
def wallet_app(migrated_app, make_app, keys):
    facts = {"organiser_name": "Sangeet Sabha", "site_url": "https://tickets.example.org"}
    return make_app(**keys.apple(), **keys.google(), **facts)


@pytest.fixture
def guest(clean, wallet_app, alice):
    visitor = Visitor(wallet_app)
    visitor.sign_in(alice.email, PASSWORD)
    return visitor


@pytest.fixture
def booked(make_event, make_booking, alice):
    def booked(seats=1, **facts):
        plain = {"name": "Kuchipudi by night", "venue": "Town Hall", "start_at": START}
        event = make_event(**{**plain, "capacity": 100, **facts})
        return make_booking(event, user=alice, seats=seats)

    return booked


@pytest.fixture
def shown(guest):
    """The codes that the ticket's page shows."""
    return lambda booking: codes_on(guest.get(f"/bookings/{booking.id}").text)


def opened(content):
    """The files of a pass, whose manifest names each with its sum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files["manifest.json"])
    assert manifest == {
        name: hashlib.sha1(file).hexdigest()
        for name, file in files.items()
        if name not in {"manifest.json", "signature"}
    }
    return files


def is_signed(files, keys, folder, *, manifest=None):
    """Whether `openssl` takes the signature: PKCS #7, detached, by the authority's certificate."""
    for name, content in (
        ("manifest", manifest or files["manifest.json"]),
        ("signature", files["signature"]),
        ("authority", keys.authority.public_bytes(Encoding.PEM)),
    ):
        (folder / name).write_bytes(content)
    command = "openssl smime -verify -binary -inform DER -in signature -content manifest"
    verified = subprocess.run(
        [*command.split(), "-CAfile", "authority", "-purpose", "any", "-out", "/dev/null"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return verified.returncode == 0


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not on PATH")
def test_a_pass_for_apple_is_signed_as_apple_asks(guest, booked, keys, tmp_path):
    answer = guest.get(f"/bookings/{booked().id}/apple-wallet")
    assert answer.mimetype == "application/vnd.apple.pkpass"
    files = opened(answer.data)
    assert is_signed(files, keys, tmp_path)
    assert not is_signed(files, keys, tmp_path, manifest=files["manifest.json"] + b" ")


def test_a_pass_for_apple_says_what_the_ticket_says(guest, booked, shown):
    booking = booked(address="1 Long Road", city="Kochi")
    answer = guest.get(f"/bookings/{booking.id}/apple-wallet")
    made = json.loads(opened(answer.data)["pass.json"])
    assert {key: type(made[key]) for key in REQUIRED} == REQUIRED
    assert (made["formatVersion"], made["passTypeIdentifier"]) == (1, PASS_TYPE)
    assert (made["teamIdentifier"], made["organizationName"]) == (TEAM, "Sangeet Sabha")
    assert made["serialNumber"] == f"{booking.reference}-1"
    assert made["relevantDate"] == "2031-05-04T19:00:00+05:30"
    assert made["barcodes"] == [
        {
            "format": "PKBarcodeFormatQR",
            "message": shown(booking)[0],
            "messageEncoding": "iso-8859-1",
            "altText": f"{booking.spoken_reference}-1",
        }
    ]
    for colour in ("backgroundColor", "foregroundColor", "labelColor"):
        assert COLOUR.fullmatch(made[colour])
    assert made["eventTicket"].keys() == SHOWN
    fields = [field for part in SHOWN for field in made["eventTicket"][part]]
    assert len({field["key"] for field in fields}) == len(fields)
    said = {field["label"]: field["value"] for field in fields}
    assert said["Event"] == "Kuchipudi by night"
    assert said["When"] == "Sun 4 May 2031, 19:00 IST"
    assert said["Where"] == "Town Hall, Kochi"
    assert said["Address"] == "1 Long Road"
    assert (said["Name"], said["Seat"]) == ("Alice", "1 of 1")


def test_a_pass_for_apple_has_its_pictures_in_three_densities(guest, booked):
    files = opened(guest.get(f"/bookings/{booked().id}/apple-wallet").data)
    sizes = {
        name: Image.open(io.BytesIO(content)).size
        for name, content in files.items()
        if name.endswith(".png")
    }
    assert sizes == {
        **{"icon.png": (29, 29), "icon@2x.png": (58, 58), "icon@3x.png": (87, 87)},
        **{"logo.png": (50, 50), "logo@2x.png": (100, 100), "logo@3x.png": (150, 150)},
    }


def test_several_seats_are_a_bundle_of_passes(guest, booked, shown):
    booking = booked(seats=3)
    answer = guest.get(f"/bookings/{booking.id}/apple-wallet")
    assert answer.mimetype == "application/vnd.apple.pkpasses"
    assert "2031-05-04.pkpasses" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        passes = [opened(archive.read(name)) for name in archive.namelist()]
    codes = [json.loads(one["pass.json"])["barcodes"][0]["message"] for one in passes]
    assert codes == shown(booking)
    assert len(codes) == 3


def saved(answer, keys):
    """What Google gets: the claims of the link, whose signature is the account's."""
    assert answer.status_code == 303
    link = answer.headers["Location"]
    token = link.removeprefix(SAVE)
    assert link.startswith("https://pay.google.com/gp/v/save/")
    assert len(token) <= LONGEST
    public = keys.google_key.public_key()
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT"}
    return jwt.decode(token, public, algorithms=["RS256"], audience="google")


def test_a_pass_for_google_is_a_link_that_holds_it(guest, booked, shown, keys, google):
    booking = booked(address="1 Long Road", city="Kochi")
    claims = saved(guest.get(f"/bookings/{booking.id}/google-wallet"), keys)
    assert (claims["iss"], claims["typ"]) == (ACCOUNT, "savetowallet")
    assert claims["origins"] == ["https://tickets.example.org"]
    assert list(google.iter_errors(claims["payload"])) == []
    (ticket_class,), (ticket,) = claims["payload"].values()
    assert ticket_class["eventName"]["defaultValue"]["value"] == "Kuchipudi by night"
    assert ticket_class["dateTime"]["start"] == "2031-05-04T19:00:00+05:30"
    assert ticket_class["venue"]["address"]["defaultValue"]["value"] == "1 Long Road"
    assert ticket["classId"] == ticket_class["id"]
    assert ticket["id"].startswith(f"{ISSUER}.{booking.reference}-1")
    assert re.fullmatch(r"\d+\.[\w.-]+", ticket["id"], re.ASCII)
    assert ticket["barcode"] == {"type": "QR_CODE", "value": shown(booking)[0]}
    assert ticket["ticketHolderName"] == "Alice"


def test_the_longest_texts_fit_into_the_link_too(guest, booked, keys, google):
    long = dict.fromkeys(("name", "venue", "address", "city"), "ఉత్సవం " * 14)
    claims = saved(guest.get(f"/bookings/{booked(**long).id}/google-wallet"), keys)
    assert list(google.iter_errors(claims["payload"])) == []
    name = claims["payload"]["eventTicketClasses"][0]["eventName"]["defaultValue"]["value"]
    assert name.startswith("ఉత్స")
    assert name.endswith("…")


def test_google_is_given_each_of_several_seats_by_itself(guest, booked, shown, keys):
    booking = booked(seats=2)
    page = guest.get(f"/bookings/{booking.id}/google-wallet").text
    addresses = re.findall(r'href="([^"]+/google-wallet/\d+)"', page)
    claims = [saved(guest.get(address), keys) for address in addresses]
    codes = [one["payload"]["eventTicketObjects"][0]["barcode"]["value"] for one in claims]
    assert codes == shown(booking)
    assert guest.get(f"/bookings/{booking.id}/google-wallet/3").status_code == 404


def test_a_guest_has_passes_by_the_secret_address(guest, wallet_app, desk, make_event, keys):
    with wallet_app.app_context():
        facts = {"email": "asha@example.com", "name": "Asha"}
        booking = bookings.book_as_guest(desk, event_id=make_event().id, seats=1, **facts).booking
        secret = ticket_secret(bookings.get_booking(booking.id))
    visitor = Visitor(wallet_app)
    page = visitor.get(f"/tickets/{secret}").text
    apple, google = re.findall(r'href="([^"]+/(?:apple|google)-wallet)"', page)
    assert opened(visitor.get(apple).data)
    answer = visitor.get(google)
    assert saved(answer, keys)
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_site_without_credentials_offers_no_passes(signed_in, booked):
    booking = booked()
    assert "wallet" not in signed_in.get(f"/bookings/{booking.id}").text.lower()
    for path in ("apple-wallet", "google-wallet", "google-wallet/1"):
        assert signed_in.get(f"/bookings/{booking.id}/{path}").status_code == 404


def test_a_large_party_is_offered_no_passes(guest, booked):
    booking = booked(seats=11)
    assert "wallet" not in guest.get(f"/bookings/{booking.id}").text.lower()
    for path in ("apple-wallet", "google-wallet", "google-wallet/1"):
        assert guest.get(f"/bookings/{booking.id}/{path}").status_code == 404


def test_a_cancelled_booking_has_no_pass(guest, booked, app, desk):
    booking = booked()
    with app.app_context():
        bookings.cancel(desk, booking.id)
    for path in ("apple-wallet", "google-wallet", "google-wallet/1"):
        assert guest.get(f"/bookings/{booking.id}/{path}").status_code == 409


def test_certificates_that_have_ended_sign_nothing(clean, make_app, keys, alice, booked):
    ended = keys.pass_certificate(ends=timedelta(hours=-1)).public_bytes(Encoding.PEM)
    visitor = Visitor(make_app(**keys.apple(apple_pass_certificate=ended)))
    visitor.sign_in(alice.email, PASSWORD)
    booking = booked()
    assert "Apple" not in visitor.get(f"/bookings/{booking.id}").text
    assert visitor.get(f"/bookings/{booking.id}/apple-wallet").status_code == 404
