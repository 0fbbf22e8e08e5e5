import hashlib
import subprocess
from collections import Counter

import pytest

from app.lib.draws import commitment, draw, draw_key


@pytest.mark.parametrize("size", [0, 1, 2, 7, 1000, 20_011])
def test_each_number_has_one_place(size):
    assert sorted(draw("key", size)) == list(range(1, size + 1))


def test_anybody_can_do_it_again_with_a_shell():
    shell = (
        "for n in $(seq 12); do echo $(printf %s:%d KEY $n | sha256sum) $n; done"
        " | LC_ALL=C sort | awk '{print $NF}'"
    )
    told = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True).stdout
    places = draw("KEY", 12)
    assert [int(n) for n in told.split()] == sorted(range(1, 13), key=lambda n: places[n - 1])


def test_who_came_early_is_not_served_early():
    """By the correlation of place and arrival: chance keeps it within 0.03 (4.2 deviations)."""
    size = 20_000
    places = draw(draw_key("seed", "mix", size), size)
    mean = (size + 1) / 2
    products = sum((n - mean) * (place - mean) for n, place in enumerate(places, start=1))
    variance = (size**2 - 1) / 12
    assert abs(products / size / variance) < 0.03


def test_every_number_is_first_equally_often():
    firsts = Counter(list(draw(f"key {n}", 5)).index(1) for n in range(5000))
    assert all(880 < firsts[index] < 1120 for index in range(5))


def test_seed_mix_and_size_each_make_another_draw():
    keys = {
        draw_key(*facts) for facts in [("a", "b", 3), ("b", "b", 3), ("a", "c", 3), ("a", "b", 4)]
    }
    assert len(keys) == 4
    assert len({tuple(draw(key, 50)) for key in keys}) == 4


def test_the_commitment_is_the_seeds_hash():
    assert commitment("abc") == hashlib.sha256(b"abc").hexdigest()
