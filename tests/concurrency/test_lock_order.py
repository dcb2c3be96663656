"""Who wants the same rows takes them in the same order: both end, and neither is tried again.

In each test somebody holds a row in the middle of the way until both have come as far as they can;
were their orders different, one of them would end as a deadlock."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.conftest import Database, until

ALICE = "01900000-0000-7000-8000-000000000005"
WAITING = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock'"
)


class People:
    """Each call is one of an operator for Alice, on a connection of its own."""

    def __init__(self, database: Database, pool: ThreadPoolExecutor) -> None:
        self.database = database
        self.pool = pool

    def call(self, function: str, what: str = "*", **named: object) -> Any:
        marks = ", ".join(f"p_{name} => %({name})s" for name in {"user_id": ALICE} | named)
        statement = f"select {what} from api.{function}({marks})"
        with self.database.connect("plinth_operator") as connection:
            connection.execute("set statement_timeout = '10s'")
            row = connection.execute(statement.encode(), {"user_id": ALICE} | named).fetchone()
        assert row
        return row[0]

    def waits(self, function: str, what: str = "*", **named: object) -> "Future[Any]":
        """The same, which comes to wait for a lock."""
        return self.waiting(self.call, function, what, **named)

    def waiting(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> "Future[Any]":
        before = self.database.value(WAITING)
        future = self.pool.submit(call, *arguments, **named)
        until(lambda: future.done() or self.database.value(WAITING) > before, 10)
        assert not future.done(), future.result()
        return future

    @contextmanager
    def held(self, statement: str, *parameters: object) -> Iterator[None]:
        """What a statement does or locks, until it is taken back."""
        with self.database.connect(autocommit=False) as connection:
            connection.execute(statement.encode(), parameters)
            yield
            connection.rollback()


@pytest.fixture
def people(database: Database) -> Iterator[People]:
    with ThreadPoolExecutor(4) as pool:
        yield People(database, pool)


@pytest.fixture
def talk(people: People) -> str:
    return str(people.call("create_conversation", "id"))


STEP = "select from chat.planner_steps where plan_id = %s for update"


@pytest.fixture
def plan(people: People) -> Callable[[str | None], str]:
    """Makes a running plan of one step."""
    people.database.value(
        "insert into chat.skills (name, version, description, parameters, current)"
        " values ('Anything', '1.0.0', 'Takes anything', '{}', true) returning true"
    )
    made = {"goal": "To try", "steps": '[{"skill": "Anything"}]', "start": True}
    return lambda talk: str(people.call("create_plan", "id", conversation_id=talk, **made))


@pytest.mark.parametrize("named", [True, False])
def test_a_step_is_claimed_while_its_conversation_is_erased(
    people: People, talk: str, plan: Callable[[str | None], str], named: bool
) -> None:
    id_ = plan(talk)
    with people.held(STEP, id_):
        claimed = people.waits("claim_plan_steps", plan_id=id_ if named else None)
        erased = people.waits("erase_conversation", "plans", conversation_id=talk)
    assert claimed.result(10)[0]["plan_id"] == id_
    assert erased.result(10) == 1


def test_a_step_is_begun_while_its_conversation_is_erased(
    people: People, talk: str, plan: Callable[[str | None], str]
) -> None:
    id_ = plan(talk)
    with people.held(STEP, id_):
        begun = people.waits("start_plan_step", "status", plan_id=id_, step=1)
        erased = people.waits("erase_conversation", "plans", conversation_id=talk)
    assert (begun.result(10), erased.result(10)) == ("running", 1)


def test_plans_that_are_being_erased_are_passed_over(
    people: People, talk: str, plan: Callable[[str | None], str]
) -> None:
    first, second = plan(talk), plan(None)
    with people.held("select from chat.conversations where id = %s for update", talk):
        assert people.call("claim_plan_steps")[0]["plan_id"] == second
    assert people.call("claim_plan_steps")[0]["plan_id"] == first


@pytest.mark.parametrize(
    ("function", "named"),
    [
        ("create_memory", {"content": "Likes tea"}),
        ("create_plan", {"goal": "To try"}),
        ("start_function_execution", {"name": "Anything"}),
    ],
)
def test_who_comes_too_late_finds_no_conversation(
    people: People,
    talk: str,
    plan: Callable[[str | None], str],
    function: str,
    named: dict[str, str],
) -> None:
    plan(None)
    with people.database.connect(autocommit=False) as eraser:
        eraser.execute("delete from chat.conversations where id = %s", [talk])
        late = people.waits(function, conversation_id=talk, **named)
        eraser.commit()
        with pytest.raises(psycopg.Error, match="There is no such conversation") as caught:
            late.result(10)
    assert caught.value.sqlstate == "NF001"


def test_what_is_restored_is_not_erased_and_holds_nobody_up(people: People, talk: str) -> None:
    people.call("delete_conversation", conversation_id=talk)
    over = "update chat.conversations set erase_after = now() - interval '1 day' returning 1"
    people.database.value(over)
    with people.database.connect() as job:
        job.execute("set statement_timeout = '10s'")
        erase = b"select core.erase_deleted_conversations(1000)"
        with people.held("select from chat.conversations where id = %s for no key update", talk):
            assert job.execute(erase).fetchone() == (0,)
        assert job.execute(erase).fetchone() == (1,)


def test_a_memory_is_replaced_while_its_conversation_is_erased(people: People, talk: str) -> None:
    memory = people.call("create_memory", "id", content="Lives in Bonn", conversation_id=talk)
    other = (
        "insert into memory.semantic_memories"
        " (user_id, content, qdrant_collection, qdrant_point_id) values (%s, 'x', 'towns', '7')"
    )
    new = {"content": "Lives in Rome", "qdrant_collection": "towns", "qdrant_point_id": "7"}
    with people.held(other, ALICE):
        replaced = people.waits("replace_memory", "content", memory_id=memory, **new)
        erased = people.waits("erase_conversation", "memories", conversation_id=talk)
    assert (replaced.result(10), erased.result(10)) == ("Lives in Rome", 2)


def test_memories_are_removed_while_recalls_are_counted(people: People) -> None:
    """What took the place of one that goes is changed, too."""
    tagged = {"metadata": '{"a": 1}'}
    old = people.call("create_memory", "id", content="Lives in Bonn", **tagged)
    new = people.call("replace_memory", "id", memory_id=old, content="In Rome", metadata="{}")
    last = people.call("create_memory", "id", content="Likes tea", **tagged)
    recalled = "insert into memory.recalls (user_id, memory_ids) values (%s, %s) returning 1"
    people.database.value(recalled, ALICE, [new, last])
    with people.held("select from memory.semantic_memories where id = %s for update", last):
        removed = people.waits("delete_memories", "deleted", **tagged)
        folded = people.waiting(people.database.value, "select core.fold_recalls(1000)")
    assert (removed.result(10), folded.result(10)) == (2, 1)
    assert people.call("get_memory", "recall_count", memory_id=new) == 1


def said(people: People, talk: str, *texts: str) -> list[str]:
    """Messages of a conversation, from the oldest on."""
    return [
        str(people.call("create_message", "id", conversation_id=talk, role="user", content=text))
        for text in texts
    ]


@pytest.mark.parametrize("versions", [None, [1, 1, 1]])
def test_vectors_are_kept_while_their_conversation_is_erased(
    people: People, talk: str, versions: list[int] | None
) -> None:
    ids = said(people, talk, "one", "two", "three")
    # Among many others, so that the newest of a conversation come from its index.
    many = (
        "insert into chat.messages (user_id, conversation_id, role, content)"
        " select %s, %s, 'user', 'x' from generate_series(1, 3000)"
    )
    with people.database.connect() as connection:
        connection.execute(many.encode(), [ALICE, people.call("create_conversation", "id")])
        connection.execute("analyze chat.messages")
    # Texts whose digests, by which they are written, are in the other order.
    new = {"contents": ["b", "c", "a"], "embeddings": ["[1,0,0]", "[0,1,0]", "[0,0,1]"]}
    with people.held("select from chat.messages where id = %s for update", ids[1]):
        kept = people.waits("upsert_embeddings", "made", message_ids=ids, versions=versions, **new)
        erased = people.waits("erase_conversation", "messages", conversation_id=talk)
    assert (kept.result(10), erased.result(10)) == (3, 3)
    left = "select count(*) from memory.embeddings where user_id = %s"
    assert people.database.value(left, ALICE) == 0


COUNT = (
    "select from memory.embedding_counts c join memory.embedding_models m on m.id = c.model_id"
    " where m.name = 'test-3' for update of c"
)


def test_vectors_of_two_models_go_at_once(people: People, talk: str) -> None:
    """Off the counts of both models, whether messages or memories have them."""
    (message,) = said(people, talk, "x")
    about, other = (
        str(people.call("create_memory", "id", content="x", conversation_id=where))
        for where in (talk, None)
    )
    for hangs_on, model in (
        ({"message_id": message}, "test-3-l2"),
        ({"memory_id": about}, "test-3"),
        ({"memory_id": other}, "test-3"),
        ({"memory_id": other}, "test-3-l2"),
    ):
        new = {"content": "x", "embedding": "[1,0,0]", "model": model} | hangs_on
        people.call("upsert_embedding", **new)
    with people.held(COUNT):
        deleted = people.waits("delete_memory", "embeddings", memory_id=other)
        erased = people.waits("erase_conversation", "embeddings", conversation_id=talk)
    assert (deleted.result(10), erased.result(10)) == (2, 2)


def test_a_message_is_imported_and_written_at_once(people: People, talk: str) -> None:
    """The application says the same in both ways, so it is one message."""
    other = people.call("create_conversation", "id")
    (its,) = said(people, other, "x")
    name = "insert into chat.message_client_ids values (%s, 'second', %s, '')"
    new = {"client_id": "first", "role": "user", "content": "Hello"}
    line = {"type": "message", "conversation": talk}
    items = json.dumps([line | new, line | new | {"client_id": "second"}])
    with people.held(name, ALICE, its):
        imported = people.waits("import_conversations", "messages", items=items)
        written = people.waits("create_message", "client_id", conversation_id=talk, **new)
    assert (imported.result(10), written.result(10)) == (2, "first")
    assert people.call("get_conversation", "message_count", conversation_id=talk) == 2


def vector(people: People, text: str, **hangs_on: str) -> str:
    new = {"content": text, "embedding": "[1,0,0]", "model": "test-3"}
    return str(people.call("upsert_embedding", "id", **new, **hangs_on))


def test_embeddings_are_replaced_while_they_are_deleted(people: People) -> None:
    """Beside a new one, which is counted before others are replaced."""
    ids = [vector(people, "old")]
    new = {"contents": ["new", "old"], "embeddings": ["[0,1,0]"] * 2, "model": "test-3"}
    with people.held(COUNT):
        replaced = people.waits("upsert_embeddings", "replaced", replace=True, **new)
        deleted = people.waits("delete_embeddings", "deleted", ids=ids)
    assert (replaced.result(10), deleted.result(10)) == (1, 1)


def test_a_message_is_edited_while_its_embeddings_are_replaced(people: People, talk: str) -> None:
    """They go from where the replacement left them."""
    (message,) = said(people, talk, "x")
    for text in "ab":
        vector(people, text, message_id=message)
    with people.database.connect(autocommit=False) as other:
        other.execute("update memory.embeddings set metadata = '{\"a\": 1}' where content = 'b'")
        edited = people.waits("update_message", "content", message_id=message, content="y")
        other.commit()
    assert edited.result(10) == "y"
    assert people.database.value("select count(*) from memory.embeddings") == 0


def test_memories_go_while_their_embeddings_are_deleted(people: People) -> None:
    """The older memory has the newer vectors."""
    memories = [str(people.call("create_memory", "id", content=text)) for text in "ab"]
    other = [vector(people, "x", memory_id=id_) for id_ in reversed(memories)][1]
    with people.held("select from memory.embeddings where id = %s for update", other):
        forgotten = people.waits("delete_memories", "embeddings", all=True)
        deleted = people.waits("delete_embeddings", "deleted", all=True)
    assert (forgotten.result(10), deleted.result(10)) == (2, 0)


def test_a_conversation_is_erased_while_its_embeddings_are_deleted(
    people: People, talk: str
) -> None:
    """Those of its messages are counted before those of its memories go."""
    (message,) = said(people, talk, "x")
    memory = str(people.call("create_memory", "id", content="x", conversation_id=talk))
    vector(people, "x", message_id=message)
    ids = [vector(people, "x", memory_id=memory)]
    with people.held(COUNT):
        erased = people.waits("erase_conversation", "embeddings", conversation_id=talk)
        deleted = people.waits("delete_embeddings", "deleted", ids=ids)
    assert (erased.result(10), deleted.result(10)) == (2, 0)


def test_an_embedding_that_came_meanwhile_is_not_waited_for(people: People) -> None:
    """Whoever has it may want what is counted by then."""
    locked = "select from memory.embeddings where id = %s for update"
    new: dict[str, Any] = {"contents": ["old", "new"], "embeddings": ["[0,1,0]"] * 2}
    with people.database.connect(autocommit=False) as other:
        with people.held(locked, vector(people, "old")):
            late = people.waits("upsert_embeddings", model="test-3", replace=True, **new)
            other.execute(locked.encode(), [vector(people, "new")])
        with pytest.raises(psycopg.errors.SerializationFailure, match="made meanwhile"):
            late.result(10)
    assert people.call("upsert_embeddings", "replaced", model="test-3", replace=True, **new) == 2
