"""The demo's mailbox: what was sent, shown as a mail program would, and only in the demo."""

import mailbox
from email.message import EmailMessage

import pytest

from tests.web.conftest import Visitor


@pytest.fixture
def maildir(tmp_path):
    return str(tmp_path / "mail")


@pytest.fixture
def visitor(make_app, clean, maildir):
    return Visitor(make_app(demo=True, demo_mailbox=maildir))


@pytest.fixture
def receive(maildir):
    """Puts a letter into the mailbox, and answers its key."""

    def take(subject="Hello", html="<p>Hello</p>", files=()):
        message = EmailMessage()
        message["To"], message["Subject"] = "asha@example.com", subject
        message["Date"] = "Fri, 27 Nov 2026 10:00:00 +0530"
        message.set_content("In plain words")
        message.add_alternative(html, subtype="html")
        page = message.get_payload()[1]
        page.add_related(b"\x89PNG", "image", "png", cid="<code-1>", disposition="inline")
        for name, kind in files:
            message.add_attachment(b"BEGIN:VCALENDAR\r\n", "text", kind, filename=name)
        return mailbox.Maildir(maildir, create=True).add(message.as_bytes())

    return take


def test_an_empty_mailbox_says_what_to_do(visitor):
    page = visitor.get("/dev/mail")
    assert page.status_code == 200
    assert "Nothing was sent yet: book something." in page.text
    assert "no-store" in page.headers["Cache-Control"]


def test_letters_are_listed_the_newest_first(visitor, receive):
    receive("The older"), receive("The <i>newer</i>", files=[("ticket.ics", "calendar")])
    page = visitor.get("/dev/mail").text
    assert "asha@example.com" in page
    assert "ticket.ics" in page
    assert "The &lt;i&gt;newer&lt;/i&gt;" in page
    assert page.index("newer") < page.index("The older")


def test_a_letter_is_shown_with_its_pictures_and_may_run_and_load_nothing(visitor, receive):
    key = receive(html='<script>steal()</script><img src="cid:code-1">')
    page = visitor.get(f"/dev/mail/{key}")
    assert 'src="data:image/png;base64,iVBORw=="' in page.text
    (policy,) = page.headers.getlist("Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
    assert rules["img-src"] == "data:"
    assert rules["form-action"] == rules["base-uri"] == "'none'"
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_its_text_and_its_files_can_be_had(visitor, receive):
    key = receive(files=[('../a";b.ics', "calendar")])
    text = visitor.get(f"/dev/mail/{key}/text")
    assert text.mimetype == "text/plain"
    assert "In plain words" in text.text
    file = visitor.get(f"/dev/mail/{key}/files/0")
    assert file.data == b"BEGIN:VCALENDAR\r\n"
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert "/" not in file.headers["Content-Disposition"]
    assert visitor.get(f"/dev/mail/{key}/files/1").status_code == 404


@pytest.mark.parametrize("letter", ["nothing", "..", "%2e%2e%2fsecret", "..%2f..%2fetc%2fpasswd"])
def test_no_name_leads_out_of_the_mailbox(visitor, receive, letter):
    receive()
    assert visitor.get(f"/dev/mail/{letter}").status_code == 404


@pytest.mark.parametrize("facts", [{}, {"demo": True}, {"demo": False}])
def test_outside_the_demo_there_is_no_mailbox(make_app, clean, maildir, receive, facts):
    key = receive()
    facts = {"demo_mailbox": maildir, **facts} if not facts.get("demo") else facts
    outsider = Visitor(make_app(**facts))
    for page in ("", f"/{key}", f"/{key}/text", f"/{key}/files/0"):
        assert outsider.get(f"/dev/mail{page}").status_code == 404
