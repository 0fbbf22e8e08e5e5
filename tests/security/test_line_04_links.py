"""Line 4: links and codes by mail can't be guessed, and tell nothing of who has an account."""

import re
from contextlib import contextmanager
from threading import Barrier

import pytest
from sqlalchemy import event

from app.db import db
from app.errors import LinkNotFound
from app.models import LinkPurpose
from app.services import sign_in_links
from tests.support.threads import at_once, in_app
from tests.web.conftest import Visitor


@pytest.fixture
def mailing(clean, make_app):
    return make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")


@pytest.fixture
def statements(mailing):
    """The statements that are sent to the database meanwhile."""

    @contextmanager
    def watch():
        seen = []

        def note(_connection, _cursor, statement, *_more):
            seen.append(statement)

        with mailing.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return watch


@pytest.fixture
def letter(mailing, make_user, sql):
    """A browser that awaits a letter, and what the letter says."""
    make_user("guest@example.com")
    visitor = Visitor(mailing)
    visitor.post("/sign-in/mail", {"email": "guest@example.com"})
    return visitor, sql("SELECT facts FROM mails")[0][0]


def test_line_04_a_code_is_tried_five_times_at_most_in_any_order(letter):
    visitor, facts = letter
    for number in range(5):
        assert visitor.post("/sign-in/code", {"code": f"wrong {number}"}).status_code == 422
    answer = visitor.post("/sign-in/code", {"code": facts["code"]})
    assert answer.location.endswith("/sign-in/mail")
    assert visitor.get("/account").status_code == 303


def test_line_04_a_link_used_by_many_at_once_opens_once(mailing, letter):
    secret = re.search("links/(.+)", letter[1]["link"])[1]
    together = Barrier(8)

    def use():
        together.wait(30)
        return sign_in_links.open_link(secret)

    answers = at_once([in_app(mailing, use) for _ in range(8)])
    assert sum(not isinstance(answer, Exception) for answer in answers) == 1
    assert sum(isinstance(answer, LinkNotFound) for answer in answers) == 7


@pytest.mark.parametrize("purpose", [LinkPurpose.SIGN_IN, LinkPurpose.PASSWORD])
def test_line_04_known_and_unknown_addresses_cost_the_same_statements(
    mailing, make_user, statements, purpose
):
    make_user("known@example.com")
    with mailing.app_context():
        counts = []
        for email in ("known@example.com", "unknown@example.com"):
            with statements() as seen:
                sign_in_links.request_by_mail(email, purpose)
            counts.append([statement.split()[0] for statement in seen])
    assert counts[0] == counts[1]


def test_line_04_rubbish_opens_nothing(mailing, letter):
    visitor = Visitor(mailing)
    for secret in ("x", "x" * 43, "%00", "ä" * 40):
        assert visitor.get(f"/sign-in/links/{secret}").status_code == 404
        assert visitor.post(f"/sign-in/links/{secret}").status_code == 404
