"""Stopping, starting alone, and clients that leave: nothing half done, nothing lost."""

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.conftest import Database, Serve, Server, until
from tests.http.raw import Raw, request
from tests.http_client import Client

LIVE = request("GET", "/livez")


def signed_in(server: Server) -> Client:
    client = server.client()
    assert client.sign_in("alice").status == 201
    return client


def waiting(database: Database) -> int:
    query = "select count(*) from pg_stat_activity where datname = current_database()"
    return int(database.value(query + " and wait_event_type = 'Lock'"))


def change(client: Client, name: str) -> bytes:
    body = json.dumps({"full_name": name}).encode()
    lines = (f"Authorization: Bearer {client.token}", "Content-Type: application/json")
    return request("PATCH", "/v1/me", *lines, body=body)


def lock_alice(database: Database) -> psycopg.Connection[Any]:
    """Holds back a change of her row and nothing else: no job, no limit."""
    holder = database.connect(autocommit=False)
    holder.execute("select from auth.users where username = 'alice' for no key update")
    return holder


def test_what_is_under_way_is_finished(serve: Serve) -> None:
    server = serve(PLINTH_LOCK_TIMEOUT="8", PLINTH_STATEMENT_TIMEOUT="8")
    client = signed_in(server)
    with Raw(server.port) as idle, Raw(server.port) as busy, lock_alice(server.database) as holder:
        assert idle.send(LIVE).read().status == 200
        busy.send(change(client, "Under Way"))
        until(lambda: waiting(server.database) == 1, 15)
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert idle.ended()  # soon, and long before the busy one
        assert time.monotonic() - started < 4
        with pytest.raises((OSError, EOFError)), Raw(server.port, 1) as newcomer:
            newcomer.send(LIVE).read()
        holder.rollback()
        answer = busy.read()
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert answer.json()["full_name"] == "Under Way"
    assert server.process.wait(10) == 0
    assert time.monotonic() - started < 10


class Load:
    """One client asking without a pause until nobody lets it in any more."""

    def __init__(self, port: int, wanted: bytes, stopping: threading.Event) -> None:
        self.port, self.wanted, self.stopping = port, wanted, stopping
        self.served = 0
        self.lost: list[str] = []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        while True:
            answers = 0
            try:
                with Raw(self.port) as raw:
                    while True:
                        answer = raw.send(self.wanted).read()
                        answers += 1
                        self.served += 1
                        if answer.status != 200:
                            self.lost.append(f"{answer.status} {answer.body!r}")
                        if answer.header("connection") == "close":
                            break
            except (EOFError, OSError) as error:
                # Only who was never let in may be turned away: his request was not even read.
                if answers or not self.stopping.is_set():
                    self.lost.append(repr(error))
                return


def test_stopping_under_load_drops_nothing(serve: Serve) -> None:
    server = serve(workers=2)
    wanted = request("GET", "/v1/me", f"Authorization: Bearer {signed_in(server).token}")
    stopping = threading.Event()
    loads = [Load(server.port, wanted, stopping) for _ in range(8)]
    until(lambda: min(load.served for load in loads) > 50, 20)
    stopping.set()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(11) == 0
    for load in loads:
        load.thread.join(5)
    assert [load.lost for load in loads] == [[]] * len(loads)


def test_a_client_that_leaves_harms_nobody(serve: Serve) -> None:
    server = serve(PLINTH_LOCK_TIMEOUT="8", PLINTH_STATEMENT_TIMEOUT="8")
    client = signed_in(server)
    with lock_alice(server.database) as holder:
        leaving = Raw(server.port).send(change(client, "Gone"))
        until(lambda: waiting(server.database) == 1, 15)
        leaving.socket.close()
        holder.rollback()
    # The call was not cancelled in the middle: it committed whole.
    until(lambda: client.get("/v1/me").json()["full_name"] == "Gone", 15)

    wanted = change(client, "Cut")
    for cut in range(1, len(wanted), 3):  # and at whatever byte it leaves
        Raw(server.port).send(wanted[:cut]).socket.close()

    until(lambda: client.samples()["plinth_http_connections"] == 1, 15)
    until(lambda: client.lanes("in_flight") == {0}, 15)
    assert client.lanes("lost_total") == {0}
    assert '"level":"error"' not in server.log.read_text()
    assert client.get("/v1/me").json()["full_name"] == "Gone"


def test_without_a_database_it_lives_and_becomes_ready_by_itself(
    serve: Serve, database: Database
) -> None:
    with psycopg.connect(database.engine.admin_url, autocommit=True) as admin:
        admin.execute(f"alter database {database.name} allow_connections false".encode())
        try:
            server = serve(wait=False)
            client = server.client()

            def live() -> bool:
                try:
                    return client.get("/livez").status == 200
                except OSError:
                    return False

            until(live, 15, server.words)
            ready = client.get("/readyz")
            assert ready.status == 503
            assert ready.json()["status"] == "unavailable"
            assert ready.json()["checks"]["database"]["reason"]
            for answer in (
                client.get("/v1/me"),
                client.post("/v1/sessions", {"login": "a"}),
                client.get("/docs/errors"),
            ):
                assert (answer.status, answer.code) == (503, "SV503")
                assert answer.headers["retry-after"] == "1"
            assert client.get("/console").status == 200
            assert client.samples()["plinth_workers"] == 1
        finally:
            admin.execute(f"alter database {database.name} allow_connections true".encode())
        until(lambda: client.get("/readyz").status == 200, 20, server.words)
        assert client.sign_in("alice").status == 201


def test_the_description_is_read_when_the_database_is_back(
    serve: Serve, database: Database
) -> None:
    """It is read when the first one asks, which may be a bad moment."""
    server = serve()
    client = server.client()
    lost = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = %s"
    with psycopg.connect(database.engine.admin_url, autocommit=True) as admin:
        admin.execute(f"alter database {database.name} allow_connections false".encode())
        try:
            admin.execute(lost, [database.name])
            # Each waits for a connection as long as it may, so they ask at once.
            with ThreadPoolExecutor(3) as pool:
                asked = [pool.submit(server.client().get, "/openapi.json") for _ in range(3)]
            for away in [answer.result() for answer in asked]:
                assert (away.status, away.code) == (503, "SV503")
                assert away.headers["content-type"] == "application/problem+json"
                assert away.headers["retry-after"] == "1"
        finally:
            admin.execute(f"alter database {database.name} allow_connections true".encode())
    until(lambda: client.get("/openapi.json").status != 503, 15, server.words)
    with database.connect() as connection:
        row = connection.execute("select http.openapi()::text").fetchone()
    assert row is not None
    assert client.get("/openapi.json").body.decode() == row[0]


def test_without_redis_it_is_degraded_and_says_so(serve: Serve) -> None:
    server = serve(REDIS_URL="unix:///nonexistent/redis.sock")
    client = signed_in(server)
    ready = client.get("/readyz")
    assert (ready.status, ready.json()["status"]) == (200, "degraded")
    assert "Redis" in ready.json()["checks"]["redis"]["reason"]
    assert client.get("/v1/me").status == 200
