"""Signed out, suspended, changed in psql: what was true a moment ago is not, in any worker."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count

import pytest

from tests.conftest import Database, Engine, Server, _start, until
from tests.http_client import Client
from tests.people import PASSWORD, all_loaded, worker_of

WORKERS = 2


_numbers = count(1)


@pytest.fixture(scope="module")
def server(
    crowded_database: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with ExitStack() as stack:
        environment = {"PLINTH_WORKERS": str(WORKERS), "REDIS_URL": engine.redis_url}
        folder = tmp_path_factory.mktemp("two")
        server = _start(stack, crowded_database, folder, environment, wait=True)
        until(lambda: all_loaded(server, WORKERS), 10)
        yield server


@pytest.fixture
def name() -> str:
    return f"leaver{next(_numbers)}"


@pytest.fixture
def carol(server: Server, name: str) -> Client:
    client = server.client()
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/v1/users", account).status == 201
    assert client.sign_in(name, PASSWORD).status == 201
    return client


def everywhere(server: Server, token: str | None) -> list[Client]:
    """Connections to every worker, with a copy of the answer kept by each and in Redis."""
    clients: list[Client] = []
    workers: set[str] = set()

    def another() -> bool:
        client = server.client()
        client.token = token
        clients.append(client)
        # A worker takes all connections that wait: keep this one busy, and the other gets its turn.
        for busy in clients:
            answer = busy.get("/v1/me")
            assert answer.status == 200
            workers.add(worker_of(answer))
        return len(workers) == WORKERS and len(clients) >= 8

    until(another, 20, lambda: f"only {workers} answered {len(clients)} connections")
    assert {c.get("/v1/me").headers["x-cache"] for c in clients} == {"hit"}
    return clients


def test_signing_out_is_at_once_and_everywhere(server: Server, carol: Client, name: str) -> None:
    clients = everywhere(server, carol.token)
    for _ in range(20):
        assert carol.delete("/v1/sessions/current").status == 204
        answers = [client.get("/v1/me") for client in clients]
        answers += [client.get("/v1/sessions") for client in clients]
        assert {a.status for a in answers} == {401}
        assert carol.sign_in(name, PASSWORD).status == 201
        for client in clients:
            client.token = carol.token
            assert client.get("/v1/me").status == 200


def test_other_sessions_go_on(server: Server, carol: Client, name: str) -> None:
    second = server.client()
    assert second.sign_in(name, PASSWORD).status == 201
    assert carol.delete("/v1/sessions/current").status == 204
    assert second.get("/v1/me").status == 200
    assert second.get("/v1/sessions").json()["items"][0]["current"]


@pytest.mark.parametrize(
    "change",
    [
        "update auth.users set status = 'suspended' where username = %(name)s",
        "select set_password(%(name)s, 'quite another password')",
    ],
)
def test_a_sign_in_under_way_does_not_outlive_the_change(
    server: Server, carol: Client, name: str, crowded_database: Database, change: str
) -> None:
    with (
        ThreadPoolExecutor() as pool,
        crowded_database.connect(autocommit=False) as holder,
    ):
        holder.execute(change.encode(), {"name": name})
        late = server.client()
        waiting = pool.submit(late.sign_in, name, PASSWORD)
        # Its password was right, and now it waits for the account that is being changed.
        until(lambda: crowded_database.value(_WAITING, holder.info.backend_pid), 10)
        holder.commit()
        assert waiting.result(10).status == 401
    assert late.get("/v1/me").status == 401


_WAITING = "select count(*) > 0 from pg_stat_activity where %s = any (pg_blocking_pids(pid))"


def test_an_account_suspended_in_psql_is_out_within_a_second(
    server: Server, carol: Client, name: str, crowded_database: Database
) -> None:
    clients = everywhere(server, carol.token)
    with crowded_database.connect() as connection:
        connection.execute("update auth.users set status = 'suspended' where username = %s", [name])
    began = time.monotonic()
    until(lambda: {c.get("/v1/me").status for c in clients} == {401}, 5)
    assert time.monotonic() - began < 1
    assert {c.get("/v1/me").status for c in clients * 5} == {401}
    assert carol.sign_in(name, PASSWORD).status == 401


def test_a_change_made_in_psql_is_seen_within_a_second(
    server: Server, carol: Client, name: str, crowded_database: Database
) -> None:
    clients = everywhere(server, carol.token)
    with crowded_database.connect() as connection:
        connection.execute("update auth.users set full_name = 'New' where username = %s", [name])
        connection.execute(
            "insert into auth.user_roles (user_id, role)"
            " select id, 'developer' from auth.users where username = %s",
            [name],
        )

    def seen(client: Client) -> bool:
        me = client.get("/v1/me").json()
        return (me["full_name"], me["roles"]) == ("New", ["developer", "user"])

    began = time.monotonic()
    until(lambda: all(seen(client) for client in clients), 5)
    assert time.monotonic() - began < 1


def test_what_a_dead_writer_left_is_swept(
    server: Server, carol: Client, name: str, crowded_database: Database
) -> None:
    """A worker that is killed between its commit and its bump: the record stays and is found."""
    clients = everywhere(server, carol.token)
    with crowded_database.connect(autocommit=False) as connection:
        # As inside a request: nobody is notified, the layer that should bump does not exist.
        connection.execute("select set_config('plinth.context', 'x', true)")
        connection.execute("update auth.users set full_name = 'Swept' where username = %s", [name])
    until(lambda: all(c.get("/v1/me").json()["full_name"] == "Swept" for c in clients), 20)
    until(lambda: crowded_database.value("select count(*) from base.touched_tags") == 0, 20)
