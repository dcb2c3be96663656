"""Failed sign-ins: how many are told, who has to wait, and who does not."""

import asyncio
from collections import Counter
from itertools import count

import aiohttp
import pytest

from tests.conftest import Database, Serve, Server
from tests.http_client import Client, Response
from tests.people import PASSWORD, cheap_passwords, plant

_numbers = count(1)


@pytest.fixture
def gate(serve: Serve, database: Database) -> Server:
    """Two workers that hash several at a time, behind a proxy that tells addresses."""
    cheap_passwords(database)
    return serve(workers=2, PLINTH_HASH_CONNECTIONS="4", PLINTH_TRUSTED_PROXIES="127.0.0.1")


def register(server: Server) -> str:
    name = f"owner{next(_numbers)}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert server.client().post("/v1/users", account).status == 201
    return name


def try_at(
    client: Client, address: str, login: str, password: str = "not the password"
) -> Response:
    return client.post(
        "/v1/sessions",
        {"login": login, "password": password},
        x_forwarded_for=address,
        x_request_id="the-same",
    )


async def test_two_hundred_at_once_are_told_five_times(gate: Server, database: Database) -> None:
    owner = register(gate)
    client = gate.client()
    home = try_at(client, "192.0.2.1", owner, PASSWORD)
    assert home.status == 201
    seen: Counter[int] = Counter()

    async def guess(session: aiohttp.ClientSession, n: int) -> None:
        # One of them is right.
        guessed = {"login": owner, "password": PASSWORD if n == 150 else f"guess number {n}"}
        headers = {"X-Forwarded-For": "203.0.113.9"}
        url = f"{gate.url}/v1/sessions"
        async with session.post(url, json=guessed, headers=headers) as answer:
            seen[answer.status] += 1
            if answer.status == 429:
                assert (await answer.json())["code"] == "RL002"
                assert 1 <= int(answer.headers["Retry-After"]) <= 60
            else:
                assert answer.status == 401 or int(answer.headers["Retry-After"]) >= 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(guess(session, n) for n in range(200)))
    assert seen[401] == 5, seen
    assert set(seen) <= {401, 429, 503}, seen
    assert database.value("select max(failures) from auth.attempts") == 5

    # Now not even the right password is told there; elsewhere nobody notices.
    assert try_at(client, "203.0.113.9", owner, PASSWORD).code == "RL002"
    assert try_at(client, "203.0.113.10", owner, PASSWORD).status == 201
    client.token = home.json()["token"]
    assert client.get("/v1/me").json()["username"] == owner


def test_a_refusal_tells_nothing_of_the_account(gate: Server, database: Database) -> None:
    owner, suspended = register(gate), register(gate)
    with database.connect() as connection:
        connection.execute(
            "update auth.users set status = 'suspended' where username = %s", [suspended]
        )
    client = gate.client()
    logins = owner, suspended, f"{owner}@example.org", "nobody-of-that-name", "no@where"
    answers: dict[str, list[tuple[int, bytes, dict[str, str]]]] = {}
    for login in logins:
        for _ in range(7):
            told = try_at(client, "203.0.113.20", login)
            heads = {n: v for n, v in told.headers.items() if n != "date"}
            assert 50 <= int(heads.pop("retry-after", "60")) <= 60
            answers.setdefault(login, []).append((told.status, told.body, heads))
    assert [status for status, _, _ in answers[owner]] == [401] * 5 + [429] * 2
    assert all(told == answers[owner] for told in answers.values())
    held = database.value("select string_agg(a::text, ' ') from auth.attempts a")
    assert owner not in held
    assert "203.0.113" not in held


def test_a_stranger_does_not_lock_the_owner_out(gate: Server, database: Database) -> None:
    owner = register(gate)
    client = gate.client()
    assert try_at(client, "2001:db8::1", owner, PASSWORD).status == 201
    with database.connect() as connection:
        connection.execute("select base.set_setting('attempts.stop', '7')")
    verdicts = [try_at(client, f"203.0.113.{n}", owner).status for n in range(1, 12)]
    assert verdicts == [401] * 7 + [429] * 4
    # From anywhere else it is over until a new password is set, at home it is not.
    over = try_at(client, "198.51.100.1", owner, PASSWORD)
    assert over.status == 429
    assert int(over.headers["retry-after"]) > 86400
    assert try_at(client, "2001:db8::ffff:2", owner, PASSWORD).status == 201
    with database.connect() as connection:
        connection.execute("select api.set_password(%s, %s)", [owner, PASSWORD])
    assert try_at(client, "198.51.100.1", owner, PASSWORD).status == 201


def test_one_address_does_not_try_every_account(gate: Server, database: Database) -> None:
    with database.connect() as connection:
        connection.execute("select base.set_setting('attempts.per_address', '12')")
    client = gate.client()
    verdicts = [try_at(client, "203.0.113.30", f"somebody{n}").status for n in range(20)]
    assert verdicts == [401] * 12 + [429] * 8
    assert try_at(client, "203.0.113.31", "somebody1").status == 401


NO_WORK = """
create or replace function core.password_matches(p_password text, p_hash text) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'hashed' using errcode = '55000';
end $$
"""


def test_who_is_refused_costs_no_hash(serve: Serve, database: Database) -> None:
    cheap_passwords(database)
    client = serve().client()
    for _ in range(5):
        assert client.post("/v1/sessions", {"login": "dora", "password": "x"}).status == 401
    plant(database, NO_WORK)
    assert client.post("/v1/sessions", {"login": "dora", "password": "x"}).status == 429
    assert client.post("/v1/sessions", {"login": "emil", "password": "x"}).status == 500
