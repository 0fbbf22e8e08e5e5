"""Line 9: what people write is shown and never obeyed, on every page and in every file."""

import csv
import io
import re
import zipfile
from xml.etree import ElementTree

import html5lib
import pytest

from app.models import Role
from tests.access.world import ask, read, rules_of
from tests.web.conftest import PASSWORD, Visitor

MARKUP = "<script>alert(1)</script>{{1234*5678}}\"' onload=evil hx-on:click=evil <img src=x>"
SHORT = '<script>alert(1)</script>{{1234*5678}}" hx-on:click=evil'
"""For a field that takes sixty letters."""
CALCULATED = "7006652"
PERSONAS = ["anonymous", "alice", Role.OWNER]


def live_parts(page):
    """What of the markup a browser would obey, by the HTML standard's own parser."""
    found = [] if CALCULATED not in page else ["a template in a template"]
    for element in html5lib.parse(page, namespaceHTMLElements=False).iter():
        if not isinstance(element.tag, str):
            continue
        runs = element.tag == "script" and element.get("type") != "application/ld+json"
        if runs and "alert(1)" in (element.text or ""):
            found.append("a script")
        for name, value in element.attrib.items():
            if name.startswith("hx-on") or value == "evil":
                found.append(f"{name} of {element.tag}")
        if element.tag == "img" and element.get("src") == "x":
            found.append("an image")
    return found


def test_line_09_markup_that_is_obeyed_would_be_found():
    assert len(live_parts(f"<p>{MARKUP}</p>")) == 2
    assert live_parts(f'<input value="{MARKUP}">') != []
    assert live_parts("<p>7006652</p>") != []


def forms_of(page):
    """Each form of a page that changes something: its address, its fields, what can be written."""
    for form in html5lib.parse(page, namespaceHTMLElements=False).iter("form"):
        if (form.get("method") or "get").lower() != "post":
            continue
        fields, free = {}, []
        for item in form.iter():
            name = item.get("name") if isinstance(item.tag, str) else None
            if not name or item.tag not in {"input", "textarea", "select", "button"}:
                continue
            if item.get("type") == "file":
                continue
            fields[name] = item.get("value") or (item.text or "").strip()
            if item.tag == "select":
                chosen = [o.get("value") for o in item.iter("option") if o.get("value")]
                fields[name] = chosen[0]
            if name != "csrf_token" and item.tag != "button":
                free.append(name)
        yield form.get("action"), fields, free


GOOD = {
    "name": "Asha",
    "name-name": "Asha",
    "email": "asha@example.com",
    "email-email": "asha@example.com",
    "token-name": "laptop",
    "password": PASSWORD,
    "start_at": "2031-03-04T07:00",
    "capacity": "80",
    "seats": "1",
}
"""What stands in the other fields of a form, so that the one is looked at."""
ENDS = ("/sign-out", "/logout", "/sign-outs", "/deletion")
"""Whose pages are tried last, or not at all: they end the session."""


def fill_every_field(app, persona, rules, ids, redis):
    """Send each form of each page once a field, with markup in it; answers what was filled."""
    visitor, filled = Visitor(app), set()
    with visitor._client.session_transaction() as session:
        session.update(persona.session)
    for rule in rules:
        path = rule.rule
        for name, value in ids.items():
            path = path.replace(f"<id:{name}>", str(value)).replace(f"<{name}>", str(value))
        page = read(visitor.get(path))
        if page.mimetype != "text/html" or page.status_code != 200:
            continue
        for action, fields, free in list(forms_of(page.text)):
            action = action or path  # noqa: PLW2901 - as browsers read it
            if action.endswith(ENDS):
                continue
            for name in free:
                if (action, name) in filled:
                    continue
                filled.add((action, name))
                good = {key: value or GOOD.get(key, "") for key, value in fields.items()}
                redis.flushdb()
                answer = visitor.post(action, {**good, name: SHORT})
                assert answer.status_code < 500, (action, name)
                assert live_parts(answer.text) == [], (action, name)
    return filled


FIELDS = {
    "anonymous": {"name", "email", "password", "key", "next"},
    "alice": {
        "name-name",
        "email-email",
        "email-password",
        "token-name",
        "token-password",
        "items",
        "password",
    },
    Role.OWNER: {
        *("name", "venue", "city", "address", "category", "description", "time_zone", "price"),
        *("capacity", "max_per_person", "start_at", "end_at", "email", "seats", "role"),
    },
}


