"""Every page in every state, in light and dark, on a phone and on a desk.

Nothing sticks out, nothing is against WCAG 2.2 AA as far as axe-core can tell, the browser has
nothing to complain of, and the HTML is valid.
"""

import os
from pathlib import Path

import pytest

from tests.browser import gallery, html_checker, mail_gallery
from tests.browser.gallery import World

AXE = Path(__file__).parents[1] / "vendor" / "axe-core@4.14.1" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_WHEN_ASKED = "window.loadAxe = () => {\n%s\n};"
"""A script for each page: reading axe-core costs little until it is called, and sending its half
megabyte to each page costs as much as the page."""
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
QUESTION = f"""async given => {{
  if (typeof axe === "undefined") loadAxe();
  const wider = {WIDER}, {{title}} = document, headings = document.querySelectorAll("h1").length;
  return {{...await (%s)(given), facts: {{wider, headings, title}}}};
}}"""
"""All at once: each question to the browser takes its time."""
AUDIT = QUESTION % "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"
NEW_LOOKS = QUESTION % (Path(__file__).parent / "new_looks.js").read_text()
COLOURS = ["color-contrast", "link-in-text-block"]
"""All that changes between light and dark: each page is otherwise the same in both."""
EACH_RUN = {(360, "light"): RULES, (1280, "dark"): RULES}
"""Both widths and both schemes once; `make shots` looks at each with each."""
ALL = {(360, "dark"): COLOURS, (1280, "light"): COLOURS, **EACH_RUN}
TOLERATED = (
    *("status of 500", "status of 503", "ERR_INTERNET_DISCONNECTED"),
    *("htmx:sendError", "htmx:afterRequest"),
)
"""What the browser says of an answer that is broken, and of a network that is away, on purpose."""
WIDTHS = {360: 740, 1280: 900}


@pytest.fixture
def world(factories, sql, alice, folder):
    return World(factories, sql, alice, folder / "mail")


@pytest.fixture(scope="module")
def with_axe():
    """How a page is opened that is to be looked at."""
    return {"script": AXE_WHEN_ASKED % AXE.read_text()}


@pytest.fixture
def shots():
    """Where pictures are kept, when somebody wants them (`make shots`)."""
    folder = os.environ.get("SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) if folder else None


@pytest.fixture(scope="module")
def documents():
    """What the server has sent, by the scene's name."""
    return {}


@pytest.fixture(scope="module")
def looks():
    """How text has looked so far, by scheme: what looks the same has the same contrast; and what
    has come and gone with the width."""
    return {"light": set(), "dark": set()}


@pytest.mark.parametrize("who", gallery.SCENES)
def test_every_state_of_every_page_can_be_used_by_everybody(
    visit, with_axe, world, running_site, documents, looks, shots, who
):
    with visit(tolerated=TOLERATED, **with_axe) as page:
        if who == "member":
            gallery.sign_in(page)
        if who == "organiser":
            gallery.log_in(page, running_site.admin_key)
        look_at_all(page, world, gallery.SCENES[who], shots, documents, looks)


def test_pages_where_people_make_accounts_without_a_letter_can_be_used_by_everybody(
    visit_sign_up, with_axe, alice, documents, looks, shots
):
    with visit_sign_up(**with_axe) as page:
        look_at_all(page, None, gallery.SIGN_UP, shots, documents, looks)
        gallery.sign_in(page)
        look_at_all(page, None, gallery.SIGN_UP_MEMBER, shots, documents, looks)


def test_every_state_of_every_page_where_letters_are_sent_can_be_used_by_everybody(
    visit_mailing, with_axe, world, running_mailing_site, documents, looks, shots
):
    world.admin_key = running_mailing_site.admin_key
    with visit_mailing(tolerated=TOLERATED, **with_axe) as page:
        look_at_all(page, world, mail_gallery.SCENES, shots, documents, looks)


def test_pages_where_people_pay_online_can_be_used_by_everybody(
    visit_mailing, with_axe, world, stripe, documents, looks, shots
):
    with visit_mailing(**with_axe) as page:
        gallery.sign_in(page)
        look_at_all(page, world, gallery.ONLINE, shots, documents, looks)


def test_the_html_of_all_of_them_is_valid(documents, tmp_path):
    """At once: the checker takes longer to start than to read a page."""
    html_checker.check(documents, tmp_path)


def look_at_all(page, world, scenes, shots, documents, looks):
    wrong = []
    for scene in scenes:
        # The phone's page becomes the desk's: what differs between them is CSS alone.
        set_width(page, min(WIDTHS))
        answer = scene.play(page, world)
        if answer is not None:
            assert answer.status == scene.status, scene.name
            documents[scene.name] = answer.text()
        for width in WIDTHS:
            if width != page.viewport_size["width"]:
                set_width(page, width)
            wrong += look(page, scene.name, width, shots, looks)
    assert not wrong, "\n".join(wrong)


def set_width(page, width):
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})


