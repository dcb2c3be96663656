"""The job worker: what has to be done whether or not a request comes; the database says what."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

from pyapp import engine, log, mail, unpack
from pyapp.db import Database
from pyapp.pipe import ConnectionLost, DatabaseError, Statement
from pyapp.problems import Problem
from pyapp.settings import Settings

_log = logging.getLogger("plinth.worker")

_SECONDS = 1.0
_DUE = Statement("select * from http.due_jobs()")
_RUN = Statement("select http.run_job($1::text)")
_FAILED = Statement("select http.fail_job($1::text, $2::text)")
_ANNOUNCE = Statement("select http.announce_stale_tags()")


def main(settings: Settings) -> None:
    sink = log.setup(settings.log_format)
    with engine.servers(settings, make=False) as there:
        asyncio.run(run(there.apply(settings), there.web_url))
    sink.close()


async def run_jobs(database: Database) -> None:
    """Each in its own transaction. A failure is recorded and holds up no other."""
    row = await database.call("read", _DUE, ())
    for name in row[0].decode().strip("{}").split(",") if row and row[0] else ():
        try:
            await database.call("slow", _RUN, (name.encode(),))
        except DatabaseError as error:
            _log.warning("%s failed: %s", name, error)
            await database.call("write", _FAILED, (name.encode(), str(error).encode()))
    # Who keeps copies is told; this process keeps none, and needs nothing that watches them.
    await database.call("write", _ANNOUNCE, ())


async def _repeat(stop: asyncio.Event, work: Callable[..., Awaitable[None]], *args: object) -> None:
    told = False
    while not stop.is_set():
        try:
            await work(*args)
            told = False
        except (ConnectionLost, DatabaseError, Problem) as error:
            if not told:  # one line for as long as it fails
                _log.warning("the worker is held up: %s", error)
            told = True
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _SECONDS)


async def run(settings: Settings, dsn: str) -> None:
    """Sweeps, runs and sends what is due, until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # One connection of each kind is plenty for one sweep a second.
    few = dict.fromkeys((f"{n}_connections" for n in ("read", "write", "slow", "hash", "aside")), 1)
    database = Database(settings.with_(**few), dsn)
    await database.start()
    _log.info("working for %s", unpack.address(dsn)[0][1])
    try:
        # Apart, because a mail server may take its time.
        await asyncio.gather(
            _repeat(stop, run_jobs, database), _repeat(stop, mail.deliver, database, settings, stop)
        )
    finally:
        await database.close()
        _log.info("stopped")
