"""Hybrid search over HTTP: two lists and their fusion, computed here once more and apart."""

import math
import random
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.conftest import Database
from tests.http_client import Client

DIMENSIONS = 8
WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath"]
Join = Callable[[], Client]


@pytest.fixture(scope="module")
def model(remembering_database: Database) -> str:
    return str(
        remembering_database.value(
            "select name from create_embedding_model('search-8', %s)", DIMENSIONS
        )
    )


@pytest.fixture
def library(join: Join, model: str) -> tuple[Client, dict[str, dict[str, Any]]]:
    """Somebody with 40 messages and 20 memories, most of them with a vector; by their ids."""
    client, dice = join(), random.Random(7)
    conversation = client.post("/v1/conversations", {"title": "Trees"}).json()["id"]
    things: dict[str, dict[str, Any]] = {}
    for number in range(60):
        text = " ".join([*dice.choices(WORDS, k=dice.randint(1, 6)), f"thing{number}"])
        vector = [round(dice.uniform(-1, 1), 3) for _ in range(DIMENSIONS)]
        if number % 3 == 0:
            said = {"content": text} | ({"embedding": vector, "model": model} if number % 2 else {})
            made = client.post("/v1/memories", said)
        else:
            said = {"role": "user", "content": text}
            made = client.post(f"/v1/conversations/{conversation}/messages", said)
            if number % 5:
                kept = {"content": text, "embedding": vector, "model": model}
                answer = client.post("/v1/embeddings", {**kept, "message_id": made.json()["id"]})
                assert answer.status == 201, answer.body
        assert made.status == 201, made.body
        there = number % 2 if number % 3 == 0 else number % 5
        things[made.json()["id"]] = {
            "words": set(text.split()),
            "vector": vector if there else None,
            "source": "memory" if number % 3 == 0 else "message",
        }
    return client, things


def distance(a: list[float], b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return 1 - dot / math.hypot(*a) / math.hypot(*b)


def search(client: Client, **asked: Any) -> list[dict[str, Any]]:
    answer = client.post("/v1/search", asked)
    assert answer.status == 200, answer.body
    assert answer.json()["next"] is None
    rows: list[dict[str, Any]] = answer.json()["items"]
    return rows


@pytest.mark.parametrize(
    ("k", "words", "near"), [(60, 1.0, 1.0), (10, 0.5, 2.0), (1, 3.0, 0.25), (60, 0.0, 1.0)]
)
def test_the_fusion_is_that_of_the_two_lists(
    library: tuple[Client, dict[str, dict[str, Any]]], model: str, k: int, words: float, near: float
) -> None:
    """Membership and distances are computed here; only the rank of words is PostgreSQL's."""
    client, things = library
    asked = [0.3, -0.2, 0.9, 0.1, -0.5, 0.4, 0.0, 0.7]
    rows = search(
        client, query="amber birch", embedding=asked, model=model, k=k, text_weight=words,
        vector_weight=near, limit=200,
    )  # fmt: skip
    found = {row["id"]: row for row in rows}

    having = {i for i, thing in things.items() if {"amber", "birch"} <= thing["words"]}
    assert len(having) > 3, "the dice gave enough"
    assert {i for i, row in found.items() if row["text_rank"]} == having
    scores = [(-found[i]["text_score"], -int(i.replace("-", ""), 16), i) for i in having]
    by_words = {i: place for place, (_, _, i) in enumerate(sorted(scores), 1)}

    far = sorted((distance(t["vector"], asked), i) for i, t in things.items() if t["vector"])
    by_vector = {i: place for place, (_, i) in enumerate(far, 1)}
    assert {i for i, row in found.items() if row["vector_rank"]} == set(by_vector)

    for i, row in found.items():
        assert row["source"] == things[i]["source"]
        assert (row["text_rank"], row["vector_rank"]) == (by_words.get(i), by_vector.get(i))
        expected = words / (k + by_words[i]) if i in by_words else 0
        expected += near / (k + by_vector[i]) if i in by_vector else 0
        assert row["score"] == pytest.approx(expected)
        if i in by_vector:
            exact = distance(things[i]["vector"], asked)
            assert row["distance"] == pytest.approx(exact, abs=1e-5)
    order = [row["score"] for row in rows]
    assert order == sorted(order, reverse=True)
    assert len({row["source"] for row in rows}) == 2


def test_as_many_rows_as_were_asked_for(
    library: tuple[Client, dict[str, dict[str, Any]]], model: str
) -> None:
    client, things = library
    vectors = [i for i, thing in things.items() if thing["vector"]]
    for limit in (1, 5, len(vectors)):
        assert len(search(client, embedding=[1.0] * 8, model=model, limit=limit)) == limit
    # Also where words find nothing, and within one source.
    rows = search(
        client, query="nothing like it", embedding=[1.0] * 8, model=model, sources=["memories"]
    )
    memories = [i for i in vectors if things[i]["source"] == "memory"]
    assert {row["id"] for row in rows} == set(memories)
    assert all(row["text_rank"] is None for row in rows)


def test_another_user_s_texts_are_never_found(
    library: tuple[Client, dict[str, dict[str, Any]]], join: Join, model: str
) -> None:
    _, things = library
    ben = join()
    assert search(ben, query="amber", embedding=[1.0] * 8, model=model) == []
    mine = ben.post("/v1/memories", {"content": "amber of Ben"}).json()
    assert [row["id"] for row in search(ben, query="amber")] == [mine["id"]]
    assert mine["id"] not in things


def test_refusals_name_the_field(join: Join) -> None:
    anna = join()
    for body, field in (
        ({}, "query"),
        ({"query": "x", "sources": ["notes"]}, "sources"),
        ({"query": "x", "k": 0}, "k"),
        ({"query": "x", "highlight": "red"}, "highlight"),
    ):
        answer = anna.post("/v1/search", body)
        assert (answer.status, answer.json()["errors"][0]["field"]) == (422, field)


@pytest.fixture
def operator(remembering_database: Database) -> Any:
    with remembering_database.connect("plinth_operator") as connection:
        yield connection


def test_psql_gives_the_same(
    library: tuple[Client, dict[str, dict[str, Any]]], operator: psycopg.Connection[Any]
) -> None:
    client, _ = library
    me = client.get("/v1/me").json()["id"]
    rows = operator.execute("select id::text from search_all(%s, 'amber')", [me]).fetchall()
    assert [i for (i,) in rows] == [row["id"] for row in search(client, query="amber")]
