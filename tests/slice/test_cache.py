"""Copies in Redis: said so in X-Cache, never stale, never another's, never trusted."""

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tests.conftest import Database, Serve, Server, until
from tests.http_client import Client
from tests.people import PASSWORD, Crowd, cheap_passwords


@pytest.fixture
def server(serve: Serve, database: Database) -> Server:
    cheap_passwords(database)
    return serve()


@pytest.fixture
def store(server: Server) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.redis_url) as connection:
        yield connection


def join(server: Server, name: str) -> Client:
    client = server.client()
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/v1/users", account | {"full_name": name.title()}).status == 201
    assert client.sign_in(name, PASSWORD).status == 201
    return client


def test_x_cache_says_where_an_answer_comes_from(guest: Client) -> None:
    account = {"username": "cachy", "email": "cachy@example.org", "password": PASSWORD}
    guest.post("/v1/users", account)
    guest.sign_in("cachy", PASSWORD)
    assert guest.get("/v1/me").headers["x-cache"] == "miss"
    # The first answer told whose token it is; only from then on is there a place for a copy.
    seen = [guest.get("/v1/me") for _ in range(3)]
    assert [a.headers["x-cache"] for a in seen[1:]] == ["hit", "hit"]
    bypass = guest.get("/v1/me", cache_control="no-cache")
    assert bypass.headers["x-cache"] == "bypass"
    assert bypass.body == seen[-1].body
    guest.patch("/v1/me", {"bio": "new"})
    after = guest.get("/v1/me")
    assert after.headers["x-cache"] == "miss"
    assert after.json()["bio"] == "new"
    assert "x-cache" not in guest.get("/v1/sessions").headers
    assert after.headers["cache-control"] == "private, no-cache"
    assert after.headers["vary"] == "Authorization"


def test_an_etag_saves_the_body(guest: Client) -> None:
    account = {"username": "taggy", "email": "taggy@example.org", "password": PASSWORD}
    guest.post("/v1/users", account)
    guest.sign_in("taggy", PASSWORD)
    first, second = guest.get("/v1/me"), guest.get("/v1/me")
    tag = first.headers["etag"]
    assert second.headers["etag"] == tag
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        same = guest.get("/v1/me", if_none_match=known)
        assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
    assert guest.get("/v1/me", if_none_match='"other"').status == 200
    guest.patch("/v1/me", {"bio": "new"})
    changed = guest.get("/v1/me", if_none_match=tag)
    assert changed.status == 200
    assert changed.headers["etag"] != tag
    # Who may not see it learns nothing from a tag.
    guest.delete("/v1/sessions/current")
    assert guest.get("/v1/me", if_none_match=changed.headers["etag"]).status == 401


@pytest.mark.parametrize("pool", ["1", pytest.param("2", marks=pytest.mark.soak)])
async def test_a_reader_never_sees_what_a_writer_replaced(
    serve: Serve, database: Database, pool: str
) -> None:
    """1,000 shuffled reads and changes by two users, and refusals, over one connection or two."""
    cheap_passwords(database)
    server = serve(
        PLINTH_READ_CONNECTIONS=pool, PLINTH_WRITE_CONNECTIONS=pool, PLINTH_HASH_CONNECTIONS="1"
    )
    dice = random.Random(7)
    async with Crowd(server.url, 2, writes=0.4) as crowd:
        stranger = {"Authorization": "Bearer pls_" + "0" * 53}
        steps = [person.step for person in crowd.people] * 500

        async def refused() -> None:
            for path, headers in (("/v1/me", {}), ("/v1/me", stranger), ("/rpc/end_session", {})):
                async with crowd.session.get(server.url + path, headers=headers) as answer:
                    assert answer.status in (401, 405)

        async def wrong() -> None:
            """An error inside the database, as one of the two."""
            person = dice.choice(crowd.people)
            headers = {"Authorization": f"Bearer {person.token}"}
            async with crowd.session.patch(
                server.url + "/v1/me", json={"version": 10**6}, headers=headers
            ) as answer:
                assert answer.status == 409

        dice.shuffle(steps)
        for start in range(0, len(steps), 20):
            # Each user's own requests follow one another; the users' requests overlap.
            mine = steps[start : start + 20]
            await asyncio.gather(
                *(one_after_another(mine, person.step) for person in crowd.people),
                refused(),
                wrong(),
            )
        assert crowd.record.wrong == []
        assert crowd.record.counts.keys() == {"GET 200", "PATCH 200"}
        assert sum(crowd.record.counts.values()) == 1000


