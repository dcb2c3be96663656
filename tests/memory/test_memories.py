"""Memories over HTTP: what is true when, who sees it, and what is gone when it is forgotten."""

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from tests.conftest import Database
from tests.http_client import Client
from tests.trust.plans import relations, watch

NOBODYS = str(uuid.uuid4())
Join = Callable[[], Client]


def remember(client: Client, content: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/memories", {"content": content, **more})
    assert answer.status == 201, answer.body
    memory: dict[str, Any] = answer.json()
    return memory


def listed(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"/v1/memories?{query}")
    assert answer.status == 200, answer.body
    return [memory["content"] for memory in answer.json()["items"]]


def test_a_fact_that_changed_is_kept_as_it_was(join: Join) -> None:
    anna = join()
    first = remember(anna, "Lives in Bonn", valid_from="2019-01-01T00:00:00Z")
    remember(anna, "Likes tea", valid_from="2018-01-01T00:00:00Z")
    moved = anna.post(
        f"/v1/memories/{first['id']}/replace",
        {"content": "Lives in Rome", "valid_from": "2020-01-01T00:00:00Z"},
    )
    assert moved.status == 201, moved.body
    second = moved.json()
    assert (second["supersedes"], second["valid_to"]) == (first["id"], None)

    assert listed(anna) == ["Lives in Rome", "Likes tea"]
    assert listed(anna, "as_of=2019-06-01") == ["Likes tea", "Lives in Bonn"]
    assert listed(anna, "as_of=2018-06-01") == ["Likes tea"]
    assert listed(anna, "closed=true") == ["Lives in Rome", "Likes tea", "Lives in Bonn"]

    whole = anna.get(f"/v1/memories/{second['id']}").json()
    assert [former["content"] for former in whole["history"]] == ["Lives in Bonn"]
    again = anna.post(f"/v1/memories/{first['id']}/replace", {"content": "Lives in Oslo"})
    assert (again.status, again.code) == (409, "KC004")

    corrected = anna.patch(f"/v1/memories/{second['id']}", {"content": "Lives in Roma"})
    assert (corrected.status, corrected.json()["id"]) == (200, second["id"])
    closed = anna.post(f"/v1/memories/{second['id']}/close", {})
    assert (closed.status, closed.json()["valid_to"] is not None) == (200, True)
    assert listed(anna) == ["Likes tea"]


def test_two_who_replace_a_fact_at_once_do_not_both(join: Join, remembering: Any) -> None:
    """One wins; of the other nothing is left."""
    anna = join()
    memory = remember(anna, "Lives in Bonn")
    answers: list[int] = []

    def replace(number: int) -> None:
        with remembering.client() as client:
            client.token = anna.token
            path = f"/v1/memories/{memory['id']}/replace"
            answers.append(client.post(path, {"content": f"Lives in town {number}"}).status)

    threads = [threading.Thread(target=replace, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]
    assert len(listed(anna, "closed=true")) == 2


def test_another_user_s_is_like_none(join: Join) -> None:
    anna, ben = join(), join()
    memory = remember(anna, "Anna's", metadata={"topic": "home"})
    for method, path, body in (
        ("GET", "/v1/memories/{}", None),
        ("PATCH", "/v1/memories/{}", {"content": "Ben's"}),
        ("POST", "/v1/memories/{}/replace", {"content": "Ben's"}),
        ("POST", "/v1/memories/{}/close", {}),
        ("DELETE", "/v1/memories/{}", None),
    ):
        hers = ben.request(method, path.format(memory["id"]), body)
        none = ben.request(method, path.format(NOBODYS), body)
        assert (hers.status, hers.code) == (404, "NF001"), (method, path)
        assert hers.json()["detail"] == none.json()["detail"]
    assert listed(ben) == []
    assert ben.delete("/v1/memories?all=true").json()["deleted"] == 0
    assert listed(anna) == ["Anna's"]


def test_forgetting_counts_and_names_what_is_left_elsewhere(join: Join) -> None:
    anna = join()
    old = remember(anna, "one", qdrant_collection="notes", qdrant_point_id="1")
    path = f"/v1/memories/{old['id']}/replace"
    assert anna.post(path, {"content": "two"}).status == 201
    remember(anna, "three", kind="preference", metadata={"topic": "tea"})
    remember(anna, "four", kind="preference")
    made = anna.post("/v1/memories/bulk", {"memories": [{"content": "five"}, {"content": "six"}]})
    assert (made.status, made.json()["created"]) == (201, 2)

    assert anna.delete("/v1/memories").code == "VL003"
    choice = quote('{"topic": "tea"}')
    assert anna.delete(f"/v1/memories?metadata={choice}").json() == {
        "deleted": 1, "superseded": 0, "embeddings": 0, "qdrant_points": [], "more": False,
    }  # fmt: skip
    assert anna.delete("/v1/memories?kind=preference").json()["deleted"] == 1
    second = anna.get("/v1/memories").json()["items"][-1]
    assert second["content"] == "two"
    assert anna.delete(f"/v1/memories/{second['id']}").json() == {
        "deleted": 1, "superseded": 1, "embeddings": 0,
        "qdrant_points": [{"collection": "notes", "point_id": "1"}],
    }  # fmt: skip
    assert anna.delete("/v1/memories?all=true").json()["deleted"] == 2
    assert listed(anna, "closed=true") == []


def test_pages_follow_each_other(join: Join) -> None:
    anna = join()
    texts = [f"memory {number}" for number in range(7)]
    anna.post("/v1/memories/bulk", {"memories": [{"content": text} for text in texts]})
    seen: list[str] = []
    place = ""
    while True:
        page = anna.get(f"/v1/memories?limit=3{place}").json()
        seen += [memory["content"] for memory in page["items"]]
        if page["next"] is None:
            break
        place = f"&after={page['next']}"
    assert seen == texts[::-1]


def test_a_field_that_breaks_a_rule_is_named(join: Join) -> None:
    anna = join()
    for body, field in (
        ({"content": ""}, "content"),
        ({"content": "x", "importance": 2}, "importance"),
        ({"content": "x", "qdrant_collection": "notes"}, "qdrant_point_id"),
        ({"content": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ):
        answer = anna.post("/v1/memories", body)
        assert answer.status == 422, answer.body
        assert answer.json()["errors"][0]["field"] == field
    answer = anna.post("/v1/memories/bulk", {"memories": [{"content": "x"}, {"contents": "y"}]})
    assert answer.json()["errors"][0]["field"] == "memories[1].contents"
    for wrong in ([1e300, 0, 0], [[1]], []):
        many = {"memories": [{"content": "x", "embedding": wrong}]}
        answer = anna.post("/v1/memories/bulk", many)
        assert (answer.status, answer.json()["errors"][0]["field"]) == (
            422, "memories[0].embedding"
        ), answer.body  # fmt: skip
    answer = anna.post("/v1/memories", {"content": "x", "model": "nope"})
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "model")


def test_a_recall_says_why(join: Join, remembering_database: Database) -> None:
    """Parts, and the score they make; what is shown counts, without a write per memory."""
    anna, ben = join(), join()
    remember(anna, "Feeds two cats", importance=1)
    remember(anna, "Grows tomatoes", importance=0)
    ids = [remember(anna, f"Number {number}", importance=0)["id"] for number in range(3)]
    remember(ben, "Feeds two cats of Ben")
    answer = anna.post("/v1/memories/recall", {"query": "Which cats?", "limit": 2})
    assert answer.status == 200, answer.body
    first, second = answer.json()["items"]
    found = first["content"], first["text_similarity"], first["importance"]
    assert found == ("Feeds two cats", 1, 1)
    assert first["vector_similarity"] is None
    assert first["recency"] == pytest.approx(1, abs=0.001)
    for row in (first, second):
        parts = row["similarity"] + 0.25 * row["recency"] + 0.25 * row["importance"]
        assert row["score"] == pytest.approx(parts / 1.5)
    assert second["id"] == ids[-1]  # the newest of those that matter alike

    everything = anna.post("/v1/memories/recall", {"query": "x", "limit": 200, "count": False})
    assert len(everything.json()["items"]) == 5
    assert everything.json()["next"] is None
    assert anna.post("/v1/memories/recall", {}).code == "VL003"

    remembering_database.value("select core.fold_recalls(1000)")
    memories = anna.get("/v1/memories").json()["items"]
    counts = {memory["content"]: memory["recall_count"] for memory in memories}
    assert counts == {"Feeds two cats": 1, "Number 2": 1, "Number 1": 0, "Number 0": 0,
                      "Grows tomatoes": 0}  # fmt: skip


def test_a_memory_and_its_vector_come_together_or_not_at_all(
    join: Join, remembering_database: Database
) -> None:
    remembering_database.value("select name from create_embedding_model('memories-3', 3)")
    anna = join()
    model = {"model": "memories-3"}
    refused = anna.post("/v1/memories", {"content": "x", "embedding": [1, 2], **model})
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "embedding")
    assert listed(anna) == []
    remember(anna, "east", embedding=[1, 0, 0], **model)
    many = [{"content": "north", "embedding": [0, 1, 0.5]}, {"content": "nowhere"}]
    assert anna.post("/v1/memories/bulk", {"memories": many, **model}).status == 201
    ask = {"embedding": [0.1, 1, 0], "recency_weight": 0, "importance_weight": 0, **model}
    items = anna.post("/v1/memories/recall", ask).json()["items"]
    assert [item["content"] for item in items] == ["north", "east", "nowhere"]
    assert items[0]["score"] == items[0]["vector_similarity"] == pytest.approx(0.89, abs=0.01)
    assert items[2]["vector_similarity"] is None


# ------------------------------------------------------------------- plans, as they really run


@pytest.fixture(scope="module")
def crowd(remembering_database: Database) -> Iterator[psycopg.Connection[Any]]:
    """One user with most of the memories, and many with a few; statistics are taken."""
    with remembering_database.connect() as connection:
        connection.execute(
            "insert into auth.users (id, username, email)"
            " select ('01900000-0000-7000-a000-' || lpad(n::text, 12, '0'))::uuid, 'hoarder' || n,"
            "        'hoarder' || n || '@example.org' from generate_series(0, 200) n"
        )
        # As many pages as longer texts would fill, so that reading all of them is no bargain.
        connection.execute("alter table memory.semantic_memories set (fillfactor = 10)")
        connection.execute(
            "insert into memory.semantic_memories (user_id, content, metadata)"
            " select ('01900000-0000-7000-a000-' || lpad((case when n % 5 = 0 then n / 5 % 200 + 1"
            "         else 0 end)::text, 12, '0'))::uuid, 'Remembered thing number ' || n,"
            "        jsonb_build_object('number', n) from generate_series(1, 20000) n"
        )
        connection.execute("analyze memory.semantic_memories")
        yield connection


@pytest.mark.parametrize(
    ("who", "number", "index"),
    [("000000000000", 42, "semantic_memories_search_idx"),
     ("000000000007", 30, "semantic_memories_pkey")],
)  # fmt: skip
def test_metadata_are_found_by_an_index(
    crowd: psycopg.Connection[Any], who: str, number: int, index: str
) -> None:
    """Where the user has many memories, by that of metadata; few are looked at one by one."""
    heard = watch(crowd)
    rows = crowd.execute(
        "select * from api.list_memories(%s, p_metadata => %s)",
        [f"01900000-0000-7000-a000-{who}", f'{{"number": {number}}}'],
    ).fetchall()
    assert len(rows) == 1
    plan = next(seen.plan for seen in heard if seen.function == "list_memories"
                and "memory.semantic_memories" in seen.tables)  # fmt: skip
    assert index in str(plan)
    assert ("Seq Scan", "memory.semantic_memories") not in relations(plan)


@pytest.mark.parametrize("who", ["000000000000", "000000000007"])
def test_a_recall_reads_a_few_of_many(crowd: psycopg.Connection[Any], who: str) -> None:
    """By words, time and weight, each from its index; nothing is read from end to end."""
    heard = watch(crowd)
    rows = crowd.execute(
        "select way from api.recall_memories(%s, 'which thing has number 42?', p_limit => 20)",
        [f"01900000-0000-7000-a000-{who}"],
    ).fetchall()
    assert {way for (way,) in rows} == {"candidates" if who == "000000000000" else "all"}
    assert len(rows) == 20
    asked = [seen.plan for seen in heard if "memory.semantic_memories" in seen.tables]
    assert asked
    for plan in asked:
        assert ("Seq Scan", "memory.semantic_memories") not in relations(plan)
    if who == "000000000000":
        told = str(asked)
        for index in ("conversation_id_idx", "importance_idx", "search_idx"):
            assert f"semantic_memories_{index}" in told
