"""Pages for visitors without a session are kept; those of others are made for them alone."""

import re

from tests.web.conftest import HTMX


def test_a_visitor_without_a_session_is_given_none_for_looking(visitor, make_event):
    event = make_event()
    for path in ("/", f"/events/{event.id}/{event.slug}", f"/events/{event.id}/seats"):
        assert "Set-Cookie" not in visitor.get(path).headers


def test_the_name_of_a_signed_in_visitor_is_on_no_other_page(
    new_visitor, signed_in, alice, make_event
):
    event = make_event()
    for path in ("/", f"/events/{event.id}/{event.slug}"):
        assert alice.name in signed_in.get(path).text
        stranger = new_visitor().get(path).text
        assert alice.name not in stranger
        assert "Sign in" in stranger
        assert alice.name in signed_in.get(path).text


def test_a_page_and_its_fragment_are_kept_apart(visitor, make_event):
    make_event()
    page = visitor.get("/").text
    fragment = visitor.get("/", headers={"HX-Request": "true"}).text
    more = visitor.get("/", headers={"HX-Request": "true", "HX-Target": "more"}).text
    assert "<html" in page
    assert "<html" not in fragment + more
    assert "found" in fragment
    assert "found" not in more
    assert visitor.get("/").text == page


def test_a_page_is_kept_for_its_host_alone(make_app, clean, make_event):
    app = make_app(trusted_hosts=("tickets.example.org",))
    event = make_event()
    path = f"/events/{event.id}/{event.slug}"
    for host in ("tickets.example.org", "localhost", "tickets.example.org"):
        page = app.test_client().get(
            path, headers={"Accept": "text/html"}, base_url=f"http://{host}"
        )
        assert f'href="http://{host}{path}"' in page.text


def test_the_seats_asked_for_are_part_of_the_address(visitor, make_event):
    event = make_event(capacity=30)
    path = f"/events/{event.id}/{event.slug}"
    pages = [visitor.get(f"{path}?seats={seats}").text for seats in (2, 3, 2)]
    # Each page's own, of whoever it is sent to.
    pages = [re.sub(r'(name="idempotency_key") [^>]*', r"\1", page) for page in pages]
    assert 'value="2"' in pages[0]
    assert 'value="3"' in pages[1]
    assert pages[2] == pages[0]


def test_a_visitor_may_sign_in_to_book_and_comes_back(visitor, alice, make_event):
    event = make_event(capacity=30)
    path = f"/events/{event.id}/{event.slug}"
    assert f'href="/sign-in?next={path}"' in visitor.get(path).text
    assert visitor.sign_in(alice.email, next=path).location == path


def test_the_address_of_the_form_leads_to_the_event_and_keeps_the_choice(visitor, make_event):
    event = make_event(capacity=30)
    answer = visitor.get(f"/events/{event.id}/bookings?seats=4")
    assert answer.location == f"/events/{event.id}/{event.slug}?seats=4"
    assert 'value="4"' in visitor.get(answer.location).text


def test_a_choice_that_makes_no_sense_becomes_one_seat(signed_in, make_event):
    event = make_event()
    for seats in ("", "-3", "0", "many", "9" * 30):
        answer = signed_in.get(f"/events/{event.id}/bookings?seats={seats}")
        assert answer.status_code == 303
        assert signed_in.get(answer.location).status_code == 200


def test_what_is_asked_beside_a_form_says_nothing_of_the_session(organiser, signed_in, make_event):
    """Answered late, it would put back the session of before, without the form's message."""
    event = make_event()
    form = {"name": "Veena"}
    for answer in (
        organiser.post("/admin/events/check?field=name", form, headers=HTMX),
        organiser.get(f"/admin/events/{event.id}/console", headers=HTMX),
        signed_in.get(f"/events/{event.id}/seats", headers=HTMX),
        signed_in.get(f"/events/{event.id}/{event.slug}"),
    ):
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
