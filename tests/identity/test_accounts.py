"""Accounts: how administrators work with them, how people leave, and that nothing of them stays."""

import json
import re
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import Database, Server, until
from tests.http_client import Client, Response
from tests.people import PASSWORD, cheap_passwords

_numbers = count(1)


@pytest.fixture
def admin(town: Server) -> Client:
    client = town.client()
    assert client.sign_in("admin").status == 201
    return client


@pytest.fixture
def user_id(citizen: Client) -> str:
    return str(citizen.get("/v1/me").json()["id"])


def body_of(answer: Any) -> Any:
    assert answer.status in (200, 201), answer.body
    return answer.json()


def pages(client: Client, path: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    after = ""
    while True:
        page = body_of(client.get(f"{path}&limit={limit}{after}"))
        yield page["items"]
        if page["next"] is None:
            return
        after = f"&after={page['next']}"


# ------------------------------------------------------------------- administrators


def test_an_administrator_finds_changes_deletes_and_restores(
    admin: Client, citizen: Client, name: str, user_id: str
) -> None:
    found = body_of(admin.get(f"/v1/users?search={name.upper()}%40EXAMPLE&status=active"))
    assert [u["id"] for u in found["items"]] == [user_id]
    account = body_of(admin.get(f"/v1/users/{user_id}"))
    assert account["login_count"] == 1
    assert account["last_login_at"] is not None
    assert not account["two_factor_enabled"]
    assert "password_hash" not in account

    change = {"tier": "pro", "email_verified": True, "version": account["version"]}
    changed = body_of(admin.patch(f"/v1/users/{user_id}", change))
    assert (changed["tier"], changed["email_verified"]) == ("pro", True)
    assert admin.patch(f"/v1/users/{user_id}", change).code == "KC002"
    # What an administrator changed, its owner sees at once, although answers are kept.
    assert body_of(citizen.get("/v1/me"))["tier"] == "pro"

    assert body_of(admin.patch(f"/v1/users/{user_id}", {"status": "suspended"}))
    assert citizen.get("/v1/me").code == "UN001"
    assert citizen.sign_in(name, PASSWORD).status == 401
    body_of(admin.patch(f"/v1/users/{user_id}", {"status": "active"}))
    assert citizen.sign_in(name, PASSWORD).status == 201

    assert admin.delete(f"/v1/users/{user_id}").status == 204
    assert citizen.get("/v1/me").code == "UN001"
    assert citizen.sign_in(name, PASSWORD).status == 401
    account = {"username": name, "email": f"other-{name}@example.org", "password": PASSWORD}
    assert admin.post("/v1/users", account).code == "KC001"
    back = body_of(admin.post(f"/v1/users/{user_id}/restore"))
    assert (back["status"], back["erase_after"]) == ("active", None)
    assert citizen.sign_in(name, PASSWORD).status == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/users"),
        ("GET", "/v1/users/statistics"),
        ("GET", "/v1/users/{id}"),
        ("PATCH", "/v1/users/{id}"),
        ("DELETE", "/v1/users/{id}"),
        ("POST", "/v1/users/{id}/restore"),
        ("POST", "/v1/users/{id}/export"),
        ("POST", "/v1/users/{id}/export/rows"),
        ("POST", "/v1/users/bulk"),
        ("PATCH", "/v1/users/bulk"),
    ],
)
def test_nobody_else_may(
    town: Server, citizen: Client, user_id: str, method: str, path: str
) -> None:
    body: dict[str, Any] | None = {"users": []} if path.endswith("bulk") else None
    refused = citizen.request(method, path.format(id=user_id), body)
    assert (refused.status, refused.code) == (403, "NP001")
    assert town.client().request(method, path.format(id=user_id), body).status == 401


