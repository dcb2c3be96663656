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
    "create_users": ["all_or_nothing"],
    "create_message": ["content"],
    "recall_memories": ["query"],
    "replace_memory": ["qdrant_point_id"],
    "register_skill": ["description"],
    "search_all": ["query"],
    "update_embedding_model": ["hnsw_m"],
    "update_users": ["all_or_nothing"],
}
ALSO_IN_ITEMS = {"memories": ["qdrant_point_id"], "messages": ["content"]}
# No kind of thing is shared yet, which is looked at first.
OTHERS_FIRST = {("grant_access", "right")}
# They also have a form, which is not described: an address, a semantic version, a place for a link;
# or without them something else has to be there.
MORE_IS_ASKED = {
    ("create_users", "users.email"),
    ("delete_embeddings", "all"),
    ("delete_memories", "all"),
    ("register_skill", "version"),
    ("set_mail_text", "body"),
}


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
        "all": True, "all_or_nothing": True, "audience": "x", "content": "x", "contents": ["x"],
        "conversation_id": conversation, "description": "x", "email": "x@example.org",
        "embedding": [1, 0, 0], "embeddings": [[1, 0, 0]], "endpoint": "GET /v1/me",
        "execution_id": run, "goal": "x", "hnsw_m": 2, "id": testuser, "key": "described",
        "key_id": key, "kind": "reset_password", "language": "en", "member_id": testuser,
        "memory_id": memory, "message_id": message, "model": "x", "name": "described",
        "password": "correct horse", "plan_id": plan, "provider": "x", "query": "x",
        "qdrant_point_id": "1", "role": "user", "scopes": ["*"], "secret": "x" * 20,
        "subject": "x", "team_id": team, "tier": "free", "username": "testuser", "body": "x",
        "create_embedding_model.dimensions": 3, "create_message.content": "x",
        "update_embedding_model.name": "test-2-bare", "update_team_member.role": "member",
        "finish_function_execution.status": "failed", "register_skill.name": "another",
    }  # fmt: skip


SAMPLES = {"string": "x", "number": 1, "integer": 1, "boolean": True, "object": {}, "array": []}


def sample(rule: Rule, otherwise: Any) -> Any:
    """Something of the type that a rule names."""
    if "const" in rule:
        return rule["const"]
    sort = "" if rule.get("format") else rule.get("type", "")
    return otherwise if type(sort) is list else SAMPLES.get(sort, otherwise)


def right(rule: Rule) -> Iterator[Any]:
    """Its default, and values at the edges of what is said of it."""
    yield from (value for value in rule.get("enum", []) if value is not None)
    yield from ([value] for value in rule.get("items", {}).get("enum", []))
    yield from (rule[name] for name in ("default", "minimum", "maximum") if name in rule)
    if "pattern" not in rule:
        yield from ("x" * rule[name] for name in ("minLength", "maxLength") if name in rule)


def wrong(rule: Rule) -> Iterator[Any]:
    """Values that it rules out."""
    if "enum" in rule:
        yield "no such value"
    if "items" in rule:
        yield from ([value] for value in wrong(rule["items"]))
    if "pattern" in rule:
        yield next(v for v in (" " * 20, "0 a") if not re.search(rule["pattern"], v))
    if {"object", "array"} & {*([t] if type(t := rule.get("type")) is str else t or [])}:
        yield 1
    yield from beyond(rule)


def beyond(rule: Rule) -> Iterator[Any]:
    """Values outside of its bounds."""
    for name, step in ("minimum", -1), ("maximum", 1):
        if name in rule:
            yield rule[name] + step
    for sort, item in ("Length", "x"), ("Items", ["x"]):
        if low := rule.get(f"min{sort}"):
            yield item * (low - 1)
        if high := rule.get(f"max{sort}"):
            yield item * (high + 1)


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
                yield (function, name, str(value)[:60]), answer, named(answer, name)
            item = rule.get("items", rule)
            for part, inner in item.get("properties", {}).items():
                there = {
                    n: known.get(f"{name}.{n}", known.get(n))
                    for n in [*item["required"], *ALSO_IN_ITEMS.get(name, [])]
                }
                for value in values(inner):
                    whole = there | {part: value}
                    answer = admin.post(path, needed | {name: whole if item is rule else [whole]})
                    at_fault = named(answer, part) or (item is rule and named(answer, name))
                    yield (function, f"{name}.{part}", str(value)[:60]), answer, at_fault


def named(answer: Response, name: str) -> bool:
    """Whether a refusal says that it is about this field."""
    errors = answer.json()["errors"] if answer.status >= 400 else []
    return any(name in re.split(r"[\[\]/.]+", error["field"]) for error in errors)


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


def test_objects_have_the_fields_that_are_described_and_no_others(
    admin: Client, known: dict[str, Any]
) -> None:
    """Fields that no function knows are VL002, in objects and in those of lists."""
    wrong, lists = [], set()
    for path, methods in admin.get("/openapi.json").json()["paths"].items():
        function = path.removeprefix("/rpc/")
        if function == path or "requestBody" not in methods["post"]:
            continue
        body = methods["post"]["requestBody"]["content"]["application/json"]["schema"]
        also = [*body.get("required", []), *ALSO.get(function, [])]
        needed = {name: known.get(f"{function}.{name}", known.get(name)) for name in also}
        for name, rule in body["properties"].items():
            item = rule.get("items", rule)
            for form in item.get("oneOf", [item]):
                if "properties" not in form:
                    continue
                lists.add((function, name))
                base = {n: sample(form["properties"][n], known.get(n)) for n in form["required"]}
                for part in [*form["properties"], "nonsense"]:
                    whole = {part: sample(form["properties"].get(part, {}), "x")} | base
                    sent = needed | {name: whole if item is rule else [whole]}
                    answer = admin.post(f"/rpc/{function}", sent)
                    unknown = (
                        b"VL002" in answer.body
                        or b"limits must be" in answer.body
                        or (b"and nothing else" in answer.body)
                    )
                    if unknown != (part == "nonsense"):
                        wrong.append((function, name, part, answer.body))
    assert wrong == []
    assert len(lists) == 15


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
    assert said["metadata"]["schema"]["contentMediaType"] == "application/json"
    assert said["metadata"]["schema"]["contentSchema"] == {"type": "object"}
    ids = []
    for text in ("one", "two", "three"):
        fields = {"content": text, "embedding": [1, 0, 0], "metadata": {"of": text}}
        ids += [admin.post("/v1/embeddings", fields).json()["id"]]
    assert admin.delete(f"/v1/embeddings?ids={ids[0]},{ids[1]}").json()["deleted"] == 2
    third = quote(json.dumps({"of": "three"}))
    assert admin.delete(f"/v1/embeddings?metadata={third}").json()["deleted"] == 1