@pytest.mark.parametrize("name", FIELDS)
def test_line_09_markup_in_every_field_is_inert_on_every_page(
    app, sign_up_app, world, redis, sql, name
):
    rules = [rule for rule in rules_of(app).values() if "GET" in rule.methods]
    rules = [rule for rule in rules if not rule.rule.startswith(("/api", "/static", "/art"))]
    # Where people make accounts and change their email themselves there are more forms.
    filled = fill_every_field(sign_up_app, world.personas[name], rules, world.ids, redis)
    # An event with ticket types has a field for each: `items-5`.
    assert {re.sub(r"-\d+$", "", field) for _action, field in filled} >= FIELDS[name]
    kept = "SELECT name FROM events UNION SELECT name FROM users UNION SELECT name FROM staff_keys"
    assert name == "anonymous" or SHORT in [text for (text,) in sql(kept)]
    look_at_everything(app, world, rules)


def look_at_everything(app, world, rules):
    app.extensions["desk"].gate.publish([], changed=True)
    for rule in rules:
        for name in PERSONAS:
            answer = ask(app, rule.endpoint, world.personas[name], world.ids)
            if answer.mimetype == "text/html":
                assert live_parts(answer.text) == [], (rule.endpoint, name)


@pytest.fixture
def marked(make_event, make_booking, make_user):
    """An event and a guest whose every text is markup, or a formula."""

    def make(text):
        plain = ("name", "venue", "address", "city", "description")
        event = make_event(**dict.fromkeys(plain, text), category=text[:60], price_minor=500)
        return make_booking(event, make_user(name=text))

    return make


@pytest.mark.parametrize("path", ["/events.atom", "/art/1.svg"])
def test_line_09_markup_is_inert_in_what_programs_read_as_xml(client, marked, path):
    marked(MARKUP)
    answer = client.get(path, headers={"Accept": "text/html"})
    names = {
        element.tag.rpartition("}")[2] for element in ElementTree.fromstring(answer.data).iter()
    }
    assert not names & {"script", "img"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_line_09_markup_is_inert_in_the_facts_for_search_engines(visitor, marked):
    marked(MARKUP)
    page = visitor.get("/events/1", follow_redirects=True).text
    facts = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert "alert(1)" in facts
    assert "<" not in facts


@pytest.mark.parametrize("path", ["/events.ics", "/events/1/calendar.ics"])
def test_line_09_no_text_begins_a_line_of_a_calendar(client, marked, path):
    marked("Music\r\nATTENDEE:mailto:evil\r\nEND:VCALENDAR")
    lines = client.get(path, headers={"Accept": "text/html"}).text.splitlines()
    assert not any(line.startswith("ATTENDEE") for line in lines)
    assert lines.count("END:VCALENDAR") == 1


CELLS = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://evil","x")']


@pytest.mark.parametrize("cell", CELLS)
def test_line_09_no_cell_of_a_list_is_a_formula(organiser, marked, cell):
    marked(cell)
    organiser.post("/admin/keys", {"name": cell, "role": "viewer"})
    for path in ("/admin/bookings.csv", "/admin/audit.csv", "/admin/sales-by-event.csv"):
        rows = list(csv.reader(io.StringIO(organiser.get(path).text.removeprefix("\ufeff"))))
        assert len(rows) > 1
        cells = [text for row in rows[1:] for text in row if text]
        assert not any(text[0] in "=+@\t\r" for text in cells), cells
        assert not any(text[0] == "-" and not text[1:].isdigit() for text in cells), cells
        assert any(text.startswith("'") for text in cells)


@pytest.mark.parametrize("cell", CELLS)
def test_line_09_an_excel_file_holds_text_as_text(organiser, marked, cell):
    marked(cell)
    answer = organiser.get("/admin/bookings.xlsx")
    file = zipfile.ZipFile(io.BytesIO(answer.data))
    answer.close()
    sheet = ElementTree.fromstring(file.read("xl/worksheets/sheet1.xml"))
    names = [element.tag.rpartition("}")[2] for element in sheet.iter()]
    assert "f" not in names
    assert names.count("row") == 2
