"""The database as the layer sees it: lanes of connections, bounded retries, no SQL."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from pyapp import problems
from pyapp.pipe import OUTDATED, ConnectionLost, DatabaseError, Pipe, Row, Statement
from pyapp.settings import Settings

log = logging.getLogger("plinth.db")

_STALL = 0.02  # seconds after which the calls behind a slow one are no longer left behind it
_TICK = 0.01  # how often shared connections are looked at while calls are under way
_SURPLUS_IDLE = 60.0
# Failures that undid everything and may pass: how often each is tried again.
_AGAIN = {"40001": 3, "40P01": 3, "55P03": 1}


class Lane:
    """Connections of one kind: reads share one, `deep` at a time; a writer has it to itself."""

    def __init__(
        self, name: str, dsn: str, size: int, most: int, *, deep: int, waiting: int, patience: float
    ):
        self.name = name
        self.dsn = dsn
        self.size = size
        self.most = most
        self.deep = deep
        self.waiting_limit = waiting
        self.patience = patience
        self.pipes: list[Pipe] = []
        self.waiting = 0
        self.opening = 0
        self.opened = 0
        self.lost = 0
        self._watching = False
        self._freed = asyncio.Event()
        self._retry_at = 0.0
        self._delay = 0.05
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    def choose(self) -> Pipe | None:
        """The least loaded connection that has room and does not hang on a slow call."""
        best: Pipe | None = None
        for pipe in self.pipes:
            load = pipe.load
            if load == 0:
                return pipe
            if load < self.deep and (best is None or load < best.load) and not pipe.slow:
                best = pipe
        return best

    async def acquire(self) -> Pipe:
        pipe = self.choose()
        if pipe is not None:
            return pipe
        if self.waiting >= self.waiting_limit:
            raise problems.unavailable("Too many calls are waiting already.")
        deadline = asyncio.get_running_loop().time() + self.patience
        self.waiting += 1
        try:
            while pipe is None:
                self.grow()
                self._freed.clear()
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    raise problems.unavailable("No connection to the database became free in time.")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._freed.wait(), min(left, 0.1))
                pipe = self.choose()
            return pipe
        finally:
            self.waiting -= 1

    def watch(self) -> None:
        """Looks at shared connections while calls are under way: what only reads and waits behind
        a slow one is sent once more, elsewhere; the first answer counts."""
        if not self._watching:
            self._watching = True
            asyncio.get_running_loop().call_later(_TICK, self._look)

    def _look(self) -> None:
        self._watching = False
        now = asyncio.get_running_loop().time()
        for pipe in list(self.pipes):
            if pipe.load:
                self.watch()
            if pipe.held(now) >= _STALL:
                pipe.slow = True
        for pipe in [pipe for pipe in self.pipes if pipe.slow]:
            for call in pipe.behind():
                other = self.choose()
                if other is None:
                    self.grow()
                    break
                call.again = True
                with contextlib.suppress(ConnectionLost):
                    other.send(call.statement, call.values).add_done_callback(
                        partial(_settle, call.future)
                    )

    def free(self) -> None:
        if self.waiting:
            self._freed.set()

    def grow(self) -> None:
        if self._closed or self.opening or len(self.pipes) >= self.most:
            return
        if asyncio.get_running_loop().time() < self._retry_at:
            return
        self.opening += 1
        task = asyncio.create_task(self._open())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            # Not libpq's own connect in a thread: it keeps the interpreter for all of its time-out.
            connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True)
        except Exception as error:
            self._retry_at = loop.time() + self._delay
            if self._delay == 0.05:
                log.warning("cannot connect (%s lane): %s", self.name, error)
            self._delay = min(self._delay * 2, 1.0)
        else:
            if self._closed:
                await connection.close()
                return
            self._delay = 0.05
            self.opened += 1
            self.pipes.append(Pipe(connection.pgconn, self._forget, owner=connection))
        finally:
            self.opening -= 1
            self._freed.set()

    def _forget(self, pipe: Pipe) -> None:
        self.pipes.remove(pipe)
        if not self._closed:
            self.lost += 1
            self._freed.set()

    def tend(self, now: float, hang: float) -> None:
        """Keeps the lane at its size; gives up connections that hang or are not needed."""
        for pipe in list(self.pipes):
            if not pipe.alive():
                continue
            if pipe.held(now) > hang:
                log.error(
                    "a connection of the %s lane has not answered for %.0f s", self.name, hang
                )
                pipe.lose()
            elif (
                len(self.pipes) > self.size
                and not pipe.load
                and pipe.idle_since < now - _SURPLUS_IDLE
            ):
                self.pipes.remove(pipe)
                pipe.close()
        if len(self.pipes) < self.size:
            self.grow()
        self.free()

    async def close(self) -> None:
        self._closed = True
        for pipe in list(self.pipes):
            pipe.lose()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _settle(first: asyncio.Future[Row | None], second: asyncio.Future[Row | None]) -> None:
    """The answer to a call that was sent twice. It may wait behind a slow one there as well, and
    is sent on from there; a connection that is lost there leaves the first one to itself."""
    error = second.exception()
    if first.done() or isinstance(error, ConnectionLost):
        return
    if error is None:
        first.set_result(second.result())
    else:
        first.set_exception(error)


class Database:
    def __init__(self, settings: Settings, dsn: str) -> None:
        self._settings = settings
        self._listen_dsn = settings.direct_url or dsn
        s = settings
        self.lanes: dict[str, Lane] = {}
        for name, size, most, deep, seconds in (
            # Shared: what only reads can be sent twice, so no call is held up by a slow one.
            ("read", s.read_connections, s.read_connections * 3, 64, s.statement_timeout),
            # To itself: what writes waits for the disk or a lock, and nothing may wait behind it.
            ("write", s.write_connections, s.write_connections * 2, 1, s.statement_timeout),
            ("slow", s.slow_connections, s.slow_connections, 1, s.slow_timeout),
            ("hash", s.hash_connections, s.hash_connections, 1, s.slow_timeout),
        ):
            options = {
                "statement_timeout": f"{int(seconds * 1000)}ms",
                "lock_timeout": f"{int(s.lock_timeout * 1000)}ms",
                "default_transaction_read_only": "on" if name == "read" else "off",
                **s.keys,
            }
            self.lanes[name] = Lane(
                name,
                make_conninfo(
                    dsn,
                    options=" ".join(f"-c {key}={value}" for key, value in options.items()),
                    application_name=f"plinth {name}",
                    connect_timeout=3,
                ),
                size,
                most,
                deep=deep,
                waiting=1000 if name == "read" else 64,
                patience=10.0 if name in ("hash", "slow") else s.acquire_timeout,
            )
        self.calls = 0
        self.retries = 0
        self._tender: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to connect; whether the database is there shows in `ready`."""
        self._tender = asyncio.create_task(self._tend())

    @property
    def ready(self) -> bool:
        return bool(self.lanes["read"].pipes)

    async def _tend(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            for lane in self.lanes.values():
                hang = (
                    self._settings.slow_timeout
                    if lane.patience > 5
                    else self._settings.statement_timeout
                )
                lane.tend(now, hang + 2)
            await asyncio.sleep(0.25)

    async def call(
        self, lane_name: str, statement: Statement, values: Sequence[bytes | None]
    ) -> Row | None:
        """One statement, one transaction, one round trip; again only where nothing has happened."""
        lane = self.lanes[lane_name]
        reads = lane_name == "read"
        self.calls += 1
        attempt = 0
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + lane.patience
        while True:
            attempt += 1
            pipe = lane.choose() or await lane.acquire()
            try:
                if reads:
                    lane.watch()
                    return await pipe.send(statement, values)
                try:
                    return await pipe.send(statement, values)
                finally:
                    lane.free()
            except DatabaseError as error:
                if error.sqlstate in OUTDATED:
                    if attempt > 1:
                        raise
                elif error.sqlstate[:3] == "57P" and reads and attempt <= 3:
                    pass
                elif attempt > _AGAIN.get(error.sqlstate, 0):
                    raise
                else:
                    await asyncio.sleep(0.02 * 2**attempt * random.random())  # noqa: S311
            except ConnectionLost:
                # What only reads may be asked again; what writes may have happened.
                if not reads or loop.time() > patient_until:
                    raise problems.unavailable("The connection to the database was lost.") from None
            self.retries += 1

    async def listen(self, *channels: str) -> AsyncIterator[tuple[str, str]]:
        """What other sessions notify, until the connection is lost; the caller listens again."""
        dsn = make_conninfo(self._listen_dsn, application_name="plinth listen", connect_timeout=3)
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            for channel in channels:
                await connection.execute(f"listen {channel}")
            yield "", ""
            async for notice in connection.notifies():
                yield notice.channel, notice.payload

    def stats(self) -> dict[str, Any]:
        lanes = {
            name: {
                "open": len(lane.pipes),
                "busy": sum(1 for pipe in lane.pipes if pipe.load),
                "in_flight": sum(pipe.load for pipe in lane.pipes),
                "waiting": lane.waiting,
                "opened_total": lane.opened,
                "lost_total": lane.lost,
            }
            for name, lane in self.lanes.items()
        }
        return {"lanes": lanes, "calls_total": self.calls, "retries_total": self.retries}

    async def close(self) -> None:
        if self._tender is not None:
            self._tender.cancel()
        for lane in self.lanes.values():
            await lane.close()
