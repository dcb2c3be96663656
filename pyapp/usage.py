"""What is used: each call leaves one row here, and the database is told of many at once.

A call pays for one append. Rows wait for a second, or until there are enough of them: that is what
a worker that is killed takes along. Their ids are made here, so that a batch which is sent again
counts once; a stop sends what is left.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count

from pyapp.db import Database
from pyapp.pipe import DatabaseError, Statement
from pyapp.problems import Problem

log = logging.getLogger("plinth.usage")

_SECONDS = 1.0
_BATCH = 1000
_MOST = 100_000  # rows that wait while the database is away: about 40 MB
_NEVER = ("22", "23")  # what the database can make nothing of is not sent again
_RECORD = Statement(
    "select http.record_usage($1::bytea[], $2::uuid[], $3::uuid[], $4::bigint[], $5::integer[],"
    " $6::text[], $7::text[], $8::smallint[], $9::integer[], $10::text[], $11::text[])"
)

# When, method, route, status, seconds, request id, token, what the cache did. Not a class: it is
# made once per request.
Row = tuple[float, str, str, int, float, str, bytes | None, str | None]


class Usage:
    def __init__(self, database: Database, owner: Callable[[bytes | None], bytes | None]) -> None:
        self._database = database
        self._owner = owner  # whose token it is, where that is known
        self._rows: deque[Row] = deque(maxlen=_MOST)
        self._batch: list[bytes] = []  # under way, or to be sent again
        self._size = 0
        self._enough = asyncio.Event()
        self._numbers = count()
        # What follows the milliseconds in an id of version 7: this worker, then a number.
        mine = int.from_bytes(os.urandom(6), "big")
        self._tail = 7 << 76 | mine >> 36 << 64 | 2 << 62 | (mine & (1 << 36) - 1) << 26
        self._told = False
        self._sent = 0
        self._dropped = 0

    def note(self, row: Row) -> None:
        """Runs once per request."""
        waiting = len(self._rows)
        if waiting >= _BATCH - 1:
            self._enough.set()
            self._dropped += waiting == _MOST  # the oldest gives way
        self._rows.append(row)

    async def keep(self) -> None:
        """Tells the database once a second, or as soon as it is worth it."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), _SECONDS)
            if not await self._send():
                await asyncio.sleep(_SECONDS)

    async def finish(self, seconds: float) -> None:
        """Sends what is left."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._send(), seconds)
        if waiting := self._size + len(self._rows):
            log.error("%d calls are not metered: the database could not be told", waiting)

    async def _send(self) -> bool:
        """Everything that waits; false if the database would not have it now."""
        self._enough.clear()
        while self._rows or self._batch:
            if not self._batch:
                self._size = min(len(self._rows), _BATCH)
                self._batch = self._arrays([self._rows.popleft() for _ in range(self._size)])
            try:
                await self._database.call("aside", _RECORD, self._batch)
            except (DatabaseError, Problem) as error:
                if not self._told:  # one line for as long as it is so
                    log.warning("calls wait to be metered: %s", error)
                self._told = True
                if not (isinstance(error, DatabaseError) and error.sqlstate.startswith(_NEVER)):
                    return False
                self._dropped += self._size
            else:
                self._told = False
                self._sent += self._size
            self._batch, self._size = [], 0
        return True

    def _arrays(self, rows: list[Row]) -> list[bytes]:
        ats, methods, routes, statuses, seconds, request_ids, tokens, caches = zip(
            *rows, strict=True
        )
        millis = [int(at * 1000) for at in ats]
        numbers = self._numbers
        ids = [f"{ms << 80 | self._tail | next(numbers) & (1 << 26) - 1:032x}" for ms in millis]
        callers = {token: place for place, token in enumerate(dict.fromkeys(tokens), 1)}
        return [
            _array("null" if t is None else f'"\\\\x{t.hex()}"' for t in callers),
            _array((self._owner(token) or b"null").decode() for token in callers),
            _array(ids),
            _array(millis),
            _array(callers[token] for token in tokens),
            _array(methods),
            _array(f'"{route}"' for route in routes),
            _array(statuses),
            _array(int(s * 1_000_000) for s in seconds),
            _array(f'"{id_}"' for id_ in request_ids),
            _array(cache or "null" for cache in caches),
        ]

    def stats(self) -> dict[str, int]:
        return {
            "waiting": len(self._rows) + self._size,
            "sent_total": self._sent,
            "dropped_total": self._dropped,
        }


def _array(items: Iterable[object]) -> bytes:
    """Texts that need it are quoted already; none holds what would have to be escaped."""
    return f"{{{','.join(map(str, items))}}}".encode()