def test_bulk_import_and_change(admin: Client, name: str, town: Server) -> None:
    # bcrypt of "correct horse battery staple" as another system made it.
    with town.database.connect() as connection:
        row = connection.execute(
            "select replace(ext.crypt(%s, ext.gen_salt('bf', 5)), '$2a$', '$2b$')", [PASSWORD]
        ).fetchone()
    assert row
    accounts = [
        {"username": f"{name}-{n}", "email": f"{name}-{n}@example.org", "password_hash": row[0]}
        for n in range(3)
    ]
    accounts[1]["username"] = "support"
    answer = body_of(admin.post("/v1/users/bulk", {"users": accounts}))
    assert (answer["created"], answer["failed"]) == (2, 1)
    assert [(i["status"], i.get("field")) for i in answer["items"]] == [
        ("created", None),
        ("failed", "username"),
        ("created", None),
    ]
    assert town.client().sign_in(f"{name}-0", PASSWORD).status == 201

    ids = [i["id"] for i in answer["items"] if i["status"] == "created"]
    wrong = [{"id": ids[0], "tier": "pro"}, {"id": ids[1], "tier": "gold"}]
    refused = admin.patch("/v1/users/bulk", {"users": wrong, "all_or_nothing": True})
    assert refused.status == 422
    assert refused.json()["errors"][0]["field"] == "users[1].tier"
    assert body_of(admin.get(f"/v1/users/{ids[0]}"))["tier"] == "free"
    wrong[1]["tier"] = "enterprise"
    assert body_of(admin.patch("/v1/users/bulk", {"users": wrong}))["updated"] == 2
    assert body_of(admin.get(f"/v1/users/{ids[1]}"))["tier"] == "enterprise"


def test_a_thousand_accounts_in_one_request(admin: Client, name: str) -> None:
    accounts = [
        {"username": f"{name}-{n}", "email": f"{name}-{n}@example.org"} for n in range(1000)
    ]
    began = time.monotonic()
    answer = body_of(admin.post("/v1/users/bulk", {"users": accounts}))
    assert answer["created"] == 1000
    assert time.monotonic() - began < 15
    listed = [
        [u["username"] for u in page]
        for page in pages(admin, f"/v1/users?search={name}-&sort=username", 200)
    ]
    names = [n for page in listed for n in page]
    assert len(names) == 1000 == len(set(names))
    assert names == sorted(names)
    total = body_of(admin.get("/v1/users/statistics"))
    assert total["total"] >= 1000
    assert total["new_per_day"][-1]["count"] >= 1000


def test_of_two_administrators_who_suspend_each_other_one_stays(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "insert into auth.user_roles (user_id, role) select id, 'administrator'"
            " from auth.users where username = 'bob'"
        )
        ids = dict(
            connection.execute(
                "select username, id::text from auth.users where username in ('admin', 'bob')"
            ).fetchall()
        )
    one, two = (database.connect("plinth_web", autocommit=False) for _ in range(2))
    with one, two:
        for connection, who, whom in ((one, "admin", "bob"), (two, "bob", "admin")):
            connection.execute("select set_config('plinth.caller', %s, true)", [ids[who]])
            connection.execute("set local lock_timeout = '10s'")
            if connection is one:
                suspend(connection, ids[whom])
        process = two.info.backend_pid

        outcome: list[str] = []

        def second() -> None:
            try:
                suspend(two, ids["admin"])
                outcome.append("done")
            except psycopg.Error as error:
                outcome.append(str(error.sqlstate))

        thread = threading.Thread(target=second)
        thread.start()
        waiting = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
        until(lambda: database.value(waiting, process) is True, 15)
        one.commit()
        thread.join()
        two.rollback()
    assert outcome == ["KC003"]
    active = (
        "select count(*) from auth.users where status = 'active' and 'administrator' = any(roles)"
    )
    assert database.value(active) == 1


MANY = """
    set session_replication_role = replica;
    insert into auth.users
      (username, email, full_name, status, tier, roles, email_verified, created_at, last_login_at)
    select 'user' || n, md5(n::text) || '@mail.example', 'Person ' || md5(n::text || 'x'),
           case when n % 500 = 0 then 'suspended' else 'active' end,
           case when n % 9 = 0 then 'pro' else 'free' end,
           case when n % 2000 = 0 then '{developer}' else '{user}' end::text[], n % 3 > 0,
           now() - n * interval '10 minutes', now() - (n % 700) * interval '1 hour'
      from generate_series(1, 30000) n;
    set session_replication_role = origin;
    analyze auth.users
"""


