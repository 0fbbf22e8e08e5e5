"""Credentials of wallets: wrong ones are refused at the start, and are told by their settings."""

import secrets
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.config import Settings
from app.models.columns import now
from app.operations import doctor
from tests.support.wallet_keys import WalletKeys, _key, _pem

STRONG = {"admin_key": (secrets.token_urlsafe(32),), "secret_key": secrets.token_urlsafe(32)}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return WalletKeys(tmp_path_factory.mktemp("wallets") / "keys")


def problems(**changes):
    return Settings(**{**STRONG, **changes}).problems()


def test_credentials_that_belong_together_have_no_problem(keys):
    assert problems(**keys.apple(), **keys.google()) == []


@pytest.mark.parametrize("left_out", ["apple_team_id", "apple_pass_key", "apple_pass_type_id"])
def test_what_is_missing_of_apples_is_told(keys, left_out):
    (problem,) = problems(**{**keys.apple(), left_out: ""})
    assert f"needs {left_out.upper()} besides" in problem


def test_what_is_missing_of_googles_is_told(keys):
    (problem,) = problems(**{**keys.google(), "google_wallet_key": ""})
    assert "GOOGLE_WALLET_ISSUER_ID needs GOOGLE_WALLET_KEY besides" in problem


def pem(certificate):
    return certificate.public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (lambda _keys: {"apple_pass_certificate": b"x"}, "APPLE_PASS_CERTIFICATE holds no"),
        (lambda _keys: {"apple_wwdr_certificate": b"x"}, "APPLE_WWDR_CERTIFICATE holds no"),
        (lambda _keys: {"apple_pass_key": b"x"}, "APPLE_PASS_KEY holds no RSA key"),
        (lambda _keys: {"apple_pass_key": _pem(_key())}, "APPLE_PASS_KEY is not the key of"),
        (
            lambda keys: {"apple_pass_certificate": pem(keys.pass_certificate("pass.other"))},
            "APPLE_PASS_TYPE_ID is pass.org.example.tickets, but the certificate is for pass.other",
        ),
        (
            lambda keys: {"apple_pass_certificate": pem(keys.pass_certificate(team="Z9"))},
            "APPLE_TEAM_ID is A1B2C3D4E5, but the certificate is for Z9",
        ),
        (
            lambda keys: {"apple_wwdr_certificate": pem(keys.certificate)},
            "APPLE_WWDR_CERTIFICATE did not sign APPLE_PASS_CERTIFICATE",
        ),
    ],
)
def test_a_wrong_file_of_apples_is_told(keys, changes, said):
    (problem,) = problems(**keys.apple(**changes(keys)))
    assert said in problem


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"type": "authorized_user"}, "not a service account's"),
        ({"private_key": "x"}, "no key file of a service account"),
        ({"client_email": None, "private_key": None}, "no key file of a service account"),
    ],
)
def test_a_wrong_file_of_googles_is_told(keys, changes, said):
    (problem,) = problems(**keys.google(**changes))
    assert said in problem


def test_a_file_that_is_not_there_is_told(keys):
    for name, given in (
        ("apple_pass_certificate", keys.apple()),
        ("google_wallet_key", keys.google()),
    ):
        (problem,) = problems(**{**given, name: "/nowhere"})
        assert problem == f"{name.upper()} can't be read: No such file or directory."


@pytest.mark.parametrize(("days", "well"), [(40, True), (20, False), (-1, False)])
def test_the_doctor_tells_when_the_certificates_end(keys, days, well):
    ends = pem(keys.pass_certificate(ends=timedelta(days=days)))
    settings = Settings(**STRONG, **keys.apple(apple_pass_certificate=ends))
    # A site goes on serving when they end: it offers no passes then.
    assert settings.problems() == []
    finding = doctor._wallets(settings)
    assert (finding == "ok") == well
    if not well:
        assert str((now() + timedelta(days=days)).date()) in finding
