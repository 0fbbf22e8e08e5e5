"""The short signature of a ticket's code."""

import pytest

from app.models.booking import MAX_SEATS
from app.models.references import SIGNATURE_LENGTH, SIGNATURE_LETTERS, new_reference, read_code
from app.presenters.code_signatures import event_keys, scanned_code
from app.presenters.qr_codes import SHORT

REFERENCE = "7Q2K9F4MXT3B"


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def signed_by(app, monkeypatch):
    """Sign with these secrets, the first of which is the newest."""

    def signed_by(secret, *former):
        update = {"secret_key": secret, "secret_key_fallbacks": former}
        settings = app.extensions["settings"].model_copy(update=update)
        monkeypatch.setitem(app.extensions, "settings", settings)

    return signed_by


def test_a_scanned_code_is_read_with_its_signature():
    code = read_code(scanned_code(5, REFERENCE, 12))
    assert (code.reference, code.seat) == (REFERENCE, 12)
    assert len(code.signature) == SIGNATURE_LENGTH
    assert set(code.signature) <= set(SIGNATURE_LETTERS)


@pytest.mark.parametrize("typed", [f"{REFERENCE}-3", f"{REFERENCE}3", REFERENCE])
def test_a_typed_code_needs_none(typed):
    assert read_code(typed).reference == REFERENCE
    assert read_code(typed).signature == ""


@pytest.mark.parametrize("text", [f"{REFERENCE}QQQQ", f"{REFERENCE}-3QQQ", f"{REFERENCE}-3QQQQQ"])
def test_letters_that_are_no_signature_make_it_no_code(text):
    assert read_code(text) is None


def test_a_signature_is_of_its_event_seat_and_reference():
    signatures = {
        read_code(scanned_code(*facts)).signature
        for facts in [(5, REFERENCE, 1), (5, REFERENCE, 2), (6, REFERENCE, 1)]
    }
    assert len(signatures) == 3


def test_a_signed_code_fits_into_the_drawing_that_cameras_read_well():
    assert len(scanned_code(5, new_reference(), MAX_SEATS - 1)) <= SHORT


def test_signatures_by_a_former_secret_are_known_by_its_key(signed_by):
    signed_by("a" * 32)
    (before,) = event_keys(5)
    signed_by("b" * 32, "a" * 32)
    newest, former = event_keys(5)
    assert former == before != newest
