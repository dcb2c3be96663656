"""Feature flags: who gets them, how even the draw is, and how soon a change counts."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from hashlib import md5
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Database, Engine, Serve, Server, clone, until
from tests.http_client import Client
from tests.people import all_loaded, plant, worker_of

ALICE = "01900000-0000-7000-8000-000000000005"
BOB = "01900000-0000-7000-8000-000000000006"
IDS = [str(UUID(int=n * 2**64 + 7 * n)) for n in range(100_000)]
# What the function that answers says of the flag "drawn", for the first of them.
JUDGED = """
  select array_agg(j.enabled order by u.n), array_agg(j.variant order by u.n)
    from unnest(%s::uuid[]) with ordinality as u (id, n)
   cross join lateral core.judge_flags(core.flag_and_needed('drawn'), u.id, '{}', 'free', now()) j
"""


@pytest.fixture(scope="module")
def store(engine: Engine) -> Iterator[Database]:
    with clone(engine) as database:
        yield database


def draw(salt: str, id_: str, place: int) -> int:
    """The number from 0 to 9999 that a user draws: promised, since answers must never jump."""
    return int(md5(f"{salt}:{id_}".encode()).hexdigest()[place : place + 8], 16) % 10000


def judged(store: Database) -> tuple[list[bool], list[str | None]]:
    with store.connect() as connection:
        row = connection.execute(JUDGED.encode(), [IDS[:300]]).fetchone()
    assert row is not None
    return row[0], row[1]


BEHIND = """
create function api.read_planted(p_user_id uuid) returns text language plpgsql stable
security definer set search_path = pg_catalog, pg_temp as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_flag(p_user_id, 'planted');
  return 'new';
end $$;
grant execute on function api.read_planted(uuid) to plinth_web;
select http.expose('GET /v1/planted', 'api.read_planted',
                   cache => 300, tags => '{all:flags,profile}');
