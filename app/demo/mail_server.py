"""A real SMTP server for the demo: it delivers to nobody, and keeps every letter in a folder."""

from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from app.demo.servers import free_port


class MailServer:
    """It takes whatever comes from this machine, into a Maildir that the mailbox page shows."""

    def __init__(self, folder: Path) -> None:
        self._controller = Controller(Mailbox(folder), "127.0.0.1", free_port())

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()
