"""API keys over HTTP: what they may do, in every worker, and that they die at once."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest
import redis

from tests.conftest import Database, Engine, Server, _start, clone, until
from tests.http_client import Client
from tests.people import PASSWORD, all_loaded, cheap_passwords, worker_of

WORKERS = 2
_numbers = count(1)


@pytest.fixture(scope="module")
def store(engine: Engine) -> Iterator[Database]:
    with clone(engine) as database:
        cheap_passwords(database)
        yield database


@pytest.fixture(scope="module")
def server(
    store: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with ExitStack() as stack:
        environment = {"PLINTH_WORKERS": str(WORKERS), "REDIS_URL": engine.redis_url}
        server = _start(stack, store, tmp_path_factory.mktemp("keys"), environment, wait=True)
        until(lambda: all_loaded(server, WORKERS), 10)
        yield server


@pytest.fixture
def name() -> str:
    return f"maker{next(_numbers)}"


@pytest.fixture
def maker(server: Server, store: Database, name: str) -> Client:
    """Somebody who may make keys."""
    client = server.client()
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/v1/users", account).status == 201
    store.value("select assign_role(%s, 'developer')", name)
    assert client.sign_in(name, PASSWORD).status == 201
    return client


def made(maker: Client, *scopes: str, **more: Any) -> dict[str, Any]:
    answer = maker.post("/v1/api-keys", {"name": "a key", "scopes": scopes, **more})
    assert answer.status == 201, answer.body
    key: dict[str, Any] = answer.json()
    return key


def program(server: Server, key: dict[str, Any]) -> Client:
    client = server.client()
    client.token = key["secret"]
    return client


def everywhere(server: Server, key: dict[str, Any]) -> list[Client]:
    """Programs at every worker, each with a copy of the answer kept."""
    clients: list[Client] = []
    workers: set[str] = set()

    def another() -> bool:
        clients.append(program(server, key))
        for busy in clients:
            workers.add(worker_of(busy.get("/v1/me")))
        return len(workers) == WORKERS and len(clients) >= 6

    until(another, 20, lambda: f"only {workers} answered {len(clients)} connections")
    assert {client.get("/v1/me").headers["x-cache"] for client in clients} == {"hit"}
    return clients


def statuses(clients: list[Client]) -> set[int]:
    return {client.get(path).status for client in clients for path in ("/v1/me", "/v1/api-keys")}


def test_a_key_is_shown_once_and_does_what_its_scopes_say(
    server: Server, maker: Client, name: str
) -> None:
    key = made(maker, "self:read")
    client = program(server, key)
    assert client.get("/v1/me").json()["username"] == name
    for answer in (maker.get("/v1/api-keys"), maker.get(f"/v1/api-keys/{key['id']}")):
        assert key["secret"].encode() not in answer.body
        assert key["prefix"].encode() in answer.body
        assert b"hash" not in answer.body
    # Reading is not writing, and neither is making keys or ending sessions.
    assert client.patch("/v1/me", {"bio": "x"}).code == "NP001"
    for refused in (
        client.post("/v1/api-keys", {"name": "x", "scopes": ["*"]}),
        client.post(f"/v1/api-keys/{key['id']}/rotate"),
        client.patch(f"/v1/api-keys/{key['id']}", {"name": "x"}),
        client.delete(f"/v1/api-keys/{key['id']}"),
        client.get("/v1/sessions"),
        # What is held of an account names its sessions and keys, and tells its audit trail.
        client.get("/v1/me/export"),
        client.post("/rpc/export_user", {}),
        client.post(f"/v1/users/{key['id']}/export"),
    ):
        assert (refused.status, refused.code) == (403, "NP001")
        assert "session" in refused.json()["detail"]
    everything = program(server, made(maker, "*"))
    assert everything.patch("/v1/me", {"bio": "by key"}).json()["bio"] == "by key"
    assert everything.post("/v1/api-keys", {"name": "x", "scopes": ["*"]}).status == 403


def test_a_copy_for_one_route_opens_no_other(server: Server, maker: Client) -> None:
    """Answers are kept per user; a key sees only those its scopes reach."""
    for _ in range(3):
        assert maker.get("/v1/me").status == 200
    assert maker.get("/v1/me").headers["x-cache"] == "hit"
    writer = program(server, made(maker, "self:write"))
    for _ in range(3):
        assert writer.patch("/v1/me", {"bio": "still here"}).status == 200
        maker.get("/v1/me"), maker.get("/v1/me")
        assert writer.get("/v1/me").status == 403


@pytest.mark.parametrize("narrowing", [False, True])
def test_what_is_taken_from_a_key_is_gone_everywhere(
    server: Server, maker: Client, narrowing: bool
) -> None:
    key = made(maker, "self:read", "self:write")
    clients = everywhere(server, key)
    path = f"/v1/api-keys/{key['id']}"
    if narrowing:
        assert maker.patch(path, {"scopes": ["self:write"]}).json()["scopes"] == ["self:write"]
        assert statuses(clients) == {403}
    else:
        assert maker.delete(path).status == 204
        assert statuses(clients) == {401}
        assert maker.delete(path).status == 204
        assert maker.get(path).json()["revoked_at"]
        assert maker.get("/v1/api-keys").json()["items"] == []


def test_a_rotated_key_has_its_grace_and_no_longer(server: Server, maker: Client) -> None:
    old = made(maker, "self:read")
    olds = everywhere(server, old)
    path = f"/v1/api-keys/{old['id']}/rotate"
    new = maker.post(path, {"grace_minutes": 5}).json()
    news = everywhere(server, new)
    assert statuses(olds) == {200}
    newest = maker.post(path, {"grace_minutes": 0}).json()
    assert statuses(olds) == statuses(news) == {401}
    assert statuses(everywhere(server, newest)) == {200}
    assert {old["id"], new["id"], newest["id"]} == {old["id"]}


def test_a_key_dies_with_the_grace_the_end_and_the_account(
    server: Server, maker: Client, store: Database, name: str
) -> None:
    key = made(maker, "self:read")
    clients = everywhere(server, key)
    # Moved to the past in psql, which is what waiting would do.
    for change, wanted in (
        ("update auth.api_keys set expires_at = now() - interval '1 s' where name = 'a key'", 401),
        ("update auth.api_keys set expires_at = null where name = 'a key'", 200),
        ("update auth.users set status = 'suspended' where username = %(name)s", 401),
    ):
        with store.connect() as connection:
            connection.execute(change.encode(), {"name": name})
        until(lambda: statuses(clients) == {wanted}, 20)  # noqa: B023
    with store.connect() as connection:
        connection.execute("update auth.users set status = 'active' where username = %s", [name])
    assert statuses(clients) == {401}


def test_another_users_key_is_like_none(server: Server, maker: Client, store: Database) -> None:
    other = server.client()
    assert other.sign_in("bob").status == 201
    key = made(maker, "self:read")
    nothing = "01900000-0000-7000-8000-00000000dead"
    asked: list[Callable[[str], Any]] = [
        lambda id_: other.get(f"/v1/api-keys/{id_}"),
        lambda id_: other.patch(f"/v1/api-keys/{id_}", {"name": "mine"}),
        lambda id_: other.delete(f"/v1/api-keys/{id_}"),
        lambda id_: other.post(f"/v1/api-keys/{id_}/rotate"),
    ]
    for ask in asked:
        theirs, none = ask(key["id"]), ask(nothing)
        assert (theirs.status, _same(theirs.body)) == (none.status, _same(none.body)) != (200, {})
        assert theirs.code == "NF001"
    assert program(server, key).get("/v1/me").status == 200


def _same(body: bytes) -> dict[str, Any]:
    return {k: v for k, v in json.loads(body).items() if k not in ("request_id", "instance")}


def test_junk_is_refused_like_an_unknown_key(server: Server, maker: Client) -> None:
    key = made(maker, "*")["secret"]
    client = server.client()
    for token in (key[:-1] + ("0" if key[-1] != "0" else "1"), "plk_" + "a" * 53, key[:-6]):
        client.token = token
        assert client.get("/v1/me").status == 401


def test_no_more_keys_than_the_limit_at_once(
    maker: Client, server: Server, store: Database
) -> None:
    try:
        store.value("select base.set_setting('api_key.limit', '3')")
        clients = [server.client() for _ in range(8)]
        for client in clients:
            client.token = maker.token
        with ThreadPoolExecutor(8) as pool:
            asked = [
                pool.submit(c.post, "/v1/api-keys", {"name": "x", "scopes": ["*"]}) for c in clients
            ]
        answers = [one.result() for one in asked]
        assert sorted(a.status for a in answers) == [201] * 3 + [409] * 5
        assert {a.code for a in answers if a.status == 409} == {"KC008"}
    finally:
        store.value("select base.set_setting('api_key.limit', '50')")


def test_use_is_noted_without_a_write_per_request(
    store: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory, maker: Client
) -> None:
    key = made(maker, "*")
    where = tmp_path_factory.mktemp("noting")
    with ExitStack() as stack:
        server = _start(stack, store, where, {"REDIS_URL": engine.redis_url}, wait=True)
        client = program(server, key)
        for _ in range(5):
            assert client.get("/v1/me").status == 200
        used = "select last_used_at is not null, version from auth.api_keys where id = %s"
        with store.connect() as connection:
            assert connection.execute(used, [key["id"]]).fetchone() == (False, 1)
            server.stop()  # at the latest; else once a minute
            assert connection.execute(used, [key["id"]]).fetchone() == (True, 1)


def test_keys_are_in_no_log_and_in_no_copy(server: Server, maker: Client, engine: Engine) -> None:
    key = made(maker, "self:read")
    client = program(server, key)
    for _ in range(3):
        client.get("/v1/me", x_request_id=key["secret"])
    with redis.Redis.from_url(engine.redis_url) as copies:
        for found in copies.scan_iter("*"):
            value = copies.get(found) or b""
            assert key["secret"].encode() not in found + value
    assert key["secret"] not in server.log.read_text()
