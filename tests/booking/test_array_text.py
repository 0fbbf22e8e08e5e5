"""Lists go to PostgreSQL as it writes arrays; whatever is in them arrives as it was."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, String, select

from app.booking.arrays import array_of
from app.db import db

FEW = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
AWKWARD = st.sampled_from(["", "NULL", "null", "{}", '"', "\\", '\\"', "a,b", " x ", "{a}", "'"])
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@pytest.fixture
def sent(app):
    def send(values, kind):
        with app.app_context():
            return db.session.scalars(select(array_of("given", kind)), {"given": values}).one()

    return send


@pytest.mark.long
@FEW
@given(st.lists(AWKWARD | TEXTS | st.none(), max_size=8))
def test_any_text_arrives_as_it_was(sent, values):
    assert sent(values, String) == values


@pytest.mark.long
@FEW
@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), max_size=8))
def test_any_number_arrives_as_it_was(sent, values):
    assert sent(values, BigInteger) == values
