"""A draw that anybody can do again: the order of numbers by the SHA-256 of a key and each number.

With a shell: `for n in $(seq SIZE); do echo "$(printf %s:%d KEY $n | sha256sum) $n"; done | sort`.
"""

import hashlib
from array import array
from collections.abc import Sequence


def commitment(seed: str) -> str:
    """Return what is shown of a seed before the draw: it tells nothing, and fits no other seed."""
    return hashlib.sha256(seed.encode()).hexdigest()


def draw_key(seed: str, mix: str, size: int) -> str:
    """Return the key of a draw among `size` numbers: of the seed that was committed to, and of what
    those who are drawn have added."""
    return hashlib.sha256(f"{seed}:{mix}:{size}".encode()).hexdigest()


def draw(key: str, size: int) -> Sequence[int]:
    """Return each number's place, both from 1: the place of number n is at index n - 1.

    A hundred thousand take a tenth of a second.
    """
    hashed = [(hashlib.sha256(f"{key}:{n}".encode()).digest(), n) for n in range(1, size + 1)]
    places = array("L", bytes(array("L").itemsize * size))
    for place, (_digest, number) in enumerate(sorted(hashed), start=1):
        places[number - 1] = place
    return places
