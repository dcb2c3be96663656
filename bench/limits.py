"""What limiting a call costs: pyapp.limits beside a sliding window in a Lua script by redis-py.

One process over the servers of the environment, 500 callers whose limits are never reached, 32
tasks at once. Prints calls a second: python -m bench.limits limiting|lua SECONDS"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import redis.asyncio
import uvloop

from bench.machine import BenchError
from pyapp import settings
from pyapp.db import Database
from pyapp.limits import Limits
from pyapp.routes import Route

CALLERS, TASKS = 500, 32
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


async def many(call: Call, seconds: float) -> dict[str, float]:
    """So many calls by so many tasks at once, and how long it took."""
    ends, done = time.perf_counter() + seconds, 0

    async def one(seed: int) -> None:
        nonlocal done
        dice = random.Random(seed)
        while time.perf_counter() < ends:
            for _ in range(20):
                if not await call(dice.randrange(CALLERS)):
                    raise BenchError("a call was refused")
                done += 1
            await asyncio.sleep(0)

    began = time.perf_counter()
    await asyncio.gather(*(one(seed) for seed in range(TASKS)))
    return {"count": done, "seconds": time.perf_counter() - began}


async def measure(way: str, seconds: float) -> dict[str, float]:
    given = settings.load()
    addresses = [f"10.0.{n // 250}.{n % 250}" for n in range(CALLERS)]
    if way == "lua":
        client: Any = redis.asyncio.Redis.from_url(str(given.redis_url), max_connections=TASKS)
        script = client.register_script(SCRIPT)

        async def lua(n: int) -> bool:
            left = await script(keys=[f"limit:{addresses[n]}:"], args=[time.time(), 60, HIGH])
            return int(left) >= 0

        await many(lua, 0.2)
        found = await many(lua, seconds)
        await client.aclose()
        return found

    database = Database(given, cast("str", given.database_url))
    await database.start()
    limits = Limits(database)
    route = cast("Route", SimpleNamespace(name="GET /v1/me", cost=1))

    async def ours(n: int) -> bool:
        told = limits.spend(None, addresses[n], route)
        if told is None:
            told = await limits.ask(None, addresses[n], route)
        return told.startswith(b"RateLimit-Limit")

    await many(ours, 0.2)
    found = await many(ours, seconds)
    await limits.close()
    await database.close()
    return found


if __name__ == "__main__":
    print(json.dumps(uvloop.run(measure(sys.argv[1], float(sys.argv[2])))))
