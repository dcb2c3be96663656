"""Skills over HTTP: who registers them, what a run may be asked, and how it may end."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.conftest import Database, Server, until
from tests.http_client import Client

CASES = Path(__file__).with_name("json_schema_cases.jsonl")
SCHEMA = {"type": "object", "properties": {"to": {"type": "string", "pattern": "@"}}}


def started(worker: Client, name: str = "Echo", **more: Any) -> dict[str, Any]:
    body = {"arguments": {"text": "x"}} | more
    answer = worker.post(f"/v1/skills/{name}/executions", body)
    assert answer.status == 201, answer.body
    run: dict[str, Any] = answer.json()
    return run


def test_who_manages_skills_registers_versions_and_takes_one_back(
    workshop: Server, worker: Client
) -> None:
    admin = workshop.client()
    assert admin.sign_in("admin").status == 201
    skill = {"name": "Mail", "description": "Writes a mail", "parameters": SCHEMA}
    assert worker.post("/v1/skills", skill).code == "NP001"
    assert admin.post("/v1/skills", skill).json()["version"] == "1.0.0"
    assert worker.get("/v1/skills/Mail").json()["version"] == "1.0.0"

    narrow = SCHEMA | {"additionalProperties": False}
    newer = {"name": "Mail", "version": "2.0.0", "parameters": narrow}
    assert admin.post("/v1/skills", newer).status == 201
    assert admin.post("/v1/skills", newer).code == "KC001"
    # Kept copies of before are void: the next call is asked by the new parameters.
    assert worker.get("/v1/skills/Mail").json()["version"] == "2.0.0"
    run = {"arguments": {"cc": 1}}
    refused = worker.post("/v1/skills/Mail/executions", run)
    assert refused.status == 422
    assert [fault["field"] for fault in refused.json()["errors"]] == ["arguments/cc"]
    pinned = worker.post("/v1/skills/Mail/executions", run | {"version": "1.0.0"})
    assert pinned.json()["skill_version"] == "1.0.0"

    back = admin.patch("/v1/skills/Mail", {"version": "1.0.0", "current": True})
    assert back.json()["current"] is True
    assert worker.post("/v1/skills/Mail/executions", run).json()["skill_version"] == "1.0.0"
    off = admin.request("PUT", "/v1/skills/Mail/enabled", {"enabled": False})
    assert off.json() == {"value": 2}
    assert worker.post("/v1/skills/Mail/executions", run).code == "KC004"
    listed = [each["name"] for each in worker.get("/v1/skills?search=mail").json()["items"]]
    assert listed == []


def test_every_fault_of_the_arguments_is_told_with_its_place(worker: Client) -> None:
    answer = worker.post("/v1/skills/Echo/executions", {"arguments": {"n": "1", "a/b": 2}})
    assert answer.status == 422
    assert answer.json()["code"] == "VL001"
    assert sorted((f["field"], f["code"], f["detail"]) for f in answer.json()["errors"]) == [
        ("arguments/a~1b", "VL002", "additionalProperties: is none of the properties"),
        ("arguments/n", "VL001", "type: must be integer, not string"),
        ("arguments/text", "VL003", "required: is missing"),
    ]


def test_a_run_ends_once_whoever_says_it_first(
    worker: Client, workshop: Server, workshop_database: Database
) -> None:
    run = started(worker)["id"]

    def finish(n: int) -> tuple[int, str]:
        with Client(workshop.port, worker.token) as client:
            end = {"status": "succeeded", "result": n % 2} if n < 10 else {"status": "failed"}
            answer = client.patch(f"/v1/executions/{run}", end)
            return answer.status, json.dumps(answer.json().get("result"))

    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(finish, range(20)))
    end = worker.get(f"/v1/executions/{run}").json()
    assert end["status"] in ("succeeded", "failed")
    # Who said the same got the same answer; everybody else was refused.
    wins = 5 if end["status"] == "succeeded" else 10
    assert Counter(status for status, _ in told) == {200: wins, 409: 20 - wins}
    assert {result for status, result in told if status == 200} == {json.dumps(end["result"])}
    assert 0 < end["duration_ms"] < 60_000
    noted = "select count(*) from chat.unfolded_executions where execution_id = %s"
    kept = "select count(*) from chat.user_skill_stats"
    until(lambda: workshop_database.value(noted, run) == 0, 30)
    assert workshop_database.value(kept) > 0
    assert workshop_database.value("select count(*) from api.verify_skill_statistics()") == 0
    statistics = worker.get("/v1/skill-statistics").json()["items"]
    assert [(row["key"], row["runs"]) for row in statistics] == [("Echo", 1)]


def test_of_two_ends_at_the_same_moment_one_is_refused(
    worker: Client, workshop_database: Database
) -> None:
    """Both have begun before either can know of the other: a third holds the row meanwhile."""
    run, user = started(worker)["id"], worker.get("/v1/me").json()["id"]

    def end(result: int) -> str | None:
        with workshop_database.connect() as connection:
            try:
                connection.execute(
                    "select api.finish_function_execution(%s, %s, 'succeeded', %s)",
                    [user, run, Jsonb(result)],
                )
            except psycopg.Error as error:
                return error.sqlstate
        return "it is done"

    waiting = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and wait_event_type = 'Lock' and query ~ 'finish_function_execution'"
    )
    held = "select from chat.function_executions where id = %s for update"
    with ThreadPoolExecutor(2) as pool, workshop_database.connect(autocommit=False) as holder:
        holder.execute(held.encode(), [run])
        told = [pool.submit(end, result) for result in (1, 2)]
        until(lambda: workshop_database.value(waiting) == 2, 20)
        holder.rollback()
        assert sorted(str(each.result()) for each in told) == ["KC004", "it is done"]


def test_a_run_of_another_user_is_like_none(join: Callable[[], Client]) -> None:
    mine, other = join(), join()
    run = started(mine)["id"]
    nothing = "00000000-0000-7000-8000-000000000000"
    for method, body in (("GET", None), ("PATCH", {"status": "failed"})):
        theirs = other.request(method, f"/v1/executions/{run}", body).json()
        none = other.request(method, f"/v1/executions/{nothing}", body).json()
        assert theirs | {"request_id": ""} == none | {"request_id": ""}
        assert theirs["status"] == 404
    assert other.get("/v1/executions").json()["items"] == []
    assert mine.get("/v1/skills/Echo/executions").json()["items"][0]["id"] == run


def test_what_is_not_finished_in_time_is_timed_out_by_the_worker(worker: Client) -> None:
    run = started(worker, timeout_seconds=1)["id"]

    def status() -> str:
        return str(worker.get(f"/v1/executions/{run}").json()["status"])

    until(lambda: status() == "timed_out", 30, status)
    late = worker.patch(f"/v1/executions/{run}", {"status": "succeeded"})
    assert (late.status, late.code) == (409, "KC004")
    assert late.json()["detail"] == "The execution is timed_out and cannot become succeeded"
    statistics = worker.get("/v1/skill-statistics").json()["items"][0]
    assert (statistics["timed_out"], statistics["last_error_kind"]) == (1, "timed_out")


def test_one_idempotency_key_starts_one_run(worker: Client) -> None:
    body = {"arguments": {"text": "x"}}
    answers = [
        worker.post("/v1/skills/Echo/executions", body, Idempotency_Key="the-same-run")
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(worker.get("/v1/executions").json()["items"]) == 1


def test_values_are_judged_as_json_schema_says(shared_database: Database) -> None:
    """Cases that were made at random and judged by another implementation (jsonschema 4.26)."""
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    assert len(cases) > 150
    wrong = []
    with shared_database.connect() as connection:
        for case in cases:
            row = connection.execute(
                "select core.json_faults(%s, %s, 'v')",
                [Jsonb(case["value"]), Jsonb(case["schema"])],
            ).fetchone()
            assert row is not None
            if (row[0] == []) is not case["valid"]:
                wrong.append((case, row[0]))
    assert not wrong
