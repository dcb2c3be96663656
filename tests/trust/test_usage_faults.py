"""Rows of usage when something dies: what a killed worker had not told yet is lost, and no more;
what the database had not said it has is sent again, and counts once."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import psycopg

from tests.conftest import Database, Serve, until
from tests.faults.conftest import Up, held, up  # noqa: F401 - fixtures

PEOPLE = 16
# Once a second a worker tells; while it does so, and while the machine is busy, rows wait longer.
_UNSENT = 1.0 + 1.0


class Requests:
    """Many requests at once, each with an id of its own, and when it was answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answered: dict[str, float] = {}
        self._numbers = iter(range(1_000_000))

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        on = True

        async def ask(session: aiohttp.ClientSession) -> None:
            while on:
                id_ = f"{os.getpid()}-{id(self)}-{next(self._numbers)}"
                try:
                    async with session.get(self.url, headers={"X-Request-Id": id_}) as answer:
                        await answer.read()
                    self.answered[id_] = time.monotonic()
                except (aiohttp.ClientError, OSError):
                    await asyncio.sleep(0.01)

        async with aiohttp.ClientSession() as session:
            tasks = [asyncio.create_task(ask(session)) for _ in range(PEOPLE)]
            try:
                yield
            finally:
                on = False
                await asyncio.gather(*tasks)

    async def more(self, number: int) -> None:
        target = len(self.answered) + number
        while len(self.answered) < target:
            await asyncio.sleep(0.01)

    def told(self, connect: Callable[[], psycopg.Connection[Any]]) -> set[str]:
        """Which of them have a row; none has two."""
        with connect() as connection:
            found = connection.execute(
                "select request_id from ops.api_usage where request_id like %s",
                [f"{os.getpid()}-{id(self)}-%"],
            ).fetchall()
        ids = [row[0] for row in found]
        assert len(ids) == len(set(ids)), "a call counts twice"
        return set(ids)


async def test_killed_workers_take_along_a_second_at_most(serve: Serve, database: Database) -> None:
    server = serve(workers=2)
    requests = Requests(f"{server.url}/v1/me")
    async with requests.going():
        await requests.more(3000)
        workers = server.children("_worker")
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        killed_at = time.monotonic()
        await requests.more(2000)
    await asyncio.to_thread(server.stop)
    missing = set(requests.answered) - requests.told(database.connect)
    assert len(workers) == 2
    assert len(missing) <= 2 * (2000 + PEOPLE)
    late = [at - killed_at for id_, at in requests.answered.items() if id_ in missing]
    assert all(-_UNSENT < seconds < 0.1 for seconds in late), (min(late), max(late))
    assert late, "nothing was lost: they were not killed with anything to tell"


async def test_the_database_dies_and_no_call_is_lost_or_counted_twice(up: Up) -> None:  # noqa: F811
    """Not even those that were answered 503 meanwhile."""
    requests = Requests(f"{up.url}/v1/me/preferences")
    async with requests.going():
        await requests.more(1500)
        postmaster = up.postmaster()
        os.kill(postmaster, signal.SIGKILL)
        await requests.more(500)
        while not await asyncio.to_thread(up.ready):
            await asyncio.sleep(0.05)
        await requests.more(1500)
    assert up.postmaster() != postmaster
    wanted = set(requests.answered)
    until(lambda: wanted <= requests.told(up.connect), 10, "calls without a row")
    assert up.value("select count(*) from verify_usage()") == 0
    assert up.value("select bool_and(pg_stat_get_live_tuples(oid) = 0) from pg_class"
                    " where relname = 'api_usage_default'")  # fmt: skip