def test_no_listing_reads_the_whole_table(database: Database) -> None:
    scans = "select seq_scan from pg_stat_xact_user_tables where relid = 'auth.users'::regclass"
    calls = [
        "", "p_sort => 'username'", "p_sort => '-last_login_at'", "p_search => 'user2345'",
        "p_search => 'person 4af'", "p_status => 'suspended'", "p_role => 'developer'",
        "p_tier => 'pro', p_sort => 'created_at'", "p_email_verified => false",
        "p_created_from => now() - interval '1 day', p_sort => 'username'",
        "p_sort => 'username', p_after => 'user2345~019e0000-0000-7000-8000-000000000000'",
        "p_after => (extract(epoch from now() - interval '90 days') * 1000000)::bigint"
        " || '~019e0000-0000-7000-8000-000000000000'",
    ]  # fmt: skip
    with database.connect() as connection:
        connection.execute(MANY)
    with database.connect(autocommit=False) as connection:

        def scanned(query: str) -> int:
            before = connection.execute(scans).fetchone() or (0,)
            assert connection.execute(query.encode()).fetchone()
            after = connection.execute(scans).fetchone() or (0,)
            return int(after[0] - before[0])

        assert scanned("select count(*) from auth.users where bio is null") == 1
        assert {call: scanned(f"select * from api.list_users({call})") for call in calls} == (
            dict.fromkeys(calls, 0)
        )


def suspend(connection: psycopg.Connection[Any], user_id: str) -> None:
    connection.execute("select api.update_user(%s, p_status => 'suspended')", [user_id])


# ------------------------------------------------------------------- one's own account


def test_the_username_is_its_owners_to_change(citizen: Client, name: str, town: Server) -> None:
    changed = body_of(citizen.patch("/v1/me", {"username": f"{name}.new"}))
    assert changed["username"] == f"{name}.new"
    assert body_of(citizen.get("/v1/me"))["username"] == f"{name}.new"
    assert town.client().sign_in(name, PASSWORD).status == 401
    assert town.client().sign_in(f"{name}.new", PASSWORD).status == 201
    assert citizen.patch("/v1/me", {"username": "ALICE"}).code == "KC001"
    for wrong in ("Administrator", "ad_min", f"{name}.", f"{name}..new"):
        refused = citizen.patch("/v1/me", {"username": wrong})
        assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "username"), wrong
    account = {"username": "Support", "email": f"{name}-s@example.org", "password": PASSWORD}
    assert town.client().post("/v1/users", account).code == "VL001"


def test_leaving_takes_the_password_and_a_link_takes_it_back(
    citizen: Client, name: str, user_id: str, town: Server
) -> None:
    other = town.client()
    assert other.sign_in(name, PASSWORD).status == 201
    assert citizen.delete("/v1/me").status == 422
    wrong = citizen.request("DELETE", "/v1/me", {"password": "not the one"})
    assert (wrong.status, wrong.code) == (401, "UN002")
    assert citizen.get("/v1/me").status == 200

    assert citizen.request("DELETE", "/v1/me", {"password": PASSWORD}).status == 204
    for client in (citizen, other):
        assert client.get("/v1/me").code == "UN001"
    assert citizen.sign_in(name, PASSWORD).status == 401
    with town.database.connect() as connection:
        kinds = connection.execute(
            "select kind from ops.outbox where user_id = %s and token_id is not null"
            " and kind = 'account_deleted'", [user_id]
        ).fetchall()  # fmt: skip
        token = connection.execute(
            "select core.issue_one_time_token(%s, 'account_deleted', '1 day')", [user_id]
        ).fetchone()
    assert kinds == [("account_deleted",)]
    assert token
    assert town.client().post("/v1/users/restore", {"token": token[0]}).status == 204
    assert town.client().post("/v1/users/restore", {"token": token[0]}).code == "VL004"
    assert citizen.sign_in(name, PASSWORD).status == 201


WITH_PASSWORD = {
    "leave": "select api.delete_current_user(%(id)s, %(password)s)",
    "password": "select api.change_password(%(id)s, %(password)s, 'mauve giraffes on stilts')",
    "email": "select api.change_email(%(id)s, 'elsewhere@example.org', %(password)s)",
}


def overtaken(database: Database, first: str, second: str) -> tuple[str, str]:
    """What the second of two calls is told that found the password right while the first, which
    ends before it, had the account."""
    named = {"id": BOB, "password": PASSWORD}
    one, two = (database.connect("plinth_operator", autocommit=False) for _ in range(2))
    told: list[tuple[str, str]] = []
    cheap_passwords(database)
    database.value("select api.set_password('bob', %s)", PASSWORD)

    def late() -> None:
        try:
            two.execute(WITH_PASSWORD[second].encode(), named)
            row = two.execute(
                "select f ->> 'code', f ->> 'message'"
                " from (select current_setting('plinth.failure')::json) k (f)"
            ).fetchone()
            assert row
            told.append((row[0], row[1]))
        except psycopg.Error as error:
            told.append((str(error.sqlstate), str(error.diag.message_primary)))
        two.commit()

    with one, two:
        one.execute(WITH_PASSWORD[first].encode(), named)
        thread = threading.Thread(target=late)
        thread.start()
        waiting = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
        until(lambda: bool(told) or database.value(waiting, two.info.backend_pid) is True, 15)
        assert not told, told
        one.commit()
        thread.join()
    return told[0]


