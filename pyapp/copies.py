"""`plinth cache`: how much is kept in Redis, remove it, or have it there before it is asked for."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from pyapp import engine
from pyapp.cache import Cache
from pyapp.call import Caller
from pyapp.db import Database
from pyapp.follow import TIMELINE
from pyapp.metrics import answers
from pyapp.problems import Problem
from pyapp.progress import Progress
from pyapp.replicas import Replicas
from pyapp.settings import Settings, SettingsError

_AT_ONCE = 16
_WITHIN = 5.0  # seconds in which database and Redis have to be there
_CONTEXT = ("cache-warm", "127.0.0.1", "plinth cache warm")


@contextmanager
def _redis(settings: Settings) -> Iterator[Redis]:
    with engine.servers(settings, make=False) as there:
        try:
            with Redis.from_url(there.redis_url or "", socket_timeout=5) as link:
                link.ping()
                yield link
        except RedisError as error:
            raise ConnectionError(f"cannot reach Redis: {error}") from error


def _ours(link: Redis, settings: Settings) -> Iterator[list[Any]]:
    """Our keys, some at a time; but not what tells the workers that Redis remembers."""
    at: Any = None
    while at != 0:
        at, keys = link.scan(at or 0, f"{settings.cache_prefix}:*", 1000)
        yield [key for key in keys if b":beat:" not in key]


def stats(settings: Settings) -> None:
    with _redis(settings) as link:
        info: Any = link.info()
        ours = sum(map(len, _ours(link, settings)))
        in_all: Any = link.dbsize()
    told = answers(settings.data / "metrics")
    share = told["hit"] / (told["hit"] + told["miss"] or 1)
    bound = f"{info['maxmemory'] / 1e6:.0f} MB" if info.get("maxmemory") else "no bound"
    lines = {
        "prefix": settings.cache_prefix,
        "memory": f"{info['used_memory'] / 1e6:.1f} MB of {bound}",
        "policy": f"{info.get('maxmemory_policy', '?')}, {info['evicted_keys']} evicted so far",
        "keys": f"{ours} of ours, {in_all} in this database of Redis",
        "answers": ", ".join(f"{told[word]:.0f} {word}" for word in ("hit", "miss", "bypass")),
        "hit rate": f"{share:.1%}, over all workers there ever were on {settings.data}",
    }
    for name, line in lines.items():
        print(f"{name:9} {line}")


def flush(settings: Settings) -> None:
    """Our keys only: others may live there."""
    with _redis(settings) as link, Progress() as say:
        say("Removing copies")
        removed = 0
        for keys in _ours(link, settings):
            if keys:
                removed += int(link.unlink(*keys))
                say.detail(f"{removed} keys")
    print(f"removed {removed} keys that begin with {settings.cache_prefix}:")


def warm(settings: Settings, sessions: str) -> None:
    """The digests of tokens come from an operator's connection, which may read them; the calls take
    the ordinary way, as the login of the layer, which is told no more than by a request."""
    if not sessions.isdecimal() or len(sessions) > 9:
        raise SettingsError(f"--sessions must be from 0 to 999999999, not {sessions!r}")
    with engine.servers(settings, make=False) as there, Progress() as say:
        with engine.acting(there, settings) as connection:
            recent = "select token_hash from http.recent_sessions(%s)"
            tokens = [row[0] for row in connection.execute(recent, [int(sessions)])]
        few = there.apply(settings).with_(replica_urls=(), read_connections=2, write_connections=1)
        say("Filling copies")
        counts = asyncio.run(_fill(few, there.web_url, tokens, say))
    print(", ".join(f"{counts[word]} {word}" for word in ("filled", "there already", "refused")))


async def _fill(settings: Settings, dsn: str, tokens: list[bytes], say: Progress) -> dict[str, int]:
    database, cache = Database(settings, dsn), Cache(settings)
    caller = Caller(database, cache, Replicas(settings, database, cache))
    ready = asyncio.Event()
    counts = {"filled": 0, "there already": 0, "refused": 0}

    async def attend(_pause: float, _void: bool) -> None:
        row = await database.call("write", TIMELINE, (cache.where,))
        assert row is not None and row[0] is not None
        cache.settle(row[0])
        cache.up = True  # it answers nobody, so nobody has to be sure
        ready.set()
        await asyncio.Event().wait()

    async def ask(token: bytes | None) -> None:
        kept = [r for r in caller.registry.kept if (r.auth == "none") is (token is None)]
        # The first answer only tells whose token it is, and with that where copies belong.
        for number, route in enumerate(kept[:1] * (token is not None) + kept):
            try:
                answer = await caller.answer(route, token=token, context=_CONTEXT, args={})
            except Problem:
                counts["refused"] += 1
            else:
                if number or token is None:
                    counts["there already" if answer.cache == "hit" else "filled"] += 1

    cache.attend = attend
    try:
        await database.start()
        await cache.start()
        async with asyncio.timeout(_WITHIN):
            await caller.load()
            await ready.wait()
        everybody = [None, *tokens]
        for first in range(0, len(everybody), _AT_ONCE):
            await asyncio.gather(*map(ask, everybody[first : first + _AT_ONCE]))
            say.detail(f"session {min(first + _AT_ONCE, len(tokens))} of {len(tokens)}")
    except TimeoutError:
        raise ConnectionError("cannot reach the database and Redis") from None
    finally:
        await cache.close()
        await database.close()
    return counts
