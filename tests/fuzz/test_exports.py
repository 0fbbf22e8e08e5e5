"""Files that people take along: nothing in them runs, and all of it can be read again."""

import csv
import io
import json
import re
import unicodedata
import zipfile
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from app.edge.exports import csv_file, excel_file
from app.lib.folding import MAX_SENT_SLUG, MAX_SLUG
from app.lib.names import is_visible
from app.models import Event
from app.models.event import TAKEN_SLUGS
from app.presenters.icalendars import event_calendar
from app.services.event_search import EventQuery
from tests.fuzz.search import drawn, examples, quick
from tests.fuzz.texts import SPECIAL

FORMULA = tuple("=+-@＝＋－＠")
"""OWASP, CSV injection; what is blank before them counts for nothing."""
cell_texts = (
    st.sampled_from(SPECIAL)
    | st.text(max_size=30)
    | st.text("=+-@,;\t\r\n\"' a1()|!＝", max_size=15)
)
cells = cell_texts | st.integers(-(2**31), 2**31) | st.none()
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=5)
)


def read(response, delimiter):
    text = response.get_data(as_text=True)
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=delimiter))


@quick
@given(tables)
def test_a_csv_file_can_be_read_again(app, rows):
    header = [f"column {n}" for n in range(len(rows[0]) if rows else 1)]
    with app.test_request_context():
        found = read(csv_file("x", header, rows), ",")
    assert found[0] == header
    assert len(found) == 1 + len(rows)
    for row, written in zip(rows, found[1:], strict=True):
        for cell, text in zip(row, written, strict=True):
            # Apart from the marks that make a formula harmless.
            assert text.replace("'", "") == ("" if cell is None else str(cell)).replace("'", "")


@quick
@given(tables, st.sampled_from([",", ";", "\t"]))
def test_no_cell_of_a_csv_file_is_a_formula(app, rows, delimiter):
    """Whichever sign the reader's country takes for the end of a cell."""
    with app.test_request_context():
        found = read(csv_file("x", ["h"], rows), delimiter)
    for row in found:
        for text in row:
            begun = text.lstrip("\t\r\n")
            number = re.fullmatch(r"-\d+(,.*)?", begun, re.DOTALL)
            assert number or not begun.startswith(FORMULA), row


MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def unescaped(text):
    """As Excel reads what XML can't hold: ECMA-376, ST_Xstring."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


@examples(30)
@given(tables)
def test_an_excel_file_holds_text_as_text_and_no_formula(app, rows):
    with app.test_request_context():
        response = excel_file("x", ["h"], rows)
        response.direct_passthrough = False
        file = zipfile.ZipFile(io.BytesIO(response.get_data()))
        response.close()
    sheet = ElementTree.fromstring(file.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{MAIN}f"))
    found = {}
    for cell in sheet.iter(f"{MAIN}c"):
        kind, texts = cell.get("t"), "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
        assert kind in {None, "n", "inlineStr"}
        found[cell.get("r")] = (
            unescaped(texts) if kind == "inlineStr" else cell.find(f"{MAIN}v").text
        )
    for number, row in enumerate(rows, 2):
        for letter, cell in zip("ABCD", row, strict=False):
            wish = "" if cell is None else str(cell)
            assert found.get(f"{letter}{number}", "") == wish


names = st.text(min_size=1, max_size=60) | st.sampled_from(
    [
        "seats",
        "Bookings",
        "ŌNAM",
        "Seats!",
        "—",
        "a" * 200,
        "../x",
        'a"b',
        "a\r\nb",
        "ఓణం",
        "日" * 60,
    ]
)
names = names.filter(is_visible)


@quick
@given(names)
def test_the_name_of_any_event_makes_a_plain_part_of_an_address_and_of_a_file(name):
    slug = Event(name=name).slug
    for word in slug.split("-"):
        assert word
        assert {unicodedata.category(c)[0] for c in word} <= {"L", "M", "N"}
    assert len(slug) <= MAX_SLUG + len("-event")
    assert len(quote(slug)) <= MAX_SENT_SLUG + len("-event")
    assert slug not in TAKEN_SLUGS


@pytest.fixture
def accepted(client, admin):
    """An event as the API takes it; None for one that it refuses."""

    def create(**facts):
        wish = {"name": "x", "start_at": "2099-01-02T06:30:00Z", "capacity": 5, **facts}
        answer = client.post("/api/admin/events", json=wish, headers=admin)
        assert answer.status_code in {201, 422}, answer.text
        return answer.json if answer.status_code == 201 else None

    return create


words = st.sampled_from(SPECIAL) | st.text(max_size=30) | st.text('\\,;:"\n\r BEGINVT', max_size=20)


kept = words.filter(lambda text: not text or is_visible(text))
"""An event takes no other."""


@quick
@given(kept, kept, kept)
def test_a_calendar_says_what_the_event_is_and_holds_no_other(app, name, venue, description):
    at = datetime(2099, 1, 2, tzinfo=UTC)
    event = Event(
        id=1, name=name, venue=venue, address="", city="", description=description, start_at=at,
        updated_at=at, incarnation=7, calendar_sequence=0, status="published",
    )  # fmt: skip
    with app.test_request_context():
        file = event_calendar(event)
    (entry,) = Calendar.from_ical(file).walk("VEVENT")
    assert len(Calendar.from_ical(file).walk()) == 2
    assert entry.start == at
    assert _one_line(entry.get("summary", "")) == _one_line(event.name)


def _one_line(text):
    """Ends of lines and signs that no line of a calendar can hold are a matter of taste."""
    # A backslash before an n is read back as the end of a line.
    text = re.sub(r"\\+[nN]", "", str(text))
    return "".join(text.replace("\\", "").replace("\ufeff", "").split())


ATOM = "{http://www.w3.org/2005/Atom}"


@drawn
@given(words, words, words)
def test_whatever_an_organiser_may_write_the_feed_and_the_pages_stay_whole(
    app, client, sql, accepted, name, venue, description
):
    sql("DELETE FROM events")
    event = accepted(name=name, venue=venue, description=description)
    if event is None:
        return
    feed = ElementTree.fromstring(client.get("/events.atom").get_data())
    assert len(feed.findall(f"{ATOM}entry")) == 1
    assert len(Calendar.from_ical(client.get("/events.ics").get_data()).walk("VEVENT")) == 1
    for path in ("/", f"/events/{event['id']}/{event['slug']}"):
        page = client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200
        tree = html5lib.parse(page.text, namespaceHTMLElements=False)
        for script in tree.iter("script"):
            if script.get("type") == "application/ld+json":
                assert json.loads(script.text)
            else:
                assert script.get("src").startswith("/static/")
                assert not script.text
        assert not any(a.startswith(("on", "hx-on")) for e in tree.iter() for a in e.attrib)
    assert client.get("/api/events?q=" + EventQuery().q).json[0]["name"] == event["name"]
