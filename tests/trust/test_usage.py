"""One row for every call, whatever happens to the workers, to the database, or to the clock."""

import asyncio
import signal

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
    until(lambda: rows(server.database) >= number, 5, lambda: f"{rows(server.database)} rows")


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
        until(lambda: client.samples()["plinth_usage_waiting"] == 1500, 5)
        assert rows(server.database) == 2
        connection.execute("alter function http.record_usage_gone rename to record_usage")
    all_told(server, 1502)
    until(lambda: client.samples()["plinth_usage_waiting"] == 0, 5)
    assert (rows(server.database), calls(server.database)) == (1502, 1502)
    assert client.samples()["plinth_usage_dropped_total"] == 0


async def stopped_under_load(server: Server) -> int:
    """Many ask until the program is told to stop; returns how many answers there were."""
    async with Crowd(server.url, 8) as crowd:
        async with crowd.busy() as record:
            await crowd.more(500)
            server.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(server.stop)
        assert record.wrong == []
        words = (word.split()[-1] for word in record.counts.elements())
        joining = 2 * len(crowd.people)
        return joining + sum(1 for word in words if word.isdigit())


async def test_a_stop_under_load_loses_none(serve: Serve, database: Database) -> None:
    answered = 0
    for _ in range(3):
        answered += await stopped_under_load(serve(workers=2))
        assert rows(database) == answered
        assert calls(database) == answered
