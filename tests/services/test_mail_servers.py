"""Mail servers as there are: with TLS, with sign-in, and such as take nothing from us."""

import ssl

import pytest
import trustme
from aiosmtpd.smtp import AuthResult

from app.operations import doctor
from app.services.mail_worker import MailWorker
from tests.services.test_mail_worker import owe
from tests.support.mail_server import MailServer

pytestmark = pytest.mark.long

HOST, NAME, PASSWORD = "127.0.0.1", "sabha", "p@ss/w:rd %"
LOGIN = "sabha:p%40ss%2Fw%3Ard%20%25"


class Doorkeeper(list):
    """Lets in who knows the password; all who came."""

    def __call__(self, _server, _session, _envelope, _mechanism, given):
        self.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=self[-1] == (NAME, PASSWORD), handled=False)


@pytest.fixture
def knows():
    return Doorkeeper()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def tls(authority, tmp_path, monkeypatch):
    """Makes a server's TLS for a host; the machine trusts the authority, as it does the public."""
    known = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(known)
    monkeypatch.setenv("SSL_CERT_FILE", str(known))

    def make(host=HOST, issuer=authority):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        issuer.issue_cert(host).configure_cert(context)
        return context

    return make


@pytest.fixture
def work(make_app, clean, sql, caplog):
    """Owes a letter, lets the worker try once, and returns its state, attempts and last error, what
    the log says of the server, and what the doctor does."""

    def do(url):
        app = make_app(mail_url=url, mail_from="tickets@example.org")
        with app.app_context():
            owe("asha@example.com", letter="email_taken")
            worker = MailWorker(app, app.extensions["settings"])
            worker.work()
            worker._smtp.close()
            checks = doctor.examine(app.extensions["settings"], app.extensions["desk"].gate)
        (row,) = sql("SELECT state, attempts, last_error FROM mails")
        logged = [r.smtp for r in caplog.records if hasattr(r, "smtp")]
        return row, logged, {check.part: check.finding for check in checks}["mail"]

    return do


def test_letters_go_by_tls_and_with_a_login(tls, work, knows):
    options = {"ssl_context": tls(), "authenticator": knows, "auth_require_tls": False}
    with MailServer(**options) as post:
        found = work(f"smtps://{LOGIN}@{HOST}:{post.port}")
    assert found == (("sent", 1, None), [], "ok")
    assert knows == [(NAME, PASSWORD)] * 2, "the worker and the doctor"
    assert post.received("asha@example.com")


def test_letters_go_by_starttls_and_with_a_login(tls, work, knows):
    options = {"tls_context": tls(), "authenticator": knows, "auth_required": True}
    with MailServer(require_starttls=True, **options) as post:
        found = work(f"smtp+starttls://{LOGIN}@{HOST}:{post.port}")
    assert found == (("sent", 1, None), [], "ok")
    assert post.received("asha@example.com")


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
@pytest.mark.parametrize("wrong", ["authority", "host"])
def test_a_server_that_can_not_prove_who_it_is_gets_neither_password_nor_letter(
    tls, work, knows, scheme, wrong
):
    context = tls(issuer=trustme.CA()) if wrong == "authority" else tls("mail.example.org")
    context = {"ssl_context" if scheme == "smtps" else "tls_context": context}
    with MailServer(authenticator=knows, **context) as post:
        (state, attempts, error), logged, said = work(f"{scheme}://{LOGIN}@{HOST}:{post.port}")
    assert (state, attempts) == ("queued", 0)
    assert "certificate" in error.lower()
    assert logged == ["SSLCertVerificationError"]
    assert "the server takes nothing" in said
    assert (knows, post.messages, post.tries) == ([], [], [])


def test_a_login_that_is_refused_costs_no_letter_an_attempt(tls, work, knows):
    with MailServer(tls_context=tls(), authenticator=knows, auth_required=True) as post:
        found = work(f"smtp+starttls://sabha:wrong@{HOST}:{post.port}")
    (state, attempts, error), logged, said = found
    assert (state, attempts, logged) == ("queued", 0, ["535"])
    assert error.startswith("535")
    assert "535" in said


def test_a_sender_that_is_refused_costs_no_letter_an_attempt(work):
    with MailServer() as post:
        post.says_to_sender = "553 tickets@example.org may not"
        (state, attempts, error), logged, said = work(post.url)
    assert (state, attempts, logged) == ("queued", 0, ["553"])
    assert error == "553 tickets@example.org may not"
    assert "553" in said


def test_no_letter_goes_in_the_clear_where_starttls_is_wanted(work):
    with MailServer() as post:
        url = f"smtp+starttls://{HOST}:{post.port}"
        (state, attempts, _error), logged, _said = work(url)
    assert (state, attempts, logged) == ("queued", 0, ["SMTPNotSupportedError"])
    assert (post.messages, post.tries) == ([], [])
