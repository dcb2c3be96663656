"""Calls that happen once: the same key and the same body are one effect and one answer."""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import aiohttp
import psycopg
import pytest
import redis

from tests.conftest import Database, Engine, Serve, Server, _start, clone, until
from tests.faults.conftest import Up, running
from tests.http_client import Client, Response
from tests.identity.test_accounts import where
from tests.people import PASSWORD, all_loaded, cheap_passwords, eventually, plant, worker_of
from tests.trust.notes import PLANTED, Said, Stubborn, member, new_key

WORKERS = 4
COPIES = 50


@pytest.fixture(scope="module")
def hall_database(engine: Engine) -> Iterator[Database]:
    with clone(engine) as database:
        cheap_passwords(database)
        plant(database, PLANTED)
        yield database


@pytest.fixture(scope="module")
def hall(
    hall_database: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Four workers that take X-Forwarded-For from this machine."""
    with ExitStack() as stack:
        environment = {
            "PLINTH_WORKERS": str(WORKERS),
            "REDIS_URL": engine.redis_url,
            "PLINTH_TRUSTED_PROXIES": "127.0.0.1",
        }
        folder = tmp_path_factory.mktemp("hall")
        server = _start(stack, hall_database, folder, environment, wait=True)
        until(lambda: all_loaded(server, WORKERS), 15)
        yield server


@pytest.fixture
def anna(hall: Server) -> Client:
    return member(hall.client())


def note(
    client: Client, key: str | None, word: str, path: str = "/v1/words", method: str = "POST"
) -> Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.request(method, path, {"word": word}, headers)


def effects(database: Database, word: str) -> int:
    return int(database.value("select count(*) from ops.planted p where p.word = %s", word))


def develop(database: Database, name: str) -> None:
    """API keys are for developers."""
    database.value("select assign_role(%s, 'developer')", name)


def lock_of(client: Client, key: str) -> str:
    user = client.get("/v1/me").json()["id"]
    return f"idempotency:{user}:api.note_word:{key}"


@contextmanager
def under_way(database: Database, lock: str) -> Iterator[Callable[[], object]]:
    """As if the first call with this key had not ended yet."""
    with database.connect() as connection:
        connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [lock])
        yield connection.close


# ------------------------------------------------------------------- one after another


def test_a_call_sent_again_gets_its_answer(
    hall: Server, anna: Client, hall_database: Database
) -> None:
    key = new_key()
    first = note(anna, key, "serial")
    assert first.status == 201
    assert "idempotency-replayed" not in first.headers
    again = [note(anna, key, "serial"), note(anna, key, "serial", "/rpc/note_word")]
    assert {(answer.status, answer.body) for answer in again} == {(201, first.body)}
    assert {answer.headers["idempotency-replayed"] for answer in again} == {"true"}
    assert effects(hall_database, "serial") == 1
    # The same fields in another order, and those that say nothing, are the same call.
    same = b'{ "ms": null,\n "word": "serial" }'
    assert anna.request("POST", "/v1/words", same, {"Idempotency-Key": key}).body == first.body

    other = note(anna, key, "other")
    assert (other.status, other.code) == (422, "VL005")
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"
    assert note(anna, key, "serial").body == first.body
    assert effects(hall_database, "other") == 0
    # Without a key, or with another one, it is another call.
    assert note(anna, None, "serial").json()["n"] != first.json()["n"]
    assert note(anna, new_key(), "serial").json()["n"] != first.json()["n"]
    assert effects(hall_database, "serial") == 3


def test_a_key_belongs_to_a_caller_and_a_function(
    hall: Server, anna: Client, hall_database: Database
) -> None:
    key = new_key()
    hers = note(anna, key, "scope")
    ben = member(hall.client())
    his = note(ben, key, "scope")
    assert (hers.status, his.status) == (201, 201)
    assert hers.json()["n"] != his.json()["n"]
    assert "idempotency-replayed" not in his.headers
    assert note(ben, key, "scope").body == his.body
    team = anna.request("POST", "/v1/teams", {"name": "Scope"}, {"Idempotency-Key": key})
    assert team.status == 201
    assert "idempotency-replayed" not in team.headers
    # By an API key of hers it is her call, too; by one that may not write it is none.
    account = {"name": "scope", "scopes": ["self:write"]}
    develop(hall_database, anna.get("/v1/me").json()["username"])
    strong = anna.post("/v1/api-keys", account).json()["secret"]
    weak = anna.post("/v1/api-keys", account | {"scopes": ["self:read"]}).json()["secret"]
    program = Client(hall.port, strong)
    assert note(program, key, "scope").body == hers.body
    program.token = weak
    assert note(program, key, "scope").code == "NP001"
    program.token = None
    assert note(program, key, "scope").code == "UN001"
    program.close()
    assert effects(hall_database, "scope") == 2


@pytest.mark.parametrize("reason", ["raised", "kept"])
def test_what_failed_is_not_remembered(
    hall: Server, anna: Client, hall_database: Database, reason: str
) -> None:
    key, word = new_key(), f"failed {reason}"
    with hall_database.connect() as connection:
        connection.execute("insert into ops.planted_stop values (%s)", [reason])
        assert [note(anna, key, word).code for _ in range(2)] == ["KC004", "KC004"]
        connection.execute("delete from ops.planted_stop")
    assert note(anna, key, word).status == 201
    assert "idempotency-replayed" in note(anna, key, word).headers
    assert effects(hall_database, word) == 1


def test_a_key_that_has_run_out_is_used_anew(
    hall: Server, anna: Client, hall_database: Database
) -> None:
    key = new_key()
    first = note(anna, key, "expired").json()
    with hall_database.connect() as connection:
        connection.execute(
            "update ops.idempotency_keys set created_at = now() - interval '1 day',"
            " expires_at = now() where key = %s",
            [key],
        )
    second = note(anna, key, "expired")
    assert (second.status, second.json()["n"] != first["n"]) == (201, True)
    assert note(anna, key, "expired").body == second.body


def test_keys_that_are_none(hall: Server, anna: Client, hall_database: Database) -> None:
    for bad in ("", "short67", "x" * 256, "with\ttab12", "schl\xfcssel1"):
        answer = note(anna, bad, "malformed")
        assert (answer.status, answer.code) == (400, "BR005"), bad
        assert "Idempotency-Key" in answer.json()["detail"]
    two = json.dumps({"word": "malformed"}).encode()
    with aiohttp_less(hall.port) as send:
        head = b"Idempotency-Key: key number 1\r\nIdempotency-Key: key number 2\r\n"
        assert b"BR005" in send(anna, head, two)
    assert effects(hall_database, "malformed") == 0
    for good in ("exactly8", "x" * 255, 'odd "~ !{}'):
        assert note(anna, good, "well formed").status == 201
    # Where money moves there has to be one; where nothing is made, none is looked at.
    assert note(anna, None, "money", method="PATCH").code == "BR005"
    key = new_key()
    assert note(anna, key, "money", method="PATCH").status == 200
    assert "idempotency-replayed" in note(anna, key, "money", method="PATCH").headers
    assert hall_database.value(
        "select extract(epoch from k.expires_at - k.created_at)::integer / 3600"
        " from ops.idempotency_keys k where k.key = %s",
        key,
    ) == 72  # fmt: skip
    assert note(anna, "short", "put", method="PUT").status == 200
    assert note(anna, "short", "put", method="PUT").status == 200
    assert effects(hall_database, "put") == 2
    read = anna.request("GET", "/v1/words/last", None, {"Idempotency-Key": "short"})
    assert (read.status, read.json()) == (200, {"value": "put"})


@contextmanager
def aiohttp_less(port: int) -> Iterator[Callable[[Client, bytes, bytes], bytes]]:
    """Requests as no client library would send them."""
    import socket  # noqa: PLC0415

    def send(who: Client, head: bytes, body: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
            raw.sendall(request(who.token, head, body))
            return b"".join(iter(lambda: raw.recv(65536), b""))

    yield send


def request(token: str | None, head: bytes, body: bytes) -> bytes:
    return (
        b"POST /v1/words HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
        % ((token or "").encode(), len(body), head, body)
    )


# ------------------------------------------------------------------- callers nobody knows


def test_registration_and_sign_in(hall: Server, hall_database: Database) -> None:
    guest, key = hall.client(), {"Idempotency-Key": new_key()}
    account = {"username": "ones.guest", "email": "ones.guest@example.org", "password": PASSWORD}
    first = guest.request("POST", "/v1/users", account, key)
    assert (first.status, guest.request("POST", "/v1/users", account, key).body) == (
        201,
        first.body,
    )
    assert guest.post("/v1/users", account).code == "KC001"

    login = {"login": "ones.guest", "password": PASSWORD}
    signed = guest.request("POST", "/v1/sessions", login, key)
    assert signed.status == 201
    assert guest.request("POST", "/v1/sessions", login, key).body == signed.body
    sessions = "select count(*) from auth.sessions where user_id = %s"
    assert hall_database.value(sessions, first.json()["id"]) == 1
    # Elsewhere the same key is another's, with whatever body.
    far = key | {"X-Forwarded-For": "192.0.2.99"}
    assert guest.request("POST", "/v1/users", account, far).code == "KC001"
    elsewhere = guest.request("POST", "/v1/sessions", login, far)
    assert (elsewhere.status, elsewhere.body != signed.body) == (201, True)


def test_a_key_is_no_way_to_try_passwords(hall: Server) -> None:
    """Who sits at the same address and knows the key: one guess, and the answer is gone."""
    guest, key = hall.client(), {"Idempotency-Key": new_key()}
    account = {"username": "tried.guest", "email": "tried.guest@example.org", "password": PASSWORD}
    assert guest.request("POST", "/v1/users", account, key).status == 201
    login = {"login": "tried.guest", "password": PASSWORD}
    signed = guest.request("POST", "/v1/sessions", login, key)
    wrong = login | {"password": "something else entirely"}
    assert guest.request("POST", "/v1/sessions", wrong, key).code == "VL005"
    # From now on each guess is a sign-in like any other: counted, and refused in the end.
    codes = [guest.request("POST", "/v1/sessions", wrong, key).code for _ in range(6)]
    assert codes == ["UN002"] * 5 + ["RL002"]
    assert guest.request("POST", "/v1/sessions", login, key).code == "RL002"
    assert signed.status == 201
    # The same for registration: it would tell the password, too.
    other = account | {"password": "something else entirely"}
    assert guest.request("POST", "/v1/users", other, key).code == "VL005"
    assert guest.request("POST", "/v1/users", account, key).code == "KC001"


def test_a_wrong_password_is_not_remembered(hall: Server, anna: Client) -> None:
    guest, key = hall.client(), {"Idempotency-Key": new_key()}
    name = anna.get("/v1/me").json()["username"]
    wrong = {"login": name, "password": "something else entirely"}
    assert guest.request("POST", "/v1/sessions", wrong, key).code == "UN002"
    right = guest.request("POST", "/v1/sessions", wrong | {"password": PASSWORD}, key)
    assert (right.status, "idempotency-replayed" in right.headers) == (201, False)


def test_where_anyone_may_call_it_has_to_be_said(hall: Server, hall_database: Database) -> None:
    """What nobody's arguments prove to be his own would be handed to strangers."""
    with hall_database.connect() as connection:
        rows = connection.execute(
            "select function_name from http.routes where auth = 'none' and once <> 'never'"
            " order by 1"
        ).fetchall()
    assert [name for (name,) in rows] == [
        "api.create_session", "api.create_user", "api.decline_invitation",
        "api.request_password_reset", "api.reset_password", "api.restore_account",
        "api.revert_email", "api.verify_email",
    ]  # fmt: skip
    guest, key = hall.client(), {"Idempotency-Key": new_key()}
    words = [guest.request("POST", "/v1/password-generator", {}, key).body for _ in range(2)]
    assert words[0] != words[1]


# ------------------------------------------------------------------- secrets and tags


def test_answers_with_secrets_lie_nowhere_in_clear(
    hall: Server, hall_database: Database, engine: Engine
) -> None:
    client, key = hall.client(), {"Idempotency-Key": new_key()}
    account = {"username": "ones.keeper", "email": "ones.keeper@example.org", "password": PASSWORD}
    assert client.request("POST", "/v1/users", account, key).status == 201
    login = {"login": "ones.keeper", "password": PASSWORD}
    tokens = client.request("POST", "/v1/sessions", login, key).json()
    client.token = tokens["token"]
    develop(hall_database, "ones.keeper")
    made = {"name": "once", "scopes": ["self:read"]}
    secret = client.request("POST", "/v1/api-keys", made, key)
    assert client.request("POST", "/v1/api-keys", made, key).body == secret.body
    assert hall_database.value(
        "select count(*) from ops.idempotency_keys where key = %s", key["Idempotency-Key"]
    ) == 3  # fmt: skip
    told = (tokens["token"], tokens["refresh_token"], secret.json()["secret"], PASSWORD)
    with redis.Redis.from_url(engine.redis_url) as copies:
        kept = b"".join(copies.dump(k) or b"" for k in copies.scan_iter("*"))
    for text in told:
        assert where(hall_database, text) == set()
        assert where(hall_database, text.encode().hex()) == set()
        assert text not in hall.log.read_text()
        assert text.encode() not in kept
    # The scan can see.
    assert "ops.idempotency_keys" in where(hall_database, key["Idempotency-Key"])


def test_an_erased_user_leaves_no_key(hall: Server, anna: Client, hall_database: Database) -> None:
    key = new_key()
    note(anna, key, "erased")
    user = anna.get("/v1/me").json()["id"]
    shown = anna.get("/v1/me/export").json()["tables"]["ops.idempotency_keys"]
    assert [(row["key"], set(row) & {"answer_encrypted", "tags"}) for row in shown] == [
        (key, set())
    ]
    assert anna.request("DELETE", "/v1/me", {"password": PASSWORD}).status == 204
    with hall_database.connect() as connection:
        past = "update auth.users set deleted_at = now() - interval '1 min' where id = %s"
        connection.execute(past, [user])
        connection.execute("select erase_user(%s)", [user])
    assert where(hall_database, key) == set()


def test_a_replay_bumps_again(hall: Server, anna: Client, hall_database: Database) -> None:
    """Whoever was to tell the cache may have died between commit and telling."""
    key = new_key()
    assert note(anna, key, "bumped").status == 201

    def looked() -> tuple[str, str]:
        answer = anna.get("/v1/words/last")
        return answer.headers["x-cache"], answer.json()["value"]

    # Every worker comes to know whose token it is, and one of them keeps the answer.
    until(lambda: all(looked() == ("hit", "bumped") for _ in range(5)), 10)
    with hall_database.connect() as connection:
        connection.execute("update ops.planted set word = 'meanwhile' where word = 'bumped'")
    assert looked() == ("hit", "bumped"), "nobody told the cache"
    assert "idempotency-replayed" in note(anna, key, "bumped").headers
    assert looked()[1] == "meanwhile"


# ------------------------------------------------------------------- at once


async def copies_of(url: str, token: str | None, key: str, path: str, body: object) -> list[Said]:
    """Fifty clients, each with a connection of its own, at once."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        calls = [Stubborn(url, token, key, path, body) for _ in range(COPIES)]
        return await asyncio.gather(*(call.once(session) for call in calls))


async def test_fifty_at_once_are_one(hall: Server, anna: Client, hall_database: Database) -> None:
    for word in ("at once 1", "at once 2", "at once 3"):
        body = {"word": word, "ms": 100}
        said = await copies_of(hall.url, anna.token, new_key(), "/v1/words", body)
        assert len({(answer.status, answer.body) for answer in said}) == 1
        assert said[0].status == 201
        assert sum(not answer.replayed for answer in said) == 1
        assert effects(hall_database, word) == 1


async def test_fifty_registrations_and_sign_ins_at_once(
    hall: Server, hall_database: Database
) -> None:
    key, name = new_key(), "crowd.of.one"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    said = await copies_of(hall.url, None, key, "/v1/users", account)
    assert {answer.status for answer in said} == {201}
    assert len({answer.body for answer in said}) == 1
    login = {"login": name, "password": PASSWORD}
    said = await copies_of(hall.url, None, key, "/v1/sessions", login)
    assert {answer.status for answer in said} == {201}
    assert len({answer.body for answer in said}) == 1
    sessions = "select count(*) from auth.sessions s join auth.users u on u.id = s.user_id"
    assert hall_database.value(f"{sessions} where u.username = %s", name) == 1


def test_what_is_under_way_is_told_after_a_while(
    hall: Server, anna: Client, hall_database: Database
) -> None:
    key = new_key()
    with under_way(hall_database, lock_of(anna, key)) as end:
        began = time.monotonic()
        answer = note(anna, key, "under way")
        assert (answer.status, answer.code) == (409, "KC009")
        assert 0.5 < time.monotonic() - began < 4
        assert answer.headers["retry-after"] == "1"
        # Other keys have nothing to do with it.
        assert note(anna, new_key(), "under way").status == 201
        # What ends meanwhile is answered.
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(note, anna, key, "under way")
            time.sleep(0.2)
            end()
            assert waiting.result().status == 201
    assert effects(hall_database, "under way") == 2


def test_no_connection_is_held_while_it_waits(
    serve: Serve, database: Database, anna: Client
) -> None:
    plant(database, PLANTED)
    server = serve(PLINTH_WRITE_CONNECTIONS="1")
    first = server.client()
    assert first.sign_in("alice").status == 201
    second = server.client()
    second.token = first.token
    key = new_key()
    with under_way(database, lock_of(first, key)), ThreadPoolExecutor(8) as pool:
        clients = [Client(server.port, first.token) for _ in range(8)]
        waiting = [pool.submit(note, client, key, "held") for client in clients]
        slowest = 0.0
        while not all(call.done() for call in waiting):
            began = time.monotonic()
            assert note(second, None, "free").status == 201
            slowest = max(slowest, time.monotonic() - began)
        assert {call.result().code for call in waiting} == {"KC009"}
        assert slowest < 0.3, slowest
        for client in clients:
            client.close()


# ------------------------------------------------------------------- when something breaks


def test_a_lost_connection_is_no_matter_with_a_key(
    hall: Server, anna: Client, hall_database: Database
) -> None:
    """What was under way with a key is sent again by the layer; without one nobody could tell."""
    busy = (
        "select pid from pg_stat_activity where application_name = 'plinth write'"
        " and datname = current_database() and state = 'active' and query ~ 'note_word'"
    )

    def cut(key: str | None, word: str) -> Response:
        with ThreadPoolExecutor(1) as pool, hall_database.connect() as connection:
            headers = {} if key is None else {"Idempotency-Key": key}
            body = {"word": word, "ms": 600}
            waiting = pool.submit(anna.request, "POST", "/v1/words", body, headers)
            until(lambda: connection.execute(busy).fetchone() is not None, 15)
            connection.execute(f"select pg_terminate_backend(pid) from ({busy}) b".encode())
            return waiting.result()

    assert cut(None, "cut without").status == 503
    answer = cut(new_key(), "cut with")
    assert (answer.status, answer.json()["word"]) == (201, "cut with")
    assert effects(hall_database, "cut with") == 1


async def test_two_hundred_clients_that_leave_and_come_back(
    hall: Server, anna: Client, hall_database: Database
) -> None:
    """Each sends its call, is gone at a random byte or while it is answered, and sends it again."""
    dice = random.Random(7)
    words = [f"left {n}" for n in range(200)]

    async def vanish(word: str, key: str) -> None:
        head = f"Idempotency-Key: {key}\r\n".encode()
        data = request(anna.token, head, json.dumps({"word": word, "ms": 4}).encode())
        cut = len(data) if dice.random() < 0.7 else dice.randrange(len(data))
        _, writer = await asyncio.open_connection("127.0.0.1", hall.port)
        writer.write(data[:cut])
        with suppress(ConnectionError):
            await writer.drain()
        await asyncio.sleep(dice.random() * 0.03)
        writer.transport.abort()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def come_back(word: str) -> Said:
            key = new_key()
            for _ in range(dice.randint(1, 3)):
                await vanish(word, key)
            return await Stubborn(
                hall.url, anna.token, key, "/v1/words", {"word": word, "ms": 4}
            ).insist(session)

        said = []
        for at in range(0, len(words), 20):
            said += await asyncio.gather(*map(come_back, words[at : at + 20]))
    assert {answer.status for answer in said} == {201}
    assert {json.loads(answer.body)["word"] for answer in said} == set(words)
    with hall_database.connect() as connection:
        rows = connection.execute(
            "select p.word, count(*) from ops.planted p where p.word like 'left %' group by 1"
        ).fetchall()
    assert sorted(rows) == sorted((word, 1) for word in words)
    # Both happened: what was cut off before it was whole, and what had an effect nobody heard of.
    assert 0 < sum(answer.replayed for answer in said) < len(said)


@pytest.fixture(scope="module")
def whole() -> Iterator[Up]:
    """A service of its own whose database may be stopped; four workers."""
    with running(WORKERS) as up:
        with psycopg.connect(up.servers.admin_url) as connection:
            connection.execute("set local role plinth_owner")
            connection.execute(PLANTED.encode())
            connection.execute("reset role")
            connection.execute("select http.announce_deploy()")
        yield up


@pytest.mark.parametrize("how", ["immediate", "fast"])
async def test_fifty_at_once_are_one_while_the_database_restarts(whole: Up, how: str) -> None:
    """Before the effect, after it, and about the commit; Redis is emptied in between."""
    number = {"immediate": signal.SIGQUIT, "fast": signal.SIGINT}[how]
    until(whole.ready, 15, whole.words)
    until(lambda: known_to_all(whole), 15, "the route is not there yet")
    client = Client(whole.port)
    token = member(client).token
    for ms, delay in ((300, 0.1), (300, 0.25), (100, 0.12)):
        word = f"{how} {ms} {delay}"
        body = {"word": word, "ms": ms}
        key = new_key()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            calls = [Stubborn(whole.url, token, key, "/v1/words", body) for _ in range(COPIES)]
            crowd = [asyncio.create_task(call.insist(session)) for call in calls]
            await asyncio.sleep(delay)
            postmaster = whole.postmaster()
            os.kill(postmaster, number)
            with redis.Redis.from_url(str(whole.servers.redis_url)) as copies:
                copies.flushall()
            said = await asyncio.gather(*crowd)
            late = await calls[0].insist(session)
        assert Counter(answer.status for answer in said) == {201: COPIES}
        assert {answer.body for answer in said} == {said[0].body}
        assert (late.body, late.replayed) == (said[0].body, True)
        assert whole.value(f"select count(*) from ops.planted where word = '{word}'") == 1
        await eventually(partial(restarted, whole, postmaster), 10)
        until(whole.ready, 15, whole.words)
    client.close()


def known_to_all(up: Up) -> bool:
    """Whether every worker has the planted route."""
    seen = set[str]()
    while len(seen) < up.count:
        with Client(up.port) as client:
            answer = client.post("/v1/words", {})
            if answer.code != "UN001":
                return False
            seen.add(worker_of(answer))
    return True


def restarted(up: Up, before: int) -> bool:
    with suppress(OSError, ValueError, psycopg.OperationalError):
        return up.postmaster() != before and up.value("select 1") == 1
    return False


def test_it_is_described(anna: Client) -> None:
    document = anna.get("/openapi.json").json()
    may, must = (
        document["paths"]["/v1/words"][method]["parameters"][0]["$ref"].rpartition("/")[2]
        for method in ("post", "patch")
    )
    parameters = document["components"]["parameters"]
    assert [parameters[name]["required"] for name in (may, must)] == [False, True]
    assert {parameters[name]["name"] for name in (may, must)} == {"Idempotency-Key"}
