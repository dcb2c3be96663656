"""Pipelined calls over few connections: each gets its own answer, whatever the others get."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any

import pytest

from pyapp.pipe import Pipe, Statement
from tests.concurrency.conftest import Calls, Member
from tests.conftest import Database

FAILURES = ["KC002", "22", "22", "SV500"]


def failure(n: int) -> str | None:
    return None if n % 20 else FAILURES[n // 20 % 4]


@pytest.mark.parametrize(
    "total", [5_000, pytest.param(25_000, marks=pytest.mark.soak)], ids=["short", "whole"]
)
async def test_no_wrong_row_and_no_innocent_failure(
    calls: Calls, planted: Database, total: int
) -> None:
    """64 at once, by three users, in the read and the write lane; 5 % fail in four ways."""
    members = [await calls.join(f"caller{n}") for n in range(3)]
    numbers, wrong = count(1), []

    async def work() -> None:
        while (n := next(numbers)) <= total:
            who = members[n % 3]
            lane = "POST" if n % 4 == 0 and n % 20 else "GET"
            got = await calls(f"{lane} /v1/echo", who, n=n)
            expected = failure(n) or {"n": n, "who": who.id}
            if got != expected:
                wrong.append((n, got, expected))

    await asyncio.gather(*(work() for _ in range(64)))
    assert wrong == []
    lanes = calls.database.stats()["lanes"]
    assert {lane["lost_total"] for lane in lanes.values()} == {0}
    assert lanes["read"]["opened_total"] <= 6
    written = sum(1 for n in range(1, total + 1) if n % 4 == 0 and n % 20)
    assert planted.value("select count(*) from ops.planted") == written


async def gathered(
    calls: Calls, route: str, members: list[Member], numbers: range
) -> list[tuple[int, Any, Any]]:
    """Calls of one turn of the loop, by one after another of the members: what was wrong."""
    asked = [(n, members[n % len(members)]) for n in numbers]
    got = await asyncio.gather(*(calls(route, who, n=n) for n, who in asked))
    expected = [failure(n) or {"n": n, "who": who.id} for n, who in asked]
    return [(n, g, e) for n, g, e in zip(numbers, got, expected, strict=True) if g != e]


BRIEF = 0.05  # seconds: more than a call takes on the slowest machine
Known = Callable[[str], Awaitable[list[Member]]]


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calls go out as one from now on; what is brief does not hang on the machine."""
    sizes: list[int] = []
    put = Pipe._put

    def noted(self: Pipe, statement: Statement, sent: Sequence[Any]) -> None:
        sizes.append(len(sent))
        put(self, statement, sent)

    monkeypatch.setattr(Pipe, "_put", noted)
    monkeypatch.setattr("pyapp.pipe._BRIEF", BRIEF)
    return sizes


@pytest.fixture
async def known(calls: Calls, sizes: list[int]) -> Known:
    """Gives three users, once calls of this route are known to be brief: one that happened to take
    long is made up for by those that follow."""
    members = [await calls.join(f"caller{n}") for n in range(3)]

    async def known(route: str) -> list[Member]:
        method, path = route.split()
        asked = calls.caller.registry.find(path)[0][method].bind({"n": 1})[0]
        while asked.took * 8 > BRIEF:
            assert await gathered(calls, route, members, range(8, 20)) == []
        sizes.clear()
        return members

    return known


async def test_brief_reads_of_one_turn_go_out_as_one(
    calls: Calls, known: Known, sizes: list[int]
) -> None:
    """Each caller has his own answer; where one fails, only he does, and each goes by himself."""
    members = await known("GET /v1/echo")
    assert await gathered(calls, "GET /v1/echo", members, range(1, 20)) == []
    assert (sum(sizes), max(sizes)) == (19, 8)
    await known("GET /v1/echo")
    assert await gathered(calls, "GET /v1/echo", members, range(1, 42)) == []
    assert max(sizes) == 8
    assert sum(sizes) > 41, "those of a statement that failed were not sent again"
    sizes.clear()
    assert await gathered(calls, "GET /v1/echo", members, range(41, 60)) == []
    assert sizes == [1] * 19, "what failed together a moment ago goes together again"


