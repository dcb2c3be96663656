"""Mail: hands what the database has waiting to the mail server, and reports how it went."""

import asyncio
import json
import logging
import sys
from typing import Any

from pyapp.db import Database
from pyapp.pipe import DatabaseError, Statement
from pyapp.problems import Problem
from pyapp.settings import Settings

log = logging.getLogger("plinth.mail")

_CLAIM = Statement("select http.claim_mail($1::text)")
_SETTLE = Statement("select http.settle_mail($1::uuid, $2::uuid, $3::int, $4::text, $5::int)")
# After a minute the database hands a message out again: by then all is sent and reported.
_SEND_SECONDS, _REPORT_SECONDS = 40.0, 55.0


async def deliver(database: Database, settings: Settings, stop: asyncio.Event) -> None:
    """Everything that is due. Without a mail server development reads it, elsewhere it waits."""
    if not settings.smtp_url and settings.env != "development":
        return
    now = asyncio.get_running_loop().time
    while not stop.is_set():
        row = await database.call("write", _CLAIM, (settings.public_url.encode(),))
        if row is None or row[0] is None:
            return
        began, mails = now(), json.loads(row[0])
        if not settings.smtp_url:
            for mail in mails:
                _show(mail)
                await _settle(database, mail, None, None, began + _REPORT_SECONDS)
            continue
        from pyapp.smtp import Server  # noqa: PLC0415 - only where there is a mail server

        server = Server(settings.smtp_url, settings)
        for mail in mails:
            if stop.is_set():
                break
            error, code = await server.send(mail, began + _SEND_SECONDS)
            await _settle(database, mail, error, code, began + _REPORT_SECONDS)
        await server.close()


def _show(mail: dict[str, Any]) -> None:
    """Past the log, which would make the link unreadable."""
    text = f"\nMail to {mail['address']}: {mail['subject']}\n\n{mail['body']}"
    print(text.replace("\n", "\n  "), file=sys.stderr, flush=True)


async def _settle(
    database: Database, mail: dict[str, Any], error: str | None, code: int | None, deadline: float
) -> None:
    """Until the database knows: what it is not told of, it hands out again."""
    if error is not None:
        # The server's words may name the address; they are kept with the message.
        log.warning("message %s was not sent (%s)", mail["id"], code or error.partition(":")[0])
    told = [mail["user_id"], mail["id"], f"{mail['attempt']}", error, f"{code}" if code else None]
    values = [None if text is None else text.encode() for text in told]
    while True:
        try:
            await database.call("write", _SETTLE, values)
        except (DatabaseError, Problem):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.2)
        else:
            return
