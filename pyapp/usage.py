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

from pyapp.body import numbers_array
from pyapp.db import Database
from pyapp.pipe import DatabaseError, Statement
from pyapp.problems import Problem

log = logging.getLogger("plinth.usage")

_SECONDS = 1.0
# Rows of a batch, and rows that wait while the database is away: about 40 MB.
_BATCH, _MOST = 2000, 100_000
_LONGEST = 2147.0  # seconds that are told of one call, as microseconds in an integer
_NEVER = ("22", "23")  # what the database can make nothing of is not sent again
_RECORD = Statement(
    "select http.record_usage($1::bytea[], $2::uuid[], $3::text[], $4::text[], $5::smallint[],"
    " $6::text[], $7::integer[], $8::uuid[], $9::bigint[], $10::integer[], $11::text[])",
    formats=[0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0],
)
# What numbers are in an array in binary form: the type, and what of.
_INTEGER, _BIGINT, _UUID = (23, "i"), (20, "q"), (2950, "QQ")

# When; method, route and status; seconds, request id, token, what the cache did. Not a class: it is
# made once per request.
Row = tuple[float, tuple[str, str, int], float, str, bytes | None, str | None]


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
        self._middle = 7 << 12 | mine >> 36
        self._tail = 2 << 62 | (mine & (1 << 36) - 1) << 26
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
            await asyncio.wait_for(self._send(everything=True), seconds)
        if waiting := self._size + len(self._rows):
            log.error("%d calls are not metered: the database could not be told", waiting)

    async def _send(self, *, everything: bool = False) -> bool:
        """What waits, and what comes meanwhile only where it is worth a batch of its own; false if
        the database would not have it now."""
        self._enough.clear()
        least = 1
        while self._batch or len(self._rows) >= least:
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
            least = 1 if everything else _BATCH
        return True

    def _arrays(self, rows: list[Row]) -> list[bytes]:
        """Each kind of call once, then the calls: with thousands a second, little may be said of
        each."""
        kinds: dict[tuple[bytes | None, tuple[str, str, int], str | None], int] = {}
        places = [kinds.setdefault((r[4], r[1], r[5]), len(kinds) + 1) for r in rows]
        tokens, whats, caches = zip(*kinds, strict=True)
        methods, routes, statuses = zip(*whats, strict=True)
        whens, _, took, names, _, _ = zip(*rows, strict=True)
        millis = [int(when * 1000) for when in whens]
        lows = [self._tail | n & 0x3FFFFFF for _, n in zip(rows, self._numbers, strict=False)]
        micros = [int(min(seconds, _LONGEST) * 1_000_000) for seconds in took]
        return [
            _array("null" if t is None else f'"\\\\x{t.hex()}"' for t in tokens),
            _array((self._owner(token) or b"null").decode() for token in tokens),
            # Without a route a method could be anything.
            _array(m if r != "(none)" else r for m, r in zip(methods, routes, strict=True)),
            _array(f'"{route}"' for route in routes),
            _array(map(str, statuses)),
            _array(cache or "null" for cache in caches),
            numbers_array(*_INTEGER, places),
            numbers_array(*_UUID, [ms << 16 | self._middle for ms in millis], lows),
            numbers_array(*_BIGINT, millis),
            numbers_array(*_INTEGER, micros),
            _array(f'"{name}"' for name in names),
        ]

    def stats(self) -> dict[str, int]:
        return {
            "waiting": len(self._rows) + self._size,
            "sent_total": self._sent,
            "dropped_total": self._dropped,
        }


def _array(items: Iterable[str]) -> bytes:
    """Texts that need it are quoted already; none holds what would have to be escaped."""
    return f"{{{','.join(items)}}}".encode()
