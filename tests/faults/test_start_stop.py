"""Servers that are not there yet, and a service that is asked to stop in the middle of its work."""

import asyncio
import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import aiohttp
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from pyapp import engine as embedded
from pyapp.settings import Settings
from tests.conftest import Database, Serve, free_port, until
from tests.faults.conftest import Up, start
from tests.http_client import Client
from tests.people import Crowd, all_loaded, eventually
from tests.processes import children, gone


def test_a_service_that_starts_before_its_database(serve: Serve, database: Database) -> None:
    """Alive, not ready, and why; then ready by itself. Nothing answers at the address at first."""
    there = conninfo_to_dict(database.web_url)
    with tempfile.TemporaryDirectory(prefix="plinth-") as folder:
        Path(folder).chmod(0o711)
        url = database.web_url.replace(str(there["host"]), folder)
        server = serve(wait=False, workers=2, DATABASE_URL=url)
        client = server.client()
        until(lambda: alive(client), 10, server.words)
        answer = client.get("/readyz")
        assert answer.status == 503
        assert answer.json()["checks"]["database"]["status"] == "unavailable"
        refused = client.get("/v1/me")
        assert (refused.status, refused.code) == (503, "SV503")
        assert int(refused.headers["retry-after"]) >= 1
        socket = f".s.PGSQL.{there['port']}"
        Path(folder, socket).symlink_to(Path(str(there["host"]), socket))
        until(lambda: client.get("/readyz").status == 200, 20, server.words)
        until(lambda: all_loaded(server, 2), 20, server.words)
        assert client.sign_in("alice").status == 201
        assert server.stop() == 0


@pytest.mark.slow
def test_a_service_whose_database_hangs_becomes_ready_by_itself(up: Up) -> None:
    """A second service on the servers of the first: alive, not ready, then ready."""
    postmaster = up.postmaster()
    port, log = free_port(), up.data / "second.log"
    os.kill(postmaster, signal.SIGSTOP)  # accepts nothing, refuses nothing: the worst of absences
    stopped = True
    with ExitStack() as stack:
        process = serve_beside(up, port, log)
        stack.callback(end, process)
        client = Client(port)
        stack.callback(client.close)
        try:
            until(lambda: alive(client), 10, lambda: log.read_text()[-2000:])
            answer = client.get("/readyz")
            assert answer.status == 503
            assert answer.json()["checks"]["database"]["status"] == "unavailable"
            assert client.get("/livez").status == 200
            refused = client.get("/v1/me", authorization="Bearer nonsense")
            assert refused.status in (401, 503)
            os.kill(postmaster, signal.SIGCONT)
            stopped = False
            until(lambda: client.get("/readyz").status == 200, 20, lambda: log.read_text()[-2000:])
            assert client.sign_in("alice").status == 201
            assert client.get("/v1/me").status == 200
        finally:
            if stopped:
                os.kill(postmaster, signal.SIGCONT)


def serve_beside(up: Up, port: int, log: os.PathLike[str]) -> subprocess.Popen[bytes]:
    there = up.servers
    return start(
        up.data / "second", port, up.data / "second.log", "serve",
        DATABASE_URL=there.web_url, REDIS_URL=there.redis_url or "",
        PLINTH_SECRET_KEY=there.secret_key,
    )  # fmt: skip


def alive(client: Client) -> bool:
    try:
        return client.get("/livez").status == 200
    except OSError:
        return False


def end(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(15)


async def test_without_redis_everything_is_served(serve: Serve) -> None:
    """Absent from the start: degraded, and right."""
    server = serve(REDIS_URL="unix:///nowhere/redis.sock")
    async with Crowd(server.url, 8) as crowd:
        async with crowd.busy() as record:
            await crowd.more(200)
        assert record.wrong == []
        assert record.counts.keys() == {"GET 200", "PATCH 200"}
    ready = server.client().get("/readyz")
    assert (ready.status, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["checks"]["redis"]["status"] == "degraded"


async def test_stopping_finishes_what_is_under_way(serve: Serve) -> None:
    """SIGTERM under load: every request that began is answered, and it is over in 10 s."""
    server = serve(workers=2)
    outcomes: Counter[str] = Counter()
    told = asyncio.Event()

    async def live(session: aiohttp.ClientSession, login: dict[str, str]) -> None:
        while True:
            began_before = not told.is_set()
            try:
                async with session.post(f"{server.url}/v1/sessions", json=login) as answer:
                    await answer.read()
                    outcomes[f"{answer.status}"] += 1
            except aiohttp.ClientConnectorError:
                outcomes["refused"] += 1
                return  # nobody listens any more
            except aiohttp.ClientError as error:
                # A connection that idled may be closed under a request that begins just then.
                outcomes[f"{'before' if began_before else 'after'}: {type(error).__name__}"] += 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        login = {"login": "alice", "password": "Dev@12345"}  # a hash of cost 12: it takes a while
        people = [asyncio.create_task(live(session, login)) for _ in range(4)]
        await eventually(lambda: outcomes["201"] >= 2, 30)
        answered = outcomes["201"]
        told.set()
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(server.process.wait, 12)
        took = time.monotonic() - began
        await asyncio.wait_for(asyncio.gather(*people), 10)
    assert took < 10
    assert server.process.returncode == 0
    assert outcomes["201"] > answered, "those under way were answered"
    assert not [what for what in outcomes if what.startswith("before")], outcomes
    assert outcomes.keys() <= {
        "201", "refused", "after: ServerDisconnectedError", "after: ClientOSError"
    }, outcomes  # fmt: skip


def test_nothing_is_left_of_a_service_that_was_killed(serve: Serve) -> None:
    """kill -9 of the supervisor: its workers see it and end; their calls with them."""
    server = serve(workers=2)
    client = server.client()
    assert client.get("/livez").status == 200

    until(
        lambda: len(children(server.process.pid)) == 3, 20
    )  # the job worker comes when it answers
    mine = children(server.process.pid)
    server.process.kill()
    server.process.wait()
    until(lambda: gone(mine), 20)
    sessions = (
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and usename = 'plinth_web'"
    )
    until(lambda: server.database.value(sessions) == 0, 20)


@pytest.mark.soak
async def test_a_restart_of_the_database_is_survived(up: Up) -> None:
    """Orderly, in each of its three ways, under load."""
    async with Crowd(up.url, 8) as crowd:
        for how in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            async with crowd.busy() as record:
                await crowd.more(50)
                old = up.postmaster()
                os.kill(old, how)
                if how == signal.SIGTERM:  # waits for every session to end, and ours never do
                    os.kill(old, signal.SIGINT)
                await eventually(partial(answers, up, old), 15)
                await eventually(up.ready, 10)
                await crowd.more(50)
            assert record.wrong == []
            assert {c.partition(" ")[2] for c in record.counts} <= {"200", "503"}


def answers(up: Up, old: int) -> bool:
    try:
        return up.postmaster() != old and up.value("select 1") == 1
    except (OSError, psycopg.OperationalError, ValueError):
        return False


def test_known_says_where_the_servers_are(up: Up) -> None:
    """What the tests above rely on: the address is the same after every restart."""
    known = embedded.known(Settings(env="test", data=up.data))
    assert known.admin_url == up.servers.admin_url
