"""Plans under many workers: each step once, in order, and an end that fits what happened."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from tests.conftest import Database, Server, until
from tests.http_client import Client


def plan(worker: Client, steps: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    body = {"goal": "To get there", "steps": steps, "start": True} | more
    answer = worker.post("/v1/plans", body)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json()
    return made


def claim(worker: Client, path: str, most: int = 1) -> dict[str, Any]:
    answer = worker.post(path, {"most": most})
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.json()
    return told


def finish(worker: Client, item: dict[str, Any], **end: Any) -> None:
    answer = worker.patch(f"/v1/executions/{item['execution_id']}", end)
    assert answer.status == 200, answer.body


def test_twenty_workers_run_each_step_once_and_in_order(worker: Client, workshop: Server) -> None:
    """Eight layers of eight, each step needs all of the layer before; and a plan of single ones."""
    layers = [
        {
            "skill": "Anything",
            "name": f"s{layer}_{n}",
            "needs": [f"s{layer - 1}_{m}" for m in range(8)] if layer else [],
        }
        for layer in range(8)
        for n in range(8)
    ]
    deep = plan(worker, layers)["id"]
    wide = plan(worker, [{"skill": "Anything", "needs": []} for _ in range(40)])["id"]
    ran: list[tuple[str, str]] = []
    done: set[str] = set()
    early: list[str] = []
    lock = Lock()

    def work(n: int) -> None:
        with Client(workshop.port, worker.token) as client:
            path = "/v1/plans/claim" if n % 2 else f"/v1/plans/{deep}/steps/claim"
            while True:
                told = claim(client, path, 1 + n % 3)
                for item in told["items"]:
                    name = item["name"]
                    with lock:
                        ran.append((item["plan_id"], name))
                        if name.startswith("s") and "_" in name and name[1] != "0":
                            needed = {f"s{int(name[1]) - 1}_{m}" for m in range(8)}
                            early.extend([name] if needed - done else [])
                        done.add(name)
                    finish(client, item, status="succeeded", result={"by": n})
                if not told["items"] and told["pending"] + told["running"] == 0:
                    return

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    assert max(Counter(ran).values()) == 1
    assert len(ran) == 64 + 40
    assert not early
    for id_ in (deep, wide):
        end = worker.get(f"/v1/plans/{id_}").json()
        assert (end["status"], end["succeeded"]) == ("succeeded", end["steps"])


def test_results_flow_on_and_failures_take_along_what_needs_them(worker: Client) -> None:
    steps: list[dict[str, Any]] = [
        {"skill": "Anything", "name": "read", "max_attempts": 2},
        {
            "skill": "Echo",
            "name": "say",
            "arguments": {"text": {"$result": "read", "pointer": "/pages/1"}},
        },
        {"skill": "Echo", "name": "break", "arguments": {"text": {"$result": "say"}}},
        {"skill": "Anything", "name": "after", "needs": ["break"]},
        {"skill": "Anything", "name": "aside", "needs": []},
    ]
    id_ = plan(worker, steps)["id"]
    path = f"/v1/plans/{id_}/steps/claim"
    first, aside = claim(worker, path, 9)["items"]
    finish(worker, first, status="failed", error_kind="rate_limited")
    again = claim(worker, path, 9)["items"]
    assert [(item["name"], item["attempt"]) for item in again] == [("read", 2)]
    finish(worker, again[0], status="succeeded", result={"pages": ["one", "two"]})
    said = claim(worker, path, 9)["items"]
    assert [(item["name"], item["arguments"]) for item in said] == [("say", {"text": "two"})]
    finish(worker, said[0], status="succeeded", result=2)

    # What is filled in is no text: the step fails in place of beginning, and tells why.
    assert claim(worker, path, 9) == {"items": [], "pending": 0, "running": 1}
    found = worker.get(f"/v1/plans/{id_}/steps").json()["items"]
    assert [step["status"] for step in found] == [
        "succeeded", "succeeded", "failed", "skipped", "running",
    ]  # fmt: skip
    assert found[2]["error_message"] == "arguments/text type: must be string, not number"
    finish(worker, aside, status="succeeded")
    assert worker.get(f"/v1/plans/{id_}").json()["status"] == "failed"


def test_a_cancelled_plan_gives_nothing_and_takes_nothing(worker: Client) -> None:
    id_ = plan(worker, [{"skill": "Anything"}, {"skill": "Anything"}])["id"]
    item = claim(worker, f"/v1/plans/{id_}/steps/claim")["items"][0]
    assert worker.post(f"/v1/plans/{id_}/cancel").json()["status"] == "cancelled"
    assert claim(worker, f"/v1/plans/{id_}/steps/claim")["items"] == []
    late = worker.patch(f"/v1/executions/{item['execution_id']}", {"status": "succeeded"})
    assert late.json()["detail"] == "The execution is cancelled and cannot become succeeded"
    assert worker.post(f"/v1/plans/{id_}/start").code == "KC004"


def test_a_plan_is_cancelled_while_its_steps_end(
    worker: Client, workshop: Server, workshop_database: Database
) -> None:
    """Whichever comes first: no step is left that the plan has not, and nobody waits for ever."""
    for _ in range(5):
        id_ = plan(worker, [{"skill": "Anything", "needs": []} for _ in range(6)])["id"]
        items = claim(worker, f"/v1/plans/{id_}/steps/claim", 6)["items"]

        def act(n: int, id_: str = id_, items: Any = items) -> int:
            with Client(workshop.port, worker.token) as client:
                if n == 6:
                    return client.post(f"/v1/plans/{id_}/cancel").status
                end = {"status": "succeeded"}
                return client.patch(f"/v1/executions/{items[n]['execution_id']}", end).status

        with ThreadPoolExecutor(7) as pool:
            statuses = list(pool.map(act, range(7)))
        assert set(statuses) <= {200, 409}
        steps = worker.get(f"/v1/plans/{id_}/steps").json()["items"]
        cancelled = worker.get(f"/v1/plans/{id_}").json()["status"] == "cancelled"
        assert {step["status"] for step in steps} <= {"succeeded", "cancelled"}
        assert cancelled == (statuses[6] == 200)
        for step, status in zip(steps, statuses[:6], strict=True):
            assert (step["status"] == "succeeded") == (status == 200)
    left = "select count(*) from chat.function_executions where plan_id = %s and status = 'running'"
    assert workshop_database.value(left, id_) == 0


def test_a_claim_leaves_plans_it_takes_nothing_of_to_others(
    worker: Client, workshop_database: Database
) -> None:
    first, second = (plan(worker, [{"skill": "Anything"}] * 2)["id"] for _ in range(2))
    user = worker.get("/v1/me").json()["id"]
    take = b"select c.items -> 0 ->> 'plan_id' from api.claim_plan_steps(%s) c"
    with workshop_database.connect("plinth_operator", autocommit=False) as slow:
        assert slow.execute(take, [user]).fetchone() == (first,)
        assert claim(worker, "/v1/plans/claim")["items"][0]["plan_id"] == second


def test_a_step_that_takes_too_long_is_tried_again(worker: Client) -> None:
    step = {"skill": "Anything", "timeout_seconds": 1, "max_attempts": 2}
    id_ = plan(worker, [step])["id"]
    path = f"/v1/plans/{id_}/steps"
    lost = claim(worker, f"{path}/claim")["items"][0]

    def ready() -> bool:
        return bool(worker.get(f"{path}/ready").json()["items"])

    until(ready, 30)
    again = worker.post(f"{path}/1/start").json()
    assert (again["attempt"], again["id"] != lost["execution_id"]) == (2, True)
    assert worker.patch(f"/v1/executions/{again['id']}", {"status": "succeeded"}).status == 200
    assert worker.get(f"/v1/plans/{id_}").json()["status"] == "succeeded"


def test_a_plan_of_another_user_is_like_none(join: Callable[[], Client]) -> None:
    mine, other = join(), join()
    id_ = plan(mine, [{"skill": "Anything"}])["id"]
    nothing = "00000000-0000-7000-8000-000000000000"
    for method, rest in (
        ("GET", ""), ("DELETE", ""), ("GET", "/steps"), ("GET", "/steps/ready"), ("POST", "/start"),
        ("POST", "/cancel"), ("POST", "/steps/claim"), ("POST", "/steps/1/start"),
    ):  # fmt: skip
        body: Any = {} if method == "POST" else None
        theirs = other.request(method, f"/v1/plans/{id_}{rest}", body).json()
        none = other.request(method, f"/v1/plans/{nothing}{rest}", body).json()
        assert theirs | {"request_id": ""} == none | {"request_id": ""}, rest
        assert theirs["status"] == 404, rest
    assert other.get("/v1/plans").json()["items"] == []


def test_every_fault_of_the_steps_is_told_with_its_place(worker: Client) -> None:
    steps = [
        {"skill": "None"},
        {"skill": "Echo", "needs": ["later"], "arguments": {"n": 1}},
        {"skill": "Echo", "name": "later", "colour": 1, "arguments": {"text": "x"}},
    ]
    answer = worker.post("/v1/plans", {"goal": "x", "steps": steps})
    assert answer.status == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [
        "steps/0/skill", "steps/1/needs", "steps/1/arguments/text", "steps/2/colour",
    ]  # fmt: skip
    assert worker.get("/v1/plans").json()["items"] == []
