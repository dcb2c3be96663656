"""Limits: exactly as many calls pass as a limit says, over all workers, without Redis, at any
moment; and whoever is refused is told by what, and for how long."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from tests.conftest import ROOT, Database, Serve, Server, free_port, until
from tests.http_client import Client, Response
from tests.people import PASSWORD, all_loaded, cheap_passwords, eventually

WORKERS, CLIENTS = 4, 64
SIXTY = {"RATE_LIMIT_REQUESTS_PER_MINUTE": "60"}
_numbers = count(1)

Gate = Callable[..., Server]


@pytest.fixture
def gate(serve: Serve, database: Database) -> Gate:
    """The program with limits as given; all others are 0."""

    def start(workers: int = 1, **environment: str) -> Server:
        cheap_passwords(database)
        server = serve(workers=workers, wait=True, on=database, **environment)
        until(lambda: all_loaded(server, workers), 10)
        return server

    return start


def member(server: Server) -> Client:
    """A new account of the lowest tier, signed in; what that took is forgotten."""
    client, name = server.client(), f"member{next(_numbers)}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/v1/users", account).status == 201
    assert client.sign_in(name, PASSWORD).status == 201
    return client


def run(database: Database, statement: str, *values: object) -> None:
    with database.connect() as connection:
        connection.execute(statement.encode(), values or None)


async def storm(
    server: Server, token: str | None, *, each: int = 2, clients: int = CLIENTS
) -> list[tuple[int, dict[str, str], Any]]:
    """So many clients at once, each on a connection of its own; status, headers and body."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    seen = []

    async def one() -> None:
        async with aiohttp.ClientSession(headers=headers) as session:
            for _ in range(each):
                async with session.get(f"{server.url}/v1/me") as answer:
                    fields = {name.lower(): value for name, value in answer.headers.items()}
                    seen.append((answer.status, fields, await answer.json()))

    await asyncio.gather(*(one() for _ in range(clients)))
    return seen


def left(answer: Response) -> tuple[int, int, int]:
    """Limit, remaining, reset."""
    return (
        int(answer.headers["ratelimit-limit"]),
        int(answer.headers["ratelimit-remaining"]),
        int(answer.headers["ratelimit-reset"]),
    )


@pytest.mark.parametrize("redis", ["with Redis", "without", "while it is stopped"])
async def test_exactly_sixty_of_sixty_four_clients_calls_pass_ten_times(
    gate: Gate, redis: str
) -> None:
    where = {"without": "", "while it is stopped": f"redis://127.0.0.1:{free_port()}"}
    server = gate(WORKERS, **SIXTY, **({"REDIS_URL": where[redis]} if redis in where else {}))
    for _ in range(10):
        client = await asyncio.to_thread(member, server)
        seen = await storm(server, client.token)
        assert Counter(status for status, _, _ in seen) == {200: 60, 429: 68}
        assert sorted(int(h["ratelimit-remaining"]) for s, h, _ in seen if s == 200) == [*range(60)]
        for status, headers, body in seen:
            assert headers["ratelimit-limit"] == "60"
            if status == 429:
                assert (body["code"], headers["ratelimit-remaining"]) == ("RL001", "0")
                assert "60 requests a minute of your account" in body["detail"]
                # All of it was used within the last seconds: a minute goes by until some is free.
                assert 50 <= int(headers["retry-after"]) <= 62
                assert int(headers["retry-after"]) >= int(headers["ratelimit-reset"]) > 0


async def test_a_large_limit_is_used_up_to_the_last_unit_by_four_workers(gate: Gate) -> None:
    server = gate(WORKERS, RATE_LIMIT_REQUESTS_PER_HOUR="3000")
    client = await asyncio.to_thread(member, server)
    passed = 0
    questions = server.database
    # What one worker holds for a second and does not use comes back for the others.
    for _ in range(20):
        seen = Counter(status for status, _, _ in await storm(server, client.token, each=20))
        assert seen.keys() <= {200, 429}
        passed += seen[200]
        assert passed <= 3000
        if passed == 3000:
            break
    assert passed == 3000
    assert (await storm(server, client.token, each=1))[0][0] == 429
    # One question to the database for many calls, where plenty was left.
    used = "select ((requests_hour).total) from ops.rate_limit_tracking where subject like 'user:%'"
    assert questions.value(used) == 3000