async def one_after_another(steps: list[Any], mine: Any) -> None:
    for step in steps:
        if step == mine:
            await step()


def read(store: redis.Redis, key: bytes) -> bytes:
    value = store.get(key) if store.type(key) == b"string" else b""
    assert value is None or isinstance(value, bytes)
    return value or b""


def poison(store: redis.Redis, key: bytes, held: list[bytes], dice: random.Random) -> None:
    """Nothing, another key's value, part of one, noise, another type, emptiness; or left alone."""
    value = dice.choice([*held, b"x"])
    kinds: list[bytes | None] = [
        None, value, value[: dice.randrange(len(value))], dice.randbytes(dice.randrange(200)), b"",
    ]  # fmt: skip
    match dice.randrange(len(kinds) + 2):
        case 0:
            store.delete(key)
        case kind if kind < len(kinds):
            store.set(key, kinds[kind] or b"")
        case kind if kind == len(kinds):
            # In one step: between two, a worker may bring in a version.
            with store.pipeline(transaction=True) as together:
                together.delete(key)
                together.lpush(key, b"a list")
                together.execute()


def test_a_poisoned_redis_is_never_believed(
    server: Server, store: redis.Redis, database: Database
) -> None:
    carol, dave = join(server, "carol"), join(server, "dave")
    right = {}
    for client in (carol, dave):
        for _ in range(3):
            answer = client.get("/v1/me")
        assert answer.headers["x-cache"] == "hit"
        right[client] = answer.body
    dice = random.Random(3)
    keys = list(store.scan_iter("*"))
    assert keys
    for _ in range(60):
        held = [value for key in keys if (value := read(store, key))]
        for key in dice.sample(keys, len(keys)):
            poison(store, key, held, dice)
        for client, body in right.items():
            answer = client.get("/v1/me")
            assert (answer.status, answer.body) == (200, body)
        if dice.random() < 0.2:
            store.flushdb()
    store.flushdb()
    for client, body in right.items():

        def kept_again(client: Client = client, body: bytes = body) -> bool:
            answer = client.get("/v1/me")
            assert answer.body == body
            return answer.headers["x-cache"] == "hit"

        until(kept_again, 20)


def test_a_copy_that_was_cut_is_a_miss(server: Server, store: redis.Redis) -> None:
    carol = join(server, "carol")
    for _ in range(3):
        right = carol.get("/v1/me")
    assert right.headers["x-cache"] == "hit"
    (key,) = (key for key in store.scan_iter("*") if right.body in (read(store, key) or b""))
    whole = read(store, key)
    assert whole
    for length in range(len(whole) - len(right.body) - 5, len(whole)):
        until(lambda: read(store, key) == whole, 20)
        for claim in store.scan_iter("*:f:*"):  # else others are waited for, who keep it just now
            store.delete(claim)
        store.set(key, whole[:length])
        answer = carol.get("/v1/me")
        assert (answer.body, answer.headers["x-cache"]) == (right.body, "miss"), length


def test_a_token_that_ended_cannot_be_put_back(server: Server, store: redis.Redis) -> None:
    """Everything that Redis held before the sign-out, but for what is newer, put back by hand."""
    carol = join(server, "carol")
    for _ in range(3):
        assert carol.get("/v1/me").status == 200
    before = {key: read(store, key) for key in store.scan_iter("*")}
    assert before
    assert carol.delete("/v1/sessions/current").status == 204
    for key, value in before.items():
        if b":t:" not in key:
            store.set(key, value)
    assert carol.get("/v1/me").status == 401
