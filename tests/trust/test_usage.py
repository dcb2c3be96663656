"""One row for every call, whatever happens to the workers, to the database, or to the clock."""

import asyncio
import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from pyapp.db import Database as Layer
from pyapp.settings import Settings
from pyapp.usage import Usage
from tests.conftest import Database, Serve, Server, until
from tests.http_client import Client
from tests.people import Crowd

NOBODY = "00000000-0000-0000-0000-000000000000"
ALICE = "01900000-0000-7000-8000-000000000005"


def rows(database: Database, what: str = "true") -> int:
    return int(database.value(f"select count(*) from ops.api_usage where {what}"))


def calls(database: Database) -> int:
    return int(database.value("select coalesce(sum(calls), 0) from analytics.daily_stats"))


def all_told(server: Server, number: int) -> None:
    until(lambda: rows(server.database) >= number, 20, lambda: f"{rows(server.database)} rows")


def test_a_call_leaves_one_row_with_its_figures(server: Server, client: Client) -> None:
    client.get("/livez")
    client.get("/nowhere")
    client.request("DELETE", "/v1/me/preferences")
    client.sign_in("alice")
    client.get("/v1/me", X_Request_Id="mine-0")
    client.get("/v1/me", X_Request_Id="mine-1")
    client.get("/v1/me", X_Request_Id="mine-2")
    client.get("/v1/me", Cache_Control="no-cache", X_Request_Id="mine-3")
    client.patch("/v1/me", {"bio": 7}, X_Request_Id="mine-4")
    client.get("/v1/me/audit?after=x", X_Request_Id="mine-5")
    client.get("/metrics")
    all_told(server, 9)
    with server.database.connect() as connection:
        found = connection.execute(
            "select user_id::text, method, route, status, cache, request_id,"
            " duration_us between 1 and 5000000, now() - at between '0' and '60 s'"
            " from ops.api_usage order by id"
        ).fetchall()
    told = [(str(row[0]), *row[1:]) for row in found]
    ids = [row[5] for row in told]
    assert [row[:5] for row in told] == [
        (NOBODY, "(none)", "(none)", 404, None),
        (NOBODY, "DELETE", "/v1/me/preferences", 401, None),
        (NOBODY, "POST", "/v1/sessions", 201, None),
        (ALICE, "GET", "/v1/me", 200, "miss"),
        (ALICE, "GET", "/v1/me", 200, "miss"),
        (ALICE, "GET", "/v1/me", 200, "hit"),
        (ALICE, "GET", "/v1/me", 200, "bypass"),
        (ALICE, "PATCH", "/v1/me", 422, None),
        (ALICE, "GET", "/v1/me/audit", 422, None),
    ]
    assert ids[3:] == ["mine-0", "mine-1", "mine-2", "mine-3", "mine-4", "mine-5"]
    assert all(row[6] and row[7] for row in told), told
    assert calls(server.database) == 9


def test_a_call_by_an_api_key_names_it(server: Server, client: Client) -> None:
    client.sign_in("developer")
    key = client.post("/v1/api-keys", {"name": "meter", "scopes": ["self:read"]}).json()
    program = server.client()
    program.token = key["secret"]
    program.patch("/v1/me", {"bio": "x"})  # the scope is missing: the layer never learns whose
    all_told(server, 3)
    with server.database.connect() as connection:
        row = connection.execute(
            "select user_id::text, status, api_key_id::text from ops.api_usage"
            " where api_key_id is not null"
        ).fetchone()
    assert row == ("01900000-0000-7000-8000-000000000002", 403, key["id"])


def test_rows_wait_while_the_database_is_away(server: Server, client: Client) -> None:
    """As long as it refuses, rows wait; nothing is lost, nothing counts twice."""
    client.sign_in("alice")
    client.get("/v1/me")
    all_told(server, 2)
    with server.database.connect() as connection:
        connection.execute("alter function http.record_usage rename to record_usage_gone")
        for _ in range(1500):
            client.get("/v1/me")
        until(lambda: client.samples()["plinth_usage_waiting"] == 1500, 20)
        assert rows(server.database) == 2
        connection.execute("alter function http.record_usage_gone rename to record_usage")
    all_told(server, 1502)
    until(lambda: client.samples()["plinth_usage_waiting"] == 0, 20)
    assert (rows(server.database), calls(server.database)) == (1502, 1502)
    assert client.samples()["plinth_usage_dropped_total"] == 0


