"""Every error that the domain knows has a wording of its own."""

import inspect
from datetime import UTC, datetime

import pytest

from app import errors
from app.models import SaleState
from app.presenters.problems import problem_of

FACTS = {
    "ident": 7,
    "event_id": 7,
    "booking_id": 7,
    "refund_id": 9,
    "phase": "waiting",
    "refund_minor": 12_500,
    "user_id": 7,
    "asked": 2,
    "left": 1,
    "state": "closed",
    "role": "viewer",
    "limit": 4,
    "held": 3,
    "hold": "Sponsor",
    "gift_id": 8,
    "ticket_type_id": 5,
    "reason": "event_over",
    "is_paid": True,
    "cause": "used_up",
    "until": datetime(2030, 1, 1, tzinfo=UTC),
    "sold": 3,
    "seats": (2, 4),
    "retry_after": 37,
    "bookings": 2,
    "currency": "JPY",
    "total_minor": 1_046,
    "field": "name",
    "message": "must not be blank",
}


def kinds(base=errors.UtsavamError):
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def made(kind):
    if kind.__init__ is Exception.__init__:
        return kind()
    names = list(inspect.signature(kind.__init__).parameters)[1:]
    return kind(**{name: FACTS[name] for name in names if name in FACTS})


@pytest.fixture
def request_context(app):
    with app.test_request_context():
        yield


ABSTRACT = {errors.NotFound, errors.Refused}


@pytest.mark.parametrize(
    "kind", [kind for kind in kinds() if kind not in ABSTRACT], ids=lambda kind: kind.__name__
)
def test_every_domain_error_has_a_wording(request_context, kind):
    problem = problem_of(made(kind))
    assert 400 <= problem.status < 600
    assert problem.slug
    assert problem.title
    assert problem.detail.endswith(".")
    assert "%(" not in problem.detail


# A draft is refused as unknown, and the first two sell.
SELLS_NOTHING = sorted(set(SaleState) - {SaleState.OPEN, SaleState.SOLD_OUT, SaleState.DRAFT})


@pytest.mark.parametrize("state", SELLS_NOTHING)
def test_every_state_that_sells_nothing_has_a_sentence(request_context, state):
    assert problem_of(errors.SalesClosed(7, state)).detail.endswith(".")


def test_only_what_may_be_asked_again_says_when(request_context):
    timed = {
        kind for kind in kinds() if kind not in ABSTRACT and problem_of(made(kind)).retry_after
    }
    assert timed == {
        errors.Unavailable,
        errors.OutcomeUnknown,
        errors.DatabaseDown,
        errors.Busy,
        errors.ProviderAway,
        errors.RoomAway,
        errors.TooManyJoin,
        errors.TooManyReaders,
        errors.TooManySignIns,
        errors.TooManyRequests,
    }


@pytest.mark.parametrize(("left", "sentence"), [(0, "sold out"), (1, "1 seat is"), (2, "2 seats")])
def test_the_seats_left_are_told_in_their_number(request_context, left, sentence):
    assert sentence in problem_of(errors.NotEnoughSeats(7, 3, left)).detail


def test_unknown_and_nothing_booked_are_told_apart(request_context):
    unknown, down = problem_of(errors.OutcomeUnknown()), problem_of(errors.DatabaseDown())
    assert "same idempotency key" in unknown.detail
    assert "Nothing was booked" in down.detail
    assert unknown.slug != down.slug
