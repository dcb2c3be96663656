"""No read is older than the last acknowledged write, whatever happens to Redis and to workers."""

import asyncio
import re
import signal
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.conftest import Database, Engine, Serve, Server, _start, clone, until
from tests.people import cheap_passwords, eventually
from tests.trust.rig import Checker, OwnRedis, Proxy, kill, own_redis, serving_copies

WORKERS = 3  # two of one server, one of another that has a proxy before Redis


_numbers = count(1)


@dataclass
class Rig:
    redis: OwnRedis
    proxy: Proxy
    straight: Server
    apart: Server
    database: Database

    async def whole(self, within: float = 30) -> None:
        """Everybody believes copies again."""
        late = time.monotonic() + within
        while serving_copies(self.straight) != WORKERS:
            assert time.monotonic() < late, "not all believe copies again"
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def rig(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One for all: each test leaves it as whole as it found it, or the next one fails."""
    folder = tmp_path_factory.mktemp("rig")
    with ExitStack() as stack:
        database = stack.enter_context(clone(engine))
        cheap_passwords(database)
        store = stack.enter_context(own_redis(engine, folder))
        proxy = Proxy(store.socket)
        stack.callback(proxy.close)
        straight, apart = (
            _start(stack, database, folder, environment, wait=True)
            for environment in (
                {"PLINTH_WORKERS": str(WORKERS - 1), "REDIS_URL": store.url},
                {"PLINTH_WORKERS": "1", "REDIS_URL": f"redis://127.0.0.1:{proxy.port}/0"},
            )
        )
        yield Rig(store, proxy, straight, apart, database)


@asynccontextmanager
async def checking(rig: Rig, accounts: int) -> AsyncIterator[Checker]:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=20)
    ) as session:
        # The server of two workers gets two thirds.
        urls = [rig.straight.url, rig.straight.url, rig.apart.url]
        checker = Checker(urls, session)
        for _ in range(accounts):
            await checker.join(f"checked{next(_numbers)}")
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


_DEAFEN = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
 where application_name = 'plinth listen' and datname = current_database()
"""


async def killed(rig: Rig, checker: Checker, share: int) -> None:
    rig.redis.kill()
    await checker.more(share)
    rig.redis.start()


async def frozen(rig: Rig, checker: Checker, share: int) -> None:
    rig.redis.send(signal.SIGSTOP)
    await checker.more(share)
    rig.redis.send(signal.SIGCONT)


async def flushed(rig: Rig, checker: Checker, share: int) -> None:
    for _ in range(10):
        with rig.redis.client() as client:
            client.flushall()
        await checker.more(share // 10)


async def restored(rig: Rig, checker: Checker, share: int) -> None:
    memories = await asyncio.to_thread(rig.redis.memories)
    await checker.more(share // 2)
    rig.redis.kill()
    rig.redis.start()
    rig.redis.remember(memories)
    await checker.more(share // 2)


async def cut_off(rig: Rig, checker: Checker, share: int) -> None:
    rig.proxy.refuse()
    await checker.more(share)
    rig.proxy.mend()


async def hole(rig: Rig, checker: Checker, share: int) -> None:
    rig.proxy.hole()
    await checker.more(share)
    rig.proxy.mend()


async def deaf(rig: Rig, checker: Checker, share: int) -> None:
    rig.proxy.refuse()  # together with it: nobody can be told, and nobody hears
    for _ in range(5):
        await asyncio.to_thread(rig.database.value, _DEAFEN)
        await checker.more(share // 5)
    rig.proxy.mend()


async def workers_killed(rig: Rig, checker: Checker, share: int) -> None:
    for server in (rig.apart, rig.straight):
        kill(server.children("_worker")[0])
        await checker.more(share // 2)


FAULTS = (killed, frozen, flushed, restored, cut_off, hole, deaf, workers_killed)
BROKEN = {"ServerDisconnectedError", "ClientOSError", "ConnectionResetError"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "calls", [5000, pytest.param(50_000, marks=pytest.mark.soak)], ids=["5k calls", "50k calls"]
)
async def test_mixed_reads_and_writes(rig: Rig, calls: int) -> None:
    """Over every fault: no read is older than what was acknowledged before it began, and no answer
    is other than 200 or 503. Only who was talking to a killed worker gets none."""
    share = calls // 10
    async with checking(rig, 6) as checker, checker.busy():
        usual = await checker.more(share)
        told = [f"usual: at worst {usual:.3f} s"]
        for fault in FAULTS:
            first = len(checker.seconds)
            await fault(rig, checker, share)
            await checker.more(share // 10)
            told.append(f"{fault.__name__}: at worst {max(checker.seconds[first:]):.3f} s")
            await rig.whole()
            assert checker.wrong == [], fault.__name__
    print(*told, dict(checker.counts), sep="\n")
    assert len(checker.seconds) >= calls
    outcomes = {what.split()[1] for what in checker.counts}
    assert outcomes <= {"200", "503"} | BROKEN
    assert sum(n for what, n in checker.counts.items() if what.split()[1] in BROKEN) < 100
    assert checker.counts["GET 200 hit"] > calls / 10


async def test_killed_between_commit_and_bump(rig: Rig) -> None:
    """Nothing was acknowledged, so the others may show what was before, for some seconds; but not
    once the same change is acknowledged to somebody, although it then changes nothing more."""
    kept = "select full_name = %s from auth.users where username = %s"
    async with checking(rig, 1) as checker:
        (account,) = checker.accounts
        others, alone = rig.straight.url, rig.apart.url
        for number in (1, 2, 3):
            await checker.read(account, alone)
            for _ in range(6):
                await checker.read(account, others)
            (worker,) = rig.apart.children("_worker")
            with rig.database.connect() as watching:
                rig.proxy.hole()  # it commits, and waits for Redis to be told
                writing = asyncio.create_task(checker.write(account, alone))
                while watching.execute(kept, [str(number), account.name]).fetchone() != (True,):
                    await asyncio.sleep(0.005)
                kill(worker)
            assert await writing == 0
            rig.proxy.refuse()  # what it still sent never arrives
            rig.proxy.mend()
            if number == 2:  # the same once more, elsewhere
                change = {"full_name": str(number)}
                status, _, _ = await checker.ask(account, "PATCH", others, json=change)
                assert status == 200
                account.acknowledged = number
                await asyncio.gather(*(checker.read(account, others) for _ in range(20)))
            began = time.monotonic()
            while (await checker.ask(account, "GET", others))[1] != number:
                assert time.monotonic() < began + 4
                await asyncio.sleep(0.01)
            print(f"shown after {time.monotonic() - began:.2f} s")
            account.acknowledged = number
            await rig.whole()
        assert checker.wrong == []


async def test_a_living_redis_put_back_in_time(rig: Rig) -> None:
    """The one thing no reader can tell at once: it lasts as long as it takes to be noticed."""
    windows = []
    async with checking(rig, 4) as checker:
        for _ in range(10):
            for account in checker.accounts * 3:
                await checker.read(account)
            memories = await asyncio.to_thread(rig.redis.memories)
            for account in checker.accounts:
                assert await checker.write(account) == 200
            rig.redis.remember(memories)
            began = time.monotonic()
            stale = 0.0
            while time.monotonic() < began + 0.3:
                for account in checker.accounts:
                    _, number, _ = await checker.ask(
                        account, "GET", checker.dice.choice(checker.urls)
                    )
                    if number < account.acknowledged:
                        stale = time.monotonic() - began
            windows.append(stale)
            await rig.whole()
    print(f"older answers for {[f'{window * 1000:.0f} ms' for window in windows]}")
    assert checker.wrong == []
    assert max(windows) > 0, "it was not put back"
    assert statistics.median(windows) < 0.1


async def test_a_frozen_redis_costs_one_short_wait(rig: Rig) -> None:
    """150 ms at most, also for a write, which waits for all workers to notice; then nothing."""
    first, then, usual = [], [], []
    async with checking(rig, 3) as checker:

        async def timed(work: Any) -> float:
            began = time.monotonic()
            await work
            return time.monotonic() - began

        async def everybody() -> float:
            """A write and reads of several people on all workers, at once."""
            a, b, c = checker.accounts
            works: list[Any] = [checker.write(a), checker.write(b, rig.apart.url)]
            works += [checker.read(person) for person in (b, c, c, c)]
            return max(await asyncio.gather(*map(timed, works)))

        for _ in range(7):
            usual += [await everybody() for _ in range(10)]
            rig.redis.send(signal.SIGSTOP)
            first.append(await everybody())
            then += [await everybody() for _ in range(10)]
            rig.redis.send(signal.SIGCONT)
            await rig.whole()
    added = [seconds - statistics.median(usual) for seconds in first]
    print(f"usual {statistics.median(usual):.3f} s; added at first {[f'{s:.3f}' for s in added]},")
    print(f"then {statistics.median(then) - statistics.median(usual):.3f} s, worst {max(then):.3f}")
    assert checker.wrong == []
    assert statistics.median(added) <= 0.15
    assert statistics.median(then) - statistics.median(usual) < 0.02


async def test_copies_in_different_places(rig: Rig, serve: Serve) -> None:
    """Two servers of one database, of which each keeps copies elsewhere, as around a failover:
    neither shows what the other changed, because neither believes its copies. They look again where
    their address leads, and say so, once a second at most."""
    words = "keep their copies in different places"
    before = rig.straight.log.read_text().count(words)
    began = time.monotonic()
    async with checking(rig, 2) as checker:
        other = serve(on=rig.database, REDIS_URL=rig.redis.url.replace("db=0", "db=1"))
        checker.urls.append(other.url)
        late = time.monotonic() + 10
        while serving_copies(rig.straight):
            assert time.monotonic() < late, "they still believe copies"
            await asyncio.sleep(0.05)
        async with checker.busy():
            await checker.more(800)
            logs = [server.log for server in (other, rig.straight, rig.apart)]
            await eventually(lambda: all(words in log.read_text() for log in logs), 15, words)
        said = rig.straight.log.read_text().count(words) - before
        processes = len(rig.straight.children("_worker") + rig.straight.children("_jobs"))
        print(f"{said} times in {time.monotonic() - began:.1f} s by {processes}")
        assert said <= processes * (time.monotonic() - began + 1)
        assert checker.wrong == []
        other.stop()
        await rig.whole()


async def test_who_keeps_copies_and_hangs(rig: Rig) -> None:
    """Nobody can make its copies void, and it may go on at any time: what was written happened, but
    is not acknowledged."""
    hanging = rig.straight.children("_worker") + rig.straight.children("_jobs")
    async with checking(rig, 1) as checker:
        (account,) = checker.accounts
        rig.proxy.refuse()
        for pid in hanging:
            kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert await checker.write(account, rig.apart.url) == 503
            assert 0.5 < time.monotonic() - began < 3
            number = (await checker.ask(account, "GET", rig.apart.url))[1]
            assert number == account.tried
        finally:
            for pid in hanging:
                kill(pid, signal.SIGCONT)
            rig.proxy.mend()
        await rig.whole()
        assert checker.wrong == []


async def test_a_database_that_fails_before_others_are_told(rig: Rig) -> None:
    """A connection that is ended in that moment, say: it happened all the same, and says so."""
    tell = "execute on function pg_notify(text, text)"
    async with checking(rig, 1) as checker:
        (account,) = checker.accounts
        rig.proxy.refuse()
        with rig.database.connect() as admin:
            admin.execute(f"revoke {tell} from public".encode())
            try:
                assert await checker.write(account, rig.apart.url) == 503
                number = (await checker.ask(account, "GET", rig.apart.url))[1]
                assert number == account.tried
            finally:
                admin.execute(f"grant {tell} to public".encode())
                rig.proxy.mend()
        await rig.whole()
        assert checker.wrong == []


def test_a_redis_that_was_left_and_found_again(serve: Serve, database: Database) -> None:
    """What changed meanwhile was made void elsewhere: copies that were left there tell of before,
    as where an address leads to another Redis for a while, and then back."""
    cheap_passwords(database)
    token = None
    for place, change in (("here", "Before"), ("there", "After"), ("here", None)):
        server = serve(PLINTH_CACHE_PREFIX=place)
        client = server.client()
        client.token = token
        if token is None:
            assert client.sign_in("alice").status == 201
            token = client.token
        until(lambda server=server: serving_copies(server) == 1, 20)  # type: ignore[misc]
        if change:
            assert client.patch("/v1/me", {"full_name": change}).status == 200
        seen = [client.get("/v1/me") for _ in range(4)]
        assert {answer.json()["full_name"] for answer in seen} == {change or "After"}
        assert seen[-1].headers["x-cache"] == "hit"
        until(lambda: database.value("select count(*) from base.touched_tags") == 0, 20)
        server.stop()


def test_the_log_of_a_redis_that_is_away(
    engine: Engine, serve: Serve, database: Database, tmp_path: Path
) -> None:
    """One line when it goes, whatever ails it, and one when it is back; each minute one between."""
    with own_redis(engine, tmp_path) as store:
        server = serve(REDIS_URL=store.url)

        def told() -> list[str]:
            return re.findall(r'"message":"(.*redis.*)"', server.log.read_text())

        def failures() -> float:
            with server.client() as client:
                return client.samples()["plinth_cache_errors_total"]

        def full() -> None:
            with store.client() as client:
                client.config_set("maxmemory-policy", "noeviction")
                client.config_set("maxmemory", "1")

        def roomy() -> None:
            with store.client() as client:
                client.config_set("maxmemory", "0")

        faults = {
            "going past redis: the connection was lost": (store.kill, store.start),
            "going past redis: no answer in time": (
                lambda: store.send(signal.SIGSTOP), lambda: store.send(signal.SIGCONT),
            ),
            "going past redis: OOM command not allowed": (full, roomy),
        }  # fmt: skip
        for words, (begin, end) in faults.items():
            until(lambda: serving_copies(server) == 1, 20)
            before, tried = told(), failures()
            begin()
            until(lambda tried=tried: failures() >= tried + 4, 30)  # type: ignore[misc]
            (line,) = told()[len(before) :]
            assert line.startswith(words)
            end()
            until(lambda: serving_copies(server) == 1, 20)
            until(lambda before=before: len(told()) > len(before) + 1, 20)  # type: ignore[misc]
            assert told()[len(before) + 1 :] == ["redis is used again"]