def test_rows_that_wait_are_bounded() -> None:
    """The oldest give way, and are counted."""
    usage = Usage(cast("Any", None), lambda _: None)
    for _ in range(100_007):
        usage.note((0.0, ("GET", "/v1/me", 200), 0.001, "x", None, None))
    assert usage.stats() == {"waiting": 100_000, "sent_total": 0, "dropped_total": 7}


async def test_a_call_that_lasted_for_hours_is_told(database: Database) -> None:
    """As the longest there is: the calls of its batch must not be lost with it."""
    settings = Settings(env="test", secret_key=database.engine.secret_key)
    lanes = Layer(settings, database.web_url)
    await lanes.start()
    try:
        usage = Usage(lanes, lambda _: None)
        for number, seconds in enumerate((0.001, 7200.0)):
            usage.note((time.time(), ("GET", "/v1/me", 200), seconds, str(number), None, None))
        await usage.finish(5)
    finally:
        await lanes.close()
    with database.connect() as connection:
        asked = "select request_id, duration_us from ops.api_usage order by id"
        assert connection.execute(asked).fetchall() == [("0", 1000), ("1", 2_147_000_000)]


async def stopped_under_load(server: Server) -> int:
    """Many ask until nobody is there any more; returns how many answers there were."""
    async with Crowd(server.url, 8) as crowd:
        async with crowd.busy() as record:
            await crowd.more(500)
            await asyncio.to_thread(server.stop)
        assert record.wrong == []
        words = [word.split()[-1] for word in record.counts.elements()]
        unanswered = {"refused", "ClientOSError", "ServerDisconnectedError"}
        assert set(words) <= {"200", "503", *unanswered}, record.counts
        joining = 2 * len(crowd.people)
        return joining + sum(1 for word in words if word.isdigit())


async def test_a_stop_under_load_loses_none(serve: Serve, database: Database) -> None:
    answered = 0
    for _ in range(3):
        answered += await stopped_under_load(serve(workers=2))
        assert rows(database) == answered
        assert calls(database) == answered


def usage(client: Client, query: str = "") -> Any:
    return client.get(f"/v1/usage{query}").json()["items"]


def test_reports_count_once(server: Server, client: Client) -> None:
    client.sign_in("alice")
    event = {"model": "m-1", "tokens_in": 100, "tokens_out": 20, "cost": 0.0000012, "event_id": "e"}
    first, again = client.post("/v1/usage", event), client.post("/v1/usage", event)
    assert (first.status, again.status) == (201, 201)
    assert first.json() == {"id": again.json()["id"], "event_id": "e", "duplicate": False}
    assert again.json()["duplicate"] is True
    late = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    many = [event | {"event_id": f"e{n}", "at": late} for n in range(500)]
    bulk = client.post("/v1/usage/bulk", {"events": [event, *many]})
    assert bulk.json() == {"recorded": 500, "duplicates": 1}
    assert client.post("/v1/usage/bulk", {"events": many}).json()["duplicates"] == 500
    refused = client.post("/v1/usage/bulk", {"events": [event, {"model": "m", "cost": -1}]})
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "events[1].cost")
    begin = (datetime.now(UTC) - timedelta(days=40)).isoformat().replace("+00:00", "Z")
    days = usage(client, f"?from={begin}")
    assert [(day["key"], day["model_uses"], day["tokens_in"]) for day in days] == [
        (late[:10], 500, 50_000),
        (datetime.now(UTC).date().isoformat(), 1, 100),
    ]
    assert days[0]["cost"] == 0.0006