def test_the_tightest_of_several_limits_decides_and_is_named(gate: Gate) -> None:
    server = gate(RATE_LIMIT_REQUESTS_PER_MINUTE="50", RATE_LIMIT_REQUESTS_PER_DAY="40")
    client = member(server)
    role = "insert into auth.user_roles (user_id, role) select id, 'developer' from auth.users"
    run(server.database, role + " where username ~ '^member'")
    made = client.post(
        "/v1/api-keys",
        {"name": "robot", "scopes": ["self:read"], "limits": {"requests_per_hour": 5}},
    )
    assert made.status == 201, made.body
    assert left(made)[:2] == (40, 39)
    robot = Client(server.port, made.json()["secret"])
    assert [left(robot.get("/v1/me"))[:2] for _ in range(5)] == [(5, n) for n in (4, 3, 2, 1, 0)]
    refused = robot.get("/v1/me")
    assert (refused.status, refused.code) == (429, "RL001")
    assert "5 requests an hour of this API key" in refused.json()["detail"]
    assert 3500 < int(refused.headers["retry-after"]) <= 3720
    # What the key used, its owner used; what it was refused, nobody did.
    assert left(client.get("/v1/me"))[:2] == (40, 33)

    # A route with a limit of its own, for this caller.
    run(server.database, "insert into ops.route_limits values ('GET /v1/teams', 2)")
    until(lambda: left(client.get("/v1/teams"))[0] == 2, 3)
    until(lambda: client.get("/v1/teams").status == 429, 3)
    refused = client.get("/v1/teams")
    assert "2 requests a minute of GET /v1/teams" in refused.json()["detail"]
    assert client.get("/v1/me").status == 200
    # Under its name, too.
    assert client.post("/rpc/list_teams", {}).status == 429
    for _ in range(40):
        refused = client.get("/v1/me")
    assert "40 requests a day of your account" in refused.json()["detail"]
    robot.close()


def test_who_has_no_token_is_counted_by_address(gate: Gate) -> None:
    server = gate(PLINTH_TRUSTED_PROXIES="127.0.0.1", **SIXTY)
    run(server.database, "update ops.tier_limits set factor = 1 where tier = 'anonymous'")
    client = server.client()
    for n in range(60):
        # What is no token, or none of ours, is no caller either.
        client.token = None if n % 2 else "pls_0000" + "A" * 43 + "000000"
        answer = client.get("/v1/me", x_forwarded_for="2001:db8::1")
        assert (answer.status, answer.code) == (401, "UN001")
        assert left(answer)[:2] == (60, 59 - n)
    for address in ("2001:db8::1", "2001:db8::ffff", "2001:db8:0:0:1::"):
        answer = client.get("/v1/me", x_forwarded_for=address)
        assert (answer.status, answer.code) == (429, "RL001")
        assert "of your address" in answer.json()["detail"]
    assert client.get("/v1/me", x_forwarded_for="2001:db8:0:1::").status == 401
    assert client.get("/v1/me", x_forwarded_for="192.0.2.7").status == 401
    body = {"login": "nobody", "password": PASSWORD}
    assert client.post("/v1/sessions", body, x_forwarded_for="2001:db8::1").status == 429
    # A proxy's own address is nobody's.
    tracked = "select array_agg(subject) from ops.rate_limit_tracking"
    tracked += " where subject !~ '^route:'"
    assert set(server.database.value(tracked)) == {
        "address:192.0.2.7",
        "address:2001:db8:0:1::",
        "address:2001:db8::",
    }


def test_every_answer_of_a_route_tells_how_much_is_left(gate: Gate) -> None:
    server = gate(PLINTH_CORS_ORIGINS="https://app.example", **SIXTY)
    client = member(server)
    seen = [client.get("/v1/me") for _ in range(3)]
    seen.append(client.get("/v1/me", if_none_match=seen[0].headers["etag"]))
    seen += [
        client.get("/v1/api-keys/01900000-0000-7000-8000-000000000000"),
        client.patch("/v1/me", {"nonsense": 1}),
        client.request("PATCH", "/v1/me", b"{"),
        client.get("/v1/me?nonsense=1"),
        client.get("/v1/users"),
        client.request("HEAD", "/v1/me"),
    ]
    assert [answer.status for answer in seen] == [200, 200, 200, 304, 404, 422, 400, 422, 403, 200]
    assert seen[2].headers["x-cache"] == "hit"
    assert [left(answer)[:2] for answer in seen] == [(60, 59 - n) for n in range(len(seen))]
    assert all(0 < left(answer)[2] <= 62 for answer in seen)
    exposed = client.get("/v1/me", origin="https://app.example")
    assert "RateLimit-Remaining" in exposed.headers["access-control-expose-headers"]
    # What is no route is nobody's call.
    for path in ("/v1/nothing", "/livez", "/openapi.json"):
        assert "ratelimit-limit" not in client.get(path).headers
    assert left(client.get("/v1/me"))[1] == 59 - len(seen) - 1


