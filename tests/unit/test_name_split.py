"""Lists for several doors: about equal, and everybody sees at once which door is theirs."""

import random

import pytest

from app.lib.name_split import SLACK, split
from app.lib.text import name_order

FIRST = (
    *("Aadya", "Arjun", "Bala", "Chitra", "Deepa", "Esha", "Farhan", "Gita", "Hari", "Indu"),
    *("Jaya", "Kavita", "Lata", "Meena", "Nila"),
)


def labels(keys, parts):
    return [(part.first, part.last) for part in split(keys, parts)]


def test_a_list_for_one_door_is_whole():
    assert split(["anu", "ravi"], 1) == [(0, 2, "A", "R")]
    assert split([], 3) == []


def test_names_part_between_two_first_letters_near_the_middle():
    keys = ["anu"] * 24 + ["bala"] * 24 + ["kavi"] * 27 + ["lata"] * 25
    assert labels(keys, 2) == [("A", "B"), ("K", "L")]
    assert [part.ends - part.begins for part in split(keys, 2)] == [48, 52]


def test_where_one_letter_has_too_many_the_second_tells():
    names = ["kala", "kamal", "kannan", "kavita", "kiran", "kumar"]
    keys = [name for name in names for _ in range(10)]
    assert labels(keys, 2) == [("Kal", "Kan"), ("Kav", "Kum")]


def test_one_name_is_never_at_two_doors():
    keys = ["anu"] + ["kumar"] * 98 + ["zoya"]
    assert [(p.begins, p.ends) for p in split(keys, 2)] in (
        [(0, 1), (1, 100)],
        [(0, 99), (99, 100)],
    )
    assert split(["kumar"] * 9, 3) == [(0, 9, "K", "K")]


def test_signs_stay_with_their_letters():
    assert labels(["కల", "కవి", "కాళి", "క్షమ"], 2) == [("క", "క"), ("కా", "క్ష")]


def test_a_guest_without_a_name_is_on_the_first_list():
    assert labels(["", "anu", "ravi"], 3) == [("", ""), ("A", "A"), ("R", "R")]


@pytest.mark.parametrize("parts", range(1, 7))
def test_every_guest_is_on_one_list_and_the_lists_are_about_equal(parts):
    chance = random.Random(parts)
    keys = sorted(
        name_order(f"{chance.choice(FIRST)} {chance.choice(FIRST)} {chance.random()}")
        for _ in range(3_000)
    )
    found = split(keys, parts)
    assert len(found) == parts
    edges = [0, *(part.ends for part in found)]
    assert [part.begins for part in found] == edges[:-1]
    assert edges[-1] == len(keys)
    even = len(keys) / parts
    for part in found:
        assert abs(part.ends - part.begins - even) <= 2 * SLACK * even + 2
