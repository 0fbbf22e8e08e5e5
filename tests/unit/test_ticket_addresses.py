"""A ticket's secret address: by a key derived from the secret key, former keys, and a number."""

import re
import secrets
from dataclasses import dataclass

import pytest
from flask import Flask

from app.config import Settings
from app.lib.signatures import signature
from app.models import Booking
from app.presenters import ticket_addresses

KEY, OTHER = secrets.token_urlsafe(32), secrets.token_urlsafe(32)


@dataclass
class Site:
    app: Flask

    def with_keys(self, key, *former, **settings):
        self.app.extensions["settings"] = Settings(
            _env_file=None, secret_key=key, secret_key_fallbacks=former, **settings
        )
        return self.app.app_context()


@pytest.fixture
def site():
    return Site(Flask("addresses"))


def booking(reference="7Q2K9F4MXT3B", version=0):
    return Booking(reference=reference, address_version=version)


def test_it_holds_128_bits_beside_the_reference(site):
    with site.with_keys(KEY):
        secret = ticket_addresses.ticket_secret(booking())
    assert re.fullmatch(r"7Q2K9F4MXT3B[\w-]{22}", secret)


def test_it_is_absolute_by_the_sites_own_address(site):
    with site.with_keys(KEY, site_url="https://tickets.example.org/"):
        url = ticket_addresses.ticket_url(booking())
        assert url == f"https://tickets.example.org/tickets/{_secret()}"


@pytest.mark.parametrize(
    ("settings", "base"),
    [
        ({"trusted_hosts": (".example.org", "t.example.org")}, "https://t.example.org"),
        ({"trusted_hosts": ("t.example.org:8443",), "https": False}, "http://t.example.org:8443"),
        ({"port": 8123}, "http://127.0.0.1:8123"),
    ],
)
def test_without_a_setting_it_begins_with_the_first_host(settings, base):
    assert Settings(_env_file=None, **settings).base_url == base


def test_it_opens_its_booking_and_no_other(site):
    with site.with_keys(KEY):
        secret = _secret()
        assert ticket_addresses.opens(secret, booking())
        assert not ticket_addresses.opens(secret, booking("7Q2K9F4MXT3C"))
        assert not ticket_addresses.opens(
            secret[:-1] + ("A" if secret[-1] != "A" else "B"), booking()
        )


def test_a_former_key_still_opens_and_signs_nothing_new(site):
    with site.with_keys(OTHER):
        old = _secret()
    with site.with_keys(KEY, OTHER):
        assert ticket_addresses.opens(old, booking())
        assert _secret() != old
    with site.with_keys(KEY):
        assert not ticket_addresses.opens(old, booking())


def test_a_raised_number_ends_the_address(site):
    with site.with_keys(KEY):
        old = _secret()
        assert not ticket_addresses.opens(old, booking(version=1))
        assert ticket_addresses.opens(_secret(version=1), booking(version=1))


@pytest.mark.parametrize("given", ["", "7Q2K9F4MXT3B", "x" * 35, "é" * 34])
def test_what_can_be_no_secret_names_no_reference(given):
    assert ticket_addresses.reference_in(given) is None


def test_each_purpose_has_a_key_of_its_own():
    assert signature(KEY, "one", "text") != signature(KEY, "another", "text")


def _secret(version=0):
    return ticket_addresses.ticket_secret(booking(version=version))
