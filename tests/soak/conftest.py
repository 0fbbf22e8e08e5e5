"""A house of the soak's own."""

from itertools import count

import pytest

from tests.faults.house import House

NUMBERS = count(1)


@pytest.fixture
def build(settings, folder):
    """A house whose site is started with these wishes; closed at the end."""
    built = []

    def build(**wishes):
        house = House(settings, folder / f"s{next(NUMBERS)}", **wishes)
        built.append(house)
        house.open()
        return house

    yield build
    for house in built:
        house.close()