@pytest.mark.parametrize("second", WITH_PASSWORD)
def test_who_comes_too_late_to_an_account_is_told_that_it_is_gone(
    database: Database, second: str
) -> None:
    assert overtaken(database, "leave", second) == ("NF001", "There is no such active account")


def test_a_password_that_was_changed_meanwhile_is_wrong(database: Database) -> None:
    assert overtaken(database, "password", "email") == ("UN002", "The password is wrong")
    links = "select count(*) from ops.outbox where user_id = %s and kind = 'verify_email'"
    assert database.value(links, BOB) == 0


def test_the_export_is_the_users_own_and_without_secrets(
    citizen: Client, name: str, user_id: str, admin: Client
) -> None:
    document = body_of(citizen.get("/v1/me/export"))
    assert document["user_id"] == user_id
    tables = document["tables"]
    assert tables["auth.users"][0]["username"] == name
    assert len(tables["auth.sessions"]) == 1
    assert {"auth.api_keys", "auth.logins"} <= set(tables)
    # They would tell whether an address that was asked for is somebody else's.
    assert not {"ops.outbox", "auth.one_time_tokens"} & set(tables)
    text = json.dumps(document)
    assert "alice" not in text
    assert "$2a$" not in text
    columns = {name for rows in tables.values() for row in rows for name in row}
    assert not {name for name in columns if re.search("hash|salt|digest|encrypted", name)}
    by_admin = body_of(admin.post(f"/v1/users/{user_id}/export"))
    assert set(by_admin["tables"]) == set(tables)
    assert by_admin["tables"]["auth.users"] == tables["auth.users"]


# ------------------------------------------------------------------- nothing stays

ADDRESS, AGENT = "127.77.0.9", "AliceBrowser/7.7"
ALICE = "01900000-0000-7000-8000-000000000005"
BOB = "01900000-0000-7000-8000-000000000006"


