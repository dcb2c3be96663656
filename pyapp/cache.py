"""Copies of answers in Redis, and nothing that could not be lost.

One connection; the commands of one turn of the event loop go out together, replies are matched in
order. Redis may vanish, freeze or be flushed at any time: whatever takes longer than 100 ms opens
the circuit, calls go past it, and a connection is tried again in the background. Every value
says what question it answers, for whom, and as of which versions of the tags it depends on, and is
compared with all of it when it is read: a wrong copy is a miss. A Redis that was away is told first
what it missed, and believed only then.
"""

import asyncio
import logging
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from pyapp.settings import Settings

log = logging.getLogger("plinth.cache")

_VERSION_SECONDS = b"604800"
_FIRST_RETRY, _LAST_RETRY = 0.05, 0.25
# Seconds a Redis that was away gets bumps but is not read: meanwhile every writer finds it again.
_PROBATION = 1.0


class CacheDown(Exception):
    """Redis did not answer in time, or at all."""


def _fail(future: asyncio.Future[Any], why: str) -> None:
    future.set_exception(CacheDown(why))
    future.exception()  # perhaps nobody waits for it; that is no event


class _Link(asyncio.Protocol):
    """One connection to Redis: commands out in batches, replies in order."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._oldest: asyncio.Future[Any] | None = None
        self._since = 0.0
        self._out: list[bytes] = []
        self._transport: asyncio.Transport
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
                _fail(future, str(reply))
            else:
                future.set_result(reply)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.close()

    def send(self, packed: bytes) -> asyncio.Future[Any]:
        if self.lost:
            raise CacheDown
        future = self._loop.create_future()
        self._waiting.append(future)
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packed)
        return future

    def _flush(self) -> None:
        self._transport.write(b"".join(self._out))
        self._out.clear()

    def held(self, now: float) -> float:
        """How long the oldest command has waited, as far as was looked: sending reads no clock."""
        oldest = self._waiting[0] if self._waiting else None
        if oldest is not self._oldest:
            self._oldest, self._since = oldest, now
        return now - self._since if oldest is not None else 0.0

    def close(self) -> None:
        self.lost = True
        self._transport.abort()
        for future in self._waiting:
            if not future.done():
                _fail(future, "the connection was lost")
        self._waiting.clear()


class Cache:
    def __init__(self, settings: Settings) -> None:
        self._url = settings.redis_url
        self._deadline = settings.redis_timeout
        self._link: _Link | None = None
        self._trusted = False
        self._keeper: asyncio.Task[None] | None = None
        self.prefix = b""
        # Bumps what could not be bumped while Redis was away.
        self.catch_up: Callable[[], Awaitable[None]] | None = None
        self.errors = 0
        self.bumps = 0

    @property
    def up(self) -> bool:
        return self._trusted and self._link is not None and not self._link.lost

    async def start(self) -> None:
        if self._url is not None:
            self._keeper = asyncio.create_task(self._keep(self._url))

    async def _keep(self, url: str) -> None:
        """One connection at a time, as long as it answers in time."""
        delay, probation = _FIRST_RETRY, 0.0
        while True:
            try:
                async with asyncio.timeout(self._deadline * 5):
                    link, run = await _connect(url)
            except (OSError, TimeoutError, CacheDown) as error:
                self.errors += 1
                log.warning("redis cannot be reached: %s", str(error) or type(error).__name__)
            else:
                # Keys belong to one run of Redis: one that is back with older memories has none.
                self._link, self.prefix = link, b"plinth:%b:" % run
                trust = asyncio.create_task(self._trust(probation))
                try:
                    await self._watch(link)
                finally:
                    trust.cancel()
                    link.close()
                    self._trusted = False
                delay = _FIRST_RETRY
            probation = _PROBATION
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LAST_RETRY)

    async def _watch(self, link: _Link) -> None:
        loop = asyncio.get_running_loop()
        while not link.lost:
            await asyncio.sleep(self._deadline / 4)
            if link.held(loop.time()) >= self._deadline:
                self.errors += 1
                log.warning("redis has not answered in time; going past it")
                return

    async def _trust(self, pause: float) -> None:
        while not self._trusted:
            await asyncio.sleep(pause)
            pause = _LAST_RETRY
            try:
                if self.catch_up is not None:
                    await self.catch_up()
                self._trusted = True
            except Exception as error:
                log.warning("redis is not read yet: %s", error)

    def _send(self, packed: bytes) -> asyncio.Future[Any]:
        if self._link is None:
            raise CacheDown
        return self._link.send(packed)

    async def read(self, question: bytes) -> list[Any]:
        """The answer to what `asking` made."""
        reply: list[Any] = await self._send(question)
        return reply

    async def renew(self, keys: Sequence[bytes]) -> list[bytes]:
        """Gives tags new versions, which voids all that was stored under the old ones."""
        # Random, never a counter: a Redis that lost its memory must not count back to an old one.
        versions = [secrets.token_hex(8).encode() for _ in keys]
        pairs = zip(keys, versions, strict=True)
        for sent in [self._send(_set(*pair, _VERSION_SECONDS)) for pair in pairs]:
            await sent
        return versions

    async def bump(self, tags: Sequence[str]) -> bool:
        """The same for tags that changed; false when Redis could not be told."""
        try:
            if self._url is not None:
                await self.renew([tag_key(self.prefix, tag) for tag in tags])
        except CacheDown:
            self.errors += 1
            return False
        self.bumps += len(tags)
        return True

    def store(self, key: bytes, value: bytes, seconds: int) -> None:
        with suppress(CacheDown):
            self._send(_set(key, value, b"%d" % max(1, seconds)))

    def stats(self) -> dict[str, Any]:
        return {
            "up": self.up,
            "errors_total": self.errors,
            "bumps_total": self.bumps,
        }

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)


def tag_key(prefix: bytes, tag: str) -> bytes:
    """profile:<user> as a key; the keys of one user share a hash tag, as clusters want it."""
    name, _, owner = tag.rpartition(":")
    return b"%b{%b}:t:%b" % (prefix, owner.encode(), name.encode())


def asking(*keys: bytes) -> bytes:
    """The command that reads what is stored under each key, all as of one moment."""
    return _pack(b"MGET", *keys)


def _set(key: bytes, value: bytes, seconds: bytes) -> bytes:
    return _pack(b"SET", key, value, b"EX", seconds)


def _pack(*command: bytes) -> bytes:
    return bytes(hiredis.pack_command(cast("Any", command)))


async def _connect(url: str) -> tuple[_Link, bytes]:
    """A connection, and the name of this run of Redis."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    if parts.scheme == "unix":
        _, link = await loop.create_unix_connection(_Link, parts.path)
        database = ""
    else:
        host, port = parts.hostname or "localhost", parts.port or 6379
        ssl = parts.scheme == "rediss" or None
        _, link = await loop.create_connection(_Link, host, port, ssl=ssl)
        database = parts.path.strip("/")
    database = parse_qs(parts.query).get("db", [database])[0]
    try:
        if parts.password:
            user = (unquote(parts.username).encode(),) if parts.username else ()
            await link.send(_pack(b"AUTH", *user, unquote(parts.password).encode()))
        if database:
            await link.send(_pack(b"SELECT", database.encode()))
        run = re.search(rb"run_id:(\w{8})", await link.send(_pack(b"INFO", b"server")))
    except BaseException:
        link.close()
        raise
    return link, run[1] if run else b""