async def test_a_function_that_takes_nothing_knows_its_caller(calls: Calls) -> None:
    """Nothing in the call tells PostgreSQL that it is to run for each."""
    members = [await calls.join(f"caller{n}") for n in range(3)]
    for _ in range(40):
        got = await asyncio.gather(*(calls("GET /v1/self", m) for m in members * 6))
        assert got == [{"value": m.id} for m in members] * 6


async def test_a_slow_one_holds_up_none_it_went_out_with(
    calls: Calls, known: Known, sizes: list[int]
) -> None:
    members = await known("GET /v1/doze")
    began = time.monotonic()
    done: dict[int, float] = {}

    async def ask(n: int) -> None:
        who = members[n % 3]
        assert await calls("GET /v1/doze", who, n=n) == {"n": n, "who": who.id}
        done[n] = time.monotonic() - began

    await asyncio.gather(*map(ask, range(1, 17)))
    assert max(sizes) == 8, "they did not go out together"
    assert done.pop(7) > 1.4
    assert max(done.values()) < 0.7


async def test_what_went_out_together_is_asked_again_of_another_connection(
    calls: Calls, known: Known, sizes: list[int]
) -> None:
    """Lost before the calls are sent, and after."""
    for turns in range(3):
        members = await known("GET /v1/doze")
        asked = asyncio.create_task(gathered(calls, "GET /v1/doze", members, range(21, 40)))
        for _ in range(turns + 1):
            await asyncio.sleep(0)
        for pipe in list(calls.database.lanes["read"].pipes):
            pipe.lose()
        assert await asked == []
        assert max(sizes) > 1, "they did not go out together"


async def latencies(calls: Calls, member: Member, rounds: int) -> list[float]:
    """16 at once, each a small read by a signed-in user."""
    times: list[float] = []

    async def work() -> None:
        for n in range(1, rounds + 1):
            began = time.perf_counter()
            expected = {"n": n * 20 + 1, "who": member.id}
            assert await calls("GET /v1/echo", member, n=n * 20 + 1) == expected
            times.append(time.perf_counter() - began)

    await asyncio.gather(*(work() for _ in range(16)))
    return sorted(times)


