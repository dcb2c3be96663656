"""Searching messages: over HTTP as people search, and the plans as they really run."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import Database, Engine, Server, clone
from tests.http_client import Client
from tests.trust.plans import LARGE, Seen, relations, watch

MANY = "01900000-0000-7000-b000-000000000000"  # has 40,000 messages; a hundred others have 20 each


def talk(client: Client, *contents: str) -> tuple[str, list[str]]:
    """A conversation and the ids of its messages."""
    conversation = client.post("/v1/conversations", {"title": "A talk"}).json()["id"]
    ids = []
    for content in contents:
        message = {"role": "user", "content": content}
        answer = client.post(f"/v1/conversations/{conversation}/messages", message)
        assert answer.status == 201, answer.body
        ids.append(answer.json()["id"])
    return conversation, ids


def search(client: Client, query: str, **more: Any) -> dict[str, Any]:
    answer = client.get("/v1/messages/search?" + urlencode({"query": query, **more}))
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json()
    return found


def found(client: Client, query: str, **more: Any) -> list[str]:
    return [hit["content"] for hit in search(client, query, **more)["items"]]


def test_what_is_written_is_found_and_what_is_gone_is_not(server: Server) -> None:
    alice, bob = server.client(), server.client()
    assert (alice.sign_in("alice").status, bob.sign_in("bob").status) == (201, 201)
    trees, (first, second) = talk(alice, "B-trees keep keys in order", "A <b>hash</b> has none")
    his, _ = talk(bob, "My trees are oaks, hidden from all")

    (hit,) = search(alice, "ordered tree", highlight="text")["items"]
    assert (hit["id"], hit["conversation_title"], hit["corrected"]) == (first, "A talk", False)
    assert hit["highlight"] == "B-**trees** keep keys in **order**"
    (hit,) = search(alice, "hash")["items"]
    assert hit["highlight"] == "A &lt;b&gt;<mark>hash</mark>&lt;/b&gt; has none"

    # Another user's conversation is like one that is missing, and his words are no words.
    asked = ["/v1/messages/search?query=trees&conversation_id=" + id_ for id_ in (his, first)]
    strange, missing = (alice.get(path).json() | {"request_id": ""} for path in asked)
    assert strange == missing
    assert strange["code"] == "NF001"
    assert found(alice, "hidden") == found(alice, "hiddne") == found(alice, "oak") == []
    assert found(alice, "oaks", mode="fuzzy") == found(alice, "oak", mode="prefix") == []

    edited = alice.patch(f"/v1/messages/{first}", {"content": "Heaps keep no order"})
    assert edited.status == 200, edited.body
    assert found(alice, "trees") == []
    assert found(alice, "heap") == ["Heaps keep no order"]
    assert alice.delete(f"/v1/messages/{second}").status == 204
    assert found(alice, "hash") == []
    assert alice.delete(f"/v1/conversations/{trees}").status in (200, 204)
    assert found(alice, "heap") == []
    assert alice.post(f"/v1/conversations/{trees}/restore").status in (200, 204)
    assert found(alice, "heap") == ["Heaps keep no order"]
    assert alice.post(f"/v1/conversations/{trees}/archive").status in (200, 204)
    assert found(alice, "heap") == ["Heaps keep no order"]
    assert found(alice, "heap", archived="false") == []


def test_pages_and_bad_queries(server: Server) -> None:
    alice = server.client()
    assert alice.sign_in("alice").status == 201
    talk(alice, *(f"needle{' hay' * n} number {n}" for n in range(7)))
    for sort in ("rank", "time"):
        seen: list[str] = []
        page = search(alice, "needle", sort=sort, limit=3)
        while True:
            seen += [hit["content"] for hit in page["items"]]
            if page["next"] is None:
                break
            page = search(alice, "needle", sort=sort, limit=3, after=page["next"])
        newest_first = [f"needle{' hay' * n} number {n}" for n in reversed(range(7))]
        assert seen == (newest_first if sort == "time" else newest_first[::-1])

    for query in ("the", "the of and", "- | & ! :* ( ) ''", '"', '" "', "or", "\\", "%_", "💥"):
        assert found(alice, query) == [], query
    assert len(found(alice, "needle & ! | ) 'x")) == 0
    for query, field in (
        ("", "query"), (" \t", "query"), ("-needle", "query"), ("x" * 1001, "query"),
        ("a " * 33, "query"),
    ):  # fmt: skip
        answer = alice.get("/v1/messages/search?" + urlencode({"query": query}))
        assert (answer.status, answer.json()["errors"][0]["field"]) == (422, field), query
    assert alice.get("/v1/messages/search").status == 422
    assert alice.get("/v1/messages/search?query=a%00b").status == 400
    for name, value in (("mode", "like"), ("sort", "id"), ("role", "bot"), ("language", "xx"),
                        ("metadata", "[]"), ("highlight", "all"), ("after", "1")):  # fmt: skip
        answer = alice.get("/v1/messages/search?" + urlencode({"query": "x", name: value}))
        assert answer.status == 422, answer.body
        assert answer.json()["errors"][0]["field"] == name
    long = alice.post("/rpc/search_messages", {"query": "word " * 2000})
    assert (long.status, long.code) == (422, "VL001")


# ------------------------------------------------------------------- plans, as they really run


_CROWD = """
    set session_replication_role = replica;
    create temp table people as
      select n, ('01900000-0000-7000-b000-' || lpad(n::text, 12, '0'))::uuid as id
        from generate_series(0, 100) n;
    insert into chat.conversations (user_id, id) select p.id, p.id from people p;
    insert into chat.messages (user_id, id, conversation_id, role, content, search, created_at)
    select p.id, base.id_at(m.at), p.id, case when m.n % 2000 = 0 then 'tool' else 'user' end,
           m.words, to_tsvector('simple', m.words), m.at
      from (select n, now() - n * interval '20 minutes' as at,
                   concat_ws(' ', 'some text', n, case when n % 3 = 0 then 'often' end,
                             case when n % 4000 = 1 then 'seldom' end) as words
              from generate_series(1, 42000) n) m
      join people p on p.n = case when m.n % 21 = 0 then m.n / 21 % 100 + 1 else 0 end;
    reset session_replication_role;
    analyze chat.messages;
