"""A house of the soak's own."""

import pytest

from tests.faults.house import House


@pytest.fixture
def build(settings, folder, request):
    """A house whose site is started with these wishes; closed at the end."""
    built = []

    def build(**wishes):
        house = House(
            settings, folder / f"s{len(built)}{abs(hash(request.node.name)) % 997}", **wishes
        )
        built.append(house)
        house.open()
        return house

    yield build
    for house in built:
        house.close()
