"""Who sells here, on which terms: told on every page, where the operator has said it."""

import json
import re
from xml.etree import ElementTree

import pytest

from tests.web.conftest import Visitor

TOLD = {
    "organiser_name": "Sangeet <Sabha>",
    "organiser_address": "12 Palace Road, Mysuru",
    "contact_email": "sabha@example.org",
}
PATHS = ["/organiser", "/terms", "/privacy"]
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def terms(tmp_path):
    file = tmp_path / "terms.md"
    file.write_text("# Our terms\n\nNo *refunds* after <script>x</script> the show.")
    return file


@pytest.fixture
def told(make_app, clean, terms):
    """A visitor of a site whose operator has said everything."""
    pages = {"terms_page": str(terms), "privacy_page": "https://example.org/privacy"}
    return Visitor(make_app(**TOLD, **pages))


def facts_of(page):
    return json.loads(re.search(r"ld\+json\">(.*?)</script>", page)[1])


def test_what_is_not_said_is_nowhere(visitor, make_event):
    event = make_event(description="", address="")
    page = visitor.get(f"/events/{event.id}/{event.slug}").text
    assert not re.search('class="organiser|/organiser"|/terms|/privacy', page)
    assert [visitor.get(path).status_code for path in PATHS] == [404] * 3


def test_what_is_said_stands_below_every_page_and_on_its_own(told):
    page = told.get("/").text
    assert "Sangeet &lt;Sabha&gt;, 12 Palace Road, Mysuru" in page
    assert 'href="mailto:sabha@example.org"' in page
    for link in ("/organiser", "/terms", "https://example.org/privacy"):
        assert f'href="{link}"' in page
    assert "12 Palace Road" in told.get("/organiser").text
    assert told.get("/privacy").status_code == 404


def test_terms_are_markdown_without_scripts_and_follow_their_file(told, terms):
    page = told.get("/terms").text
    assert "<h2>Our terms</h2>" in page
    assert "<em>refunds</em>" in page
    assert "<script>x" not in page
    terms.write_text("Other terms now.")
    assert "Other terms now." in told.get("/terms").text
    terms.unlink()
    assert told.get("/terms").status_code == 404


def test_the_ticket_names_who_sells(told, alice, make_event, make_booking):
    booking = make_booking(make_event(), user=alice)
    told.sign_in(alice.email)
    ticket = told.get(f"/bookings/{booking.id}").text.partition("<article")[2]
    assert "Sangeet &lt;Sabha&gt;" in ticket.partition("</article>")[0]


def empty(fact):
    if isinstance(fact, dict):
        return not fact or any(map(empty, fact.values()))
    return fact in (None, "")


@pytest.mark.parametrize("place", [{"venue": "", "city": "", "address": ""}, {"address": ""}])
def test_search_engines_are_told_nothing_empty(told, visitor, make_event, place):
    event = make_event(description="", **place)
    plain = facts_of(visitor.get(f"/events/{event.id}/{event.slug}").text)
    full = facts_of(told.get(f"/events/{event.id}/{event.slug}").text)
    assert not empty(plain)
    assert not empty(full)
    assert "organizer" not in plain
    assert ("location" in plain) is bool(place.get("venue", "x"))
    assert full["organizer"] == {
        "@type": "Organization",
        "name": "Sangeet <Sabha>",
        "url": "http://localhost/organiser",
        "email": "sabha@example.org",
    }


def feed_of(visitor):
    return ElementTree.fromstring(visitor.get("/events.atom").get_data())


def test_the_feed_has_what_rfc_4287_asks_for(told, visitor, make_event):
    """4.1.1 and 4.1.2: exactly one id, title and updated each; an author; a self link."""
    make_event()
    for site, name in ((visitor, "Utsavam"), (told, "Sangeet <Sabha>")):
        feed = feed_of(site)
        for element in (feed, *feed.findall(f"{ATOM}entry")):
            for needed in ("id", "title", "updated"):
                (found,) = element.findall(f"{ATOM}{needed}")
                assert found.text
            moment = element.find(f"{ATOM}updated").text
            assert re.fullmatch(r"[-\d]{10}T[:\d]{8}(\.\d+)?(Z|[+-]\d\d:\d\d)", moment)
        assert feed.find(f"{ATOM}author/{ATOM}name").text == name
        assert feed.find(f"{ATOM}link[@rel='self']").get("href").endswith("/events.atom")
    assert feed_of(told).find(f"{ATOM}author/{ATOM}email").text == "sabha@example.org"
    assert feed_of(visitor).find(f"{ATOM}author/{ATOM}email") is None


def test_the_feeds_texts_are_of_the_type_that_they_say(visitor, make_event):
    """A title is text; a summary is HTML, in which somebody's signs are no markup."""
    make_event(name="1 < 2 & <b>x</b>", venue="<i>Hall</i>", description="A *b* <u>c</u>\n\n- d")
    entry = feed_of(visitor).find(f"{ATOM}entry")
    title, summary = entry.find(f"{ATOM}title"), entry.find(f"{ATOM}summary")
    assert (title.get("type"), title.text) == (None, "1 < 2 & <b>x</b>")
    assert summary.get("type") == "html"
    assert "&lt;i&gt;Hall&lt;/i&gt;" in summary.text
    assert "<p>A <em>b</em> &lt;u&gt;c&lt;/u&gt;</p>" in summary.text
    assert "<li>d</li>" in summary.text
    base = entry.get("{http://www.w3.org/XML/1998/namespace}base")
    assert base == entry.find(f"{ATOM}link").get("href")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"status": "cancelled"}, "<p>Cancelled · "),
        ({"seats_available": 0}, "<p>Sold out · "),
        ({"sales_paused": True}, "<p>Sales paused · "),
    ],
)
def test_the_feed_says_the_events_state(visitor, make_event, facts, said):
    make_event(name="Golu", **facts)
    entry = feed_of(visitor).find(f"{ATOM}entry")
    assert entry.find(f"{ATOM}summary").text.startswith(said)
    cancelled = "status" in facts
    assert entry.find(f"{ATOM}title").text == ("Cancelled: Golu" if cancelled else "Golu")
