"""Roles over HTTP: who may change them, and how soon a change counts."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from tests.conftest import Database, Serve, Server, until
from tests.http_client import Client
from tests.people import all_loaded, plant, worker_of

KEPT = """
create function api.read_planted(p_user_id uuid) returns text language plpgsql stable
security definer set search_path = pg_catalog, pg_temp as $$
begin
  p_user_id := core.act_for(p_user_id);
  return 'secret';
end $$;
grant execute on function api.read_planted(uuid) to plinth_web;
select http.expose('GET /v1/planted', 'api.read_planted', permission => 'audit:read',
                   cache => 300, tags => '{profile}');
"""


def signed_in(client: Client, login: str) -> Client:
    assert client.sign_in(login).status == 201
    return client


def test_roles_are_made_given_changed_and_taken(server: Server) -> None:
    bob = signed_in(server.client(), "bob")
    for method, path in {
        "GET": "/v1/roles",
        "PUT": "/v1/users/bob/roles/administrator",
        "DELETE": "/v1/users/admin/roles/administrator",
    }.items():
        answer = bob.request(method, path)
        assert (answer.status, answer.code) == (403, "NP001"), (method, path)

    admin = signed_in(server.client(), "admin")
    made = admin.post(
        "/v1/roles", {"name": "auditor", "description": "Reads", "permissions": ["audit:read"]}
    )
    assert made.status == 201, made.body
    assert (made.json()["permissions"], made.json()["built_in"]) == (["audit:read"], False)
    typo = admin.patch("/v1/roles/auditor", {"permissions": ["audit:raed"]})
    assert (typo.status, typo.json()["errors"][0]["field"]) == (422, "permissions")

    assert admin.request("PUT", "/v1/users/bob/roles/auditor").status == 204
    listed = admin.get("/v1/users/bob@example.org/roles").json()["items"]
    assert [role["role"] for role in listed] == ["auditor", "developer"]
    assert listed[0]["assigned_by"] == admin.get("/v1/me").json()["id"]
    assert bob.get("/v1/me").json()["roles"] == ["auditor", "developer"]
    assert admin.delete("/v1/roles/auditor").code == "KC007"
    assert admin.delete("/v1/users/bob/roles/auditor").status == 204
    assert bob.get("/v1/me").json()["roles"] == ["developer"]
    assert admin.delete("/v1/roles/auditor").status == 204
    assert admin.delete("/v1/roles/user").code == "NP001"

    last = admin.delete("/v1/users/admin/roles/administrator")
    assert (last.status, last.code) == (409, "KC003")


def test_a_change_counts_on_the_next_call_of_every_worker(serve: Serve, database: Database) -> None:
    """Also where the answer is kept: it was given to who might see it then."""
    plant(database, KEPT)
    server = serve(workers=2)
    until(lambda: all_loaded(server, 2), 10)
    admin = signed_in(server.client(), "admin")
    bob = signed_in(server.client(), "bob")
    admin.post("/v1/roles", {"name": "auditor", "description": "x", "permissions": []})

    with ExitStack() as stack:
        seats: dict[str, Client] = {}

        def seated() -> bool:
            seat = Client(server.port, bob.token)
            worker = worker_of(seat.get("/v1/me"))
            if worker in seats:
                seat.close()
            else:
                seats[worker] = stack.enter_context(seat)
            return len(seats) == 2

        until(seated, 10)

        def told() -> set[int]:
            answers = [seat.get("/v1/planted") for _ in range(3) for seat in seats.values()]
            return {answer.status for answer in answers}

        def permit(*permissions: str) -> None:
            changed = admin.patch("/v1/roles/auditor", {"permissions": list(permissions)})
            assert changed.status == 200, changed.body

        assert told() == {403}
        assert admin.request("PUT", "/v1/users/bob/roles/auditor").status == 204
        assert told() == {403}
        for _ in range(5):
            permit("audit:read")
            assert told() == {200}
            assert {seat.get("/v1/planted").headers["x-cache"] for seat in seats.values()} == {
                "hit"
            }
            permit()
            assert told() == {403}
            permit("audit:read")
            assert told() == {200}
            assert admin.delete("/v1/users/bob/roles/auditor").status == 204
            assert told() == {403}
            assert admin.request("PUT", "/v1/users/bob/roles/auditor").status == 204
            assert told() == {200}


@pytest.fixture
def two(database: Database) -> Iterator[list[psycopg.Connection[tuple[object, ...]]]]:
    with database.connect() as first, database.connect() as second:
        yield [first, second]


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
@pytest.mark.parametrize(
    "removal",
    [
        "select api.unassign_role(%s, 'administrator')",
        "update auth.users set status = 'suspended' where username = %s",
        "delete from auth.users where username = %s",
    ],
    ids=["role", "status", "account"],
)
def test_two_administrators_who_remove_each_other(
    database: Database,
    two: list[psycopg.Connection[tuple[object, ...]]],
    removal: str,
    isolation: str,
) -> None:
    """At once, and whatever the order: one of them stays."""
    names = ["ann", "ben"]
    with database.connect() as connection:
        connection.execute("select api.assign_role('alice', 'administrator')")
        connection.execute("select api.unassign_role('admin', 'administrator')")
        for round_number in range(8):
            connection.execute("delete from auth.users where username = any(%s)", [names])
            for name in names:
                connection.execute(
                    "insert into auth.users (username, email) values (%s, %s)",
                    [name, f"{name}{round_number}@example.org"],
                )
                connection.execute("select api.assign_role(%s, 'administrator')", [name])
            connection.execute("select api.unassign_role('alice', 'administrator')")

            barrier, outcomes = threading.Barrier(2), ["", ""]

            def remove(number: int, barrier: threading.Barrier, outcomes: list[str]) -> None:
                own = two[number]
                try:
                    own.execute("begin isolation level " + isolation)
                    own.execute("select 1 from auth.users limit 1")
                    barrier.wait(5)
                    own.execute(removal.encode(), [names[1 - number]])
                    own.execute("commit")
                    outcomes[number] = "done"
                except psycopg.Error as error:
                    own.execute("rollback")
                    outcomes[number] = str(error.sqlstate)

            threads = [
                threading.Thread(target=remove, args=(n, barrier, outcomes)) for n in range(2)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
            left = database.value(
                "select count(*) from auth.user_roles r join auth.users u on u.id = r.user_id"
                " where r.role = 'administrator' and u.status = 'active'"
            )
            assert left == 1, outcomes
            refusals = {"KC003", "40001", "40P01"}
            assert outcomes.count("done") == 1, outcomes
            assert refusals & set(outcomes), outcomes
            connection.execute("select api.assign_role('alice', 'administrator')")
