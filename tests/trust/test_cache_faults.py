"""No read is older than the last acknowledged write, whatever happens to Redis and to workers."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import Database, Engine, Serve, Server
from tests.people import cheap_passwords
from tests.trust.rig import (
    Checker,
    OwnRedis,
    Proxy,
    own_redis,
    serving_copies,
)

WORKERS = 3  # two of one server, one of another that has a proxy before Redis


@dataclass
class Rig:
    redis: OwnRedis
    proxy: Proxy
    straight: Server
    apart: Server
    database: Database

    async def whole(self, within: float = 10) -> None:
        """Everybody believes copies again."""
        late = time.monotonic() + within
        while serving_copies(self.straight) != WORKERS:
            assert time.monotonic() < late, "not all believe copies again"
            await asyncio.sleep(0.05)


@pytest.fixture
def rig(serve: Serve, database: Database, engine: Engine, tmp_path: Path) -> Iterator[Rig]:
    cheap_passwords(database)
    with own_redis(engine, tmp_path) as store:
        proxy = Proxy(store.socket)
        try:
            straight = serve(workers=WORKERS - 1, REDIS_URL=store.url)
            apart = serve(REDIS_URL=f"redis://127.0.0.1:{proxy.port}/0")
            yield Rig(store, proxy, straight, apart, database)
        finally:
            proxy.close()


@asynccontextmanager
async def checking(rig: Rig, accounts: int) -> AsyncIterator[Checker]:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=20)
    ) as session:
        # The server of two workers gets two thirds.
        urls = [rig.straight.url, rig.straight.url, rig.apart.url]
        checker = Checker(urls, session)
        for number in range(accounts):
            await checker.join(f"checked{number}")
        await rig.whole()
        yield checker


async def test_cut_off_alone(rig: Rig) -> None:
    """One worker's Redis does not answer it, the others serve from it: whatever it acknowledges,
    they show at once."""
    async with checking(rig, 1) as checker:
        (account,) = checker.accounts
        others, alone = rig.straight.url, rig.apart.url
        for cut in (rig.proxy.refuse, rig.proxy.hole):
            cut()
            waits = []
            for _ in range(30):
                for _ in range(6):
                    await checker.read(account, others)
                began = time.monotonic()
                assert await checker.write(account, alone) == 200
                waits.append(time.monotonic() - began)
                await asyncio.gather(*(checker.read(account, others) for _ in range(6)))
            assert checker.counts["GET 200 hit"] > 60, checker.counts
            rig.proxy.mend()
            await rig.whole()
            after = statistics.median(waits[1:])
            print(f"{cut.__name__}: first {waits[0]:.3f} s, then {after:.3f} s")
            assert after < 0.1
        assert checker.wrong == []
