"""The page of who did not come, and the same by the API."""

from datetime import timedelta
from html import unescape

import pytest

from app.models.columns import now
from app.services import no_shows


@pytest.fixture
def event(make_event, make_booking, make_user):
    event = make_event(name="Onam", start_at=now() - timedelta(hours=1), capacity=200)
    for number in range(60):
        make_booking(event, make_user(name=f"Guest {number:02}"), seats=1)
    return event


def test_the_page_lists_by_name_and_leads_to_the_next(organiser, event):
    arrivals = organiser.get(f"/admin/events/{event.id}/arrivals").text
    address = f"/admin/events/{event.id}/no-shows"
    assert f'href="{address}"' in arrivals
    page = organiser.get(address).text
    assert "Of 60 bookings nobody came, 60 seats." in page
    assert ("Guest 49" in page, "Guest 50" in page) == (True, False)
    following = unescape(page.split('class="more"')[1].split('href="')[1].split('"')[0])
    page = organiser.get(following).text
    assert ("Guest 49" in page, "Guest 59" in page) == (False, True)
    assert 'class="more"' not in page


def test_before_it_begins_the_page_says_so(organiser, make_event, make_booking):
    event = make_event()
    make_booking(event, seats=3)
    page = organiser.get(f"/admin/events/{event.id}/no-shows").text
    assert "The event has not begun. 1 booking is awaited, 3 seats." in page


def test_a_program_gets_the_same(client, admin, event):
    address = f"/api/admin/events/{event.id}/no-shows"
    first = client.get(address, query_string={"limit": 45}, headers=admin)
    facts = {name: first.json[name] for name in no_shows.NoShows._fields[1:5]}
    assert facts == {"begun": True, "bookings": 60, "seats": 60, "seats_missing": 0}
    assert first.json["no_shows"][0]["guest"] == "Guest 00"
    rest = client.get(first.headers["Link"].split(">")[0][1:], headers=admin)
    assert [one["guest"] for one in rest.json["no_shows"]] == [f"Guest {n}" for n in range(45, 60)]
    assert client.get(f"{address}?after=x", headers=admin).status_code == 422
