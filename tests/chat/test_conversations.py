"""Conversations over HTTP: their life from the first call to the last, and whose they are."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Database, Engine, Server, clone
from tests.http_client import Client, Response
from tests.trust.plans import relations, watch

PATH = "/v1/conversations"
ALICE = "01900000-0000-7000-8000-000000000005"


def begun(client: Client, **fields: Any) -> dict[str, Any]:
    answer = client.post(PATH, fields)
    assert answer.status == 201, answer.body
    conversation: dict[str, Any] = answer.json()
    return conversation


def said(client: Client, conversation: dict[str, Any], content: str, **more: Any) -> dict[str, Any]:
    body = {"role": "user", "content": content, **more}
    answer = client.post(f"{PATH}/{conversation['id']}/messages", body)
    assert answer.status == 201, answer.body
    message: dict[str, Any] = answer.json()
    return message


def titles(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"{PATH}{query}")
    assert answer.status == 200, answer.body
    return [item["title"] for item in answer.json()["items"]]


def test_a_life(anna: Client) -> None:
    conversation = begun(anna, title="Trip to Rome", metadata={"tags": ["a"]})
    path = f"{PATH}/{conversation['id']}"
    begun(anna, title="Another")
    said(anna, conversation, "What first?", prompt_tokens=12, client_id="q1")
    assert titles(anna) == ["Trip to Rome", "Another"], "a message is activity"
    shown = anna.get(path).json()
    assert (shown["message_count"], shown["prompt_tokens"], shown["version"]) == (1, 12, 1)

    changed = anna.patch(path, {"title": "Rome", "context": {"city": "Rome"}, "version": 1})
    assert changed.status == 200
    assert changed.json()["version"] == 2
    assert anna.patch(path, {"title": "Paris", "version": 1}).code == "KC002"
    refused = anna.patch(path, {"title": "x" * 501})
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "title")

    assert anna.post(f"{path}/archive").json()["status"] == "archived"
    assert titles(anna) == ["Another"]
    assert titles(anna, "?status=archived") == ["Rome"]
    said(anna, conversation, "It goes on")
    assert anna.post(f"{path}/restore").json()["status"] == "active"

    assert anna.delete(path).status == 204
    assert {anna.get(path).code, anna.get(f"{path}/messages").code, anna.delete(path).code} == {
        "NF001"
    }
    assert titles(anna) == ["Another"]
    assert titles(anna, "?status=deleted") == ["Rome"]
    assert anna.post(f"{path}/restore").json()["message_count"] == 2

    assert anna.delete(path).status == 204
    erased = anna.post(f"{path}/erase")
    assert (erased.status, erased.json()["messages"], erased.json()["message_client_ids"]) == (
        200,
        2,
        1,
    )
    assert anna.post(f"{path}/erase").code == "NF001"
    assert anna.post(f"{path}/restore").code == "NF001"
    assert titles(anna, "?status=deleted") == []


def test_filters_and_pages(anna: Client, ben: Client) -> None:
    for number in range(7):
        begun(anna, title=f"Number {number}", metadata={"even": number % 2 == 0, "n": number})
    begun(ben, title="Number 8", metadata={"even": True})
    assert titles(anna, "?limit=3") == ["Number 6", "Number 5", "Number 4"]
    pages = [anna.get(f"{PATH}?limit=3").json()]
    while pages[-1]["next"]:
        pages.append(anna.get(f"{PATH}?limit=3&after={pages[-1]['next']}").json())
    listed = [[item["title"] for item in page["items"]] for page in pages]
    assert [len(page) for page in listed] == [3, 3, 1]
    assert [title for page in listed for title in page] == [f"Number {n}" for n in range(6, -1, -1)]
    assert titles(anna, "?title=NUMBER%203") == ["Number 3"]
    assert titles(anna, '?metadata={"even":true,"n":4}') == ["Number 4"]
    since = anna.get(f"{PATH}?title=number%205").json()["items"][0]["updated_at"]
    assert titles(anna, f"?since={since.replace('+', '%2B')}") == ["Number 6", "Number 5"]
    assert anna.get(f"{PATH}?status=open").code == "VL001"
    assert anna.get(f"{PATH}?after=nowhere").code == "VL001"


def test_one_name_is_one_conversation(join: Any) -> None:
    """Eight at once: each is answered the same; who means something else is told."""
    first = join()
    clients = [Client(first.port, first.token) for _ in range(8)]
    body = {"client_id": "mine", "title": "Together"}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda c: c.post(PATH, body), clients))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert first.post(PATH, body | {"title": "Alone"}).code == "KC001"
    for client in clients:
        client.close()


def test_an_idempotency_key_makes_one(anna: Client) -> None:
    answers = [anna.post(PATH, {"title": "Once"}, idempotency_key="a-key-of-mine") for _ in (1, 2)]
    assert answers[0].body == answers[1].body
    assert titles(anna) == ["Once"]


def without_request(answer: Response) -> tuple[int, bytes]:
    """An answer but for the one thing that is different every time."""
    request_id = answer.headers["x-request-id"].encode()
    assert request_id in answer.body
    return answer.status, answer.body.replace(request_id, b"")


BODIES: dict[str, Any] = {
    "api.create_message": {"role": "user", "content": "x"},
    "api.create_messages": {"messages": [{"role": "user", "content": "x"}]},
    "api.set_conversation_summary": {"summary": "x"},
    "api.update_message": {"content": "x"},
    "api.update_conversation": {"title": "x"},
}


def test_what_is_another_users_is_like_nothing(
    anna: Client, ben: Client, workshop: Server, workshop_database: Database
) -> None:
    """Byte for byte, at every route that names a conversation or a message."""
    conversation = begun(anna, title="Mine")
    message = said(anna, conversation, "Mine")
    with workshop_database.connect() as connection:
        routes = connection.execute(
            "select r.method, r.path, r.function_name from http.routes r"
            " where r.path ~ '{(conversation|message)_id}' order by 1, 2"
        ).fetchall()
    assert len(routes) >= 12
    nothing = "01900000-0000-7000-8000-0000000000ff"
    for method, path, function in routes:
        body = None if method in ("GET", "DELETE") else BODIES.get(function, {})
        told = [
            without_request(ben.request(method, path.format(**ids), body))
            for ids in (
                {"conversation_id": conversation["id"], "message_id": message["id"]},
                {"conversation_id": nothing, "message_id": nothing},
            )
        ]
        assert told[0] == told[1], f"{method} {path}"
        assert told[0][0] == 404, f"{method} {path}: {told[0]}"
    assert anna.get(f"/v1/messages/{message['id']}").json() == message
    assert anna.get(f"{PATH}/{conversation['id']}").json()["version"] == 1


def test_taken_along_and_forgotten(anna: Client, workshop_database: Database) -> None:
    conversation = begun(anna, title="Private", client_id="c-1")
    message = said(anna, conversation, "Something private", client_id="m-1")
    assert anna.patch(f"/v1/messages/{message['id']}", {"content": "Changed"}).status == 200
    exported = anna.get("/v1/me/export").json()["tables"]
    assert [row["title"] for row in exported["chat.conversations"]] == ["Private"]
    assert [row["content"] for row in exported["chat.messages"]] == ["Changed"]
    assert [row["content"] for row in exported["chat.message_edits"]] == ["Something private"]
    assert "fingerprint" not in json.dumps(exported)

    me = anna.get("/v1/me").json()["id"]
    with workshop_database.connect() as connection:
        connection.execute("update auth.users set status = 'deleted' where id = %s", [me])
        connection.execute(
            "update auth.users set deleted_at = now() - interval '1 minute' where id = %s", [me]
        )
        connection.execute("select erase_user(%s)", [me])
        left = connection.execute(
            "select count(*) from chat.conversations c"
            "  full join chat.messages m using (user_id)"
            "  full join chat.message_edits e using (user_id)"
            "  full join chat.message_client_ids k using (user_id) where user_id = %s",
            [me],
        ).fetchone()
        told = connection.execute(
            "select count(*) from ops.audit_details d"
            " where d.user_id = %s and d.difference <> '{}'",
            [me],
        ).fetchone()
    assert left == (0,)
    assert told == (0,)


FILL = """
insert into chat.conversations (user_id, title, status, context, metadata, created_at, updated_at)
select case when n %% 10 = 0 then %(other)s else %(alice)s end::uuid, 'Conversation about ' || n,
       case n %% 20 when 1 then 'archived' else 'active' end,
       jsonb_build_object('city', 'c' || n %% 5000),
       jsonb_build_object('n', n %% 5000, 'even', n %% 2),
       now() - n * interval '1 hour', now() - n * interval '1 hour'
  from generate_series(1, 20000) n
