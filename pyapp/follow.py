"""What the database tells this process meanwhile, and whether copies in Redis may be believed.

A process that keeps copies says so by a lock of its listening connection, which ends with it; what
was written until then it bumps itself, and only then believes what it finds. A writer who cannot
reach Redis tells everybody, and answers once his tags are bumped or nobody holds such a lock.
"""

import asyncio
import logging
import random
from contextlib import suppress

from pyapp.cache import Cache, CacheDown
from pyapp.call import Caller, listed
from pyapp.db import Database
from pyapp.pipe import ConnectionLost, DatabaseError, Pipe, Row, Statement
from pyapp.problems import Problem

log = logging.getLogger("plinth.follow")

_LOOK = 1.0  # how often the listening connection is asked whether it is there
_PAUSE = 0.2
_CHANNELS = "plinth_deploy", "plinth_tags", "plinth_places"
TIMELINE = Statement("select http.timeline($1::text)")
_ATTACH = Statement("select http.attach_cache($1::integer, $2::text)")
_THERE = Statement("select pg_backend_pid()")
_DETACH = Statement("select http.detach_cache()")
_STALE = Statement("select * from http.stale_tags($1::double precision)")
_CLEAR = Statement("select http.clear_tags($1::text[], $2::text[])")
FAILURES = (CacheDown, ConnectionLost, DatabaseError, Problem, TimeoutError)


class Follower:
    def __init__(self, database: Database, cache: Cache, caller: Caller) -> None:
        self._database = database
        self._cache = cache
        self._caller = caller
        self._ears: Pipe | None = None
        self._listening = asyncio.Event()
        self._told = asyncio.Event()  # of a deploy, or that the connection is lost
        self._touched = asyncio.Event()
        cache.attend = self._attend

    def _heard(self, channel: str) -> None:
        if channel == "plinth_tags":
            self._touched.set()
        elif channel == "plinth_places":
            self._cache.look_again()
        else:
            self._caller.current = False
            self._told.set()

    def _deaf(self) -> None:
        self._listening.clear()
        self._told.set()
        self._cache.up = self._cache.attached = False

    async def follow(self) -> None:
        """Listens, again and again."""
        complained = False
        while True:
            try:
                self._ears = ears = await self._database.listen(self._heard, self._deaf, *_CHANNELS)
                self._listening.set()
                complained = False
                await self._while_there(ears)
            except Exception as error:
                if not complained:  # one line for as long as it is away
                    log.warning("listening to the database ended: %s", error)
                complained = True
            finally:
                if self._ears is not None:
                    self._ears.lose()
            await asyncio.sleep(_PAUSE)

    async def _while_there(self, ears: Pipe) -> None:
        deployed = True  # perhaps, before anybody listened
        while ears.alive():
            self._told.clear()
            if deployed:
                await self._caller.load()
            async with asyncio.timeout(_LOOK):  # a machine that fell silent says no farewell
                await ears.send(_THERE, ())
            deployed = False
            with suppress(TimeoutError):
                deployed = await asyncio.wait_for(self._told.wait(), _LOOK)

    async def _attend(self, pause: float, void: bool) -> None:
        """As long as Redis answers: says that copies are kept there, bumps what was missed, and
        believes the copies only then. `void` are those of a Redis that went back in time."""
        cache = self._cache
        while True:
            await self._listening.wait()
            ears = self._ears
            assert ears is not None
            try:
                row = await ears.send(TIMELINE, (cache.where,))
                assert row is not None and row[0] is not None
                row = await ears.send(_ATTACH, (b"%d" % cache.settle(row[0]), row[0]))
                if row is not None and row[0] == b"t":
                    cache.attached = True
                    await asyncio.sleep(pause)
                    if void:
                        await cache.flush()
                    await self._catch_up()
                    cache.believe()
                    await ears.gone.wait()
            except FAILURES as error:
                log.warning("redis is not read yet: %s", error)
            finally:
                cache.up = cache.attached = False
                ears.send(_DETACH, ()).add_done_callback(_done)
            await asyncio.sleep(_LOOK * (0.5 + random.random()))  # noqa: S311 - to part those at odds

    async def _catch_up(self) -> None:
        """Bumps all that was touched before now. Never only until nothing is left: under writes
        there is always something."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while await sweep(self._database, self._cache, loop.time() - began):
            pass

    async def sweep(self) -> None:
        """Bumps what psql and jobs touch, and what a writer without Redis asks for, when told."""
        while True:
            await self._touched.wait()
            self._touched.clear()
            if self._cache.attached:  # else whoever attaches catches up
                try:
                    await self._catch_up()
                except FAILURES as error:
                    log.warning("touched tags are not bumped yet: %s", error)
                    self._touched.set()
                    await asyncio.sleep(_PAUSE)


async def sweep(database: Database, cache: Cache, seconds: float) -> bool:
    """Bumps tags nobody bumped for so long: their writer died, wrote from psql, or had no Redis."""
    row = await database.call("read", _STALE, (b"%f" % seconds,))
    if row is None or row[0] is None or row[1] is None:
        return False
    if not await cache.bump(list({*listed(row[1])})):
        raise CacheDown("it cannot be told what changed")
    await database.call("aside", _CLEAR, (row[0], row[1]))
    return True


def _done(future: asyncio.Future[Row | None]) -> None:
    """Whatever came of it: with the connection, the lock is gone as well."""
    if not future.cancelled():
        future.exception()
