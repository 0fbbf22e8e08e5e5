"""A real SMTP server that takes mail, refuses it, puts it off, or breaks off."""

import asyncio
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller

from app.demo.servers import free_port


class Noting(Controller):
    """It knows whose connections are open."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.connections = []

    def factory(self):
        self.connections.append(super().factory())
        return self.connections[-1]

    async def all_have_left(self, within=0.2):
        until = self.loop.time() + within
        while any(one.transport for one in self.connections) and self.loop.time() < until:
            await asyncio.sleep(0.005)


class MailServer:
    """Takes everything unless told otherwise: `says` maps a recipient to the answer to RCPT."""

    def __init__(self, port=0, **options):
        self.port = port or free_port()
        self.options = options
        self.messages, self.says, self.tries = [], {}, []
        self.after_data = None
        """Called with the connection once a message is taken, before that is answered."""
        self.sessions = 0
        self.says_to_sender = "250 fine"

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def start(self):
        self._controller = Noting(self, "127.0.0.1", self.port, **self.options)
        self._controller.start()
        return self

    def stop(self):
        # Who has gone is noticed first; a loop that ends before leaves the connection open.
        left = self._controller.all_have_left()
        asyncio.run_coroutine_threadsafe(left, self._controller.loop).result()
        self._controller.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()

    def received(self, recipient=None):
        """The messages taken, or those to one recipient."""
        return [m for to, m in self.messages if recipient in (None, to)]

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if self.says_to_sender.startswith("250"):
            envelope.mail_from = address
        return self.says_to_sender

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        self.tries.append(address)
        answer = self.says.get(address, "250 fine")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        content = message_from_bytes(envelope.content, policy=policy.default)
        self.messages += [(to, content) for to in envelope.rcpt_tos]
        if self.after_data:
            self.after_data(server)
        return "250 taken"


def break_off(server):
    """Close the connection without an answer."""
    server.transport.abort()