class Alice(Client):
    """Comes from an address and with a browser of her own."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._connection = HTTPConnection(
            "127.0.0.1", port, timeout=15, source_address=(ADDRESS, 0)
        )

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Response:
        return super().request(method, path, body, (headers or {}) | {"User-Agent": AGENT})


def where(database: Database, value: str) -> set[str]:
    """Every table of ours that holds a text in any column of any row, whatever its type."""
    with database.connect() as connection:
        tables = connection.execute(
            "select n.nspname, c.relname from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspowner = 'plinth_owner'::regrole and c.relkind in ('r', 'p')"
            " and not c.relispartition"
        ).fetchall()
        assert len(tables) > 20
        return {
            f"{schema}.{table}"
            for schema, table in tables
            if connection.execute(
                sql.SQL(
                    "select exists (select from {} t where strpos(lower(t::text), %s) > 0)"
                ).format(sql.Identifier(schema, table)),
                [value.lower()],
            ).fetchone()
            == (True,)
        }


@pytest.fixture
def alice(server: Server) -> Iterator[Alice]:
    with Alice(server.port) as client:
        yield client


def live(server: Server, alice: Alice) -> list[str]:
    """What a person leaves behind; returns everything that tells who she is."""
    database = server.database
    for wrong in ("alice", "ALICE@example.org"):
        assert alice.sign_in(wrong, "not her password").status == 401
    signed = alice.sign_in("alice").json()
    profile = {
        "full_name": "Alicia Zephyrine",
        "bio": "Collects thimbles",
        "avatar_url": "https://pictures.example/thimble.png",
        "metadata": {"nickname": "Zephy"},
        "username": "alicia.zephyrine",
    }
    assert alice.patch("/v1/me", profile).status == 200
    move = {"email": "zephy@home.example", "password": "Dev@12345"}
    assert alice.post("/v1/me/email", move).status == 204
    with database.connect() as connection:
        row = connection.execute(
            "select core.issue_one_time_token(%s, 'verify_email', '1 hour', %s)",
            [ALICE, json.dumps({"email": "zephy@home.example"})],
        ).fetchone()
        assert row
        assert alice.post("/v1/email-verifications", {"token": row[0]}).status == 204
        # For a while she may do everything, and does it to bob: her address stands in his trail.
        connection.execute(
            "insert into auth.user_roles (user_id, role) values (%s, 'administrator')", [ALICE]
        )
    assert alice.patch(f"/v1/users/{BOB}", {"bio": "Bob bakes"}).status == 200
    key = {"name": "Thimble laptop", "scopes": ["self:read"]}
    assert alice.post("/v1/api-keys", key).status == 201
    assert alice.post("/v1/password-resets", {"login": "zephy@home.example"}).status == 204
    assert alice.post("/v1/teams", {"name": "Thimble club"}).status == 201
    # Others wrote her address down, too.
    bob = server.client()
    assert bob.sign_in("bob").status == 201
    team = body_of(bob.post("/v1/teams", {"name": "Bakers"}))["id"]
    invitation = {"email": "Zephy@home.example"}
    assert bob.post(f"/v1/teams/{team}/invitations", invitation).status == 201
    refresh = {"refresh_token": signed["refresh_token"]}
    alice.token = body_of(alice.post("/v1/sessions/refresh", refresh))["token"]
    stranger = {"username": "mallory", "email": "zephy@home.example", "password": PASSWORD}
    assert server.client().post("/v1/users", stranger).status == 201
    return [
        "alice@example.org", "alice archer", "alicia", "thimble", "zephy", ADDRESS, AGENT,
    ]  # fmt: skip


def test_export_then_erase_leaves_no_personal_value_anywhere(server: Server, alice: Alice) -> None:
    database = server.database
    values = live(server, alice)

    tables = body_of(alice.get("/v1/me/export"))["tables"]
    told = json.dumps(tables)
    assert all(value in told.lower() for value in values[1:5])
    assert not re.search(r"\$2a\$", told)
    found = {value: where(database, value) for value in values}
    # The scan can see: what is to be gone is there now, in tables of every kind.
    assert all(found.values()), found
    assert set().union(*found.values()) >= {
        "auth.users", "auth.logins", "auth.sessions", "auth.api_keys", "auth.one_time_tokens",
        "auth.teams", "auth.team_invitations", "ops.outbox", "ops.audit_details",
    }  # fmt: skip
    bobs = where(database, "bob bakes")
    trail = "select count(*) from ops.audit_logs where user_id = %s or actor_id = %s"
    before = database.value(trail, ALICE, ALICE)

    assert alice.request("DELETE", "/v1/me", {"password": "Dev@12345"}).status == 204
    assert alice.sign_in("zephy@home.example").status == 401
    with database.connect() as connection:
        # The time to have it back passes.
        connection.execute(
            "update auth.users set deleted_at = deleted_at - interval '31 days',"
            " erase_after = erase_after - interval '31 days' where id = %s", [ALICE]
        )  # fmt: skip
        connection.execute(
            "update ops.job_runs set next_run_at = now() where name = 'core.erase_deleted_users'"
        )
    # The account is gone with the first run, its rows with the next ones. Also the server's own
    # worker may be at it.
    gone = (
        "select u.status = 'erased' and not exists (select from auth.erasures) from auth.users u"
        " where u.id = %s"
    )
    with database.connect("plinth_web") as worker:

        def run() -> bool:
            worker.execute("select http.run_job('core.erase_deleted_users')")
            return bool(database.value(gone, ALICE))

        until(run, 10, "the account is not erased")

    left = {value: tables for value in values if (tables := where(database, value))}
    assert left == {}
    # What is nobody's business stays: that something was done, by whom in numbers, and bob's own.
    assert database.value(trail, ALICE, ALICE) > before
    assert database.value("select username from auth.users where id = %s", ALICE) == (
        f"erased-{ALICE.replace('-', '')}"
    )
    assert "auth.users" in bobs & where(database, "bob bakes")
    orphans = (
        "select count(*) from ops.audit_logs l where l.detail_digest is not null"
        " and not exists (select from ops.audit_details d where d.audit_id = l.id)"
        " and not exists (select from ops.audit_erasures e where e.audit_id = l.id)"
    )
    assert database.value(orphans) == 0
    # The names are free, the id is not.
    taken = {"username": "alicia.zephyrine", "email": "zephy@home.example", "password": PASSWORD}
    assert server.client().post("/v1/users", taken | {"id": ALICE}).code == "KC001"
    assert server.client().post("/v1/users", taken).status == 201
    assert server.client().sign_in("alicia.zephyrine", PASSWORD).status == 201
