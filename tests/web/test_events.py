"""The list and the event's page: whole for a browser, in parts for HTMX."""

from datetime import timedelta

import pytest

from app.models.columns import now
from tests.web.conftest import HTMX


def test_the_list_answers_a_search_with_the_results_alone(visitor, make_event):
    make_event(name="Indie Concert")
    make_event(name="Tech Talk")
    part = visitor.get("/?q=tech", headers=HTMX).text
    assert "<html" not in part
    assert "Tech Talk" in part
    assert "Indie Concert" not in part
    assert 'hx-swap-oob="innerHTML">1 event found' in part


def test_a_search_without_a_match_says_what_was_searched(visitor, make_event):
    make_event()
    page = visitor.get("/?q=opera").text
    assert "Nothing for “opera”." in page
    assert "Show all events" in page


def test_no_events_at_all_is_another_sentence(visitor, clean):
    assert "No events are planned just now" in visitor.get("/").text


def test_past_events_stand_apart(visitor, make_event):
    make_event(name="Gone By", start_at=now() - timedelta(days=2))
    assert "Gone By" not in visitor.get("/").text
    assert "Gone By" in visitor.get("/?when=past").text


def test_a_wrong_or_missing_slug_leads_to_the_right_address(visitor, make_event):
    event = make_event(name="Indie Concert")
    for path in (f"/events/{event.id}", f"/events/{event.id}/indy"):
        answer = visitor.get(path)
        assert answer.status_code == 301
        assert answer.location == f"/events/{event.id}/indie-concert"


def test_the_right_address_keeps_what_was_chosen(visitor, make_event):
    event = make_event(name="Indie Concert")
    for path in (f"/events/{event.id}", f"/events/{event.id}/indy"):
        answer = visitor.get(f"{path}?seats=3&ref=a%26b&_anchor=x")
        assert answer.location == (f"/events/{event.id}/indie-concert?seats=3&ref=a%26b&_anchor=x")


def test_a_shared_address_is_a_page_for_a_link_preview_too(visitor, make_event):
    event = make_event(name="Indie Concert")
    answer = visitor.get(f"/events/{event.id}/indie-concert", headers={"Accept": "*/*"})
    assert answer.mimetype == "text/html"


def test_a_poll_that_knows_the_figure_is_answered_with_nothing(visitor, make_event):
    event = make_event(capacity=48)
    assert visitor.get(f"/events/{event.id}/seats?v=ok-48", headers=HTMX).status_code == 204


def test_a_poll_tells_the_new_figure_and_speaks_at_a_threshold_only(visitor, make_event):
    event = make_event(capacity=48)
    quiet = visitor.get(f"/events/{event.id}/seats?v=ok-49", headers=HTMX).text
    assert "48 seats" in quiet
    assert 'id="live"' not in quiet
    assert 'id="live"' in visitor.get(f"/events/{event.id}/seats?v=few-5", headers=HTMX).text


@pytest.mark.parametrize(
    ("facts", "state", "text"),
    [
        ({"capacity": 200, "seats_available": 48}, "ok", "48 seats"),
        ({"capacity": 200, "seats_available": 10}, "few", "Only 10 left"),
        ({"capacity": 1000, "seats_available": 50}, "few", "Only 50 left"),
        ({"capacity": 200, "seats_available": 2}, "last", "Last 2 seats"),
        ({"capacity": 200, "seats_available": 1}, "last", "Last seat"),
        ({"capacity": 200, "seats_available": 0}, "gone", "Sold out"),
        ({"status": "cancelled"}, "cancelled", "Cancelled"),
        ({"sales_open_at": now() + timedelta(days=1)}, "soon", "On sale soon"),
        ({"sales_close_at": now() - timedelta(days=1)}, "ended", "Sales closed"),
        ({"start_at": now() - timedelta(days=1)}, "ended", "Past event"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_state_of_an_event_has_its_word_and_only_one_on_sale_has_a_form(
    visitor, make_event, facts, state, text
):
    event = make_event(**facts)
    page = visitor.get(f"/events/{event.id}/{event.slug}").text
    assert f'data-state="{state}"' in page
    assert text in page
    assert ("data-book=" in page) == (state in {"ok", "few", "last"})


def test_a_draft_is_found_by_organisers_only(visitor, make_event, settings):
    event = make_event(name="Secret Gig", status="draft")
    assert "Secret Gig" not in visitor.get("/").text
    assert visitor.get(f"/events/{event.id}/secret-gig").status_code == 404
    visitor.log_in(settings.admin_key[0])
    assert "Secret Gig" in visitor.get("/admin/events").text


def test_posters_never_change_and_say_so(visitor, clean):
    answer = visitor.get("/art/7.svg")
    assert answer.mimetype == "image/svg+xml"
    assert "immutable" in answer.headers["Cache-Control"]
    assert visitor.get("/art/7.svg").data == answer.data


def test_a_preview_is_drawn_of_events_that_there_are(visitor, make_event):
    event = make_event()
    assert visitor.get(f"/art/{event.id}.png").mimetype == "image/png"
    assert visitor.get("/art/999999.png").status_code == 404


def test_a_broken_cursor_is_an_error_page_that_names_it(visitor, clean):
    answer = visitor.get("/?after=rubbish")
    assert answer.status_code == 422
    assert "after" in answer.text


@pytest.mark.parametrize("name", ["Seats", "Bookings!"])
def test_an_event_named_as_one_of_our_own_addresses_has_a_page_all_the_same(
    visitor, make_event, name
):
    event = make_event(name=name)
    page = visitor.get(f"/events/{event.id}", follow_redirects=True)
    assert page.status_code == 200
    assert f'<h1 dir="auto">{name}</h1>' in page.text


@pytest.mark.parametrize("name", ["endpoint", "values", "_method", "_scheme", "_external", "q"])
def test_the_old_address_of_the_list_takes_any_query_along(visitor, clean, name):
    answer = visitor.get(f"/events?{name}=x+y")
    assert (answer.status_code, answer.location) == (302, f"/?{name}=x+y")
