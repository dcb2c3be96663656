"""What is held of a person, row by row, for accounts of any size."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from tests.conftest import Serve, Server
from tests.http_client import Client
from tests.identity.test_accounts import ALICE, Alice, body_of, live
from tests.identity.test_email_verification import set_to

WORDS = "a thimble of her own"


@pytest.fixture(scope="module")
def server(serve_once: Serve) -> Server:
    return serve_once()


@pytest.fixture(scope="module")
def rich(server: Server) -> Iterator[Alice]:
    """Alice has done much, and written more than a page: once, for exports change nothing of it."""
    with Alice(server.port) as alice:
        live(server, alice)
        with server.database.connect() as connection:
            # Without triggers and foreign keys, because it is not the writing that is shown.
            connection.execute("set session_replication_role = replica")
            connection.execute(
                "insert into chat.conversations"
                " (user_id, message_count, first_message_id, last_message_id, last_message_at)"
                f" values ('{ALICE}', 1700, core.import_id('2025-01-01', 1),"
                "  core.import_id('2025-01-01', 1700), '2025-01-01')"
            )
            connection.execute(
                "insert into chat.messages (user_id, id, conversation_id, role, content)"
                f" select user_id, core.import_id('2025-01-01', n), id, 'user', n || ' {WORDS}'"
                "  from chat.conversations, generate_series(1, 1700) n"
                f" where user_id = '{ALICE}' and message_count = 1700"
            )
        yield alice


@pytest.fixture
def admin(server: Server) -> Client:
    client = server.client()
    assert client.sign_in("admin").status == 201
    return client


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.body.splitlines()]


def tables(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The rows of each table, in an order of their own."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in rows:
        assert line.keys() == {"table", "row"}
        found[line["table"]].append(json.dumps(line["row"], sort_keys=True))
    return {name: sorted(found[name]) for name in found}


def document(client: Client) -> dict[str, list[str]]:
    told = body_of(client.get("/v1/me/export"))["tables"]
    return tables([{"table": name, "row": row} for name in told for row in told[name]])


@contextmanager
def at_once(server: Server) -> Iterator[psycopg.Connection[Any]]:
    """All as of one moment: being asked and counted changes what is held of her."""
    with server.database.connect("plinth_operator", autocommit=False) as connection:
        connection.execute("set transaction isolation level repeatable read")
        yield connection


def behind(connection: psycopg.Connection[Any], place: str | None) -> list[tuple[Any, str]]:
    """All pages that follow a place."""
    found: list[tuple[Any, str]] = []
    query = "select line, cursor from api.export_user_rows(%s, %s)"
    while page := connection.execute(query, [ALICE, place]).fetchall():
        found += page
        place = page[-1][1]
    return found


def test_the_rows_are_those_of_the_document(rich: Alice, server: Server) -> None:
    with at_once(server) as connection:
        row = connection.execute("select tables from api.export_user(%s)", [ALICE]).fetchone()
        rows = [line for line, _ in behind(connection, None)]
    assert row is not None
    assert tables(rows) == tables(
        [{"table": name, "row": told} for name in row[0] for told in row[0][name]]
    )
    asked = lines(rich.get("/v1/me/export/rows"))
    told = tables(asked)
    assert told["chat.messages"] == tables(rows)["chat.messages"] == document(rich)["chat.messages"]
    assert len(told["chat.messages"]) == 1700
    assert len(told) > 10
    order = list(dict.fromkeys(line["table"] for line in asked))
    document_order = body_of(rich.get("/v1/me/export"))["tables"]
    assert order == [name for name in document_order if name in told]
    # Of somebody else there is nothing in it, and of her nothing in anybody else's.
    bob = server.client()
    bob.sign_in("bob")
    others = bob.get("/v1/me/export/rows")
    assert {line["row"]["username"] for line in lines(others) if line["table"] == "auth.users"} == {
        "bob"
    }
    assert WORDS.encode() not in others.body
    assert "bob@example.org" not in json.dumps(rows)
    assert server.client().get("/v1/me/export/rows").status == 401


def test_it_goes_on_from_any_place(rich: Alice, server: Server) -> None:
    with at_once(server) as connection:
        whole = behind(connection, None)
        for n in (0, 7, 499, 500, 1203, len(whole) - 1):
            assert behind(connection, whole[n][1]) == whole[n + 1 :]
    after = next(p for line, p in whole if line["row"].get("content") == f"1690 {WORDS}")
    rest = tables(lines(rich.get(f"/v1/me/export/rows?after={quote(after)}")))
    assert len(rest["chat.messages"]) == 10
    refused = rich.get("/v1/me/export/rows?after=here")
    assert (refused.status, refused.code) == (422, "VL001")


def test_an_administrator_asks_and_is_on_record(rich: Alice, admin: Client) -> None:
    path = f"/v1/users/{ALICE}/export/rows"
    rows = lines(admin.request("POST", path, headers={"X-Request-Id": "the-only-one"}))
    told = tables(rows)
    assert told["chat.messages"] == document(rich)["chat.messages"]
    trail = [line["row"] for line in rows if line["table"] == "ops.audit_logs"]
    # Once for all pages, of which there are four.
    asked = {row["id"] for row in trail if row["action"] == "user.exported"}
    details = [line["row"] for line in rows if line["table"] == "ops.audit_details"]
    named = [d["request_id"] for d in details if d["audit_id"] in asked]
    assert named.count("the-only-one") == 1
    after = next(
        json.dumps(["chat.messages", line["row"]["id"]]) for line in rows
        if line["table"] == "chat.messages" and line["row"]["content"] == f"1690 {WORDS}"
    )  # fmt: skip
    rest = lines(admin.post(path, {"after": after}))
    assert [line["row"]["content"].split()[0] for line in rest[:10]] == list(
        map(str, range(1691, 1701))
    )
    assert len(rest) < 1000
    missing = path.replace(ALICE, ALICE[:-4] + "0000")
    assert admin.post(missing).code == "NF001"


@contextmanager
def documents_of(server: Server, most: int) -> Iterator[None]:
    """For a while, a document may have so many bytes."""
    name = "account.export_bytes"
    usual = server.database.value("select base.setting(%s)", name)
    set_to(server.database, name, str(most))
    try:
        yield
    finally:
        set_to(server.database, name, usual)


def test_what_is_too_large_for_a_document_goes_out_row_by_row(
    rich: Alice, admin: Client, server: Server
) -> None:
    whole = document(rich)
    ways = {
        "GET /v1/me/export/rows": (rich, "GET", "/v1/me/export"),
        f"POST /v1/users/{ALICE}/export/rows": (admin, "POST", f"/v1/users/{ALICE}/export"),
    }
    with documents_of(server, 100_000):
        for way, (client, method, path) in ways.items():
            refused = client.request(method, path)
            assert (refused.status, refused.code) == (409, "KC010")
            assert way in refused.json()["detail"]
            streamed = way.split()
            told = tables(lines(client.request(streamed[0], streamed[1])))
            assert told["chat.messages"] == whole["chat.messages"]
            assert told.keys() >= whole.keys()
        # Who has less is answered as ever.
        assert admin.get("/v1/me/export").status == 200
