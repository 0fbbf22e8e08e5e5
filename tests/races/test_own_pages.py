"""Pages are made once for everybody, yet sixty people at once see each their own."""

from tests.support.own_pages import PEOPLE, Crowd, cookie_name

ROUNDS = 6


def test_sixty_people_at_once_see_their_own_name_token_and_ticket(
    app, site, make_event, make_user, make_booking
):
    event = make_event(name="All at once", capacity=1000)
    crowd = Crowd(app, cookie_name(base_url=site), event, make_user, make_booking)
    crowd.look(ROUNDS, base_url=site)
    assert not crowd.faults
    assert crowd.statuses == {200: PEOPLE * ROUNDS}
