"""When those who wait ask again: the sooner, the nearer the turn, and not all at once."""

from app.services.room_status import LEAST, MOST, MOST_SPREAD, Asking

CROWD = Asking.of(waiting=20_000, lobby=20_000)


def test_each_question_halves_the_way_within_bounds():
    assert [CROWD.again(wait, 0.5) for wait in (1, 10, 60, 3_600)] == [LEAST, 5, 30, MOST]


def test_twenty_thousand_who_are_far_away_ask_some_three_hundred_times_a_second():
    assert 20_000 / CROWD.most <= 340


def test_few_who_wait_hear_of_changes_sooner():
    few = Asking.of(waiting=50, lobby=50)
    assert few.again(3_600, 0.5) == 15
    assert few.again(None, 0.5) == 15


def test_two_who_wait_as_long_ask_at_moments_of_their_own():
    assert CROWD.again(60, 0.0) < CROWD.again(60, 0.9)
    assert CROWD.again(3_600, 1.0) <= MOST * 1.1


def test_the_opening_is_spread_over_the_lobby():
    moments = sorted(CROWD.again_in_lobby(10, luck / 1_000) for luck in range(1_000))
    assert moments[0] >= 10
    assert moments[-1] - moments[0] > 19
    assert Asking.of(0, 2_000_000).spread == MOST_SPREAD


def test_who_is_early_in_the_lobby_asks_each_minute():
    assert 50 < CROWD.again_in_lobby(3_600, 0.2) <= MOST
