"""One SMTP conversation for many messages, and what a refusal means for the message."""

import contextlib
import smtplib
import ssl
from email.message import EmailMessage

from app.lib.mail_server import MailServer

TIMEOUT = 30.0
"""Seconds to wait for each answer."""
MAX_MESSAGES = 100
"""Messages in one connection; some servers end it after that many."""
TOO_LARGE = 552


class Away(Exception):
    """The server can't be talked to at all, or takes nothing from us: no message is to blame."""

    def __init__(self, reason: str, code: str) -> None:
        self.code = code
        """The answer's number, or the error's name: what a log may hold, unlike an answer's words,
        which may quote addresses."""
        super().__init__(reason)


class Refused(Exception):
    """The server does not take this message: for good, or for now."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        self.for_good = for_good
        super().__init__(reason)


class Interrupted(Exception):
    """The conversation broke off; nobody knows whether the message was taken."""


class SMTPConnection:
    """Opened when the first message is sent, and again when it was lost."""

    def __init__(self, server: MailServer, timeout: float = TIMEOUT) -> None:
        self._server, self._timeout = server, timeout
        self._smtp: smtplib.SMTP | None = None
        self._sent = 0

    def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Send one message. Raises `Away`, `Refused`, `Interrupted`."""
        smtp = self._open()
        try:
            smtp.send_message(message, sender, [recipient])
        except smtplib.SMTPResponseException as error:
            self._end_if_closing(error.smtp_code)
            reason = _words(error.smtp_code, error.smtp_error)
            # A sender who is refused is refused with every message, unless this one is too large.
            if isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code != TOO_LARGE:
                self.close()
                raise Away(reason, str(error.smtp_code)) from None
            raise Refused(reason, for_good=error.smtp_code >= 500) from None
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            self._end_if_closing(code)
            raise Refused(_words(code, words), for_good=code >= 500) from None
        except smtplib.SMTPNotSupportedError:
            reason = "the mail server takes no letters beyond ASCII in an address (SMTPUTF8)"
            raise Refused(reason, for_good=True) from None
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Interrupted(f"the connection broke off ({type(error).__name__})") from None
        self._sent += 1

    def check(self, sender: str) -> None:
        """Connect, sign in, and ask whether the sender is taken; nothing is sent. Raises `Away`."""
        try:
            smtp = self._open()
            smtp.ehlo_or_helo_if_needed()
            code, words = smtp.mail(sender)
            smtp.rset()
        except (smtplib.SMTPException, OSError) as error:
            name = type(error).__name__
            raise Away(name, name) from None
        finally:
            self.close()
        if code >= 400:
            raise Away(_words(code, words), str(code))

    def close(self) -> None:
        """End the conversation politely; the next message begins another."""
        if self._smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
        self._drop()

    def _open(self) -> smtplib.SMTP:
        if self._sent >= MAX_MESSAGES:
            self.close()
        if self._smtp is None:
            try:
                self._smtp = self._connect()
            except smtplib.SMTPResponseException as error:
                self._drop()
                reason = _words(error.smtp_code, error.smtp_error)
                raise Away(reason, str(error.smtp_code)) from None
            except (smtplib.SMTPException, OSError) as error:
                self._drop()
                name = type(error).__name__
                raise Away(f"{name}: {error}"[:200], name) from None
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout, context=_tls()
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            if server.scheme == "smtp+starttls":
                smtp.starttls(context=_tls())
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _end_if_closing(self, code: int) -> None:
        # 421: the server ends the conversation (RFC 5321, 3.8). smtplib has closed it for some.
        if code == 421:
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp, self._sent = None, 0


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _words(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:300]
