"""The rehearsal's own options of `locust`; each stands in its web UI too."""

import argparse
import re
from urllib.parse import urlsplit


def add_options(parser):
    # Not in a group of their own: Locust's web UI would leave them out.
    parser.add_argument(
        "--seats",
        type=whole(1, 1_000_000),
        default=1000,
        metavar="N",
        help="seats of the rehearsal's event (default 1000); fewer than are wished for sell out",
    )
    parser.add_argument(
        "--newcomer-share",
        type=whole(0, 100),
        default=40,
        metavar="PERCENT",
        help="people who come once, with a browser that brings nothing along, and book with name"
        " and email (default 40); for each who goes another comes",
    )
    parser.add_argument(
        "--guest-share",
        type=whole(0, 100),
        default=15,
        metavar="PERCENT",
        help="people who book so again and again, in a browser that keeps their tickets"
        " (default 15)",
    )
    parser.add_argument(
        "--api-share",
        type=whole(0, 100),
        default=15,
        metavar="PERCENT",
        help="people who book by a program with an API token (default 15); the rest sign in, and"
        " book by the pages",
    )
    parser.add_argument(
        "--countdown",
        type=whole(2, 3600),
        default=5,
        metavar="SECONDS",
        help="from the moment when all have arrived to the opening of the sale (default 5)",
    )
    parser.add_argument(
        "--think",
        type=seconds,
        default=0.5,
        metavar="SECONDS",
        help="pause of a person between two steps, on average (default 0.5)",
    )
    parser.add_argument(
        "--double-clicks",
        type=whole(0, 100),
        default=20,
        metavar="PERCENT",
        help="orders that are sent twice at once with the same key (default 20)",
    )
    parser.add_argument(
        "--keep-people",
        action="store_true",
        help="keep the accounts and bookings that it made, instead of removing them at the end",
    )


def address(text):
    """An address of a site, as in http://127.0.0.1:8000."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is no address, as in http://127.0.0.1:8000")
    return text


def timespan(text):
    """As in 90, 90s, 5m or 1h30m."""
    if not re.fullmatch(r"(?!$)(\d+h)?(\d+m)?(\d+s?)?", text) or not re.search("[1-9]", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no time, as in 90s or 5m")
    return text


def whole(least, most):
    """A type for argparse: a whole number from `least` to `most`."""

    def number(text):
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return number


def seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return value
