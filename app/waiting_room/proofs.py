"""A proof of work: what a browser computes before it is given a place in a waiting room.

A challenge hides a number below `tries`. Its signature covers that number, so that the server keeps
nothing and checks a proof without computing anything: it has hashed once, to make the challenge.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

from app.lib.signatures import LENGTH, is_signed, signature

PURPOSE = "proof of work"
ITERATIONS = 500
"""Of PBKDF2 with SHA-256, for each number that is tried: browsers have it built in, as fast as the
program of an attacker who has the same machine."""
TRIES_PER_SECOND = 1_000
"""What a slow phone does: Chromium at a sixth of this machine's speed did 870."""
VALID_FOR = 300
"""Seconds for which a challenge may be solved."""
KEY_BYTES = 16
_PROOF = re.compile(
    rf"(\d{{1,18}}\.\d{{1,16}}\.\d{{1,11}}\.\d{{1,6}}\.([A-Za-z0-9_-]{{{LENGTH}}}))"
    rf"\.([A-Za-z0-9_-]{{{LENGTH}}})\.(\d{{1,6}})"
)


@dataclass(frozen=True)
class Challenge:
    """What is to be solved, of one room."""

    text: str
    """Sent back with the number that was found, after a full stop."""
    nonce: str
    target: str
    """The key, in hexadecimal digits, that PBKDF2 makes of the nonce with that number as salt."""
    tries: int
    expires: int
    """Unix time in seconds."""


@dataclass(frozen=True)
class Proof:
    event_id: int
    epoch: int
    expires: int
    nonce: str


def new_challenge(event_id: int, epoch: int, seconds: int, key: str, now: float) -> Challenge:
    """Return a challenge that a slow phone solves in so many seconds at most, half of it as a
    rule."""
    tries, expires = seconds * TRIES_PER_SECOND, int(now) + VALID_FOR
    nonce, number = secrets.token_urlsafe(16), secrets.randbelow(tries)
    facts = f"{event_id}.{epoch}.{expires}.{tries}.{nonce}"
    text = f"{facts}.{signature(key, PURPOSE, f'{facts}.{number}')}"
    return Challenge(text, nonce, derived(nonce, number), tries, expires)


def derived(nonce: str, number: int) -> str:
    salt = str(number).encode()
    return hashlib.pbkdf2_hmac("sha256", nonce.encode(), salt, ITERATIONS, KEY_BYTES).hex()


def opened(text: str, keys: list[str]) -> Proof | None:
    """Return the proof; None if it is no solution of one of our challenges."""
    found = _PROOF.fullmatch(text)
    if found is None or not is_signed(found[3], keys, PURPOSE, f"{found[1]}.{found[4]}"):
        return None
    event_id, epoch, expires, _tries, nonce = found[1].split(".")
    return Proof(int(event_id), int(epoch), int(expires), nonce)
