"""kill -9 of each part while people use the service: back by itself, nothing lost or wrong."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial

import pytest
import redis

from tests.faults.conftest import WORKERS, Up, family
from tests.people import Crowd, Person, Record, eventually
from tests.processes import gone

PEOPLE = 8
BACK_WITHIN = 20.0  # what is shown is that it is back by itself; how soon, the machine decides


@pytest.fixture
async def crowd(up: Up) -> AsyncIterator[Crowd]:
    async with Crowd(up.url, PEOPLE) as made:
        yield made


def kill(*pids: int, how: int = signal.SIGKILL) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # a connection that was closed meanwhile
            os.kill(pid, how)


async def served_again(crowd: Crowd, within: float = BACK_WITHIN) -> float:
    """How long until everybody's change and question were answered in one go."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not await crowd.all_served():
        assert loop.time() < began + within, f"not back within {within} s: {crowd.record.counts}"
    return loop.time() - began


def only(record: Record, *allowed: str) -> None:
    """No wrong answer (a 500 is one), and no other outcome than those allowed."""
    assert record.wrong == []
    outcomes = {outcome.partition(" ")[2] for outcome in record.counts}
    assert outcomes <= {"200", *allowed}, record.counts
    assert "GET 200" in record.counts


@pytest.mark.parametrize("whole", [False, True], ids=["postmaster", "all its processes"])
async def test_the_database(up: Up, crowd: Crowd, whole: bool) -> None:
    crowd.writes, crowd.pause = 0.6, 0.0  # so that there is always something under way in it
    async with crowd.busy() as record:
        workers, redis, postmaster = up.workers(), up.redis(), up.postmaster()
        killed = family(postmaster) if whole else [postmaster]
        await crowd.more(50)  # finding them out held everybody up: now there is work under way
        kill(*killed)
        await eventually(lambda: gone([postmaster]), BACK_WITHIN)
        # Answers go on: kept ones from Redis, the others are told to come back.
        await crowd.more(50)
        await served_again(crowd)
        await crowd.more(50)
    only(record, "503")
    assert (up.workers(), up.redis()) == (workers, redis), "nothing else was started anew"
    assert up.postmaster() != postmaster


async def test_one_of_its_backends(up: Up, crowd: Crowd) -> None:
    """The server then cuts all sessions and recovers."""
    async with crowd.busy() as record:
        postmaster = up.postmaster()
        backend = up.value(
            "select pid from pg_stat_activity where application_name = 'plinth write' limit 1"
        )
        await crowd.more(50)
        kill(backend)
        await eventually(lambda: gone([backend]), BACK_WITHIN)
        await served_again(crowd)
    only(record, "503")
    assert up.postmaster() == postmaster


async def test_backends_that_left_questions_unread(up: Up, crowd: Crowd) -> None:
    """The connection is then reset and not closed, which event loops tell differently."""
    with up.connect() as connection:
        rows = connection.execute(
            "select pid from pg_stat_activity where application_name = 'plinth write'"
        ).fetchall()
    backends = [pid for (pid,) in rows]
    kill(*backends, how=signal.SIGSTOP)
    changes = [asyncio.create_task(person.change()) for person in crowd.people]
    _, waiting = await asyncio.wait(changes, timeout=0.3)
    assert waiting, "they are answered by connections that were stopped"
    began = asyncio.get_running_loop().time()
    kill(*backends)
    statuses = await asyncio.gather(*changes)
    assert asyncio.get_running_loop().time() - began < 3, "nobody noticed"
    assert set(statuses) <= {200, 503}
    await served_again(crowd)
    only(crowd.record, "503")


async def test_redis(up: Up, crowd: Crowd) -> None:
    """Nobody notices: not even a 503."""
    async with crowd.busy() as record:
        workers, redis, postmaster = up.workers(), up.redis(), up.postmaster()
        await crowd.more(100)
        kill(redis)
        await crowd.more(200)
        await eventually(lambda: gone([redis]) and up.redis() != redis, BACK_WITHIN)
        await crowd.more(200)
    only(record)
    assert record.slowest < 1
    assert (up.workers(), up.postmaster()) == (workers, postmaster)


async def test_redis_frozen_and_thawed(up: Up, crowd: Crowd) -> None:
    """One wait, then none; and what changed while it was frozen is not revived when it thaws."""
    redis = up.redis()
    async with crowd.busy() as record:
        await crowd.more(200)
        kill(redis, how=signal.SIGSTOP)
        try:
            await crowd.more(200)
            assert record.slowest < 0.4
            record.seconds.clear()
            record.slowest = 0.0
            await crowd.more(300)
            assert record.percentile(0.95) < 0.1, "the circuit is open: nobody waits any more"
        finally:
            kill(redis, how=signal.SIGCONT)
        await crowd.more(1000)
    only(record)