"""


@pytest.mark.parametrize(
    ("given", "index", "rows"),
    [
        ({}, "conversations_active_idx", 51),
        ({"p_status": "archived"}, "conversations_archived_idx", 51),
        ({"p_metadata": '{"n": 77}'}, "conversations_metadata_idx", 4),
        ({"p_context": '{"city": "c77"}'}, "conversations_context_idx", 4),
        ({"p_title": "about 777"}, "conversations_title_idx", 10),
    ],
)
def test_lists_take_the_index_that_is_for_them(
    filled: Database, given: dict[str, str], index: str, rows: int
) -> None:
    """As it really runs: in the function, as its owner, for a user who has nearly all there is."""
    names = "".join(f", {name} => %({name})s" for name in given)
    with filled.connect() as connection:
        heard = watch(connection)
        found = connection.execute(
            f"select * from api.get_user_conversations(%(alice)s, p_limit => 51{names})".encode(),
            given | {"alice": ALICE},
        ).fetchall()
    assert len(found) >= rows
    plans = [told.plan for told in heard if "chat.conversations" in told.tables]
    # What is searched for is looked for in the last rows, then by its index, and shown from there.
    assert len(plans) == (3 if given.keys() & {"p_metadata", "p_context", "p_title"} else 1)
    assert index in json.dumps(plans)
    for plan in plans:
        assert {kind for kind, _ in relations(plan)} <= {"Index Scan", "Bitmap Heap Scan"}


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Any:
    with clone(engine) as database, database.connect() as connection:
        other = connection.execute("select id from auth.users where username = 'bob'").fetchone()
        assert other is not None
        assert isinstance(other[0], UUID)
        connection.execute("set session_replication_role = replica")
        connection.execute(FILL.encode(), {"alice": ALICE, "other": other[0]})
        connection.execute("vacuum analyze chat.conversations")
        yield database
