"""Services are called inside an application context, as a request brings one."""

import pytest

from app.services import audit


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def asha(context):
    """Act as staff of this name, under which the audit log and the doors write."""
    audit.act_as("Asha")
