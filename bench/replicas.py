"""What a read by way of a replica costs beside the same read from the primary: python -m
bench.replicas

Both ways in one process and one event loop, interleaved, over a real streaming replica on the same
machine; and what of it is left to the primary."""

import asyncio
import hashlib
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import psycopg
import uvloop

from bench import machine
from pyapp import engine, migrate
from pyapp.cache import Cache
from pyapp.call import Caller
from pyapp.db import Database
from pyapp.follow import Follower
from pyapp.replicas import Replicas
from pyapp.settings import Settings
from tests.conftest import Engine
from tests.trust.replica import copy_of

PEOPLE, TASKS, SECONDS, ROUNDS = 20, 16, 2.0, 5
_PERSON = """
with person as (
  insert into auth.users (username, email)
  values ('bench' || %(n)s, 'bench' || %(n)s || '@example.org')
  returning id),
session as (
  insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
  select id, %(token)s, sha256(%(token)s), later, later
    from person, (select now() + interval '1 h' as later) l)
select id from person"""


def people(admin_url: str, options: str) -> list[tuple[bytes, str]]:
    """Tokens, and a team of each."""
    found = []
    with psycopg.connect(admin_url, autocommit=True, options=options) as connection:
        for n in range(PEOPLE):
            token = hashlib.sha256(b"%d" % n).digest()
            (user,) = connection.execute(_PERSON, {"n": n, "token": token}).fetchone() or (None,)
            made = connection.execute("select id from create_team(%s, 'bench')", [user])
            found.append((token, str((made.fetchone() or (None,))[0])))
    return found


async def measure(settings: Settings, who: list[tuple[bytes, str]]) -> dict[str, list[Any]]:
    database, cache = Database(settings, cast("str", settings.database_url)), Cache(settings)
    replicas = Replicas(settings, database, cache)
    caller = Caller(database, cache, replicas)
    follower = Follower(database, cache, caller)
    await database.start()
    await replicas.start()
    works = [follower.follow(), follower.sweep(), replicas.watch()]
    background = [asyncio.create_task(work) for work in works]
    await cache.start()
    late = time.monotonic() + 20
    while not (caller.loaded.is_set() and cache.up and all(r.up for r in replicas.all)):
        await asyncio.sleep(0.05)
        if time.monotonic() > late:
            raise machine.BenchError(f"it is not ready: {replicas.told()}")
    route = caller.registry.find("/v1/teams/x")[0]["GET"]

    async def one(way: str, until: float, times: list[float], seed: int) -> None:
        n = seed
        while (began := time.perf_counter()) < until:
            token, team = who[n % PEOPLE]
            n += 1
            await caller.answer(
                route,
                token=token,
                context=("bench", "127.0.0.1", "bench"),
                args={"team_id": team},
                no_cache=way == "primary",
            )
            times.append(time.perf_counter() - began)

    found: dict[str, list[Any]] = {"replica": [], "primary": [], "work": []}
    for number in range(ROUNDS + 1):
        for way in ("replica", "primary"):
            times: list[float] = []
            asked, answered = database.calls, replicas.all[0].answers
            until = time.perf_counter() + SECONDS
            await asyncio.gather(*(one(way, until, times, seed) for seed in range(TASKS)))
            if number:  # the first round warms up
                found[way].append((len(times) / SECONDS, statistics.median(times) * 1000))
                print(f"round {number}  {way:8} {found[way][-1][0]:10,.0f}/s", flush=True)
            if number and way == "replica":
                work = (replicas.all[0].answers - answered, database.calls - asked)
                found["work"].append([part / len(times) for part in work])
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    await cache.close()
    await replicas.close()
    await database.close()
    return found


def _row(name: str, number: int, found: dict[str, list[Any]]) -> str:
    """One figure both ways, and their ratio in each round."""
    far, near = ([one[number] for one in found[way]] for way in ("replica", "primary"))
    ratios = [a / b for a, b in zip(far, near, strict=True)]
    shown = (f"{statistics.median(ways):,.{number * 2}f}" for ways in (far, near))
    ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    return f"| {name} | {' | '.join(shown)} | {ratio} |\n"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="plinth-bench-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o711)
        settings = Settings(data=Path(folder) / "data")
        there = stack.enter_context(engine.servers(settings))
        migrate.up(there.admin_url)
        engine.settle(there, settings)
        where = Engine(
            there.admin_url,
            there.web_url,
            str(there.redis_url),
            there.secret_key,
            str(there.bin_dir),
        )
        copy = stack.enter_context(copy_of(where, there.admin_url))
        told = there.apply(settings).with_(replica_urls=(copy.at(there.web_url),))
        who = people(there.admin_url, told.key_options)
        found = uvloop.run(measure(told, who))
    rows = "".join(
        _row(name, number, found) for number, name in enumerate(("calls a second", "ms of one"))
    )
    work = [statistics.median(each) for each in zip(*found["work"], strict=True)]
    text = f"""# A read by way of a replica

`make bench-replicas`: {PEOPLE} people read a team of theirs, {TASKS} tasks in one process, {ROUNDS}
interleaved rounds of {SECONDS:g} s each, medians. Primary, replica, Redis and the process share one
machine, so this shows what the way costs, not what a second machine brings.

| | replica | primary | ratio |
|---|---|---|---|
{rows}
Of these reads the replica answered {work[0]:.1%}. For each of them the primary was asked
{work[1]:.4f} things: its word for a caller, now and then, and its beats.
"""
    (Path(__file__).with_name("results") / "replicas.md").write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