def test_without_limits_nothing_is_told_and_nothing_counted(gate: Gate) -> None:
    server = gate()
    client = member(server)
    calls = client.samples
    answer = client.get("/v1/me")
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("ratelimit")]
    before = calls()["plinth_limits_asked_total"]
    for _ in range(50):
        assert client.get("/v1/me").status == 200
    assert calls()["plinth_limits_asked_total"] <= before + 5
    assert server.database.value("select count(*) from ops.rate_limit_tracking") == 0


def test_a_raised_limit_counts_within_a_second(gate: Gate) -> None:
    server = gate(RATE_LIMIT_REQUESTS_PER_MINUTE="3")
    client = member(server)
    user = client.get("/v1/me").json()["id"]
    until(lambda: client.get("/v1/me").status == 429, 3)
    quota = "insert into ops.user_quotas (user_id, requests_per_minute) values (%s, 5)"
    run(server.database, quota, user)
    until(lambda: client.get("/v1/me").status == 200, 1.5)
    run(server.database, "update ops.user_quotas set requests_per_minute = 0")
    until(lambda: "ratelimit-limit" not in client.get("/v1/me").headers, 1.5)
    run(server.database, "update auth.users set tier = 'pro' where id = %s", user)
    run(server.database, "delete from ops.user_quotas")
    until(lambda: client.get("/v1/me").headers.get("ratelimit-limit") == "30", 1.5)


