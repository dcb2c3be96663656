"""What limiting a call costs: pyapp.limits beside a sliding window in a Lua script by redis-py.

Both in one process and one event loop, interleaved, 500 callers whose limits are never reached,
32 tasks at once."""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import redis.asyncio
import uvloop

from bench import machine
from pyapp import engine, migrate
from pyapp.db import Database
from pyapp.limits import Limits
from pyapp.routes import Route
from pyapp.settings import Settings

CALLERS, TASKS, SECONDS, ROUNDS = 500, 32, 2.0, 5
FLOOR = 3.0
HIGH = 100_000_000
# Two parts of a window, weighted by how much of the older one still counts.
SCRIPT = """
local now, window, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local part = math.floor(now / window)
local this, last = KEYS[1] .. part, KEYS[1] .. (part - 1)
local used = tonumber(redis.call('GET', this) or '0')
local before = tonumber(redis.call('GET', last) or '0') * (1 - (now % window) / window)
if used + before >= limit then return -1 end
redis.call('INCR', this)
redis.call('PEXPIRE', this, window * 2000)
return limit - used - before - 1
"""
Call = Callable[[int], Awaitable[bool]]


async def rate(call: Call) -> float:
    """Calls a second, by so many tasks at once."""
    ends, done = time.perf_counter() + SECONDS, 0

    async def one(seed: int) -> None:
        nonlocal done
        dice = random.Random(seed)
        while time.perf_counter() < ends:
            for _ in range(20):
                if not await call(dice.randrange(CALLERS)):
                    raise machine.BenchError("a call was refused")
                done += 1
            await asyncio.sleep(0)

    began = time.perf_counter()
    await asyncio.gather(*(one(seed) for seed in range(TASKS)))
    return done / (time.perf_counter() - began)


async def measure(settings: Settings, redis_url: str) -> dict[str, list[float]]:
    database = Database(settings, cast("str", settings.database_url))
    await database.start()
    limits = Limits(database)
    route = cast("Route", SimpleNamespace(name="GET /v1/me", cost=1))
    addresses = [f"10.0.{n // 250}.{n % 250}" for n in range(CALLERS)]

    async def ours(n: int) -> bool:
        told = limits.spend(None, addresses[n], route)
        if told is None:
            told = await limits.ask(None, addresses[n], route)
        return told.startswith(b"RateLimit-Limit")

    client: Any = redis.asyncio.Redis.from_url(redis_url, max_connections=TASKS)
    script = client.register_script(SCRIPT)

    async def lua(n: int) -> bool:
        left = await script(keys=[f"limit:{addresses[n]}:"], args=[time.time(), 60, HIGH])
        return int(left) >= 0

    found: dict[str, list[float]] = {"limits": [], "redis-py": []}
    for number in range(ROUNDS + 1):
        for name, call in (("limits", ours), ("redis-py", lua)):
            one = await rate(call)
            if number:  # the first round warms up
                found[name].append(one)
                print(f"round {number}  {name:9} {one:12,.0f}/s", flush=True)
    print(f"questions to the database: {limits.asked}")
    await limits.close()
    await client.aclose()
    await database.close()
    return found


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="plinth-bench-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o711)
        settings = Settings(
            data=Path(folder) / "data",
            rate_limit_requests_per_minute=HIGH,
            rate_limit_requests_per_hour=HIGH,
            rate_limit_requests_per_day=HIGH,
        )
        there = stack.enter_context(engine.servers(settings))
        migrate.up(there.admin_url)
        engine.settle(there, settings)
        found = uvloop.run(measure(there.apply(settings), str(there.redis_url)))
    ratios = [a / b for a, b in zip(found["limits"], found["redis-py"], strict=True)]
    ratio = statistics.median(ratios)
    ours, lua = (statistics.median(found[name]) for name in ("limits", "redis-py"))
    text = f"""# Limiting a call

`make bench-limits`: {CALLERS} callers, {TASKS} tasks in one process, {ROUNDS} interleaved
rounds of {SECONDS:g} s each, medians. A caller's limit is never reached, so the difference is what
counting costs.

| way | calls a second |
|---|---|
| leases of `http.take`, spent in memory (`pyapp.limits`) | {ours:,.0f} |
| a sliding window in a Lua script, through redis-py | {lua:,.0f} |

Ratio {ratio:.1f} ({min(ratios):.1f} to {max(ratios):.1f}); at least {FLOOR:g} is asked for.
"""
    (Path(__file__).with_name("results") / "limits.md").write_text(text)
    print(text)
    return int(ratio < FLOOR)


if __name__ == "__main__":
    sys.exit(main())
