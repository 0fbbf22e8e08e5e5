"""A letter as the message that a mail server takes (RFC 5322, MIME)."""

from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime
from typing import cast

from app.config import Settings
from app.lib.emails import ascii_domain
from app.models import Mail
from app.services.letters import Letter


def message_of(letter: Letter, mail: Mail, settings: Settings) -> EmailMessage:
    """Return the message: text and HTML as alternatives, the HTML with its pictures, files.

    `Message-ID` and `Date` are the same at each attempt. Raises `ValueError` for an address that
    no message can name; no header holds a line end, whatever a name holds.
    """
    message = EmailMessage()
    sender = ascii_domain(settings.sender)
    message["Message-ID"] = f"<{mail.message_id}@{sender.rpartition('@')[2]}>"
    message["Date"] = format_datetime(mail.created_at)
    name = one_line(settings.organiser_name) or "Utsavam"
    message["From"] = Address(display_name=name, addr_spec=sender)
    message["To"] = Address(addr_spec=ascii_domain(mail.recipient))
    if settings.mail_reply_to:
        message["Reply-To"] = Address(addr_spec=ascii_domain(settings.mail_reply_to))
    message["Subject"] = one_line(letter.subject)
    # No answer of an absent reader's mail program is wanted (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    page = cast("list[MIMEPart]", message.get_payload())[1]
    for cid, picture in letter.pictures.items():
        page.add_related(picture, "image", "png", cid=f"<{cid}>", disposition="inline")
    for file in letter.files:
        main, _, sub = file.kind.partition("/")
        # As bytes: line ends of a calendar are part of its format.
        message.add_attachment(
            file.content, main, sub, filename=file.name, params={"charset": "utf-8"}
        )
    return message


def one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