"""


@pytest.fixture(scope="module")
def crowded(engine: Engine) -> Iterator[Database]:
    with clone(engine) as database:
        with database.connect() as connection:
            connection.execute(_CROWD.encode())
        yield database


def ran(database: Database, user: str, query: str, **more: str) -> tuple[int, list[Seen]]:
    """How many hits there were, and what core.find_messages did to find them, in order."""
    with database.connect() as connection:
        heard = watch(connection)
        given = "".join(f", p_{name} => %({name})s" for name in more)
        rows = connection.execute(
            f"select * from api.search_messages(%(user)s, %(query)s, 20{given})".encode(),
            {"user": user, "query": query, **more},
        ).fetchall()
        return len(rows), [seen for seen in heard if seen.function == "find_messages"]


def indexed(seen: Seen) -> set[str]:
    """The conditions that the search index was asked with."""
    found = set()

    def look(node: Any) -> None:
        if node["Node Type"] == "Bitmap Index Scan" and " @@ " in node["Index Cond"]:
            found.add(node["Index Cond"].replace("::text", ""))
        for below in node.get("Plans", ()):
            look(below)

    look(seen.plan)
    return found


def on_messages(database: Database, seen: Seen) -> set[str]:
    """How it reads the partitions that are large."""
    with database.connect() as connection:
        rows = connection.execute(
            "select c.oid::regclass::text from pg_inherits i join pg_class c on c.oid = i.inhrelid"
            " where i.inhparent = 'chat.messages'::regclass and c.reltuples >= %s",
            [LARGE],
        ).fetchall()
    large = {name for (name,) in rows}
    assert large
    return {node for node, table in relations(seen.plan) if table in large}


def test_a_rare_word_comes_from_the_index_with_its_user(crowded: Database) -> None:
    hits, steps = ran(crowded, MANY, "seldom")
    assert hits == 10
    place, newest, rest = steps
    (condition,) = {re.sub(r"\w+\.", "", each) for each in indexed(rest)}
    assert condition == f"((user_id = '{MANY}'::uuid) AND (search @@ '''seldom'''::tsquery))"
    assert on_messages(crowded, rest) <= {"Bitmap Heap Scan", "Index Scan"}
    # What comes before reads the newest rows by their key, and nothing else of the table.
    for step in (place, newest):
        assert not indexed(step)
        assert on_messages(crowded, step) <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}


def test_a_frequent_word_and_a_small_user_never_touch_the_index(crowded: Database) -> None:
    hits, steps = ran(crowded, MANY, "often")
    assert hits == 20
    assert len(steps) == 2
    assert not any(map(indexed, steps))
    few = MANY[:-1] + "7"
    for query in ("often", "seldom", "nowhere"):
        assert not any(map(indexed, ran(crowded, few, query, correct="false")[1])), query


def test_a_rare_role_is_part_of_the_condition(crowded: Database) -> None:
    hits, steps = ran(crowded, MANY, "often", role="tool")
    assert hits
    (condition,) = {re.sub(r"\w+\.", "", each) for each in indexed(steps[-1])}
    assert "(role = 'tool') AND (search @@ " in condition