def test_costs_arrive_digit_by_digit(server: Server, client: Client) -> None:
    client.sign_in("alice")
    costs = ["123456789.123456789012", "0.10", "0.000000000001"]
    events = [b'{"model": "m-1", "cost": %b}' % cost.encode() for cost in costs]
    for event in events:
        assert client.post("/v1/usage", event).status == 201
    assert client.post("/v1/usage/bulk", b'{"events": [%b]}' % b",".join(events)).status == 201
    query = "select array_agg(cost::text) from ops.api_usage where model = 'm-1'"
    assert sorted(server.database.value(query)) == sorted(costs * 2)


def test_usage_over_http(server: Server, client: Client) -> None:
    admin = server.client()
    client.sign_in("alice")
    admin.sign_in("admin")
    for _ in range(10):
        client.get("/v1/me")
    client.get("/v1/nothing-there")
    all_told(server, 13)
    (route,) = usage(client, "?by=route")
    assert (route["key"], route["calls"], route["errors"]) == ("GET /v1/me", 10, 0)
    assert 0 < route["p50_ms"] <= route["p95_ms"] <= route["slowest_ms"]
    pages = client.get("/v1/usage/calls?limit=6").json()
    rest = client.get(f"/v1/usage/calls?limit=200&after={pages['next']}").json()
    assert {call["route"] for call in pages["items"] + rest["items"]} >= {"/v1/me"}
    assert len({call["id"] for call in rest["items"][-4:] + pages["items"]}) == 10
    assert rest["next"] is None
    assert client.get("/v1/usage?by=user").status == 422
    assert client.get("/v1/admin/usage").code == "NP001"
    assert client.get("/v1/admin/usage/verification").code == "NP001"
    everybody = admin.get("/v1/admin/usage?by=user").json()["items"]
    assert [user["key"] for user in everybody][:2] == [NOBODY, ALICE]
    assert everybody[0]["calls"] == 3, "two sign-ins, and what has no route"
    only = admin.get(f"/v1/admin/usage?by=route&user={ALICE}").json()["items"]
    assert "GET /v1/me" in {row["key"] for row in only}
    assert admin.get("/v1/admin/usage/verification").json() == {"items": [], "next": None}


def batched(items: list[uuid.UUID], size: int) -> list[list[uuid.UUID]]:
    return [items[n : n + size] for n in range(0, len(items), size)]


def verified(database: Database) -> None:
    """The rollups equal a recount."""
    with database.connect() as connection:
        found = connection.execute("select * from api.verify_usage() limit 5").fetchall()
    assert found == []


def test_an_erased_user_leaves_rows_that_lead_to_nobody(server: Server, client: Client) -> None:
    database = server.database
    client.sign_in("bob")
    me = client.get("/v1/me").json()["id"]
    note = {"model": "bob@example.org", "event_id": "of bob", "metadata": {"who": "bob"}}
    assert client.post("/v1/usage", note).status == 201
    all_told(server, 4)
    export = client.get("/v1/me/export").json()["tables"]
    assert export["ops.usage_events"][0]["event_id"] == "of bob"
    assert export["analytics.api_metrics"]
    all_told(server, 5)
    with database.connect() as connection:
        connection.execute(
            "update auth.users set status = 'deleted', deleted_at = now() - interval '1 hour'"
            " where id = %s", [me],
        )  # fmt: skip
        connection.execute("select api.erase_user(%s)", [me])
    assert rows(database, f"user_id = '{me}'") == 4
    # What bob's application chose is gone: names of requests and of models.
    assert rows(database, f"user_id = '{me}' and request_id is not null") == 0
    for table in ("ops.api_usage", "analytics.api_metrics"):
        models = f"select array_agg(distinct model order by model) from {table} where user_id = %s"
        assert database.value(models, me) == ["", "erased"]
    assert database.value("select count(*) from ops.usage_events") == 0
    assert database.value(f"select status from auth.users where id = '{me}'") == "erased"
    verified(database)


# ----------------------------------------------------------------- late, out of order, again

