"""Operations are called inside an application context, as a request brings one."""

import pytest


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield
