"""Copies of answers in Redis, and nothing that could not be lost.

One connection; the commands of one turn of the event loop go out together, replies are matched in
order. Redis may vanish, freeze or be flushed at any time: whatever takes longer than 100 ms opens
the circuit, calls go past it, and a connection is tried again in the background. Every value
carries the versions of the tags it depends on and the user it is for, and is compared with both
when it is read: a wrong copy is a miss. A Redis that was away is told first what it missed, and
believed only then.
"""

import asyncio
import contextlib
import logging
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from pyapp.settings import Settings

log = logging.getLogger("plinth.cache")

_PREFIX = b"plinth:"
_VERSION_SECONDS = b"604800"
_FIRST_RETRY = 0.05
_LAST_RETRY = 0.25
# Seconds a Redis that was away gets bumps but is not read: meanwhile every writer finds it again.
_PROBATION = 1.0


class CacheDown(Exception):
    """Redis did not answer in time, or at all."""


class _Link(asyncio.Protocol):
    """One connection to Redis: commands out in batches, replies in order."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._oldest: asyncio.Future[Any] | None = None
        self._since = 0.0
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            future = self._waiting.popleft()
            if future.done():
                continue
            if isinstance(reply, hiredis.ReplyError):
                future.set_exception(CacheDown(str(reply)))
            else:
                future.set_result(reply)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.close()

    def send(self, *command: bytes) -> asyncio.Future[Any]:
        return self.push(pack(command))

    def push(self, packed: bytes) -> asyncio.Future[Any]:
        if self.lost:
            raise CacheDown
        future = self._loop.create_future()
        self._waiting.append(future)
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packed)
        return future

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None and not self.lost:
            self._transport.write(b"".join(out))

    def held(self, now: float) -> float:
        """How long the oldest command has waited, as far as was looked: sending reads no clock."""
        oldest = self._waiting[0] if self._waiting else None
        if oldest is not self._oldest:
            self._oldest, self._since = oldest, now
        return now - self._since if oldest is not None else 0.0

    def close(self) -> None:
        if self.lost:
            return
        self.lost = True
        if self._transport is not None:
            self._transport.abort()
        for future in self._waiting:
            if not future.done():
                future.set_exception(CacheDown())
                future.exception()  # somebody may have stopped waiting; that is no event
        self._waiting.clear()


class Cache:
    def __init__(self, settings: Settings) -> None:
        self._url = settings.redis_url
        self._deadline = settings.redis_timeout
        self._link: _Link | None = None
        self.prefix = _PREFIX
        self._trusted = False
        self._tasks: list[asyncio.Task[None]] = []
        # Bumps what could not be bumped while Redis was away.
        self.catch_up: Callable[[], Awaitable[None]] | None = None
        self.hits = 0
        self.misses = 0
        self.errors = 0
        self.bumps = 0

    @property
    def up(self) -> bool:
        return self._trusted and self._link is not None and not self._link.lost

    async def start(self) -> None:
        if self._url is not None:
            await self._connect(0.0)
            self._tasks.append(asyncio.create_task(self._keep()))

    async def _keep(self) -> None:
        """Opens the circuit when Redis is late, and closes it when it is back."""
        delay = _FIRST_RETRY
        while True:
            link = self._link
            if link is not None and not link.lost:
                delay = _FIRST_RETRY
                await asyncio.sleep(self._deadline / 4)
                if link.held(asyncio.get_running_loop().time()) >= self._deadline:
                    self.errors += 1
                    log.warning(
                        "redis has not answered for %.0f ms; going past it", self._deadline * 1000
                    )
                    link.close()
                continue
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LAST_RETRY)
            await self._connect(_PROBATION)

    async def _connect(self, probation: float) -> None:
        try:
            async with asyncio.timeout(self._deadline * 5):
                link, run = await _connect(self._url or "")
        except (OSError, TimeoutError, CacheDown) as error:
            self.errors += 1
            log.warning("redis cannot be reached: %s", str(error) or type(error).__name__)
            return
        # Keys belong to one run of Redis: one that is back with older memories has none of ours.
        self._link, self.prefix, self._trusted = link, b"%b%b:" % (_PREFIX, run), False
        self._tasks[1:] = [asyncio.create_task(self._trust(link, probation))]

    async def _trust(self, link: _Link, pause: float) -> None:
        while not link.lost:
            await asyncio.sleep(pause)
            pause = _LAST_RETRY
            try:
                if self.catch_up is not None:
                    await self.catch_up()
            except Exception as error:
                log.warning("redis is not read yet: %s", error)
            else:
                self._trusted = True
                return

    def _send(self, *command: bytes) -> asyncio.Future[Any]:
        if self._link is None:
            raise CacheDown
        return self._link.send(*command)

    @staticmethod
    def asking(keys: Sequence[bytes]) -> bytes:
        """The command that reads what is stored under each key, all as of one moment."""
        return pack((b"MGET", *keys))

    async def read(self, command: bytes) -> list[Any]:
        if self._link is None:
            raise CacheDown
        reply: list[Any] = await self._link.push(command)
        return reply

    async def first_versions(self, keys: Sequence[bytes]) -> list[bytes]:
        """Versions for tags that have none; one that somebody else gives meanwhile holds."""
        for key in keys:
            self._send(
                b"SET", key, new_version(), b"NX", b"EX", _VERSION_SECONDS
            ).add_done_callback(_quiet)
        return [version or b"" for version in await self.read(self.asking(keys))]

    def store(self, key: bytes, value: bytes, seconds: int) -> None:
        with contextlib.suppress(CacheDown):
            self._send(b"SET", key, value, b"EX", b"%d" % max(1, seconds)).add_done_callback(_quiet)

    async def bump(self, tags: Sequence[str]) -> bool:
        """Gives tags new versions, which voids all that was stored under the old ones."""
        if self._url is None:
            return True
        try:
            sent = [
                self._send(b"SET", self.tag_key(tag), new_version(), b"EX", _VERSION_SECONDS)
                for tag in tags
            ]
            for future in sent:
                await future
        except CacheDown:
            self.errors += 1
            return False
        self.bumps += len(tags)
        return True

    def stats(self) -> dict[str, Any]:
        return {
            "up": self.up,
            "hits_total": self.hits,
            "misses_total": self.misses,
            "errors_total": self.errors,
            "bumps_total": self.bumps,
        }

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._link is not None:
            self._link.close()

    def tag_key(self, tag: str) -> bytes:
        """profile:<user> as a key; the keys of one user share a hash tag, as clusters want it."""
        name, _, owner = tag.rpartition(":")
        return b"%b{%b}:t:%b" % (self.prefix, owner.encode(), name.encode())

    def user_key(self, user: bytes, rest: bytes) -> bytes:
        return b"%b{%b}:%b" % (self.prefix, user, rest)


def pack(command: Sequence[bytes]) -> bytes:
    return bytes(hiredis.pack_command(cast("Any", command)))


def new_version() -> bytes:
    """Random, never a counter: a Redis that lost its memory must not count back to an old one."""
    return secrets.token_hex(8).encode()


async def _connect(url: str) -> tuple[_Link, bytes]:
    """A connection, and the name of this run of Redis."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    database = parse_qs(parts.query).get("db", [""])[0]
    if parts.scheme == "unix":
        _, link = await loop.create_unix_connection(_Link, parts.path)
    else:
        database = database or parts.path.strip("/")
        _, link = await loop.create_connection(
            _Link,
            parts.hostname or "localhost",
            parts.port or 6379,
            ssl=parts.scheme == "rediss" or None,
        )
    if parts.password:
        user = (unquote(parts.username).encode(),) if parts.username else ()
        await link.send(b"AUTH", *user, unquote(parts.password).encode())
    if database and database != "0":
        await link.send(b"SELECT", database.encode())
    run = re.search(rb"run_id:(\w{8})", await link.send(b"INFO", b"server"))
    return link, run[1] if run else b""


def _quiet(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()
