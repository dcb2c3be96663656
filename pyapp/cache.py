"""Copies of answers in Redis, and nothing that could not be lost.

One connection; the commands of one turn of the event loop go out together, replies are matched in
order. Redis may vanish, freeze or be flushed at any time: whatever takes longer than 100 ms opens
the circuit, calls go past it, and a connection is tried again in the background. Every value
says what question it answers, for whom, and as of which versions of the tags it depends on, and is
compared with all of it when it is read: a wrong copy is a miss, and so is one without its end. A
Redis that was away is told first what it missed, and believed only then.
"""

import asyncio
import hashlib
import logging
import re
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from pyapp.settings import Settings

log = logging.getLogger("plinth.cache")

# Ends every copy: no text in UTF-8 has this byte, so what does not end with it was cut.
_VERSION_SECONDS, _END = b"604800", b"\xff"
_RETRY = 0.2  # seconds between attempts to connect
_QUIET = 60.0  # seconds between lines about a Redis that stays away
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
        self._out: list[bytes] = []
        self._transport: asyncio.Transport
        self.since, self.lost = self._loop.time(), False
        self.at_loss: Callable[[], None] | None = None

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
            raise CacheDown("the connection was lost")
        future = self._loop.create_future()
        self._waiting.append(future)
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packed)
        return future

    def _flush(self) -> None:
        self._transport.write(b"".join(self._out))
        self._out.clear()

    def close(self) -> None:
        if self.lost:
            return
        self.lost = True
        if self.at_loss is not None:
            self.at_loss()
        self._transport.abort()
        for future in self._waiting:
            if not future.done():
                _fail(future, "the connection was lost")
        self._waiting.clear()


class Cache:
    def __init__(self, settings: Settings) -> None:
        self._url = settings.redis_url or ""
        self._name = settings.cache_prefix.encode()
        self._deadline = settings.redis_timeout
        self._link: _Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._attending: asyncio.Task[None] | None = None
        self.where = self.prefix = b""
        # What is done as long as there is a connection: told how long to wait before copies are
        # believed, and whether those that are there are void. It settles where they are kept, and
        # sets the two below.
        self.attend: Callable[[float, bool], Coroutine[Any, Any, None]] | None = None
        self.attached = False  # all who keep copies keep them here: what is bumped here is void
        self.up = False  # and what was missed is bumped as well: copies may be believed
        self.errors = 0
        self.bumps = 0
        self._quiet_until = 0.0

    async def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        """One connection at a time, as long as it answers in time."""
        pause, void = 0.0, False
        while True:
            try:
                async with asyncio.timeout(self._deadline * 5):
                    link, run = await _connect(self._url)
            except (OSError, TimeoutError, CacheDown) as error:
                self._go_past(error)
            else:
                self._link, self.where, link.at_loss = link, self._name + run, self._gone
                try:
                    while not link.lost:
                        if self.attend is not None:
                            self._attending = asyncio.create_task(self.attend(pause, void))
                        void = await self._watch(link)
                        await self._leave()
                        pause = 0.0
                finally:
                    link.close()
            pause = _PROBATION
            await asyncio.sleep(_RETRY)

    def _go_past(self, error: Exception) -> None:
        """One line when it goes, and one a minute while it stays away."""
        self.errors += 1
        now = asyncio.get_running_loop().time()
        if now >= self._quiet_until:
            log.warning("going past redis: %s", str(error) or type(error).__name__)
            self._quiet_until = now + _QUIET

    def believe(self) -> None:
        """Copies may be read from now on."""
        self.up = True
        if self._quiet_until:
            log.warning("redis is used again")
        self._quiet_until = 0.0

    def _gone(self) -> None:
        """In the very moment: a writer may wait for nobody to believe copies any more."""
        self.up = self.attached = False
        if self._attending is not None:
            self._attending.cancel()

    def settle(self, timeline: bytes) -> int:
        """Where copies are kept from now on: a number, the same for all who keep theirs there."""
        # Keys belong to one run of Redis, since one that is back may have older memories, and to
        # one timeline of the database: on another, what copies tell may never have happened, or
        # not have been made void here.
        place = hashlib.blake2b(self.where + timeline, digest_size=5)
        self.prefix = b"%b:%b:" % (self._name, place.hexdigest().encode())
        return int.from_bytes(place.digest()) & 0x7FFFFFFF

    def look_again(self) -> None:
        """The address may lead somewhere else by now."""
        # Once a second, however often it is said: those at odds say it again and again.
        if self._link and asyncio.get_running_loop().time() >= self._link.since + _PROBATION:
            log.warning("processes of this service keep their copies in different places")
            self._link.close()

    async def _leave(self) -> None:
        if self._attending is not None:
            self._attending.cancel()
            await asyncio.gather(self._attending, return_exceptions=True)

    async def _watch(self, link: _Link) -> bool:
        """Asks again and again, until it does not answer in time, or (true) has forgotten what it
        was told: it was flushed, or has the memories of an earlier time back."""
        # Not under the prefix of copies: who finds them void would make all others find them so.
        loop, key = asyncio.get_running_loop(), b"%b:beat:%b" % (self._name, _random())
        known = None
        for number in count():
            told, sent = b"%d" % number, loop.time()
            try:
                answer = link.send(_pack(b"SET", key, told, b"EX", b"60", b"GET"))
                while not answer.done():
                    await asyncio.sleep(self._deadline / 10)
                    if loop.time() - sent >= self._deadline:
                        await asyncio.sleep(0.001)  # it may have come, and was not read yet
                        if not answer.done():
                            _fail(answer, "no answer in time")
                was = answer.result()
            except CacheDown as error:
                self._go_past(error)
                link.close()
                return False
            if was != known:
                log.warning("redis has forgotten what it was told; its copies are void")
                return True
            known = told
        raise AssertionError

    def _send(self, packed: bytes) -> asyncio.Future[Any]:
        if self._link is None:
            raise CacheDown("there is no connection")
        return self._link.send(packed)

    def read(self, question: bytes) -> asyncio.Future[list[Any]]:
        """The answer to what `asking` made."""
        return self._send(question)

    def believed(
        self, place: "Place", kept: bytes | None, versions: Sequence[bytes]
    ) -> tuple[bytes | None, bytes]:
        """What was kept there, if it is as of these versions, and what it has to begin with."""
        if not all(versions):
            return None, b""
        head = place.head(versions)
        if kept is None or not (kept.startswith(head) and kept.endswith(_END) and self.up):
            return None, head
        return bytes(kept[len(head) : -1]), head

    async def begin(self, keys: Sequence[bytes]) -> list[bytes]:
        """The versions of tags, of which some have none yet."""
        for key in keys:
            self._send(_set(key, _random(), _VERSION_SECONDS, b"NX"))
        versions: list[bytes] = await self._send(asking(*keys))
        if not all(versions):
            raise CacheDown("it has no room for versions of tags")
        return versions

    async def bump(self, tags: Sequence[str]) -> bool:
        """Gives tags new versions, which voids all that was stored under the old ones; false when
        not all who keep copies could be reached."""
        if not self.attached or self._link is None:
            return False
        try:
            # Random, never a counter: a Redis that lost its memory must not count back.
            keys = [tag_key(self.prefix, tag) for tag in tags]
            for sent in [self._send(_set(key, _random(), _VERSION_SECONDS)) for key in keys]:
                await sent
        except CacheDown:
            self.errors += 1
            self._link.close()  # also where it only refuses: who cannot bump must not believe
            return False
        self.bumps += len(tags)
        return self.attached

    async def flush(self) -> None:
        """Removes what is there under this prefix."""
        at = b""
        while at != b"0":
            scan = _pack(b"SCAN", at or b"0", b"MATCH", self.prefix + b"*", b"COUNT", b"1000")
            at, keys = await self._send(scan)
            if keys:
                await self._send(_pack(b"UNLINK", *keys))

    def store(self, key: bytes, value: bytes, seconds: int) -> None:
        with suppress(CacheDown):
            self._send(_set(key, value + _END, b"%d" % seconds))

    async def claim(self, key: bytes, seconds: float) -> bool:
        """True for one of all who claim it at a time, until it is dropped or the time is over."""
        lasts = b"%d" % (seconds * 1000)
        return await self._send(_pack(b"SET", key, b"1", b"NX", b"PX", lasts)) is not None

    def drop(self, key: bytes) -> None:
        with suppress(CacheDown):
            self._send(_pack(b"UNLINK", key))

    def stats(self) -> dict[str, Any]:
        return {"up": self.up, "errors_total": self.errors, "bumps_total": self.bumps}

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            await self._leave()


