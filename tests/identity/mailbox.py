"""A real mail server for tests: takes mail on a socket, and does what the test tells it to."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tests.conftest import free_port, until


class Mailbox:
    """What arrived, oldest first."""

    def __init__(self, **options: Any) -> None:
        self.options = options  # of aiosmtpd: TLS, who may log in
        self.arrived: list[EmailMessage] = []
        self.refused: set[str] = set()  # addresses there is no mailbox for
        self.before_reply: Callable[[], None] = lambda: None  # the message is taken, nobody told
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    # These two are called by the server, from its own thread.
    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return f"550 5.1.1 {address}: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        content = cast(bytes, envelope.content)
        self.arrived.append(message_from_bytes(content, policy=policy.default))
        self.before_reply()
        return "250 taken"

    @contextmanager
    def open(self) -> Iterator["Mailbox"]:
        controller = Controller(
            self, hostname="127.0.0.1", port=self.port, ready_timeout=20, **self.options
        )
        controller.start()
        try:
            yield self
        finally:
            controller.stop()

    def to(self, address: str) -> list[EmailMessage]:
        return [message for message in self.arrived if message["To"] == address]

    def wait(
        self, address: str, count: int = 1, words: Callable[[], str] = lambda: ""
    ) -> EmailMessage:
        """The count-th message to an address, as soon as it is there; or what the sender said."""
        until(
            lambda: len(self.to(address)) >= count, 15,
            lambda: f"no message no. {count} to {address}\n{words()}",
        )  # fmt: skip
        return self.to(address)[count - 1]


def text(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


def link(message: EmailMessage, kind: str) -> str:
    """The token of the link in a message."""
    found = re.search(rf"#{kind}=(plo_[A-Za-z0-9_-]+)$", text(message), re.M)
    assert found, text(message)
    return found[1]
