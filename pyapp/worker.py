"""The job worker: what has to be done whether or not a request comes."""

import asyncio
import logging
import signal

from pyapp.cache import Cache
from pyapp.db import Database
from pyapp.pipe import DatabaseError, Statement
from pyapp.problems import Problem
from pyapp.settings import Settings, SettingsError

log = logging.getLogger("plinth.worker")

_SWEEP_SECONDS = 1.0
_STALE = Statement("select * from http.stale_tags()")
_CLEAR = Statement("select http.clear_tags($1::text[])")


async def run(settings: Settings) -> None:
    """Sweeps until told to stop."""
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL is not set")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database = Database(settings, settings.database_url)
    cache = Cache(settings)
    await database.start()
    await cache.start()
    try:
        while not stop.is_set():
            try:
                await sweep(database, cache)
            except (DatabaseError, Problem) as error:
                log.warning("sweeping tags failed: %s", error)
            try:
                await asyncio.wait_for(stop.wait(), _SWEEP_SECONDS)
            except TimeoutError:
                continue
    finally:
        await cache.close()
        await database.close()


async def sweep(database: Database, cache: Cache) -> None:
    """Bumps the tags of writers that died before they could, and of writers outside the layer."""
    row = await database.call("read", _STALE, ())
    if row is None or row[0] is None or row[1] is None:
        return
    if await cache.bump(row[1].decode().strip("{}").split(",")):
        await database.call("write", _CLEAR, (row[0],))
