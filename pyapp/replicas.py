"""Replicas: copies of the database that answer what only reads, while the primary vouches.

Who is calling is the primary's to say, never a replica's. Its word (`http.vouch`) is signed, good
for a few seconds, and names a position of its log; a replica that is not that far refuses
(`http.present_vouch`). The word is kept in Redis under what makes it void: an ended session, a
changed permission, a write of this user. So the next read after a write gets a new word, and the
replica that answers it has the write. Whatever a replica does not answer, the primary does.
"""

import asyncio
import logging
from contextlib import suppress
from functools import lru_cache
from typing import Any

from pyapp.cache import Cache, CacheDown, Place
from pyapp.db import SHARED, Database, Lane
from pyapp.pipe import Before, ConnectionLost, DatabaseError, Row, Statement, Values
from pyapp.problems import Problem
from pyapp.routes import Route
from pyapp.settings import Settings

log = logging.getLogger("plinth.replicas")

_LOOK = 1.0  # how often each replica is asked how it does
_PATIENCE = 0.25  # seconds after which the primary is asked as well
_FIRST_REST, _LAST_REST = 0.01, 0.5  # seconds a replica that is not far enough is left alone
_MOST_BEATS = 120
_BEAT = Statement("select http.beat()")
_STATE = Statement("select * from http.replica_state()")
_PRESENT = Statement("select http.present_vouch($1::text)")
_place = lru_cache(maxsize=20_000)(Place.of)


class Replica:
    """One of them, and how it did when it was last looked at."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.up = False
        self.fault = "not asked yet"
        self.lag = 0.0
        self.rests_until = self.rest = 0.0
        self.answers = self.refused = self.failed = 0

    def found(self, fault: str, lag: float = 0.0) -> None:
        if fault != self.fault:
            log.warning("%s %s", self.lane.name, fault or "answers")
        self.up, self.fault, self.lag = not fault, fault, lag


class Replicas:
    def __init__(self, settings: Settings, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache
        self._max_lag = settings.replica_max_lag
        size = settings.replica_connections
        self.all = [
            Replica(Lane(settings, f"replica{n}", url, (size, size * 3), SHARED, slow=False))
            for n, url in enumerate(settings.replica_urls, 1)
        ]
        self._beats: dict[bytes, float] = {}  # when this worker first heard of each
        self._primary = 0  # what a replica might have answered, and the primary did

    async def start(self) -> None:
        for replica in self.all:
            replica.lane.start()

    async def read(
        self, route: Route, statement: Statement, owner: bytes, token: bytes, values: Values
    ) -> Row | None:
        """What a replica answers, or nothing. An error of its own is nothing, too: what is not
        there may be only on its way, so the primary has the last word."""
        row = None
        if self._choose() is not None:
            vouch = await self._vouch(route, owner, token, values)
            if vouch is not None and (replica := self._choose()) is not None:
                row = await self._ask(replica, statement, vouch, values)
        if row is None:
            self._primary += 1
        return row

    def _choose(self) -> Replica | None:
        """The least loaded that is well and not known to be behind."""
        now = asyncio.get_running_loop().time()
        best, least = None, SHARED
        for replica in self.all:
            if replica.up and replica.rests_until <= now:
                pipe = replica.lane.choose()
                if pipe is not None and pipe.load < least:
                    best, least = replica, pipe.load
        return best

    async def _ask(
        self, replica: Replica, statement: Statement, vouch: bytes, values: Values
    ) -> Row | None:
        try:
            row = await _send(replica.lane, statement.replica, values, (_PRESENT, (vouch,)))
        except DatabaseError as error:
            if error.sqlstate == "SV503":
                replica.refused += 1
                replica.rest = min(max(replica.rest * 2, _FIRST_REST), _LAST_REST)
                replica.rests_until = asyncio.get_running_loop().time() + replica.rest
            else:
                replica.failed += 1
        except (ConnectionLost, TimeoutError):
            replica.failed += 1
        else:
            replica.rest = 0.0
            replica.answers += 1
            return row
        return None

    async def _vouch(
        self, route: Route, owner: bytes, token: bytes, values: Values
    ) -> bytes | None:
        """The primary's word for this caller and this kind of question: kept, or a new one."""
        assert route.vouch is not None
        cache = self._cache
        if not cache.up:
            return None
        tags = (*route.cache_tags, "written")
        place = _place(cache.prefix, owner, token, tags, route.vouch_name)
        try:
            kept, *versions = await cache.read(place.ask)
            word, head = cache.believed(place, kept, versions)
            if word is not None:
                return word
            head = head or place.head(await cache.begin(place.tags))
        except CacheDown:
            return None
        # Versions are read before the word is given: what happens meanwhile makes it void.
        try:
            row = await self._database.call("read", route.vouch, values[:2])
        except (DatabaseError, Problem):
            return None  # the primary says why, when it is asked the question itself
        if row is None or row[0] is None:
            return None
        cache.store(place.key, head + row[0], self._max_lag)
        return row[0]

    async def watch(self) -> None:
        """Looks after each replica, as long as there is one."""
        while self.all:
            newest = None
            with suppress(DatabaseError, Problem):
                row = await self._database.call("aside", _BEAT, ())
                newest = row[0] if row else None
            now = asyncio.get_running_loop().time()
            if newest is not None:
                self._beats.setdefault(newest, now)
            while len(self._beats) > _MOST_BEATS:
                del self._beats[next(iter(self._beats))]
            await asyncio.gather(*(self._look_at(replica, newest, now) for replica in self.all))
            await asyncio.sleep(_LOOK)

    async def _look_at(self, replica: Replica, newest: bytes | None, now: float) -> None:
        try:
            row = await _send(replica.lane, _STATE)
        except (DatabaseError, ConnectionLost, TimeoutError):
            row = None
        if row is None:
            return replica.found("does not answer")
        recovering, beats = row
        if recovering != b"t":
            return replica.found("is no replica")
        # Of the beats it has, the last that this worker heard of.
        its = [beat for beat in (beats or b"").strip(b"{}").split(b",") if beat in self._beats]
        if not its:
            return replica.found("does not follow the primary, or only from far behind")
        lag = 0.0 if newest is None or its[0] == newest else now - self._beats[its[0]]
        if lag > self._max_lag:
            return replica.found(f"is more than {self._max_lag} s behind", lag)
        return replica.found("", lag)

    def told(self) -> list[dict[str, Any]]:
        """How each does, for people."""
        return [
            {"name": r.lane.name, "up": r.up, "fault": r.fault, "lag_seconds": round(r.lag, 3)}
            for r in self.all
        ]

    def stats(self) -> dict[str, Any]:
        lanes = {
            r.lane.name: r.lane.stats()
            | {
                "up": r.up,
                "lag_seconds": r.lag,
                "answers_total": r.answers,
                "refused_total": r.refused,
                "failed_total": r.failed,
            }
            for r in self.all
        }
        return {"lanes": lanes, "primary_total": self._primary}

    async def close(self) -> None:
        for replica in self.all:
            await replica.lane.close()


async def _send(
    lane: Lane, statement: Statement | None, values: Values = (), first: Before | None = None
) -> Row | None:
    pipe = lane.choose()
    if pipe is None or statement is None:
        raise ConnectionLost
    lane.watch()
    async with asyncio.timeout(_PATIENCE):
        return await pipe.send(statement, values, first)
