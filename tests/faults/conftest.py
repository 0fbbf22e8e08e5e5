"""A house to be broken for each test, and how long it is broken."""

import pytest

from tests.faults.figures import SHORT, WHOLE
from tests.faults.house import FAILING, Street


@pytest.fixture(
    params=[
        pytest.param(SHORT, id="short", marks=pytest.mark.short),
        pytest.param(WHOLE, id="whole", marks=pytest.mark.whole),
    ]
)
def figures(request):
    return request.param


@pytest.fixture(scope="session")
def street(folder, settings):
    street = Street(settings, folder)
    yield street
    street.clear()


@pytest.fixture
def house(street, figures, request):
    """What the site is to be started with may be given by an indirect parameter, as in
    test_workers.py. Nearly all have one with failpoints, so that one house does for nearly all."""
    house = street.lend(getattr(request, "param", FAILING))
    house.calm = figures.calm
    return house
