"""What nearly every page asks is answered in batches, and never out of date."""

import time
from datetime import timedelta
from operator import attrgetter

import pytest
from sqlalchemy import event as listening
from sqlalchemy.orm import Session

from app.db import db
from app.models import BookingState, SignIn, User
from app.models.columns import now
from app.services import bookings, lookups, sign_ins, user_bookings
from app.services.lookups import LOOKUPS, PLANS_KEPT, Held
from app.services.secrets import digest
from app.services.user_bookings import Tab
from tests.support.threads import at_once, in_app

MANY_USERS = """
    INSERT INTO users (email, name, created_at)
    SELECT n || '@example.com', '', now() FROM generate_series(1, 5000) n
"""
MANY_SIGN_INS = """
    INSERT INTO sign_ins (token_digest, user_id, expires_at, created_at)
    SELECT md5(n::text), %s, now() + interval '1 day', now() FROM generate_series(1, 1000) n
"""
MANY_BOOKINGS = """
    INSERT INTO bookings (reference, user_id, event_id, seats)
    SELECT 'R' || n, %s, %s, 1 FROM generate_series(1, 3000) n
"""


@pytest.fixture
def statements(app):
    """The statements of the lookups' connection."""
    heard = []
    engine = db.engines[LOOKUPS]

    def hear(_connection, _cursor, statement, *_rest):
        heard.append(statement)

    listening.listen(engine, "before_cursor_execute", hear)
    yield heard
    listening.remove(engine, "before_cursor_execute", hear)


def test_who_signs_out_is_unknown_at_the_next_question(make_user):
    user = make_user()
    token = sign_ins.begin_for_user(user)
    assert sign_ins.user_of(token).id == user.id
    sign_ins.end(token)
    assert sign_ins.user_of(token) is None


def test_an_expired_sign_in_and_a_deleted_account_are_nobodys(make_user, sql):
    expired, left = (sign_ins.begin_for_user(make_user()) for _ in range(2))
    sql("UPDATE sign_ins SET expires_at = now() WHERE token_digest = %s", digest(expired))
    sql(
        "UPDATE users SET deleted_at = now() FROM sign_ins "
        "WHERE user_id = users.id AND token_digest = %s",
        digest(left),
    )
    assert [sign_ins.user_of(token) for token in (expired, left, "rubbish")] == [None] * 3


def test_everybody_who_asks_at_once_gets_their_own_answer_of_few_statements(
    app, make_event, make_user, make_booking, statements
):
    event = make_event(capacity=500)
    users = [make_user() for _ in range(40)]
    tokens = [sign_ins.begin_for_user(user) for user in users]
    made = [make_booking(event=event, user=user, seats=1 + n % 3) for n, user in enumerate(users)]
    statements.clear()
    answers = at_once(
        in_app(app, sign_ins.user_and, token, lookups.read_held, event.id) for token in tokens
    )
    assert [user.id for user, _ in answers] == [user.id for user in users]
    assert [held for _, held in answers] == [Held(one.seats, 1, one.id) for one in made]
    # Two for a batch; asked one after the other, it would be two for each person.
    assert len(statements) < 2 * len(users)


def test_only_seats_that_stand_are_held(desk, make_event, make_user, make_booking):
    user, event = make_user(), make_event(capacity=50)
    first, second = (make_booking(event=event, user=user, seats=2) for _ in range(2))
    make_booking(event=make_event(), user=user)
    assert lookups.held(user.id, event.id) == Held(4, 2, second.id)
    bookings.cancel(desk, second.id)
    assert lookups.held(user.id, event.id) == Held(2, 1, first.id)
    assert lookups.held(make_user().id, event.id) == Held()


def test_a_connection_that_the_server_closed_is_replaced_unnoticed(make_user, sql):
    token = sign_ins.begin_for_user(make_user())
    assert sign_ins.user_of(token)
    ended = sql(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE application_name LIKE '%% lookups %%'"
    )
    assert ended[0][0] >= 1
    assert sign_ins.user_of(token)


def test_what_is_found_belongs_to_no_session_and_is_written_by_none(make_user, sql):
    user = make_user(name="As it was")
    found = sign_ins.user_of(sign_ins.begin_for_user(user))
    found.name = "Changed by mistake"
    assert isinstance(found, User)
    db.session.commit()
    assert sql("SELECT name FROM users WHERE id = %s", user.id) == [("As it was",)]


def test_lists_that_are_asked_for_together_with_who_it_is_are_each_persons_own(
    app, make_event, make_user, make_booking, statements
):
    event, users = make_event(capacity=500), [make_user() for _ in range(20)]
    tokens = [sign_ins.begin_for_user(user) for user in users]
    made = [make_booking(event=event, user=user) for user in users]
    question, facts = user_bookings.question_of_tab(Tab.UPCOMING, 20)
    sign_ins.end(tokens[-1])
    statements.clear()
    *answers, ended = at_once(
        in_app(app, sign_ins.user_and, token, question, *facts) for token in tokens
    )
    assert ended == (None, None)
    for (user, known), booking in zip(answers, made, strict=False):
        page, counts = user_bookings.list_tab(user.id, Tab.UPCOMING, limit=20, known=known)
        assert [one.id for one in page.items] == [booking.id]
        assert counts[Tab.UPCOMING] == 1
    # Four for a batch.
    assert len(statements) < 4 * len(users)


def test_two_browsers_of_one_person_are_both_known(make_user):
    user = make_user()
    first, second = sign_ins.begin_for_user(user), sign_ins.begin_for_user(user)
    sign_ins.end(first)
    assert sign_ins.user_of(second).id == user.id
    assert db.session.query(SignIn).filter(SignIn.expires_at < now() + timedelta(1)).count() == 0


