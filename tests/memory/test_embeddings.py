"""Embeddings over HTTP: vectors as lists of numbers, and k rows whenever k exist."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.http_client import Client, Response


@pytest.fixture
def alice(join: Callable[[], Client]) -> Client:
    return join()


def kept(client: Client, content: str, embedding: list[float], **more: Any) -> str:
    answer = client.post("/v1/embeddings", {"content": content, "embedding": embedding, **more})
    assert answer.status == 201, answer.body
    return str(answer.json()["outcome"])


def found(client: Client, embedding: list[float], **more: Any) -> list[str]:
    answer = client.post("/v1/embeddings/search", {"embedding": embedding, **more})
    assert answer.status == 200, answer.body
    return [item["content"] for item in answer.json()["items"]]


def refused(answer: Response) -> tuple[int, str, str]:
    error = answer.json()["errors"][0]
    return answer.status, error["field"], error["detail"]


def test_texts_are_kept_found_and_removed(alice: Client, join: Callable[[], Client]) -> None:
    assert kept(alice, "east", [1, 0, 0], collection="map") == "made"
    assert kept(alice, "east", [1, 0, 0], collection="map") == "kept"
    many = {"contents": ["north", "up"], "embeddings": [[0, 1, 0], [0.5, 0, 1e0]]}
    answer = alice.post("/v1/embeddings/bulk", {**many, "metadata": [{"a": [1]}, {}]})
    assert answer.status == 201, answer.body
    assert (answer.json()["made"], len(answer.json()["ids"])) == (2, 2)
    assert found(alice, [1, 0.1, 0]) == ["east", "up", "north"]
    assert found(alice, [1, 0.1, 0], metadata={"a": [1]}) == ["north"]

    page = alice.post("/v1/embeddings/search", {"embedding": [1, 0.1, 0], "limit": 2}).json()
    assert [item["way"] for item in page["items"]] == ["exact", "exact"]
    assert found(alice, [1, 0.1, 0], limit=2, after=page["next"]) == ["north"]

    bob = join()
    assert found(bob, [1, 0, 0]) == []
    assert bob.get("/v1/embeddings").json()["items"] == []

    listed = alice.get("/v1/embeddings?with_embedding=true&collection=map").json()["items"]
    assert [(item["content"], item["embedding"]) for item in listed] == [("east", [1, 0, 0])]
    assert refused(alice.delete("/v1/embeddings")) == (
        422, "all", "Name a filter, or say all"
    )  # fmt: skip
    assert refused(alice.delete("/v1/embeddings?metadata={}"))[:2] == (422, "metadata")
    gone = alice.delete("/v1/embeddings?collection=map").json()
    assert (gone["deleted"], gone["of_texts"], gone["more"]) == (1, 1, False)
    assert found(alice, [1, 0.1, 0]) == ["up", "north"]


@pytest.mark.parametrize(
    ("embedding", "rule"),
    [
        ([1, 0], "embedding must have 3 numbers, as test-3 makes them, not 2"),
        ([0, 0, 0], "embedding must not be all zeros: it has no direction"),
        ([], "must be a list of 1 to 16,000 numbers, each at most 3.4e38"),
        ([1, "2", 3], "must be a list of 1 to 16,000 numbers, each at most 3.4e38"),
        ([1, None, 3], "must be a list of 1 to 16,000 numbers, each at most 3.4e38"),
        ([1, 2, 1e39], "must be a list of 1 to 16,000 numbers, each at most 3.4e38"),
        ([1, 2, 1e20], "embedding must have a norm from 1e-15 to 1e15"),
        ([1e-30, 0, 0], "embedding must have a norm from 1e-15 to 1e15"),
        ("[1,2,3]", "must be a list of 1 to 16,000 numbers, each at most 3.4e38"),
    ],
)
def test_what_is_no_vector_is_refused_by_name(alice: Client, embedding: object, rule: str) -> None:
    for path, more in (("", {"content": "x"}), ("/search", {})):
        answer = alice.post(f"/v1/embeddings{path}", {"embedding": embedding, **more})
        assert refused(answer) == (422, "embedding", rule)


def test_numbers_that_are_none_are_no_json(alice: Client) -> None:
    answer = alice.post("/v1/embeddings", b'{"content": "x", "embedding": [1, NaN, 0]}')
    assert (answer.status, answer.code) == (400, "BR001")


def test_the_description_says_what_a_vector_is(alice: Client) -> None:
    paths = alice.get("/openapi.json").json()["paths"]

    def field(path: str, name: str) -> Any:
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        return body["properties"][name]

    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 16000}
    assert field("/v1/embeddings", "embedding") == numbers
    assert field("/v1/embeddings/bulk", "embeddings") == {"type": "array", "items": numbers}
