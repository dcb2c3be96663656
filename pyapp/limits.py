"""How much a caller may ask for. The database decides and counts; a worker spends what it was
granted, in its own memory, within a second: no other part has to be there for a limit to hold."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from pyapp import problems
from pyapp.db import Database
from pyapp.pipe import DatabaseError, Statement
from pyapp.problems import Problem
from pyapp.routes import Route

log = logging.getLogger("plinth.limits")

_LASTS = 1.0  # seconds a grant may be used, and a refusal is remembered; http.take counts on it
_MOST_ITEMS = 200  # in one question
_MOST_TRIES = 20  # each takes the time that http.take waits for a row
_TRIES = 3  # an answer that took longer than a grant lasts is given back, and asked for again
_TAKE = Statement(
    "select * from http.take($1::bytea[], $2::text[], $3::text[], $4::integer[], $5::integer[],"
    " $6::integer[], $7::bigint[])"
)
_TOLD = b"RateLimit-Limit: %d\r\nRateLimit-Remaining: %d\r\nRateLimit-Reset: %d\r\n"

Key = bytes | str | tuple[bytes | str, str]


class Who(NamedTuple):
    """The digest of a token, or None; the address; the route, if it has limits of its own."""

    token: bytes | None
    address: str
    route: str


@dataclass(slots=True)
class Lease:
    """What was granted, until when it may be used, and how things stood in the database then."""

    who: Who
    granted_at: int  # by the database's clock
    asked: float
    words: str
    room: int
    limit: int  # 0: there is none
    remaining: int
    reset: int
    wait: int  # more than 0: not all was granted

    def told(self, now: float) -> bytes:
        if not self.limit:
            return b""
        reset = max(ceil(self.asked + self.reset - now), 0)
        return _TOLD % (self.limit, self.remaining + self.room, reset)


@dataclass(slots=True)
class _Demand:
    """The calls of one caller that wait."""

    who: Who
    calls: list[tuple[int, asyncio.Future[bytes]]] = field(default_factory=list)
    tries: int = 0  # while somebody else holds the caller's row


class Limits:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()
        self._leases: dict[Key, Lease] = {}  # the one that ends first comes first
        self._demands: dict[Key, _Demand] = {}
        self._back: list[Lease] = []  # over, with room
        self._limited: frozenset[str] | None = None  # routes with limits of their own
        self._asking: asyncio.Task[None] | None = None
        self._ends: asyncio.TimerHandle | None = None
        self.asked = self.refused = 0

    def _key(self, token: bytes | None, address: str, name: str) -> Key:
        if self._limited is None or name in self._limited:
            return token or address, name
        return token or address

    def spend(self, token: bytes | None, address: str, route: Route) -> bytes | None:
        """The headers that tell how much is left, or None: the database has to be asked."""
        lease = self._leases.get(self._key(token, address, route.name))
        if lease is None or (now := self._loop.time()) >= lease.asked + _LASTS:
            return None
        if not lease.limit:
            return b""
        if lease.room >= route.cost:
            lease.room -= route.cost
            return lease.told(now)
        if lease.wait:
            raise self._refused(lease, now)
        return None

    async def ask(self, token: bytes | None, address: str, route: Route) -> bytes:
        """The same, for what waits until the database has answered."""
        key = self._key(token, address, route.name)
        demand = self._demands.get(key)
        if demand is None:
            name = key[1] if isinstance(key, tuple) else ""
            demand = self._demands[key] = _Demand(Who(token, address, name))
        future: asyncio.Future[bytes] = self._loop.create_future()
        demand.calls.append((route.cost, future))
        self._begin()
        return await future

    def _refused(self, lease: Lease, now: float) -> Problem:
        self.refused += 1
        wait = max(ceil(lease.asked + lease.wait - now), 1)
        detail = f"The limit of {lease.words} is reached; wait {wait} seconds."
        headers = [line.split(": ") for line in lease.told(now).decode().splitlines()]
        return problems.layer("RL001", detail, retry_after=wait, headers=headers)

    def _begin(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = self._loop.create_task(self._ask())

    async def _ask(self) -> None:
        """One question at a time, with all that waits meanwhile."""
        while self._demands or self._back:
            back, self._back = self._back[:_MOST_ITEMS], self._back[_MOST_ITEMS:]
            batch = {key: self._demands.pop(key) for key in list(self._demands)[:_MOST_ITEMS]}
            try:
                await self._take(batch, back)
            except Exception as error:
                known = isinstance(error, DatabaseError | Problem)
                log.warning("limits could not be asked for: %s", error, exc_info=not known)
                for demand in batch.values():
                    _give_up(demand)

    async def _take(self, batch: dict[Key, _Demand], back: Sequence[Lease]) -> None:
        for _ in range(_TRIES):
            items = [(lease.who, 0, 0, lease.room, lease.granted_at) for lease in back]
            for demand in batch.values():
                units = [units for units, _ in demand.calls]
                items.append((demand.who, sum(units), max(units), 0, 0))
            asked = self._loop.time()
            self.asked += 1
            row = await self._database.call("aside", _TAKE, _arrays(items))
            assert row is not None
            at, answers, routes = (part.decode() if part else "" for part in row)
            self._limited = frozenset(routes.split("\n"))
            lines = answers.split("\n")[len(back) :]
            leases = [
                _lease(demand.who, int(at), asked, line)
                for demand, line in zip(batch.values(), lines, strict=True)
            ]
            if self._loop.time() < asked + _LASTS:
                break
            back = [lease for lease in leases if lease.limit and lease.room > 0]
        else:
            raise problems.unavailable()
        now = self._loop.time()
        for (key, demand), lease in zip(batch.items(), leases, strict=True):
            if lease.room >= 0:
                self._settle(key, demand, lease, now)
            elif demand.tries < _MOST_TRIES:
                later = self._demands.setdefault(key, _Demand(demand.who))
                later.calls[:0] = demand.calls
                later.tries = demand.tries + 1
            else:
                _give_up(demand)

    def _settle(self, key: Key, demand: _Demand, lease: Lease, now: float) -> None:
        """Lets pass as many as were granted, in the order they came."""
        for units, future in demand.calls:
            if future.done():  # the client went away; what it would have used is left
                continue
            if not lease.limit or lease.room >= units:
                lease.room -= units
                future.set_result(lease.told(now))
            else:
                future.set_exception(self._refused(lease, now))
        if (old := self._leases.pop(key, None)) is not None:
            self._return(old)
        self._leases[key] = lease
        if self._ends is None:
            self._ends = self._loop.call_later(_LASTS, self._end)

    def _return(self, lease: Lease) -> None:
        if lease.limit and lease.room:
            self._back.append(lease)

    def _end(self) -> None:
        """Takes back what is over, and once a second tells the database."""
        now = self._loop.time()
        while self._leases:
            key, lease = next(iter(self._leases.items()))
            if now < lease.asked + _LASTS:
                break
            del self._leases[key]
            self._return(lease)
        if self._back:
            self._begin()
        self._ends = self._loop.call_later(_LASTS, self._end) if self._leases else None

    def stats(self) -> dict[str, int]:
        return {"asked_total": self.asked, "refused_total": self.refused}

    async def close(self) -> None:
        """Gives back what is left."""
        for lease in self._leases.values():
            lease.asked -= _LASTS
        self._end()
        if self._asking is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asking, _LASTS)


def _give_up(demand: _Demand) -> None:
    """A limit that cannot be looked up holds: nobody passes."""
    for _, future in demand.calls:
        if not future.done():
            future.set_exception(problems.unavailable("Limits cannot be checked."))


def _lease(who: Who, at: int, asked: float, line: str) -> Lease:
    *numbers, words = line.split(" ", 5)
    return Lease(who, at, asked, words, *map(int, numbers))


def _arrays(items: Sequence[tuple[Who, int, int, int, int]]) -> list[bytes]:
    """The arguments of http.take, as PostgreSQL reads arrays."""
    whos, *numbers = zip(*items, strict=True)
    columns = [
        [f'"\\\\x{who.token.hex()}"' if who.token else "null" for who in whos],
        [f'"{who.address}"' for who in whos],
        [f'"{who.route}"' for who in whos],
        *numbers,
    ]
    return ["{{{}}}".format(",".join(map(str, column))).encode() for column in columns]