def test_the_lists_of_many_come_by_two_statements_and_are_what_each_would_get_alone(
    make_event, make_user, make_booking, statements, sql
):
    events = [make_event(capacity=50, start_at=now() + timedelta(days=9 - n)) for n in range(4)]
    events.append(make_event(capacity=50, start_at=now() - timedelta(days=2)))
    users = [make_user() for _ in range(7)]
    for number, user in enumerate(users[:6]):
        for event in events[number % 3 :]:
            make_booking(event=event, user=user)
    sql("UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE mod(id, 7) = 0")
    tabs = (Tab.UPCOMING, Tab.PAST)
    wanted = [(user.id, tab, 3, None) for user in users for tab in tabs]
    statements.clear()
    with Session(db.engines[LOOKUPS]) as session:
        together = user_bookings._read_tab(session, wanted)
    assert len(statements) == 2 * len(tabs)
    told = {one: [(row[0].id, row[1]) for row in rows] for one, (rows, _) in together.items()}
    for user in users:
        counts = user_bookings.count_by_tab(user.id)
        assert {tab: together[user.id, tab, 3, None][1] for tab in tabs} == dict.fromkeys(
            tabs, counts
        )
        for tab in tabs:
            alone = [row.id for row in user_bookings.list_tab(user.id, tab, limit=3)[0].items]
            assert [ident for ident, _ in told[user.id, tab, 3, None]][:3] == alone
        listed = len(told[user.id, Tab.UPCOMING, 3, None])
        assert listed == min(3, counts[Tab.UPCOMING])
    assert counts == dict.fromkeys(Tab, 0)
    starts = [at for _, at in told[users[0].id, Tab.UPCOMING, 3, None]]
    assert starts == sorted(starts)


def test_a_listed_booking_says_what_the_booking_says(desk, make_event, make_user, make_booking):
    user, event = make_user(), make_event(capacity=50, price_minor=500)
    made = [make_booking(event, user, seats=n).id for n in (1, 2, 3)]
    bookings.cancel(desk, make_booking(event, user).id)
    facts = attrgetter("id", "spoken_reference", "event_id", "state", "currency", "total_minor")
    begun, _ = user_bookings.list_tab(user.id, Tab.UPCOMING, limit=2)
    further, _ = user_bookings.list_tab(user.id, Tab.UPCOMING, limit=2, after=begun.next_cursor)
    listed = [one.whole() for one in (*begun.items, *further.items)]
    assert list(map(facts, listed)) == [facts(bookings.get_booking(ident)) for ident in made]
    assert all(one.can_be_given_back(now()) for one in listed)
    cancelled, _ = user_bookings.list_tab(user.id, Tab.CANCELLED, limit=2)
    assert [one.whole().state for one in cancelled.items] == [BookingState.CANCELLED]


@pytest.fixture
def kept_plan(app):
    """The plan by which the lookups' connection finds what a statement has in it."""

    def kept_plan(words, values="('{1}')"):
        known = "SELECT name FROM pg_prepared_statements WHERE strpos(statement, %s) > 0"
        with db.engines[LOOKUPS].connect() as connection:
            driver = connection.connection.driver_connection
            ((name,),) = driver.execute(known, [words])
            return "\n".join(row[0] for row in driver.execute(f"EXPLAIN EXECUTE {name} {values}"))

    return kept_plan


def test_a_plan_that_was_made_for_empty_tables_is_made_anew_within_a_second(
    sql, make_event, make_booking, kept_plan
):
    sql("VACUUM ANALYZE bookings, events, users")
    db.engines[LOOKUPS].dispose()
    for _ in range(10):  # psycopg prepares what is asked for the sixth time
        assert lookups.booking(1) is None
    booking = make_booking(make_event())
    sql(MANY_USERS)
    by_key, by_ids = "Index Cond: (id = bookings.user_id)", "bookings.id = ANY"
    assert by_key not in kept_plan(by_ids), "the control"
    time.sleep(PLANS_KEPT + 0.1)
    assert lookups.booking(booking.id).id == booking.id
    assert by_key in kept_plan(by_ids)


def test_sign_ins_are_found_by_their_tokens_though_nothing_is_known_of_the_table(
    app, sql, make_user, kept_plan
):
    """As on a new site in its first minute: before, all that had not expired were read."""
    sql("TRUNCATE sign_ins")
    user = make_user()
    sql(MANY_SIGN_INS, user.id)
    db.engines[LOOKUPS].dispose()
    token = sign_ins.begin_for_user(user)
    for _ in range(10):
        assert sign_ins.user_of(token).id == user.id
    assert "uq_sign_ins_token_digest" in kept_plan("sign_ins.token_digest = ANY")


def test_what_somebody_holds_is_found_among_all_their_bookings_by_the_event(
    sql, make_event, make_user, kept_plan
):
    event, other, user = make_event(capacity=9000), make_event(capacity=9000), make_user()
    sql(MANY_BOOKINGS, user.id, other.id)
    db.engines[LOOKUPS].dispose()
    for _ in range(10):
        assert lookups.held(user.id, event.id) == Held()
    assert "ix_bookings_taking" in kept_plan("newest", "('{1}', '{1}')")


def test_a_connection_that_was_closed_meanwhile_is_replaced_before_its_plans_are_forgotten(
    sql, make_event, make_booking
):
    booking = make_booking(make_event())
    assert lookups.booking(booking.id).id == booking.id
    ended = sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE strpos(application_name, ' lookups ') > 0"
    )
    assert (True,) in ended
    time.sleep(PLANS_KEPT + 0.1)
    assert lookups.booking(booking.id).id == booking.id
