"""The database as the layer sees it: lanes of connections, bounded retries, no SQL."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from pyapp import problems
from pyapp.pipe import OUTDATED, ConnectionLost, DatabaseError, Pipe, Row, Statement, Values
from pyapp.settings import Settings

log = logging.getLogger("plinth.db")

SHARED = 64  # calls at a time on a connection of those that only read
_STALL = 0.02  # seconds after which the calls behind a slow one are no longer left behind it
_TICK = 0.01  # how often shared connections are looked at while calls are under way
_LOOK = 0.25  # how often each connection is looked at otherwise
_SURPLUS_LOOKS = 240  # a surplus connection that was idle at so many looks is closed
_IDLE_LOOKS = 40  # one that was idle at so many looks is asked whether it is still there
_ALIVE = Statement("select pg_is_in_recovery()")
_FIRST_DELAY, _LAST_DELAY = 0.05, 0.5  # seconds between attempts to connect
_PATIENCE_SLOW = 10.0  # seconds a call waits for a connection of the lanes that take long
# Failures that undid everything and may pass: how often each is tried again.
# KC009: the same, such as the first call with the key, is under way; in a second it may be over.
_AGAIN = {"40001": 3, "40P01": 3, "55P03": 1, "KC009": 8} | dict.fromkeys(OUTDATED, 1)
_SAFE_AGAIN = _AGAIN | {"57P01": 3, "57P02": 3, "57P03": 3}
_LONGEST_PAUSE = 0.25


class Lane:
    """Connections of one kind: reads share one, `deep` at a time; a writer has it to itself.

    `size` of them are always kept; while calls wait there may be up to `most`."""

    def __init__(
        self, s: Settings, name: str, dsn: str, sizes: tuple[int, int], deep: int, *, slow: bool
    ) -> None:
        seconds = s.slow_timeout if slow else s.statement_timeout
        options = {
            "statement_timeout": f"{int(seconds * 1000)}ms",
            "lock_timeout": f"{int(s.lock_timeout * 1000)}ms",
            "default_transaction_read_only": "on" if deep > 1 else "off",
            **({"synchronous_commit": "off"} if name == "aside" else {}),
            **s.keys,
            **s.limits,
            **s.replicas,
        }
        self.name = name
        self.dsn = make_conninfo(
            dsn,
            options=" ".join(f"-c {key}={value}" for key, value in options.items()),
            application_name=f"plinth {name}",
            connect_timeout=3,
        )
        self.size, self.most = sizes
        self.deep = deep
        self.most_waiting = 1000 if deep > 1 else 64
        # Seconds a call waits for a connection; after which one that does not answer is given up;
        # that one is used.
        self.patience = _PATIENCE_SLOW if slow else s.acquire_timeout
        self.hang = seconds + 2
        self.life = s.connection_lifetime
        self.pipes: list[Pipe] = []
        self.waiting = 0
        self.opened = 0
        self.lost = 0
        self._loop = asyncio.get_running_loop()
        self._keepers: set[asyncio.Task[None]] = set()
        self.freed = asyncio.Event()
        self._watching = False

    def start(self) -> None:
        for _ in range(self.size):
            self._begin(surplus=False)

    def choose(self) -> Pipe | None:
        """The least loaded connection that has room."""
        best: Pipe | None = None
        least = self.deep
        for pipe in self.pipes:
            if pipe.usable and (load := pipe.load) < least:
                best, least = pipe, load
        return best

    async def acquire(self) -> Pipe:
        if self.waiting >= self.most_waiting:
            raise problems.unavailable("Too many calls are waiting already.")
        self.waiting += 1
        try:
            async with asyncio.timeout(self.patience):
                while (pipe := self.choose()) is None:
                    self._grow()
                    self.freed.clear()
                    await self.freed.wait()
                return pipe
        except TimeoutError:
            detail = "No connection to the database became free in time."
            raise problems.unavailable(detail) from None
        finally:
            self.waiting -= 1

    def watch(self) -> None:
        """Looks at shared connections while calls are under way: what only reads and waits behind
        a slow one is sent once more, elsewhere; the first answer counts."""
        if not self._watching:
            self._watching = True
            self._loop.call_later(_TICK, self._send_past_slow_ones)

    def _send_past_slow_ones(self) -> None:
        self._watching = False
        now = self._loop.time()
        for pipe in self.pipes:
            if pipe.load:
                self.watch()
            if pipe.held(now) >= _STALL:
                pipe.usable = False
        for call in [c for p in self.pipes if not p.usable for c in p.behind(p.held(now))]:
            if (other := self.choose()) is None:
                self._grow()
                break
            other.give(call)

    def _grow(self) -> None:
        """One connection more, unless one is being made already."""
        if len(self.pipes) == len(self._keepers) < self.most:
            self._begin(surplus=True)

    def _begin(self, *, surplus: bool) -> None:
        task = self._loop.create_task(self._keep(surplus))
        self._keepers.add(task)
        task.add_done_callback(self._keepers.discard)

    async def _keep(self, surplus: bool) -> None:
        """One connection: made and made again whenever it is lost; a surplus one, until it is."""
        delay = _FIRST_DELAY
        while True:
            try:
                # Not libpq's own connect in a thread: it holds the interpreter while it waits.
                connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True)
            except Exception as error:
                if delay == _FIRST_DELAY:
                    log.warning("cannot connect (%s lane): %s", self.name, error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LAST_DELAY)
                continue
            delay = _FIRST_DELAY
            pipe = Pipe(connection)
            self.pipes.append(pipe)
            self.opened += 1
            self.freed.set()
            try:
                await self._tend(pipe, surplus)
                self.pipes.remove(pipe)  # no further call is sent on it
                while pipe.load and pipe.held(self._loop.time()) <= self.hang:
                    await _pause(pipe)
            finally:
                with suppress(ValueError):
                    self.pipes.remove(pipe)
                pipe.lose()
            if surplus:
                return

    async def _tend(self, pipe: Pipe, surplus: bool) -> None:
        """Until the connection is lost, hangs, is old, or is not needed any more."""
        # Not all at once: those of one start are not of one age.
        old = self._loop.time() + self.life * random.uniform(0.8, 1)  # noqa: S311
        idle = 0
        while not (surplus and idle >= _SURPLUS_LOOKS) and self._loop.time() < old:
            await _pause(pipe)
            if not pipe.alive():
                self.lost += 1
                return
            if pipe.held(self._loop.time()) > self.hang:
                log.error("a connection (%s lane) has not answered in time", self.name)
                self.lost += 1
                return
            idle = 0 if pipe.load else idle + 1
            if idle % _IDLE_LOOKS == _IDLE_LOOKS - 1:
                pipe.send(_ALIVE, ()).add_done_callback(self._was_alive)

    def _was_alive(self, asked: asyncio.Future[Row | None]) -> None:
        asked.exception()  # a connection that is lost shows by itself
        self.freed.set()

    def stats(self) -> dict[str, float]:
        return {
            "open": len(self.pipes),
            "busy": sum(1 for pipe in self.pipes if pipe.load),
            "in_flight": sum(pipe.load for pipe in self.pipes),
            "waiting": self.waiting,
            "opened_total": self.opened,
            "lost_total": self.lost,
        }

    async def close(self) -> None:
        for task in self._keepers:
            task.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)


async def _pause(pipe: Pipe) -> None:
    """Until the next look, or until the connection is lost."""
    with suppress(TimeoutError):
        await asyncio.wait_for(pipe.gone.wait(), _LOOK)


class Database:
    def __init__(self, s: Settings, dsn: str) -> None:
        # Of several hosts the one that is no replica, and never one that is not promoted yet. Said
        # here, because by libpq's read-write the lane that only reads would find none.
        urls = s.direct_url or dsn, dsn
        self._listen_dsn, dsn = (make_conninfo(u, target_session_attrs="primary") for u in urls)
        self.calls = 0
        self.retries = 0
        self.lanes: dict[str, Lane] = {}
        for name, size, most, deep in (
            # Shared: what only reads can be sent twice, so no call is held up by a slow one.
            ("read", s.read_connections, s.read_connections * 3, SHARED),
            # To itself: what writes waits for the disk or a lock, and nothing may wait behind it.
            ("write", s.write_connections, s.write_connections * 2, 1),
            ("slow", s.slow_connections, s.slow_connections, 1),
            ("hash", s.hash_connections, s.hash_connections, 1),
            # What the layer notes by itself, much at a time: a crash may forget the last of it.
            ("aside", s.aside_connections, s.aside_connections, 1),
        ):
            slow = name in ("slow", "hash")
            self.lanes[name] = Lane(s, name, dsn, (size, most), deep, slow=slow)

    async def start(self) -> None:
        """Begins to connect; whether the database is there shows in `ready`."""
        for lane in self.lanes.values():
            lane.start()

    @property
    def ready(self) -> bool:
        return bool(self.lanes["read"].pipes)

    async def call(
        self, lane_name: str, statement: Statement, values: Values, *, once: bool = False
    ) -> Row | None:
        """One statement, one transaction, one round trip; again only where nothing has happened,
        or where, once it has, it does not happen again."""
        lane = self.lanes[lane_name]
        reads = lane_name == "read"
        safe = reads or once
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + lane.patience
        self.calls += 1
        failed: dict[str, int] = {}  # a lock that timed out uses up no try of another kind
        while True:
            pipe = lane.choose() or await lane.acquire()
            if reads:
                lane.watch()
            pause = 0.0
            try:
                return await pipe.send(statement, values)
            except DatabaseError as error:
                attempt = failed[error.sqlstate] = failed.get(error.sqlstate, 0) + 1
                if attempt > (_SAFE_AGAIN if safe else _AGAIN).get(error.sqlstate, 0):
                    raise
                pause = min(0.02 * 2**attempt, _LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311
            except ConnectionLost:
                # What writes may have happened.
                if not safe or loop.time() > patient_until:
                    raise problems.unavailable("The connection to the database was lost.") from None
            finally:
                lane.freed.set()
            await asyncio.sleep(pause)
            self.retries += 1

    async def listen(
        self, heard: Callable[[str], None], deaf: Callable[[], None], *channels: str
    ) -> Pipe:
        """A connection that hears what other sessions notify, until it is lost."""
        # Where a machine falls silent, its server lets go in some ten seconds.
        lively = {"idle": 5, "interval": 2, "count": 3}
        dsn = make_conninfo(
            self._listen_dsn,
            options=" ".join(f"-c tcp_keepalives_{name}={n}" for name, n in lively.items()),
            application_name="plinth listen",
            connect_timeout=3,
            **{f"keepalives_{name}": n for name, n in lively.items()},
        )
        connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
        for channel in channels:
            await connection.execute(f"listen {channel}")
        return Pipe(connection, heard, deaf)

    def stats(self) -> dict[str, Any]:
        lanes = {name: lane.stats() for name, lane in self.lanes.items()}
        return {"lanes": lanes, "calls_total": self.calls, "retries_total": self.retries}

    async def close(self) -> None:
        for lane in self.lanes.values():
            await lane.close()
