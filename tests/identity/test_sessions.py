"""Sessions over HTTP: refreshed once, ended at once, in every worker."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.conftest import Database, Server, until
from tests.http_client import Client, Response
from tests.identity.conftest import WORKERS
from tests.people import PASSWORD, worker_of

_SPENT = "select count(*) from auth.spent_refresh_tokens t join auth.users u on u.id = t.user_id"
_REUSES = (
    "select count(*) from ops.audit_logs l join auth.users u on u.id = l.user_id"
    " where l.action = 'session.reuse' and u.username = %s"
)


def sign_in(server: Server, name: str) -> tuple[Client, dict[str, Any]]:
    client = server.client()
    answer = client.sign_in(name, PASSWORD)
    assert answer.status == 201, answer.body
    return client, answer.json()


def refresh(client: Client, token: str) -> Response:
    return client.post("/v1/sessions/refresh", {"refresh_token": token})


def test_a_refresh_takes_the_place_of_both_tokens(town: Server, citizen: Client, name: str) -> None:
    client, first = sign_in(town, name)
    before = client.get("/v1/sessions").json()["items"][0]
    # Copies of what the old token may see are in Redis.
    assert [client.get("/v1/me").status for _ in range(3)] == [200] * 3
    answer = refresh(client, first["refresh_token"])
    assert answer.status == 200, answer.body
    assert answer.headers["cache-control"] == "private, no-store"
    second = answer.json()
    assert set(second) == {"token", "refresh_token", "expires_at"}
    assert client.get("/v1/me").code == "UN001"
    client.token = second["token"]
    assert client.get("/v1/me").status == 200
    after = client.get("/v1/sessions").json()["items"][0]
    assert (after["id"], after["current"]) == (before["id"], True)
    assert after["last_seen_at"] > before["last_seen_at"]
    # The lost answer is given again, word for word.
    assert refresh(client, first["refresh_token"]).body == answer.body
    assert client.get("/v1/me").status == 200


def test_a_refresh_token_opens_nothing_else(town: Server, citizen: Client, name: str) -> None:
    client, signed = sign_in(town, name)
    client.token = signed["refresh_token"]
    assert client.get("/v1/me").code == "UN001"
    for nothing in (signed["token"], "plr_", ""):
        assert refresh(client, nothing).code == "UN001"
    assert client.post("/v1/sessions/refresh", {}).code == "VL003"


def test_a_hundred_uses_of_one_token_have_one_successor(
    town: Server, citizen: Client, name: str, town_database: Database
) -> None:
    """A hundred clients with the same token, over both workers, at the same moment."""
    _, signed = sign_in(town, name)
    start = Barrier(100)

    def use(_: int) -> Response:
        client = town.client()
        client.get("/livez")
        start.wait(30)
        return refresh(client, signed["refresh_token"])

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(use, range(100)))
    # On a busy machine some wait for a connection for too long, which is told as such.
    statuses = Counter(a.status for a in answers)
    assert set(statuses) <= {200, 503}, statuses
    won = [a for a in answers if a.status == 200]
    assert len({a.body for a in won}) == 1
    assert len({worker_of(a) for a in answers}) == WORKERS
    assert town_database.value(f"{_SPENT} where u.username = %s", name) == 1
    client = town.client()
    client.token = won[0].json()["token"]
    assert client.get("/v1/me").status == 200


def test_in_sql_too_one_use_wins(
    town: Server, citizen: Client, name: str, town_database: Database
) -> None:
    """Thirty transactions at once, without the layer and its queues."""
    _, signed = sign_in(town, name)
    start = Barrier(30)

    def use(_: int) -> Any:
        with town_database.connect("plinth_operator") as connection:
            start.wait(30)
            call = "select token, refresh_token from api.refresh_session(%s)"
            return connection.execute(call, [signed["refresh_token"]]).fetchone()

    with ThreadPoolExecutor(30) as pool:
        told = set(pool.map(use, range(30)))
    assert len(told) == 1
    assert None not in told
    assert town_database.value(f"{_SPENT} where u.username = %s", name) == 1


def test_a_suspended_account_refreshes_nothing(
    town: Server, citizen: Client, name: str, town_database: Database
) -> None:
    client, signed = sign_in(town, name)
    spent = signed["refresh_token"]
    current = refresh(client, spent).json()["refresh_token"]
    with town_database.connect() as connection:
        for status in ("suspended", "active"):
            connection.execute(
                "update auth.users set status = %s where username = %s", [status, name]
            )
            # Active again, it signs in anew; neither token does any more, nor is it called theft.
            assert {refresh(client, token).code for token in (spent, current)} == {"UN001"}
    assert town_database.value(_REUSES, name) == 0


@pytest.mark.parametrize("seconds", [0, 60], ids=["grandparent", "parent too late"])
def test_a_copied_token_ends_the_session(
    town: Server, citizen: Client, name: str, town_database: Database, seconds: int
) -> None:
    client, first = sign_in(town, name)
    second = refresh(client, first["refresh_token"]).json()
    current = second
    if seconds:
        with town_database.connect() as connection:
            connection.execute(
                "update auth.spent_refresh_tokens t set spent_at = spent_at - interval '1 min'"
                " from auth.users u where u.id = t.user_id and u.username = %s",
                [name],
            )
    else:
        current = refresh(client, second["refresh_token"]).json()
    client.token = current["token"]
    assert [client.get("/v1/me").status for _ in range(3)] == [200] * 3
    start = Barrier(20)

    def replay(_: int) -> Response:
        thief = town.client()
        start.wait(30)
        return refresh(thief, first["refresh_token"])

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(replay, range(20)))
    assert {(a.status, a.code) for a in answers} == {(401, "UN001")}
    # Whoever has the newest tokens may be the thief: they end, too. Other sessions go on.
    assert client.get("/v1/me").code == "UN001"
    assert refresh(client, current["refresh_token"]).code == "UN001"
    assert citizen.get("/v1/me").status == 200
    assert town_database.value(_REUSES, name) == 1


def test_one_two_and_all_of_them_end(town: Server, citizen: Client, name: str) -> None:
    people = [citizen] + [sign_in(town, name)[0] for _ in range(4)]

    def alive() -> list[bool]:
        # Twice each: the second answer comes from Redis where there is one.
        return [{c.get("/v1/me").status for _ in range(2)} == {200} for c in people]

    assert alive() == [True] * 5
    sessions = citizen.get("/v1/sessions").json()["items"]
    assert len(sessions) == 5
    newest = sessions[0]["id"]
    assert citizen.delete(f"/v1/sessions/{newest}").status == 204
    assert alive() == [True] * 4 + [False]
    assert people[2].delete("/v1/sessions/others").json() == {"ended": 3}
    assert alive() == [False, False, True, False, False]
    assert people[2].delete("/v1/sessions").json() == {"ended": 1}
    assert alive() == [False] * 5


def test_nobody_ends_the_session_of_another(town: Server, citizen: Client, name: str) -> None:
    mine = citizen.get("/v1/sessions").json()["items"][0]["id"]
    stranger = town.client()
    account = {"username": f"{name}-x", "email": f"{name}-x@example.org", "password": PASSWORD}
    assert stranger.post("/v1/users", account).status == 201
    assert stranger.sign_in(f"{name}-x", PASSWORD).status == 201
    nobody = "019e0000-0000-7000-8000-000000000000"
    theirs, none = (
        stranger.request("DELETE", f"/v1/sessions/{session}", headers={"X-Request-Id": "same"})
        for session in (mine, nobody)
    )
    assert (theirs.status, theirs.body) == (404, none.body)
    assert citizen.get("/v1/me").status == 200


def test_the_worker_removes_what_is_dead(
    town: Server, citizen: Client, name: str, town_database: Database
) -> None:
    _, signed = sign_in(town, name)
    with town_database.connect() as connection:
        connection.execute(
            "update auth.sessions set refresh_expires_at = now(), expires_at = now()"
            " where refresh_hash = sha256(%s::bytea)",
            [signed["refresh_token"].encode()],
        )
        connection.execute(
            "update ops.job_runs set next_run_at = now() where name = 'core.delete_dead_sessions'"
        )
    left = "select count(*) from auth.sessions s where s.refresh_hash = sha256(%s::bytea)"
    until(lambda: town_database.value(left, signed["refresh_token"].encode()) == 0, 10)
    assert citizen.get("/v1/me").status == 200


def test_an_account_that_is_removed_is_signed_out(
    citizen: Client, name: str, town_database: Database
) -> None:
    assert [citizen.get("/v1/me").status for _ in range(3)] == [200] * 3
    with town_database.connect() as connection:
        connection.execute("delete from auth.users where username = %s", [name])
    until(lambda: citizen.get("/v1/me").status == 401, 20)
    assert {citizen.get("/v1/me").status for _ in range(5)} == {401}
