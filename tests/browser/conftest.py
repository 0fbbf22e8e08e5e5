"""A real Chromium against the real site; what the page complains of fails the test."""

import json
import os
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect, sync_playwright

from app.models.columns import now
from app.services import sign_ins
from app.services.secrets import digest
from tests.browser import chromium
from tests.browser.people import PASSWORD
from tests.conftest import SELLER
from tests.support import razorpay_api, stripe_api
from tests.support.mail_server import MailServer
from tests.support.mail_worker import MailWorker
from tests.support.site import Site
from tests.support.wallet_keys import WalletKeys


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def playwright():
    expect.set_options(timeout=chromium.PATIENCE)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright):
    found = chromium.launch(playwright)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(chromium.NONE_FOUND)
    yield found
    found.close()


@pytest.fixture
def visit(browser, site):
    """`with visit(...) as page`: somebody with a browser of their own, on the front page."""
    return partial(open_page, browser, site)


@pytest.fixture
def visit_and_keep(playwright, site):
    """As `visit`, in a browser that brings a page back as it was left."""
    found = chromium.launch_one_that_keeps_pages(playwright)
    if found is None:
        told = "a Chromium with a desktop is not installed: it alone keeps pages for Back"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    yield partial(open_page, found, site)
    found.close()


@pytest.fixture(scope="session")
def post():
    """The mail server of the site that sends letters."""
    with MailServer() as server:
        yield server


@pytest.fixture(scope="session")
def running_mailing_site(migrated_app, settings, folder, post, stripe_server, razorpay_server):
    """It sends letters, and people can pay online."""
    extras = {"MAIL_URL": post.url, "MAIL_FROM": "tickets@example.org", "WEB_CONCURRENCY": "1"}
    extras |= {
        "STRIPE_SECRET_KEY": stripe_api.KEY,
        "STRIPE_WEBHOOK_SECRET": stripe_api.WEBHOOK_SECRET,
        "STRIPE_API_BASE": stripe_server.url,
        "RAZORPAY_KEY_ID": razorpay_api.KEY_ID,
        "RAZORPAY_KEY_SECRET": razorpay_api.KEY_SECRET,
        "RAZORPAY_WEBHOOK_SECRET": razorpay_api.WEBHOOK_SECRET,
        "RAZORPAY_API_BASE": razorpay_server.url,
    }
    keys = WalletKeys(folder / "wallets")
    wallets = {name.upper(): value for name, value in {**keys.apple(), **keys.google()}.items()}
    with Site(settings, folder / "mailing", **extras, **SELLER, **wallets) as site:
        yield site


@pytest.fixture
def mailing_site(clean, running_mailing_site):
    """The base URL of a site that owes letters; what sends them is `letters_are_sent`."""
    return running_mailing_site.url


@pytest.fixture
def letters_are_sent(mailing_site, running_mailing_site):
    with MailWorker(running_mailing_site):
        yield


@pytest.fixture
def visit_mailing(browser, mailing_site):
    """`visit`, at the site that sends letters."""
    return partial(open_page, browser, mailing_site)


QUICK_TICK = """
new MutationObserver((_changes, observer) => {
  if (!document.body) return;
  document.body.dataset.tick = 500;
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


@contextmanager
def open_page(
    browser,
    site,
    width=1280,
    height=900,
    complaints_expected=False,
    tolerated=(),
    quick=False,
    script=None,
    **options,
):
    """A `quick` page asks for live figures twice a second, and not every four. `script` is run in
    every page before its own."""
    context = browser.new_context(
        base_url=site, viewport={"width": width, "height": height}, **options
    )
    if quick:
        context.add_init_script(QUICK_TICK)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    page.set_default_timeout(chromium.PATIENCE)
    complaints = []

    def note(complaint):  # Playwright takes a function, not a method of a list
        complaints.append(complaint)

    page.on("console", note)
    page.on("pageerror", note)
    page.goto("/")
    try:
        yield page
    finally:
        context.close()
    found = [text for text in map(str, map(_text, complaints)) if _matters(text, tolerated)]
    assert bool(found) == complaints_expected, found


def _text(complaint):
    return f"{complaint.type}: {complaint.text}" if hasattr(complaint, "type") else complaint


def _matters(text, tolerated):
    """A refused form is a 4xx, which the browser notes; a hint about forms is no error."""
    expected = any(part in text for part in ("status of 4", *tolerated))
    return not (expected or text.startswith(("debug", "info", "log", "verbose")))


@pytest.fixture(scope="session")
def running_sign_up_site(migrated_app, settings, folder):
    rules = {"SIGN_UP": "open", "WEB_CONCURRENCY": "1"}
    with Site(settings, folder / "sign-up", **rules, **SELLER) as site:
        yield site


@pytest.fixture
def visit_sign_up(browser, clean, running_sign_up_site):
    """`visit`, at the site where people make accounts without a letter."""
    return partial(open_page, browser, running_sign_up_site.url)


@pytest.fixture
def with_session(app):
    """Puts a session into a browser, as signing in does: half a second less than by the form."""

    def do(page, **values):
        signed = app.session_interface.get_signing_serializer(app)
        name = f"utsavam_{urlsplit(page.url).port}"
        kept = [one["value"] for one in page.context.cookies() if one["name"] == name]
        session = {"_permanent": True, **(signed.loads(kept[0]) if kept else {}), **values}
        cookie = {"name": name, "value": signed.dumps(session), "url": page.url}
        page.context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Lax"}])

    return do


@pytest.fixture
def log_in(app, settings, with_session):
    """An organiser with the admin key; `gallery.log_in` does it by the form."""

    def do(page):
        with app.app_context():
            token = sign_ins.begin_for_staff(digest(settings.admin_key[0]))
        with_session(page, admin=token)
        page.goto("/admin/events")
        page.get_by_role("heading", name="Events", level=1).wait_for()

    return do


@pytest.fixture
def alice(make_user):
    return make_user(email="alice@example.com", name="Alice", password=PASSWORD)


@pytest.fixture
def sign_in(app, alice, with_session):
    """`gallery.sign_in` does it by the form."""

    def do(page):
        with app.app_context():
            token = sign_ins.begin_for_user(alice)
        with_session(page, user=token)
        page.goto("/")
        page.get_by_role("link", name="Alice").wait_for()

    return do


@pytest.fixture
def season(factories, make_event):
    for number in range(12):
        factories.event(name=f"Evening number {number}", price_minor=50000, capacity=400)


@pytest.fixture
def event(clean, make_event):
    """That of the tests at its door."""
    return make_event(name="Onam", capacity=50)


@pytest.fixture
def booking(make_booking, make_user, event):
    return make_booking(event, make_user(name="Meena"), seats=3)


@pytest.fixture
def volunteer(site, running_site, booking):
    """The address that the code of a volunteer's key holds."""
    facts = {"name": "Asha", "role": "door", "event_ids": [booking.event_id]}
    facts["expires_at"] = (now() + timedelta(days=1)).isoformat()
    headers = {"X-Admin-Key": running_site.admin_key, "Content-Type": "application/json"}
    asked = Request(f"{site}/api/admin/keys", json.dumps(facts).encode(), headers)
    with urlopen(asked, timeout=10) as answer:
        key = json.load(answer)["key"]
    return f"{site}/admin/login?next=/door/#key={key}"