"""


def signed_in(client: Client, login: str) -> Client:
    assert client.sign_in(login).status == 201
    return client


def flag_of(client: Client, key: str) -> dict[str, Any]:
    answer = client.get(f"/v1/flags/{key}")
    assert answer.status == 200, answer.body
    flag: dict[str, Any] = answer.json()
    return flag


def seats(stack: ExitStack, server: Server, token: str | None, workers: int) -> list[Client]:
    """A connection of the same caller to each worker."""
    found: dict[str, Client] = {}

    def seated() -> bool:
        seat = Client(server.port, token)
        worker = worker_of(seat.get("/v1/me"))
        if worker in found:
            seat.close()
        else:
            found[worker] = stack.enter_context(seat)
        return len(found) == workers

    until(seated, 30, lambda: f"only {len(found)} of {workers} workers answered")
    return list(found.values())


# ------------------------------------------------------------------- the draw


def test_a_share_is_even_and_a_larger_one_keeps_whom_a_smaller_one_had(store: Database) -> None:
    """Over 100,000 ids; that the database draws like this, it says of some of them."""
    drawn = [draw("drawn", id_, 0) for id_ in IDS]
    other = [draw("another", id_, 0) for id_ in IDS]
    with store.connect() as connection:
        connection.execute("select create_flag('drawn', p_enabled => true)")
        had: set[int] = set()
        for share in (1, 10, 33.33, 75, 100):
            users = {n for n, number in enumerate(drawn) if number < share * 100}
            assert abs(len(users) / len(IDS) * 100 - share) < 0.5, share
            assert had < users, "a larger share only adds"
            had = users
            connection.execute("select update_flag('drawn', p_percentage => %s::numeric)", [share])
            assert {n for n, has in enumerate(judged(store)[0]) if has} == {
                n for n in users if n < 300
            }
    both = sum(a < 1000 and b < 1000 for a, b in zip(drawn, other, strict=True))
    assert abs(both / len(IDS) - 0.01) < 0.003, "flags draw independently"


def test_other_weights_move_no_more_users_than_they_ask_for(store: Database) -> None:
    """Over 100,000 ids, whatever changes: one in the middle, a new one, one that goes."""
    steps = [(50, 30, 20), (50, 20, 30), (25, 25, 50), (20, 20, 40, 20), (0, 40, 40, 20)]
    dice = random.Random(18)
    steps += [tuple(dice.randint(1, 100) for _ in range(5)) for _ in range(5)]
    drawn = [draw("drawn", id_, 8) for id_ in IDS]

    def assigned(connection: psycopg.Connection[Any]) -> list[str]:
        rows = connection.execute(
            "select s.name, lower(r), upper(r) from ops.flags f"
            " cross join jsonb_each_text(f.slots) as s (name, ranges)"
            " cross join unnest(s.ranges::int4multirange) r where f.key = 'drawn'"
        ).fetchall()
        owner = {slot: name for name, first, end in rows for slot in range(first, end)}
        assert len(owner) == sum(end - first for _, first, end in rows) == 10000
        return [owner[number] for number in drawn]

    with store.connect() as connection:
        connection.execute(
            "insert into ops.flags (key, enabled) values ('drawn', true) on conflict do nothing"
        )
        connection.execute("update ops.flags set percentage = 100 where key = 'drawn'")
        before: list[str] = []
        last: Counter[str] = Counter()
        for step in steps:
            given = {name: weight for name, weight in zip("abcde", step, strict=False) if weight}
            variants = [{"name": name, "weight": weight} for name, weight in given.items()]
            change = "select update_flag('drawn', p_variants => %s::jsonb)"
            connection.execute(change, [json.dumps(variants)])
            share = Counter({name: w / sum(step) for name, w in given.items()})
            after = assigned(connection)
            assert judged(store)[1] == after[:300]
            counted = Counter(after)
            for name, wanted in share.items():
                assert abs(counted[name] / len(IDS) - wanted) < 0.005, (step, name)
            if before:
                asked = sum(abs(share[n] - last[n]) for n in "abcde") / 2
                moved = sum(a != b for a, b in zip(before, after, strict=True)) / len(IDS)
                assert moved < asked + 0.01, (step, moved, asked)
            before, last = after, share
        connection.execute(change, ['[{"name": "a", "weight": 1}, {"name": "e", "weight": 9}]'])
        assert assigned(connection) != before
        connection.execute("select undo_flag('drawn')")
        assert assigned(connection) == before, "an undo gives everybody the variant he had"


def test_two_hundred_flags_are_one_quick_query(store: Database) -> None:
    """A bound that a query for each flag would not keep."""
    with store.connect() as connection:
        connection.execute(
            "insert into ops.flags (key, enabled, percentage, rules)"
            " select 'many' || n, true, n % 100, '[{\"roles\": [\"developer\"]}]'"
            " from generate_series(1, 200 - (select count(*)::integer from ops.flags)) n"
        )
        times = []
        for _ in range(60):
            began = monotonic()
            rows = connection.execute(
                "select count(*) from get_flags(%s, null, 201)", [ALICE]
            ).fetchone()
            times.append(monotonic() - began)
        assert rows == (200,)
        connection.execute("update ops.flags set archived_at = now() where key ~ '^many'")
    assert sorted(times)[30] < 0.02, f"median {sorted(times)[30] * 1000:.2f} ms"


# ------------------------------------------------------------------- no circles


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_two_at_once_close_no_circle(database: Database, isolation: str) -> None:
    """Each alone would be right; the second waits for the first and is refused."""
    with database.connect() as connection:
        for key in "pqr":
            connection.execute("select create_flag(%s)", [key])
        connection.execute("select update_flag('r', p_prerequisites => '{q}')")
    with (
        database.connect(autocommit=False) as first,
        database.connect(autocommit=False) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        for one in (first, second):
            one.execute(f"set transaction isolation level {isolation}".encode())
            one.execute("select count(*) from ops.flags")
        first.execute("select update_flag('p', p_prerequisites => '{r}')")

        def close() -> str:
            try:
                second.execute("select update_flag('q', p_prerequisites => '{p}')")
                second.commit()
            except psycopg.Error as error:
                return str(error.sqlstate)
            return "done"

        closing = pool.submit(close)
        waiting = "select count(*) = 1 from pg_locks where not granted and pid = %s"
        until(lambda: bool(database.value(waiting, second.info.backend_pid)), 10)
        first.commit()
        refused = {"read committed": "VL001", "repeatable read": "40001"}
        assert closing.result(20) == refused[isolation]
    assert (
        database.value("select array_agg(key) from ops.flags where 'p' = any (prerequisites)")
        is None
    )


def test_no_more_flags_than_the_limit_at_once(server: Server, database: Database) -> None:
    database.value("select base.set_setting('flags.limit', '3')")
    admin = signed_in(server.client(), "admin")
    clients = [server.client() for _ in range(8)]
    for client in clients:
        client.token = admin.token
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(client.post, "/v1/admin/flags", {"key": f"f{n}"})
            for n, client in enumerate(clients)
        ]
    assert sorted(one.result().status for one in asked) == [201] * 3 + [409] * 5


# ------------------------------------------------------------------- over HTTP


def test_administrators_change_flags_and_see_how_they_came_about(server: Server) -> None:
    admin, bob = signed_in(server.client(), "admin"), signed_in(server.client(), "bob")
    path = "/v1/admin/flags"
    made = admin.post(path, {"key": "new_ui", "percentage": 0, "reason": "first step"})
    assert (made.status, made.json()["state"]) == (201, "off")
    assert flag_of(bob, "new_ui") == {
        "key": "new_ui", "enabled": False, "variant": None, "value": False, "reason": "off",
    }  # fmt: skip
    wrong = admin.patch(f"{path}/new_ui", {"rules": [{}, {"percentage": 200}]})
    assert (wrong.status, wrong.json()["errors"][0]["field"]) == (422, "rules[1].percentage")
    changed = admin.patch(
        f"{path}/new_ui",
        {"enabled": True, "rules": [{"roles": ["developer"], "variant": "blue"}], "version": 1,
         "variants": [{"name": "blue", "weight": 1, "value": {"hue": 240}}], "reason": "for us"},
    )  # fmt: skip
    assert (changed.status, changed.json()["version"]) == (200, 2), changed.body
    assert flag_of(bob, "new_ui") == {
        "key": "new_ui", "enabled": True, "variant": "blue", "value": {"hue": 240},
        "reason": "rule 1",
    }  # fmt: skip
    stale = admin.patch(f"{path}/new_ui", {"enabled": False, "version": 1})
    assert (stale.status, stale.code) == (409, "KC002")
    seen = admin.post(f"{path}/new_ui/preview", {"percentage": 100}).json()
    assert (seen["exact"], seen["enabled"]) == (True, seen["active_users"])
    why = admin.get("/v1/users/alice/flags").json()["items"]
    assert [(flag["key"], flag["reason"]) for flag in why] == [("new_ui", "percentage")]

    assert admin.post(f"{path}/new_ui/undo", {"reason": "too soon"}).json()["version"] == 3
    assert flag_of(bob, "new_ui")["enabled"] is False
    history = admin.get(f"{path}/new_ui/history").json()["items"]
    told = [(row["version"], row["reason"], row["restores"]) for row in history]
    assert told == [(3, "too soon", 1), (2, "for us", None), (1, "first step", None)]
    assert {row["changed_by"] for row in history} == {admin.get("/v1/me").json()["id"]}
    assert history[0]["before"]["enabled"] is True
    assert history[0]["after"]["enabled"] is False
    at = history[1]["changed_at"].replace("+", "%2B")
    served = admin.get(f"{path}/new_ui/history?limit=1&at={at}").json()["items"]
    assert [row["version"] for row in served] == [2]
    was = admin.get(f"/v1/users/bob/flags?at={at}").json()["items"]
    assert [(flag["enabled"], flag["variant"]) for flag in was] == [(True, "blue")]

    assert admin.delete(f"{path}/new_ui", reason="done").status == 204
    assert (bob.get("/v1/flags/new_ui").status, bob.get("/v1/flags").json()["items"]) == (404, [])
    for refused in (
        bob.get(path), bob.post(path, {"key": "x"}), bob.get(f"{path}/new_ui"),
        bob.patch(f"{path}/new_ui", {}), bob.delete(f"{path}/new_ui"),
        bob.get(f"{path}/new_ui/history"), bob.post(f"{path}/new_ui/undo"),
        bob.post(f"{path}/new_ui/preview"), bob.get("/v1/users/alice/flags"),
    ):  # fmt: skip
        assert (refused.status, refused.code) == (403, "NP001")
    assert server.client().get("/v1/flags").status == 401


def test_a_change_counts_on_the_next_call_of_every_worker(serve: Serve, database: Database) -> None:
    """200 alternations over 4 workers, each of them with a copy of the answer before."""
    server = serve(workers=4)
    until(lambda: all_loaded(server, 4), 20)
    admin = signed_in(server.client(), "admin")
    alice = signed_in(server.client(), "alice")
    assert admin.post("/v1/admin/flags", {"key": "blink"}).status == 201
    with ExitStack() as stack:
        ours = seats(stack, server, alice.token, 4)
        writers = seats(stack, server, admin.token, 4)

        def told() -> list[tuple[Any, str]]:
            answers = [seat.get("/v1/flags") for seat in ours]
            return [(a.json()["items"][0]["enabled"], a.headers["x-cache"]) for a in answers]

        hits = 0
        for turn in range(200):
            on = turn % 2 == 0
            changed = writers[turn % 4].patch("/v1/admin/flags/blink", {"enabled": on})
            assert changed.status == 200, changed.body
            answers = told()
            assert {enabled for enabled, _ in answers} == {on}, turn
            hits += sum(how == "hit" for _, how in answers)
        assert hits >= 300, "the answers were kept meanwhile"


def test_a_schedule_counts_though_the_answer_is_kept(server: Server, database: Database) -> None:
    """Nothing is written at the moment it begins, or ends; a copy may outlive it by a moment."""
    client, late = signed_in(server.client(), "alice"), timedelta(milliseconds=150)
    begins = datetime.now(UTC) + timedelta(seconds=2.5)
    ends = begins + timedelta(seconds=2)
    with database.connect() as connection:
        connection.execute(
            "select create_flag('later', p_enabled => true, p_starts_at => %s, p_ends_at => %s)",
            [begins, ends],
        )
    client.get("/v1/flags/later"), client.get("/v1/flags/later")
    assert client.get("/v1/flags/later").headers["x-cache"] == "hit"
    seen: list[tuple[float, bool]] = []
    wrong: list[tuple[float, bool]] = []

    def over() -> bool:
        asked = datetime.now(UTC)
        flag, listed = flag_of(client, "later"), client.get("/v1/flags").json()["items"][0]
        answered = datetime.now(UTC)
        for said in (flag["enabled"], listed["enabled"]):
            seen.append(((answered - begins).total_seconds(), said))
            if said not in {begins <= at < ends for at in (asked - late, asked, answered)}:
                wrong.append(seen[-1])
        return answered > ends + late

    until(over, 15)
    assert {said for _, said in seen} == {True, False}
    assert not wrong


def test_another_tier_or_role_counts_on_the_next_call(server: Server) -> None:
    admin, bob = signed_in(server.client(), "admin"), signed_in(server.client(), "bob")
    for key, rule in {"paid": {"tiers": ["pro"]}, "chosen": {"roles": ["administrator"]}}.items():
        flag = {"key": key, "enabled": True, "percentage": 0, "rules": [rule]}
        assert admin.post("/v1/admin/flags", flag).status == 201

    def told() -> list[bool]:
        return [flag["enabled"] for flag in bob.get("/v1/flags").json()["items"]]

    for _ in range(5):
        assert told() == told() == [False, False]
        assert bob.get("/v1/flags").headers["x-cache"] == "hit"
        assert admin.patch(f"/v1/users/{BOB}", {"tier": "pro"}).status == 200
        assert told() == told() == [False, True]
        assert admin.request("PUT", "/v1/users/bob/roles/administrator").status == 204
        assert told() == told() == [True, True]
        assert admin.delete("/v1/users/bob/roles/administrator").status == 204
        assert admin.patch(f"/v1/users/{BOB}", {"tier": "free"}).status == 200


def test_a_route_behind_a_flag_is_there_only_for_who_has_it(
    serve: Serve, database: Database
) -> None:
    """Also where its answer is kept, and where a schedule opens it."""
    plant(database, BEHIND)
    server = serve()
    admin, bob = signed_in(server.client(), "admin"), signed_in(server.client(), "bob")

    def told() -> list[int]:
        ways = [("GET", "/v1/planted"), ("POST", "/rpc/read_planted")]
        return [bob.request(*way).status for way in ways for _ in range(3)]

    assert told() == [404] * 6
    assert bob.get("/v1/planted").code == "NF002"
    made = {"key": "planted", "enabled": True, "percentage": 0, "rules": [{"roles": ["developer"]}]}
    assert admin.post("/v1/admin/flags", made).status == 201
    for _ in range(5):
        assert told() == [200] * 6
        assert bob.get("/v1/planted").headers["x-cache"] == "hit"
        assert admin.patch("/v1/admin/flags/planted", {"enabled": False}).status == 200
        assert told() == [404] * 6
        assert admin.patch("/v1/admin/flags/planted", {"enabled": True}).status == 200
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    assert admin.patch("/v1/admin/flags/planted", {"starts_at": soon}).status == 200
    assert told() == [404] * 6
    until(lambda: told() == [200] * 6, 15)


def test_a_change_in_psql_is_seen_within_a_tenth_of_a_second(
    server: Server, database: Database
) -> None:
    client = signed_in(server.client(), "alice")
    slowest = 0.0
    with database.connect() as connection:
        connection.execute("select create_flag('by_hand')")
        for turn in range(20):
            on = turn % 2 == 0
            until(lambda: flag_of(client, "by_hand")["enabled"] is not on, 5)  # noqa: B023
            client.get("/v1/flags/by_hand")
            connection.execute("update ops.flags set enabled = %s where key = 'by_hand'", [on])
            began = monotonic()
            until(lambda: flag_of(client, "by_hand")["enabled"] is on, 5)  # noqa: B023
            slowest = max(slowest, monotonic() - began)
    assert slowest < 0.1, f"{slowest * 1000:.0f} ms"
