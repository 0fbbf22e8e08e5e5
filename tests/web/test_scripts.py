"""Titles in any script: their direction, their language, their addresses."""

from urllib.parse import quote

import pytest

URDU = "بڑا میلہ (2)"
MARKED = f'dir="auto" lang="ur">{URDU}'
ISOLATED = f'<bdi lang="ur">{URDU}</bdi>'


def test_visitors_pages_mark_titles_and_names(signed_in, make_event, make_booking, alice):
    event = make_event(name=URDU, venue=URDU)
    booking = make_booking(event, alice)
    page = signed_in.get(f"/events/{event.id}/{event.slug}").text
    assert f"<h1 {MARKED}</h1>" in page
    assert ISOLATED in page, "the venue"
    assert '<h2 dir="auto" lang="ur" class="card-title"' in signed_in.get("/").text
    assert f"<h2 {MARKED}</h2>" in signed_in.get(f"/bookings/{booking.id}").text
    assert '<h2 dir="auto" lang="ur" class="row-title"' in signed_in.get("/bookings").text


def test_organisers_pages_mark_titles_and_names(organiser, make_event, make_booking, make_user):
    event = make_event(name=URDU)
    booking = make_booking(event, make_user(name=URDU))
    for path in (
        "/admin/events",
        f"/admin/events/{event.id}/edit",
        f"/admin/events/{event.id}/cancellation",
        f"/admin/events/{event.id}/bookings/new",
        f"/admin/bookings?event={event.id}",
        f"/admin/bookings/{booking.id}",
    ):
        assert ISOLATED in organiser.get(path).text, path


def test_what_is_typed_takes_its_own_direction(organiser, visitor):
    assert visitor.get("/").text.count('dir="auto"') >= 2, "the words and the city"
    form = organiser.get("/admin/events/new").text
    assert form.count('dir="auto"') >= 6


def test_an_address_is_in_the_script_of_its_title_and_old_ones_lead_to_it(visitor, make_event):
    event = make_event(name="జాజ్ నైట్")
    right = f"/events/{event.id}/{quote('జాజ్-నైట్')}"
    for path in (f"/events/{event.id}", f"/events/{event.id}/event"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.location) == (301, right)
    page = visitor.get(right)
    assert page.status_code == 200
    assert f'<link rel="canonical" href="http://localhost{right}">' in page.text


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_files_are_named_in_the_script_of_their_event_and_in_ascii(organiser, make_event, ending):
    event = make_event(name="జాజ్ 2026")
    answer = organiser.get(f"/admin/bookings.{ending}?event={event.id}")
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="bookings-2026.{ending}"; '
        f"filename*=UTF-8''bookings-{quote('జాజ్')}-2026.{ending}"
    )
    calendar = organiser.get(f"/events/{event.id}/calendar.ics")
    assert calendar.headers["Content-Disposition"].startswith('inline; filename="2026.ics"; file')


def test_where_an_arabic_event_is_keeps_to_the_page_s_side(visitor, make_event):
    event = make_event(venue="دار الأوبرا", city="دبي")
    page = visitor.get(f"/events/{event.id}", follow_redirects=True).text
    assert '<span class="address"><bdi lang="und-Arab">دبي</bdi></span>' in page
    assert '<bdi lang="und-Arab">دار الأوبرا</bdi>' in page
