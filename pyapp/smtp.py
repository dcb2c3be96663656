"""The mail server, seen from here: takes a message, or says why not."""

import asyncio
import contextlib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from pyapp.settings import Settings

_STEP_SECONDS = 10.0  # how long the server may take for one step


class Server:
    def __init__(self, address: str, settings: Settings) -> None:
        self._sender = settings.mail_from or f"plinth@{urlsplit(settings.public_url).hostname}"
        url = urlsplit(address)
        local = url.hostname in ("localhost", "127.0.0.1", "::1")
        # A password goes over an open wire only to this machine, or where somebody asked for it.
        cautious = "always" if url.password and not local else "auto"
        starttls = parse_qs(url.query).get("starttls", [cautious])[0]
        self._client = aiosmtplib.SMTP(
            hostname=url.hostname,
            port=url.port,
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            use_tls=url.scheme == "smtps",
            start_tls={"always": True, "never": False, "auto": None}[starttls],
            timeout=_STEP_SECONDS,
            local_hostname="plinth",  # else it asks DNS for its own name
        )

    async def send(self, mail: dict[str, Any], deadline: float) -> tuple[str | None, int | None]:
        """What went wrong, and what the server answered if it was about this very message."""
        try:
            async with asyncio.timeout_at(deadline):
                if not self._client.is_connected:
                    await self._client.connect()
                await self._client.send_message(self._message(mail))
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            return f"{refused.code} {refused.message}", refused.code
        except aiosmtplib.SMTPDataError as error:
            return f"{error.code} {error.message}", error.code
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}", None
        return None, None

    def _message(self, mail: dict[str, Any]) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self._sender, mail["address"]
        message["Subject"], message["Date"] = mail["subject"], datetime.now(UTC)
        # The same whenever it is sent again.
        message["Message-ID"] = f"<{mail['id']}@{parseaddr(self._sender)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail["body"])
        return message

    async def close(self) -> None:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await self._client.quit()
