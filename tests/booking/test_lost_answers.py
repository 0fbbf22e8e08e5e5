"""When the connection breaks around COMMIT, what became of the booking is found out, never guessed.

A proxy between the application and PostgreSQL breaks it at the very moment.
"""

import pytest

from app.booking.orders import Booked, Guest, Order
from app.errors import Busy, DatabaseDown, OutcomeUnknown
from app.services import bookings
from tests.conftest import dispose
from tests.support.proxy import CommitProxy
from tests.support.servers import wait_until
from tests.support.sums import seats_left, seats_sold

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture
def proxy(postgres_url):
    proxy = CommitProxy(postgres_url)
    yield proxy
    proxy.close()


@pytest.fixture
def far_app(app, proxy, make_app):
    """The application whose only way to the database is the proxy."""
    return make_app(database_url=proxy.url)


@pytest.fixture(autouse=True)
def context(far_app):
    with far_app.app_context():
        yield


@pytest.fixture
def desk(far_app):
    return far_app.extensions["desk"]


@pytest.mark.long
@pytest.mark.parametrize("mishap", ["answer lost", "commit late"])
def test_a_committed_booking_is_found_though_its_answer_was_lost(
    desk, proxy, book, make_user, make_event, sql, mishap
):
    event = make_event()
    proxy.mishap = mishap
    booked = book(desk, make_user(), event)
    assert sql("SELECT id FROM bookings") == [(booked.booking.id,)]
    assert (booked.replayed, seats_left(sql, event)) == (False, 4)


def test_a_booking_that_was_surely_not_committed_is_refused_as_down(
    desk, proxy, book, make_user, make_event, sql
):
    user, event = make_user(), make_event()
    proxy.mishap = "commit lost"
    with pytest.raises(DatabaseDown):
        book(desk, user, event)
    assert (seats_sold(sql, event), seats_left(sql, event)) == (0, 5)
    book(desk, user, event)
    assert seats_sold(sql, event) == 1


@pytest.mark.parametrize("mishap", ["answer lost", "commit lost"])
def test_a_guest_is_recorded_with_the_booking_or_not_at_all(desk, proxy, make_event, sql, mishap):
    order = Order(None, make_event().id, 1, guest=Guest("asha@example.com", "Asha"))
    proxy.mishap = mishap
    (outcome,) = desk.settle([order])
    if mishap == "answer lost":
        assert sql("SELECT id FROM users") == [(outcome.booking.user_id,)]
    else:
        assert isinstance(outcome, DatabaseDown)
        assert sql("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.long
def test_every_order_of_a_batch_is_found(desk, proxy, make_user, make_event, sql):
    user, first, second = make_user(), make_event(), make_event(capacity=1)
    orders = [Order(user.id, event.id, 1) for event in (first, second, first)]
    proxy.mishap = "answer lost"
    outcomes = desk.settle(orders)
    assert [type(outcome) for outcome in outcomes] == [Booked] * 3
    assert [outcome.booking.reference for outcome in outcomes] == [o.reference for o in orders]
    assert (seats_left(sql, first), seats_left(sql, second)) == (3, 0)


def test_nobody_is_refused_for_the_sake_of_a_booking_that_does_not_stand(
    desk, proxy, make_user, make_event, sql
):
    user, event = make_user(), make_event(capacity=1)
    proxy.mishap = "commit lost"
    outcomes = desk.settle([Order(user.id, event.id, 1), Order(user.id, event.id, 1)])
    assert [type(outcome) for outcome in outcomes] == [DatabaseDown, Busy]
    assert seats_left(sql, event) == 1


def test_a_replay_beside_a_lost_answer_stays_a_replay(
    desk, proxy, book, make_user, make_event, sql
):
    user, event = make_user(), make_event()
    first = book(desk, user, event, key="k-1")
    ((fingerprint,),) = sql("SELECT fingerprint FROM bookings")
    proxy.mishap = "answer lost"
    again = Order(user.id, event.id, 1, "k-1", fingerprint)
    replay, fresh = desk.settle([again, Order(user.id, event.id, 1)])
    assert (replay.booking.id, replay.replayed, fresh.replayed) == (first.booking.id, True, False)


@pytest.mark.long
def test_what_cant_be_found_out_is_unknown_and_the_same_key_tells_it_later(
    desk, proxy, book, make_user, make_event, sql
):
    user, event = make_user(), make_event()
    proxy.mishap, proxy.refuses_after_mishap = "answer lost", True
    with pytest.raises(OutcomeUnknown):
        book(desk, user, event, key="k-1")
    proxy.refuses.clear()
    booked = book(desk, user, event, key="k-1")
    assert booked.replayed
    assert sql("SELECT id FROM bookings") == [(booked.booking.id,)]


@pytest.mark.long
def test_a_program_hears_503_with_retry_after_of_an_unknown_outcome(
    far_app, proxy, admin, make_user, make_event
):
    user, event = make_user(), make_event()
    client = far_app.test_client()
    wish = {"user_id": user.id, "event_id": event.id, "idempotency_key": "k-1"}
    proxy.mishap, proxy.refuses_after_mishap = "answer lost", True
    answer = client.post("/api/bookings", json=wish, headers=admin)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json["type"].endswith("outcome-unknown")
    proxy.refuses.clear()
    answer = client.post("/api/bookings", json=wish, headers=admin)
    assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (201, "true")


def test_a_cancellation_whose_answer_was_lost_is_safe_to_repeat(
    far_app, desk, proxy, admin, make_event, make_booking, sql
):
    event = make_event()
    booking = make_booking(event)
    client = far_app.test_client()
    proxy.mishap = "answer lost"
    assert client.delete(f"/api/bookings/{booking.id}", headers=admin).status_code == 503
    wait_until(lambda: seats_left(sql, event) == 5)
    assert client.delete(f"/api/bookings/{booking.id}", headers=admin).status_code == 200
    assert seats_left(sql, event) == 5
    assert bookings.get_booking(booking.id).status == "CANCELLED"


@pytest.fixture
def fresh_connections(made_apps):
    """Those that a test broke are left in no application's pool."""
    yield
    for made in made_apps:
        dispose(made)


@pytest.mark.usefixtures("fresh_connections")
def test_broken_connections_in_the_pool_are_noticed_before_they_are_used(
    desk, book, make_user, make_event, sql
):
    user, event = make_user(), make_event()
    book(desk, user, event)
    sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name LIKE 'utsavam%%' AND datname = 'utsavam'"
    )
    book(desk, user, event)
    assert seats_left(sql, event) == 3