def test_limits_that_the_environment_does_not_set_are_those_of_the_database(
    gate: Gate, database: Database, tmp_path: Path
) -> None:
    nothing = {"RATE_LIMIT_REQUESTS_PER_MINUTE": "", "RATE_LIMIT_REQUESTS_PER_HOUR": "50"}
    client = member(gate(**nothing))
    assert left(client.get("/v1/me"))[0] == 50
    run(database, "select base.set_setting('limits.requests_per_minute', '7')")
    until(lambda: left(client.get("/v1/me"))[0] == 7, 1.5)
    # plinth psql knows what the environment sets, too.
    own = {
        "DATABASE_URL": database.web_url,
        "DATABASE_ADMIN_URL": database.admin_url,
        "PLINTH_SECRET_KEY": database.engine.secret_key,
        "PLINTH_DATA": str(tmp_path / "own"),
    }
    asked = subprocess.run(
        [sys.executable, "-m", "pyapp", "psql", "-At", "-c", "show plinth.limits"],
        env=os.environ | own | nothing,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.strip() == ",50,,"


def test_a_call_may_cost_more_than_one_unit(gate: Gate) -> None:
    client = member(gate(RATE_LIMIT_REQUESTS_PER_MINUTE="15"))
    assert left(client.get("/v1/me/export"))[1] == 5
    refused = client.get("/v1/me/export")
    assert (refused.status, refused.code) == (429, "RL001")
    # What is left is for smaller ones.
    assert [left(client.get("/v1/me"))[1] for _ in range(5)] == [4, 3, 2, 1, 0]
    assert client.get("/v1/me").status == 429


async def test_tokens_of_a_day_are_spent_exactly(gate: Gate) -> None:
    server = gate(WORKERS, RATE_LIMIT_TOKENS_PER_DAY="1000")
    client = await asyncio.to_thread(member, server)
    statuses: Counter[int] = Counter()

    async def spend(session: aiohttp.ClientSession) -> None:
        body = {"requests": 0, "tokens": 30}
        async with session.post(f"{server.url}/v1/quotas/spend", json=body) as answer:
            statuses[answer.status] += 1
            if answer.status == 429:
                assert "1000 tokens a day of your account" in (await answer.json())["detail"]
                assert 86400 < int(answer.headers["retry-after"]) <= 62 * 1440

    headers = {"Authorization": f"Bearer {client.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*(spend(session) for _ in range(CLIENTS)))
    assert statuses == {200: 33, 429: CLIENTS - 33}
    asked = client.post("/v1/quotas/check", {"requests": 0, "tokens": 10}).json()
    assert (asked["allowed"], asked["remaining"]) == (True, 0)
    asked = client.post("/v1/quotas/check", {"requests": 0, "tokens": 11}).json()
    assert (asked["allowed"], asked["scope"], asked["unit"]) == (False, "user", "tokens")
    (row,) = client.get("/v1/quotas").json()["items"]
    assert (row["quota"], row["used"], row["remaining"]) == (1000, 990, 10)


async def test_units_that_were_not_used_come_back(gate: Gate) -> None:
    server = gate(RATE_LIMIT_REQUESTS_PER_HOUR="100000")
    client = await asyncio.to_thread(member, server)
    assert client.get("/v1/me").status == 200
    used = "select (requests_hour).total from ops.rate_limit_tracking where subject like 'user:%'"
    assert server.database.value(used) > 100
    # A second later they do, although nobody calls any more.
    await eventually(lambda: server.database.value(used) == 1, 4)
    # And when the program ends.
    assert client.get("/v1/me").status == 200
    assert server.stop() == 0
    assert server.database.value(used) == 2


async def test_a_row_that_somebody_holds_holds_up_its_own_caller_only(gate: Gate) -> None:
    server = gate(**SIXTY)
    one, *others = await asyncio.to_thread(lambda: [member(server) for _ in range(5)])
    user = one.get("/v1/me").json()["id"]
    with server.database.connect(autocommit=False) as connection:
        held = "select from ops.rate_limit_tracking where user_id = %s for update"
        connection.execute(held.encode(), [user])
        waiting = asyncio.create_task(storm(server, one.token, each=1, clients=3))
        seconds = []
        while not waiting.done():
            began = time.monotonic()
            # Who comes for the first time has no row yet.
            other = others.pop() if len(others) > 1 else others[0]
            assert (await asyncio.to_thread(other.get, "/v1/me")).status == 200
            seconds.append(time.monotonic() - began)
        assert [status for status, _, _ in await waiting] == [503] * 3
        assert len(seconds) >= 3, seconds
        assert max(seconds) < 0.8, "it waited for somebody else's row"
    assert one.get("/v1/me").status == 200


def test_while_limits_cannot_be_looked_up_nobody_passes(gate: Gate) -> None:
    server = gate(**SIXTY)
    client = member(server)
    assert client.get("/v1/me").status == 200
    with server.database.connect(autocommit=False) as connection:
        connection.execute("lock table ops.rate_limit_tracking in access exclusive mode")
        answer = client.get("/v1/me")
        assert (answer.status, answer.code) == (503, "SV503")
        assert "retry-after" in answer.headers
    assert client.get("/v1/me").status == 200


def test_administrators_see_and_change_limits_over_http(gate: Gate) -> None:
    server = gate(**SIXTY)
    client, boss = member(server), server.client()
    assert boss.sign_in("admin").status == 201
    user = client.get("/v1/me").json()["id"]
    limits = "/v1/admin/limits"
    assert client.get(limits).status == 403
    made = boss.request("PUT", f"{limits}/users/{user}", {"requests_per_minute": 9})
    assert (made.status, made.json()["requests_per_minute"]) == (200, 9)
    until(lambda: left(client.get("/v1/me"))[0] == 9, 1.5)
    assert boss.delete(f"{limits}/users/{user}").status == 204
    until(lambda: left(client.get("/v1/me"))[0] == 60, 1.5)
    assert boss.request("PUT", f"{limits}/tiers/free", {"factor": 2}).status == 200
    until(lambda: left(client.get("/v1/me"))[0] == 120, 1.5)
    route = {"route": "GET /v1/sessions", "requests_per_minute": 1}
    assert boss.request("PUT", f"{limits}/routes", route).status == 200
    until(lambda: client.get("/v1/sessions").status == 429, 1.5)
    listed = {(row["kind"], row["name"]) for row in boss.get(limits).json()["items"]}
    assert {("route", "GET /v1/sessions"), ("tier", "free")} <= listed
    assert boss.delete(f"{limits}/routes?route=GET%20/v1/sessions").status == 204
    until(lambda: client.get("/v1/sessions").status == 200, 1.5)


@pytest.mark.soak
async def test_over_the_edges_of_windows_never_more_than_sixty_pass_in_any_minute(
    gate: Gate,
) -> None:
    """Three minutes by the clock, four workers: what passed in any sixty seconds is counted."""
    server = gate(WORKERS, **SIXTY)
    client = await asyncio.to_thread(member, server)
    headers = {"Authorization": f"Bearer {client.token}"}
    ends, passed = time.monotonic() + 190, list[tuple[float, float]]()

    async def one(session: aiohttp.ClientSession) -> None:
        while (sent := time.monotonic()) < ends:
            async with session.get(f"{server.url}/v1/me") as answer:
                assert answer.status in (200, 429)
                if answer.status == 200:
                    passed.append((sent, time.monotonic()))
            await asyncio.sleep(random.random() / 5)

    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*(one(session) for _ in range(CLIENTS)))
    # Each passed between being sent and being answered; within the span is who surely was.
    for begin, _ in passed:
        assert sum(begin <= sent and done <= begin + 60 for sent, done in passed) <= 60
    assert len(passed) in (180, 240)


# ------------------------------------------------------------------- the windows, over time


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("place", "name", "width"), [(0, "minute", 1), (1, "hour", 60)])
def test_no_span_holds_more_than_the_limit_wherever_it_begins(
    shared_database: Database, seed: int, place: int, name: str, width: int
) -> None:
    """Random arrivals and returns against http.take at times of our own. What was granted may be
    used up to a second later, so that second is taken off the distance of any two."""
    dice, window = random.Random(seed), 60 * width
    limit = (70, 600, 10_000)[seed]  # an address has ten times the usual one
    given = [0, 0, 0, 0]
    given[place] = limit // 10
    now, used, held = dice.randrange(10**9, 2 * 10**9), [(0, 0)], list[tuple[int, int]]()
    with shared_database.connect("plinth_web", autocommit=False) as connection:
        limits = ",".join(map(str, given))
        connection.execute("select set_config('plinth.limits', %s, true)", [limits])
        for _ in range(600):
            # Bursts and trickles; and as soon as there could be room again, to the second.
            now += dice.choice((0, 0, 1, 2, 5)) * dice.choice((1, width))
            if dice.random() < 0.3:
                at, _ = dice.choice(used[-20:])
                now = max(now, at + window + dice.choice((-1, 0, 1, 2, width)))
            back, back_at = (
                held.pop(dice.randrange(len(held))) if held and dice.random() < 0.6 else (0, 0)
            )
            wanted = dice.choice((1, limit // 3, limit))
            granted = take(connection, f"198.51.100.{seed}", wanted, back, back_at, now)
            # What came back was never used: as if it had not been granted.
            used += [(back_at, -back), (now, granted)]
            if granted and dice.random() < 0.5:
                held.append((dice.randrange(granted) + 1, now))
        connection.rollback()
    for begin, _ in used:
        span = sum(units for at, units in used if begin <= at <= begin + window + 1)
        assert span <= limit, f"{span} of {limit} in a {name} from {begin}"
    assert sum(units for _, units in used) > 20 * limit, "hardly anything was granted"


def take(
    connection: psycopg.Connection[Any],
    address: str,
    units: int,
    back: int,
    back_at: int,
    now: int,
) -> int:
    row = connection.execute(
        "select split_part(answers, ' ', 1)::integer from http.take(array[null::bytea], array[%s],"
        " array[''], array[%s], array[1], array[%s], array[%s::bigint], %s)",
        [address, units, back, back_at, now],
    ).fetchone()
    assert row
    return int(row[0])


def test_a_clock_that_goes_back_locks_nobody_out_and_lets_nobody_in(
    shared_database: Database,
) -> None:
    with shared_database.connect("plinth_web", autocommit=False) as connection:
        connection.execute("select set_config('plinth.limits', '6,0,0,0', true)")
        noon, address = 1_800_000_000, "198.51.100.99"
        assert take(connection, address, 60, 0, 0, noon) == 60  # an address has ten times as much
        for back in (1, 2, 7200, 31_536_000):
            assert take(connection, address, 1, 0, 0, noon - back) == 0
        # A minute of the clock as it is now, and not a year until it is where it was.
        assert take(connection, address, 1, 0, 0, noon - 31_536_000 + 61) == 0
        assert take(connection, address, 60, 0, 0, noon - 31_536_000 + 62) == 60
        # Forward: what was granted an hour ago counts no more.
        assert take(connection, address, 60, 0, 0, noon + 3600) == 60
        connection.rollback()