@pytest.mark.parametrize("slow", [1, 3])
async def test_a_slow_read_holds_up_no_fast_one(calls: Calls, slow: int) -> None:
    member = await calls.join("caller")
    await latencies(calls, member, 5)
    idle = await latencies(calls, member, 40)
    naps = [asyncio.create_task(calls("GET /v1/nap", ms=1500)) for _ in range(slow)]
    await asyncio.sleep(0)
    beside = await latencies(calls, member, 40)
    assert not any(nap.done() for nap in naps), "the naps were over too soon to prove anything"
    # The first to wait behind a slow one is sent again after 40 ms, and so on past each.
    bound = max(0.25, 3 * idle[-1])
    assert beside[int(len(beside) * 0.99)] < bound
    assert beside[len(beside) // 2] < max(0.02, 5 * idle[len(idle) // 2])
    assert [await nap for nap in naps] == [{"value": 1500}] * slow


async def test_what_takes_a_while_is_not_done_many_times(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 at once that each take longer than calls usually wait for one before them."""
    for _ in range(60):
        await calls("GET /v1/nap", ms=25)
    sent = 0
    put = Pipe._put

    def counted(self: Pipe, statement: Statement, calls: Sequence[Any]) -> None:
        nonlocal sent
        sent += "nap" in statement.text
        put(self, statement, calls)

    monkeypatch.setattr(Pipe, "_put", counted)
    answers = await asyncio.gather(*(calls("GET /v1/nap", ms=25) for _ in range(64)))
    assert answers == [{"value": 25}] * 64
    assert sent <= 2 * 64


async def test_a_locked_row_holds_up_no_other_writer(calls: Calls, planted: Database) -> None:
    members = [await calls.join(f"caller{n}") for n in range(4)]
    with planted.connect(autocommit=False) as connection:
        connection.execute("select from auth.users where id = %s for update", [members[0].id])
        stuck = asyncio.create_task(calls("PATCH /v1/me", members[0], bio="later"))
        began = time.monotonic()
        for n in range(30):
            changed = await asyncio.gather(
                *(calls("PATCH /v1/me", m, bio=f"no. {n}") for m in members[1:])
            )
            assert [c["bio"] for c in changed] == [f"no. {n}"] * 3
        assert not stuck.done()
        assert time.monotonic() - began < 0.9
    assert (await stuck)["bio"] == "later"


async def test_what_fails_at_commit_is_never_acknowledged(calls: Calls, planted: Database) -> None:
    """The row arrives, then the deferred constraint refuses: a call has succeeded at its sync."""
    answers: list[Any] = []
    for start in range(1, 200, 40):
        answers += await asyncio.gather(
            *(
                calls("POST /v1/promises", n=n, promised=n if n % 2 else 1000 + n)
                for n in range(start, start + 40)
            )
        )
    kept = planted_numbers(planted)
    acknowledged = {a["value"] for a in answers if isinstance(a, dict)}
    assert acknowledged == kept == set(range(1, 201, 2))
    assert {a for a in answers if not isinstance(a, dict)} == {"23503"}


def planted_numbers(planted: Database) -> set[int]:
    with planted.connect() as connection:
        return {n for (n,) in connection.execute("select n from ops.planted").fetchall()}


async def test_a_deadlock_is_tried_again(calls: Calls, planted: Database) -> None:
    """Four pairs of rows, each taken in both orders at once."""
    with planted.connect() as connection:
        connection.execute("insert into ops.planted (n) select generate_series(1, 8)")
    pairs = [pair for n in (1, 3, 5, 7) for pair in ((n, n + 1), (n + 1, n))]
    for _ in range(3):
        answers = await asyncio.gather(
            *(calls("POST /v1/crossings", first=a, second=b) for a, b in pairs)
        )
        assert answers == [{"value": first} for first, _ in pairs]
    assert calls.database.retries > 0, "there was no deadlock"
    assert planted.value("select array_agg(distinct t.sum) from ops.planted t") == [6]


async def test_each_kind_of_failure_is_tried_again_by_itself(calls: Calls) -> None:
    """A lock that timed out must not use up the second try of a plan that no longer fits."""
    assert await calls("POST /v1/stumbles") == {"value": 3}


async def test_time_limits_hit_the_slow_call_alone(calls: Calls) -> None:
    """Two statements too slow for their lane, on connections that others share."""
    calls.database.lanes["read"].dsn = calls.database.lanes["read"].dsn.replace(
        "statement_timeout=5000ms", "statement_timeout=300ms"
    )
    for pipe in calls.database.lanes["read"].pipes:
        pipe.lose()
    member = await calls.join("caller")
    slow = [asyncio.create_task(calls("GET /v1/nap", ms=5000)) for _ in range(2)]
    fast: list[Any] = []
    while not all(task.done() for task in slow):
        fast += await asyncio.gather(*(calls("GET /v1/echo", member, n=n) for n in range(1, 20)))
    assert [task.result() for task in slow] == ["57014", "57014"]
    assert {str(answer) for answer in fast} == {
        str({"n": n, "who": member.id}) for n in range(1, 20)
    }


async def test_a_reused_connection_remembers_no_caller(calls: Calls) -> None:
    """After each of many calls by somebody, the same connections know nobody."""
    members = [await calls.join(f"caller{n}") for n in range(2)]
    who = Statement(
        "select current_setting('plinth.caller', true), current_setting('plinth.context', true),"
        " current_setting('plinth.failure', true), current_user::text"
    )
    for n in range(1, 101):
        await asyncio.gather(*(calls("GET /v1/echo", m, n=n) for m in members))
        await calls("POST /v1/echo", members[0], n=n)
        await calls("POST /v1/sessions", login="caller0", password="a wrong password")
        for lane in ("read", "write", "hash"):
            row = await calls.database.call(lane, who, ())
            assert row is not None
            assert [value or b"" for value in row] == [b"", b"", b"", b"plinth_web"]