def look(page, name, width, shots, looks):
    """What is wrong with the page as it is now, a line each."""
    wrong = []
    for scheme in ("light", "dark"):
        rules = (ALL if shots else EACH_RUN).get((width, scheme))
        if not rules:
            continue
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if shots:
            page.screenshot(path=shots / f"{name}-{width}-{scheme}.png", full_page=True)
        found, facts = audit(page, rules, None if shots else looks[scheme], width > min(WIDTHS))
        wrong += [f"{name}, {width} px, {scheme}: {told(v)}" for v in found]
    if facts["wider"]:
        wrong.append(f"{name} is wider than {width} px")
    if facts["headings"] != 1:
        wrong.append(f"{name} has not one h1")
    if facts["title"].startswith(" "):
        wrong.append(f"{name} has no title")
    return wrong


def audit(page, rules, looks, again=False):
    """The violations of axe-core's rules, and facts about the page. Where `looks` are given, only
    what differs from all that is in there is asked about, since axe takes most of its time for
    colours; `again` says that the same page was looked at before, at another width."""
    if looks is None:
        found = page.evaluate(AUDIT, rules)
    else:
        asked = {"tags": rules, "colours": COLOURS, "seen": " ".join(looks), "again": again}
        found = page.evaluate(NEW_LOOKS, asked)
        looks |= set(found["looks"].split())
    return found["violations"], found["facts"]


def told(violation):
    places = [node["html"][:200] for node in violation["nodes"]][:3]
    return f"{violation['id']} ({violation['help']}) at {places}"


PALE = "<style>body { background: %s } p { color: #777 }</style><p>Pale</p><p>%s</p>"


def test_a_pale_text_is_found_on_each_ground_and_looked_at_once(browser):
    """What the audits above leave out is what looks the same."""
    looks = set()
    with browser.new_context() as context:
        page = context.new_page()

        def pale(*words):
            page.set_content(PALE % words)
            page.evaluate(AXE.read_text())
            violations, _facts = audit(page, RULES, looks)
            return [
                node["html"]
                for found in violations
                if found["id"] == "color-contrast"
                for node in found["nodes"]
            ]

        assert pale("#fff", "again") == ["<p>Pale</p>"]
        assert pale("#fff", "on another page") == []
        assert pale("#ddd", "on another ground") == ["<p>Pale</p>"]
        page.emulate_media(color_scheme="dark")
        assert pale("#fff", "<b>in bold</b>") == ["<b>in bold</b>"]
        assert pale("#fff", '<span style="opacity: .9">fainter</span>') == [
            '<span style="opacity: .9">fainter</span>'
        ]


WIDE = """<!doctype html><html lang="en"><title>Evening</title>
<style>@media (%s-width: 800px) { .%s { %s } }</style><main><h1>Evening</h1>%s</main>"""
OF_ONE_WIDTH = {
    "button-name": ("min", "x", "display: none", '<button><b class="x">More</b></button>'),
    "image-alt": ("max", "x", "display: none", '<img class="x" src="data:," width="9" height="9">'),
    "target-size": (*("min", "x", "height: 9px; padding: 0"), "<button class='x'>y</button>" * 2),
    "scrollable-region-focusable": (
        *("min", "x", "height: 40px; overflow: auto"),
        f"<div class='x'>{'<p>Words</p>' * 9}</div>",
    ),
    "color-contrast": ("min", "x", "color: #ccc", "<p class='x'>Pale</p>"),
}
"""By rule: the CSS of the desk or of all but it, and the HTML that fails there alone."""


@pytest.mark.parametrize("rule", OF_ONE_WIDTH)
def test_what_is_wrong_on_the_desk_alone_is_found(browser, rule):
    with browser.new_context(color_scheme="light") as context:
        page = context.new_page()
        set_width(page, min(WIDTHS))
        page.set_content(WIDE % OF_ONE_WIDTH[rule])
        page.evaluate(AXE.read_text())
        looks = set()
        assert audit(page, RULES, looks)[0] == []
        set_width(page, max(WIDTHS))
        violations, _facts = audit(page, RULES, looks, again=True)
        assert [found["id"] for found in violations] == [rule]