class Place(NamedTuple):
    """Where an answer is kept, the tags it depends on, and the command that reads it with them."""

    key: bytes
    tags: Sequence[bytes]
    ask: bytes

    @classmethod
    def of(
        cls, prefix: bytes, owner: bytes, token: bytes, tags: Sequence[str], name: bytes
    ) -> Self:
        """The first tag of every private answer is "sessions": ending one voids its answers."""
        user = owner.decode()
        keys = [tag_key(prefix, t if t.startswith("all:") else f"{t}:{user}") for t in tags]
        key = b"%b{%b}:%b:%b" % (prefix, owner, token, name)
        return cls(key, keys, asking(key, *keys))

    def head(self, versions: Sequence[bytes]) -> bytes:
        """What a copy begins with: it was made for this question, of this user, as of now."""
        return b"%b|%b|" % (self.key, b"|".join(versions))


def _random() -> bytes:
    return secrets.token_hex(8).encode()


def tag_key(prefix: bytes, tag: str) -> bytes:
    """profile:<user> as a key; the keys of one user share a hash tag, as clusters want it."""
    name, _, owner = tag.rpartition(":")
    return b"%b{%b}:t:%b" % (prefix, owner.encode(), name.encode())


def asking(*keys: bytes) -> bytes:
    """The command that reads what is stored under each key, all as of one moment."""
    return _pack(b"MGET", *keys)


def _set(key: bytes, value: bytes, seconds: bytes, *how: bytes) -> bytes:
    return _pack(b"SET", key, value, b"EX", seconds, *how)


def _pack(*command: bytes) -> bytes:
    return bytes(hiredis.pack_command(cast("Any", command)))


async def _connect(url: str) -> tuple[_Link, bytes]:
    """A connection, and the name of what it leads to: one database of one run of Redis, and as long
    as that was nobody's replica, nor becomes one."""
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
    database = parse_qs(parts.query).get("db", [database])[0] or "0"
    try:
        if parts.password:
            user = (unquote(parts.username).encode(),) if parts.username else ()
            await link.send(_pack(b"AUTH", *user, unquote(parts.password).encode()))
        await link.send(_pack(b"SELECT", database.encode()))
        told = await link.send(_pack(b"INFO", b"server"))
        told += await link.send(_pack(b"INFO", b"replication"))
    except BaseException:
        link.close()
        raise
    return link, b" ".join(re.findall(rb"(?:run_id|master_replid):(\w+)", told)) + database.encode()