async def test_what_changed_while_redis_was_frozen(up: Up, crowd: Crowd) -> None:
    """Nobody could be told; so it is not believed again until it knows."""
    await asyncio.gather(*(person.look() for person in crowd.people * 3))
    redis = up.redis()
    kill(redis, how=signal.SIGSTOP)
    try:
        # These find out; what is sent afterwards does not even reach its socket.
        await asyncio.gather(*(person.look() for person in crowd.people))
        assert {await person.change() for person in crowd.people} == {200}
    finally:
        kill(redis, how=signal.SIGCONT)

    async def look_around(person: Person) -> None:
        for _ in range(40):
            await person.look()
            await asyncio.sleep(0.05)

    await asyncio.gather(*(look_around(person) for person in crowd.people))
    only(crowd.record)


async def test_redis_back_with_older_memories(up: Up, crowd: Crowd) -> None:
    """As from a snapshot on disk: what it kept before the changes is there, and not believed."""
    for person in crowd.people:
        for _ in range(3):
            assert await person.look() == 200
    url = up.servers.redis_url
    assert url is not None
    with redis.Redis.from_url(url) as store:
        keys = list(store.scan_iter("*"))
        memories = {key: memory for key in keys if isinstance(memory := store.dump(key), bytes)}
    assert len(memories) >= 3 * PEOPLE
    for person in crowd.people:
        assert await person.change() == 200
    old = up.redis()
    kill(old)
    await eventually(lambda: back(up, url, old), BACK_WITHIN)
    with redis.Redis.from_url(url) as store:
        for key, memory in memories.items():
            store.restore(key, 60_000, memory, replace=True)
    await eventually(up.ready, BACK_WITHIN)
    for _ in range(20):
        await asyncio.gather(*(person.look() for person in crowd.people))
    only(crowd.record)


def back(up: Up, url: str, old: int) -> bool:
    try:
        with redis.Redis.from_url(url) as store:
            return up.redis() != old and bool(store.ping())
    except (redis.ConnectionError, ValueError):
        return False


async def test_a_worker(up: Up, crowd: Crowd) -> None:
    """Only those lose their answer whose request that worker had."""
    async with crowd.busy() as record:
        workers, redis, postmaster = up.workers(), up.redis(), up.postmaster()
        assert len(workers) == WORKERS
        for worker in workers:
            await crowd.more(50)
            kill(worker)
            await eventually(lambda: len(up.workers()) == WORKERS, BACK_WITHIN)
            await served_again(crowd)
    assert record.wrong == []
    assert record.counts.keys() <= {
        "GET 200", "PATCH 200", "GET 503", "PATCH 503",
        *(f"{method} {broken}" for method in ("GET", "PATCH") for broken in (
            "ServerDisconnectedError", "ClientOSError", "ConnectionResetError")),
    }, record.counts  # fmt: skip
    broken = sum(n for what, n in record.counts.items() if what[-3:] not in ("200", "503"))
    assert broken <= 2 * PEOPLE
    assert not set(up.workers()) & set(workers)
    assert (up.redis(), up.postmaster()) == (redis, postmaster)
    # Its transactions did not stay open.
    idle = "select count(*) from pg_stat_activity where state = 'idle in transaction'"
    assert up.value(idle) == 0


@pytest.mark.parametrize(
    "cycles", [1, pytest.param(5, marks=pytest.mark.soak)], ids=["one cycle", "five cycles"]
)
async def test_no_acknowledged_write_is_lost(up: Up, cycles: int) -> None:
    """Each change is read back from the database after every recovery."""
    assert up.value("show fsync") == "on"
    assert up.value("show full_page_writes") == "on"
    assert up.value("show synchronous_commit") == "on"
    async with Crowd(up.url, PEOPLE, writes=1.0, pause=0.0) as crowd:
        acknowledged = 0
        for _ in range(cycles):
            async with crowd.busy() as record:
                pids = family(up.postmaster())
                await crowd.more(300)
                kill(*pids)
                await eventually(partial(gone, pids), BACK_WITHIN)
            await served_back(crowd)
            acknowledged += record.counts["PATCH 200"]
            only_writes(record)
            with up.connect() as connection:
                rows = connection.execute(
                    "select username, full_name from auth.users where username = any(%s)",
                    [[person.name for person in crowd.people]],
                ).fetchall()
            assert len(rows) == PEOPLE
            kept = dict(rows)
            for person in crowd.people:
                assert kept[person.name] in person.possible
        assert acknowledged > cycles * 200


async def served_back(crowd: Crowd) -> None:
    """As served_again, but only by questions: what was kept is what counts."""
    loop = asyncio.get_running_loop()
    late = loop.time() + BACK_WITHIN
    while {await person.look(fresh=True) for person in crowd.people} != {200}:
        assert loop.time() < late, f"not back within {BACK_WITHIN} s"


def only_writes(record: Record) -> None:
    assert record.wrong == []
    assert record.counts.keys() <= {"PATCH 200", "PATCH 503", "GET 200", "GET 503"}
