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
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
AUDIT = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"
COLOURS = ["color-contrast", "link-in-text-block"]
"""All that changes between light and dark: each page is otherwise the same in both."""
EACH_RUN = {(360, "light"): RULES, (1280, "dark"): RULES}
"""Both widths and both schemes once; `make shots` looks at each with each."""
ALL = {(360, "dark"): COLOURS, (1280, "light"): COLOURS, **EACH_RUN}
TOLERATED = ("status of 500", "status of 503", "ERR_INTERNET_DISCONNECTED")
"""What the browser says of an answer that is broken, and of a network that is away, on purpose."""
WIDTHS = {360: 740, 1280: 900}


@pytest.fixture
def world(factories, sql, alice, folder):
    return World(factories, sql, alice, folder / "mail")


@pytest.fixture
def shots():
    """Where pictures are kept, when somebody wants them (`make shots`)."""
    folder = os.environ.get("SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) if folder else None


@pytest.mark.parametrize("who", gallery.SCENES)
def test_every_state_of_every_page_can_be_used_by_everybody(
    visit, world, running_site, tmp_path, shots, who
):
    with visit(tolerated=TOLERATED) as page:
        if who == "member":
            gallery.sign_in(page)
        if who == "organiser":
            gallery.log_in(page, running_site.admin_key)
        look_at_all(page, world, gallery.SCENES[who], shots, tmp_path)


def test_pages_where_people_make_accounts_without_a_letter_can_be_used_by_everybody(
    visit_sign_up, tmp_path, shots
):
    with visit_sign_up() as page:
        look_at_all(page, None, gallery.SIGN_UP, shots, tmp_path)


def test_every_state_of_every_page_where_letters_are_sent_can_be_used_by_everybody(
    visit_mailing, world, running_mailing_site, tmp_path, shots
):
    world.admin_key = running_mailing_site.admin_key
    with visit_mailing(tolerated=TOLERATED) as page:
        look_at_all(page, world, mail_gallery.SCENES, shots, tmp_path)


def look_at_all(page, world, scenes, shots, tmp_path):
    documents, wrong = {}, []
    for scene in scenes:
        # The phone's page becomes the desk's: what differs between them is CSS alone.
        set_width(page, min(WIDTHS))
        answer = scene.play(page, world)
        if answer is not None:
            assert answer.status == scene.status, scene.name
            documents[scene.name] = answer.text()
        for width in WIDTHS:
            set_width(page, width)
            wrong += look(page, scene.name, width, shots)
    assert not wrong, "\n".join(wrong)
    html_checker.check(documents, tmp_path)


def set_width(page, width):
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})


def look(page, name, width, shots):
    """What is wrong with the page as it is now, a line each."""
    wrong = []
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE.read_text())
    for scheme in ("light", "dark"):
        rules = (ALL if shots else EACH_RUN).get((width, scheme))
        if not rules:
            continue
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if shots:
            page.screenshot(path=shots / f"{name}-{width}-{scheme}.png", full_page=True)
        violations = page.evaluate(AUDIT, rules)["violations"]
        wrong += [f"{name}, {width} px, {scheme}: {told(v)}" for v in violations]
    if page.evaluate(WIDER):
        wrong.append(f"{name} is wider than {width} px")
    if page.locator("h1").count() != 1:
        wrong.append(f"{name} has not one h1")
    if page.title().startswith(" "):
        wrong.append(f"{name} has no title")
    return wrong


def told(violation):
    places = [node["html"][:200] for node in violation["nodes"]][:3]
    return f"{violation['id']} ({violation['help']}) at {places}"