_CALLS = "select http.record_usage(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_REPORTS = """
select core.add_usage(array_agg(row(
         u, i, to_timestamp(a / 1000.0), null, 'POST', '/v1/usage', null, null, 'r', null, m, t,
         2 * t, t * 0.0000001)::ops.api_usage))
  from unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::bigint[]) as x (u, i, a, m, t)
"""
_USERS = [uuid.UUID(int=n) for n in range(40)]


def told(connection: Any, ids: list[uuid.UUID]) -> None:
    """What a worker would send of these calls, the same for the same ids."""
    kinds = [(n, n % 5, status) for n in range(40) for status in (200, 304, 404, 503)]
    connection.execute(_CALLS, [
        [None] * len(kinds),
        [_USERS[user] for user, _, _ in kinds],
        ["GET" if route % 3 else "POST" for _, route, _ in kinds],
        [f"/v1/{route}" for _, route, _ in kinds],
        [status for _, _, status in kinds],
        [None] * len(kinds),
        [1 + key.int % len(kinds) for key in ids],
        ids,
        [key.int >> 80 for key in ids],
        [key.int % 20_000_000 for key in ids],
        [str(key.int % 1000) for key in ids],
    ])  # fmt: skip


def reported(connection: Any, ids: list[uuid.UUID]) -> None:
    connection.execute(_REPORTS, [
        [_USERS[key.int % 40] for key in ids],
        ids,
        [key.int >> 80 for key in ids],
        [f"m{key.int % 3}" for key in ids],
        [key.int % 5000 for key in ids],
    ])  # fmt: skip


@pytest.mark.parametrize(
    "total", [20_000, pytest.param(1_000_000, marks=pytest.mark.soak)], ids=["short", "whole"]
)
def test_rollups_forgive(database: Database, total: int) -> None:
    """Calls and reports: one in ten is up to 30 days late, all are out of order, one batch in ten
    comes again, one report in ten in another batch, too; from four senders at once."""
    dice = random.Random(total)
    now = time.time()

    def made() -> uuid.UUID:
        late = dice.random() * 30 * 86400 if dice.random() < 0.1 else dice.random() * 3600
        tail = 7 << 76 | 2 << 62 | dice.getrandbits(62)
        return uuid.UUID(int=int((now - late) * 1000) << 80 | tail)

    ids = [made() for _ in range(total)]
    calls_, reports = ids[total // 4 :], ids[: total // 4]
    again = dice.sample(reports, total // 40)
    sent = [(told, some) for some in batched(calls_, 500)]
    sent += [(reported, some) for some in batched(reports, 500) + batched(again, 500)]
    sent += dice.sample(sent, len(sent) // 10)
    dice.shuffle(sent)

    def send(part: int) -> None:
        with database.connect() as connection:
            for how, some in sent[part::4]:
                how(connection, some)

    with ThreadPoolExecutor(4) as senders:
        list(senders.map(send, range(4)))
    assert rows(database) == total
    assert calls(database) == len(calls_)
    assert int(database.value("select sum(calls) from analytics.api_metrics")) == total
    verified(database)
    # It would tell.
    with database.connect() as connection:
        connection.execute("delete from ops.api_usage where id = %s", [ids[7]])
        found = connection.execute("select rollup from api.verify_usage() order by 1").fetchall()
    assert found == [("analytics.api_metrics",), ("analytics.daily_stats",)]


def test_workers_that_write_at_once_agree(serve: Serve, database: Database) -> None:
    """All calls of one user, so that every batch meets in the same rows."""
    server = serve(workers=4)
    first = server.client()
    first.sign_in("alice")

    def ask(_: int) -> None:
        client = Client(server.port, first.token)
        for _ in range(100):
            assert client.get("/v1/me").status == 200
        client.close()

    with ThreadPoolExecutor(16) as people:
        list(people.map(ask, range(16)))
    all_told(server, 1601)
    assert rows(database, f"user_id = '{ALICE}'") == 1600
    assert first.samples()["plinth_usage_dropped_total"] == 0
    verified(database)
