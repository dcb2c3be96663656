"""Over HTTP: what takes too long, waits too long or is too much, and who else notices."""

import asyncio
import time
from collections import Counter

import aiohttp
import pytest

from tests.conftest import Database, Serve, Server
from tests.people import Crowd, cheap_passwords, eventually, many_attempts


@pytest.fixture
def hurried(serve: Serve, planted: Database) -> Server:
    return serve(PLINTH_STATEMENT_TIMEOUT="0.4", PLINTH_LOCK_TIMEOUT="0.2")


def test_a_statement_that_takes_too_long_is_504(hurried: Server) -> None:
    client = hurried.client()
    began = time.monotonic()
    answer = client.get("/v1/nap?ms=5000")
    assert (answer.status, answer.code) == (504, "57014")
    assert time.monotonic() - began < 2
    assert answer.headers["content-type"] == "application/problem+json"
    # Cancelled, and not only given up: nothing runs on.
    running = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and query ~ 'api.nap' and state = 'active' and pid <> pg_backend_pid()"
    )
    assert hurried.database.value(running) == 0
    assert client.get("/v1/nap?ms=1").json() == {"value": 1}


def test_a_lock_that_is_not_had_in_time_is_503(hurried: Server, planted: Database) -> None:
    client = hurried.client()
    assert client.sign_in("alice").status == 201
    with planted.connect(autocommit=False) as connection:
        connection.execute("select from auth.users where username = 'alice' for update")
        began = time.monotonic()
        answer = client.patch("/v1/me", {"bio": "later"})
        assert (answer.status, answer.code) == (503, "55P03")
        assert int(answer.headers["retry-after"]) >= 1
        assert time.monotonic() - began < 2
        assert client.get("/v1/me", cache_control="no-cache").json()["bio"] is None
    assert client.patch("/v1/me", {"bio": "now"}).json()["bio"] == "now"


async def test_when_all_connections_are_taken_the_rest_still_answers(
    serve: Serve, planted: Database
) -> None:
    """A locked table, and more writers than connections and places to wait: 503 in time, no 500."""
    server = serve(PLINTH_LOCK_TIMEOUT="3", PLINTH_ACQUIRE_TIMEOUT="1")
    seen: Counter[int] = Counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def write(n: int) -> None:
            body = {"n": n, "promised": n}
            async with session.post(f"{server.url}/v1/promises", json=body) as answer:
                seen[answer.status] += 1
                assert answer.status == 201 or int(answer.headers["Retry-After"]) >= 1

        async def fine(path: str, status: int) -> None:
            async with session.get(server.url + path) as answer:
                assert answer.status == status

        with planted.connect(autocommit=False) as connection:
            connection.execute("lock table ops.planted in access exclusive mode")
            writers = [asyncio.create_task(write(n)) for n in range(1, 121)]
            began = time.monotonic()
            # What needs none of those connections: health, reads, bad requests, sign-in.
            for _ in range(5):
                await fine("/livez", 200)
                await fine("/readyz", 200)
                await fine("/v1/nap?ms=1", 200)
                await fine("/v1/me", 401)
                await fine("/v1/nothing", 404)
            assert time.monotonic() - began < 1
            # Only those that have a connection may still wait.
            await eventually(lambda: sum(not task.done() for task in writers) <= 8, 10)
        await asyncio.gather(*writers)
    assert set(seen) == {201, 503}
    assert planted.value("select count(*) from ops.planted") == seen[201]


async def test_a_hundred_sign_ins_leave_room_for_others(serve: Serve, database: Database) -> None:
    """They are hashed one after another: the processor has time for everybody else."""
    server = serve()
    at_work = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and query ~ 'api.create_session' and state = 'active' and pid <> pg_backend_pid()"
    )
    async with Crowd(server.url, 4, writes=0.0, pause=0.0) as crowd:
        cheap_passwords(database, cost=7)
        many_attempts(database)
        async with crowd.busy() as record:
            await crowd.more(400)
        idle = record.percentile(0.95)
        record.seconds.clear()
        seen: Counter[int] = Counter()

        async def sign_in(session: aiohttp.ClientSession, n: int) -> None:
            login = {"login": f"nobody{n}", "password": "of no account here"}
            async with session.post(f"{server.url}/v1/sessions", json=login) as answer:
                seen[answer.status] += 1
                assert answer.status == 401 or int(answer.headers["Retry-After"]) >= 1

        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
            crowd.busy(),
        ):
            people = asyncio.gather(*(sign_in(session, n) for n in range(100)))
            together: list[int] = []
            with database.connect() as connection:
                while not people.done():
                    seen_now = connection.execute(at_work.encode()).fetchone()
                    together.append(seen_now[0] if seen_now else 0)
                    await asyncio.sleep(0.01)
            await people
        assert max(together) == 1
        assert crowd.record.wrong == []
        assert len(record.seconds) >= 100
        assert record.percentile(0.95) < max(0.03, 3 * idle)
        # As many as one connection hashes before patience ends; the rest are told to come back.
        assert set(seen) <= {401, 503}
        assert seen[401] >= 50
