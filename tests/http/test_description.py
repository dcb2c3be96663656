"""What the API description rules out is refused, by name; what it lets pass is taken."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Server
from tests.http_client import Client, Response

Rule = dict[str, Any]

# What a call needs besides what is required, to come as far as the rules.
ALSO = {
    "create_embedding_model": ["hnsw_m"],
    "create_memory": ["qdrant_point_id"],
    "create_message": ["content"],
    "recall_memories": ["query"],
    "replace_memory": ["qdrant_point_id"],
    "search_all": ["query"],
    "update_embedding_model": ["hnsw_m"],
}
# No kind of thing is shared yet, which is looked at first.
OTHERS_FIRST = {("grant_access", "right")}
# It also has a form, which is not described: a semantic version; a text with a place for the link.
MORE_IS_ASKED = {("register_skill", "version"), ("set_mail_text", "body")}


@pytest.fixture(scope="module")
def admin(server: Server) -> Iterator[Client]:
    with server.client() as client:
        assert client.sign_in("admin").status == 201
        yield client


@pytest.fixture(scope="module")
def known(admin: Client) -> dict[str, Any]:
    """Values of arguments with which a call comes as far as the rules of the others; those of one
    function begin with its name."""

    def made(path: str, **fields: Any) -> Any:
        answer = admin.post(path, fields)
        assert answer.status in (200, 201, 204), answer.body
        return answer.json() if answer.body else None

    conversation = made("/v1/conversations")["id"]
    message = made(f"/v1/conversations/{conversation}/messages", role="user", content="x")["id"]
    memory = made("/v1/memories", content="x")["id"]
    team = made("/v1/teams", name="Describers")["id"]
    made(f"/v1/teams/{team}/members", username="testuser")
    key = made("/v1/api-keys", name="described", scopes=["*"])["id"]
    made("/v1/skills", name="described", description="x", parameters={"type": "object"})
    run = made("/v1/skills/described/executions")["id"]
    plan = made("/v1/plans", goal="x", steps=[{"name": "a", "skill": "described"}])["id"]
    made("/v1/roles", name="described", description="x")
    made("/v1/admin/flags", key="described")
    testuser = "01900000-0000-7000-8000-000000000003"
    return {
        "all": True, "audience": "x", "content": "x", "contents": ["x"],
        "conversation_id": conversation, "description": "x", "email": "x@example.org",
        "embedding": [1, 0, 0], "embeddings": [[1, 0, 0]], "endpoint": "GET /v1/me",
        "execution_id": run, "goal": "x", "hnsw_m": 2, "id": testuser, "key": "described",
        "key_id": key, "kind": "reset_password", "language": "en", "member_id": testuser,
        "memory_id": memory, "message_id": message, "name": "described",
        "password": "correct horse", "plan_id": plan, "provider": "x", "query": "x",
        "qdrant_point_id": "1", "role": "user", "scopes": ["*"], "secret": "x" * 20,
        "subject": "x", "team_id": team, "tier": "free", "username": "testuser", "body": "x",
        "create_embedding_model.dimensions": 3, "create_message.content": "x",
        "update_embedding_model.name": "test-2-bare", "update_team_member.role": "member",
        "finish_function_execution.status": "failed",
    }  # fmt: skip


def right(rule: Rule) -> Iterator[Any]:
    """Values at the edges of what is said of an argument."""
    yield from (value for value in rule.get("enum", []) if value is not None)
    yield from ([value] for value in rule.get("items", {}).get("enum", []))
    yield from (rule[name] for name in ("minimum", "maximum") if name in rule)
    if "pattern" not in rule:
        yield from ("x" * rule[name] for name in ("minLength", "maxLength") if name in rule)


def wrong(rule: Rule) -> Iterator[Any]:
    """Values that it rules out."""
    if "enum" in rule:
        yield "no such value"
    if "enum" in rule.get("items", {}):
        yield ["no such value"]
    if "pattern" in rule:
        yield next(v for v in (" " * 20, "0 a") if not re.search(rule["pattern"], v))
    for name, step in ("minimum", -1), ("maximum", 1):
        if name in rule:
            yield rule[name] + step
    for sort, item in ("Length", "x"), ("Items", ["x"]):
        if low := rule.get(f"min{sort}"):
            yield item * (low - 1)
        if high := rule.get(f"max{sort}"):
            yield item * (high + 1)
    if "object" in rule.get("type", "") or (
        "array" in rule.get("type", "") and "items" not in rule
    ):
        yield 1


def tried(
    admin: Client, known: dict[str, Any], values: Callable[[Rule], Iterator[Any]]
) -> Iterator[tuple[tuple[Any, ...], Response, bool]]:
    """Each value of each argument of each function; the answer; whether it names that one."""
    for path, methods in admin.get("/openapi.json").json()["paths"].items():
        function = path.removeprefix("/rpc/")
        if function == path or "requestBody" not in methods["post"]:
            continue
        body = methods["post"]["requestBody"]["content"]["application/json"]["schema"]
        needed = {
            name: known.get(f"{function}.{name}", known.get(name))
            for name in [*body.get("required", []), *ALSO.get(function, [])]
        }
        for name, rule in body["properties"].items():
            for value in values(rule):
                answer = admin.post(path, needed | {name: value})
                errors = answer.json()["errors"] if answer.status >= 400 else []
                named = name in {re.split(r"[\[/.]", error["field"])[0] for error in errors}
                yield (function, name, str(value)[:60]), answer, named


def test_what_the_description_rules_out_is_refused(admin: Client, known: dict[str, Any]) -> None:
    answers = [one for one in tried(admin, known, wrong) if one[0][:2] not in OTHERS_FIRST]
    # A name that no row can have is not found.
    assert [
        (what, answer.body)
        for what, answer, named in answers
        if not named or answer.status not in (404, 422)
    ] == []
    assert len(answers) > 250


def test_what_the_description_lets_pass_is_taken(admin: Client, known: dict[str, Any]) -> None:
    answers = [one for one in tried(admin, known, right) if one[0][:2] not in MORE_IS_ASKED]
    assert [
        (what, answer.body)
        for what, answer, named in answers
        if answer.status >= 500 or (named and answer.status == 422)
    ] == []
    assert len(answers) > 250


def test_what_is_cleared_and_how(admin: Client, known: dict[str, Any]) -> None:
    document = admin.get("/openapi.json").json()
    described = document["paths"]["/v1/memories/{memory_id}"]["patch"]["requestBody"]["content"]
    rule = described["application/json"]["schema"]["properties"]["expires_at"]
    assert rule["description"] == '"infinity" clears it'
    assert rule["anyOf"][1] == {"const": "infinity"}
    memory = f"/v1/memories/{admin.post('/v1/memories', {'content': 'x'}).json()['id']}"
    assert admin.patch(memory, {"expires_at": "2100-01-01"}).json()["expires_at"]
    refused = admin.patch(memory, {"expires_at": None})
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "expires_at")
    assert refused.json()["detail"].endswith("/docs says what clears it")
    assert admin.patch(memory, {"expires_at": "infinity"}).json()["expires_at"] is None


def test_lists_and_json_in_a_query_are_sent_as_described(admin: Client) -> None:
    """As clients that are made from the description send them."""
    listed = admin.get("/openapi.json").json()["paths"]["/v1/embeddings"]["delete"]["parameters"]
    said = {parameter.get("name"): parameter for parameter in listed}
    assert said["ids"]["explode"] is False
    assert said["metadata"]["content"] == {"application/json": {"schema": {"type": "object"}}}
    ids = []
    for text in ("one", "two", "three"):
        fields = {"content": text, "embedding": [1, 0, 0], "metadata": {"of": text}}
        ids += [admin.post("/v1/embeddings", fields).json()["id"]]
    assert admin.delete(f"/v1/embeddings?ids={ids[0]},{ids[1]}").json()["deleted"] == 2
    third = quote(json.dumps({"of": "three"}))
    assert admin.delete(f"/v1/embeddings?metadata={third}").json()["deleted"] == 1
