"""Who wants the same rows takes them in the same order: both end, and neither is tried again.

In each test somebody holds a row in the middle of the way until both have come as far as they can;
were their orders different, one of them would end as a deadlock."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

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
        before = self.database.value(WAITING)
        future = self.pool.submit(self.call, function, what, **named)
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
