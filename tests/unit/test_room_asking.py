"""When those who wait ask again: the sooner, the nearer the turn, and not all at once."""

import pytest

from app.services.room_status import LEAST, MOST, MOST_SPREAD, Asking

CROWD = Asking.of(waiting=20_000, lobby=20_000, pace=10)


def test_each_question_halves_the_way_within_bounds():
    assert [CROWD.again(wait, 0.5) for wait in (1, 10, 60, 3_600)] == [LEAST, 5, 30, MOST]


def test_twenty_thousand_who_are_far_away_ask_some_three_hundred_times_a_second():
    assert 20_000 / CROWD.most <= 340


@pytest.mark.parametrize("pace", [1, 10, 40, 60, 100, 200, 1_000])
def test_at_no_pace_do_twenty_thousand_ask_oftener_than_a_site_can_answer(pace):
    asking = Asking.of(20_000, 20_000, pace)
    waits = [place / pace for place in range(1, 20_001)]
    assert sum(1 / asking.again(wait, 0.5) for wait in waits) < (500 if pace <= 100 else 1_400)


def test_few_who_wait_hear_of_changes_sooner():
    few = Asking.of(waiting=50, lobby=50, pace=10)
    assert few.again(3_600, 0.5) == 15
    assert few.again(None, 0.5) == 15


def test_two_who_wait_as_long_ask_at_moments_of_their_own():
    assert CROWD.again(60, 0.0) < CROWD.again(60, 0.9)
    assert CROWD.again(3_600, 1.0) <= MOST * 1.1


def test_the_opening_is_spread_over_the_lobby():
    moments = sorted(CROWD.again_in_lobby(10, luck / 1_000) for luck in range(1_000))
    assert moments[0] >= 10
    assert moments[-1] - moments[0] > 49
    assert Asking.of(0, 2_000_000, 10).spread == MOST_SPREAD


def test_who_is_early_in_the_lobby_asks_each_minute():
    assert 50 < CROWD.again_in_lobby(3_600, 0.2) <= MOST
