"""The way of a call behind HTTP: the cache, the one statement, and what has to happen before
the answer goes out."""

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pyapp import problems
from pyapp.cache import Cache, CacheDown
from pyapp.db import Database
from pyapp.pipe import DatabaseError, Row, Statement
from pyapp.routes import Registry, Route

log = logging.getLogger("plinth.call")

_MOST_TOKENS = 100_000
_MOST_PLACES = 20_000
_NOTE_SECONDS = 60.0
_MOST_NOTED = 10_000
_ETAG = 18  # a quoted digest of eight bytes
_CLEAR = Statement("select http.clear_tags($1::text[])")
_NOTIFY = Statement("select pg_notify('plinth_tags', $1::text)")
_USED = Statement("select http.note_use($1::bytea[])")
_STALE = Statement("select * from http.stale_tags($1::integer)")
_CATALOG = Statement("select http.catalog(), http.openapi()")


class Answer(NamedTuple):
    status: int
    body: bytes
    etag: bytes | None = None
    cache: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a private answer is kept; made once per token and route, for a hit has to be cheap."""

    prefix: bytes
    owner: bytes
    session_key: bytes
    key: bytes
    tags: Sequence[bytes]
    ask: bytes  # the command that reads the session, the answer and the versions of the tags

    def session(self, versions: Sequence[bytes]) -> bytes:
        # The first tag of every private answer is "sessions": ending one voids what it vouched for.
        return b"%b|%b|" % (self.owner, versions[0])

    def head(self, versions: Sequence[bytes]) -> bytes:
        return b"%b|%b|" % (self.owner, b"|".join(versions))


def _values(token: bytes | None, context: str, bound: Sequence[bytes]) -> tuple[bytes | None, ...]:
    return (None if token is None else b"\\x" + token.hex().encode(), context.encode(), *bound)


class Caller:
    """Answers calls of one version of the code at a time, over one database and one cache."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache
        cache.catch_up = self._catch_up
        self.registry: Registry | None = None
        self.loaded = asyncio.Event()
        # Whose token it is: a fact for ever, never a permission. It only tells where to look.
        self._owners: dict[bytes, bytes] = {}
        self._places: dict[tuple[bytes, bytes], _Place] = {}
        self._clearing: list[bytes] = []
        self._used: set[bytes | None] = set()  # by which tokens there were calls
        self._tasks: set[asyncio.Future[Row | None]] = set()

    async def load(self) -> None:
        """Reads routes and API description: at start and after a deploy."""
        row = await self._database.call("slow", _CATALOG, ())
        if row is not None and row[0] is not None and row[1] is not None:
            self.registry = Registry(row[0], row[1])
            self.loaded.set()

    async def answer(
        self,
        route: Route,
        *,
        token: bytes | None,
        context: str,
        args: dict[str, object],
        no_cache: bool = False,
    ) -> Answer:
        """`token` is the SHA-256 of the presented one; the token itself goes no further."""
        statement, bound = route.bind(args)
        cache, seconds = self._cache, route.cache_seconds
        self._used.add(token)
        if seconds is None or token is None:
            return await self._plain(route, statement, _values(token, context, bound))

        owner, place = self._owners.get(token), None
        versions: Sequence[bytes] = ()
        # A bypass goes past Redis both ways: what it finds out is not needed there.
        if owner is not None and cache.up and not no_cache:
            place = self._place(route, statement, bound, token, owner)
            try:
                session, value, *versions = await cache.read(place.ask)
                if None in versions:
                    versions = await cache.first_versions(place.tags)
                elif value is not None and session == place.session(versions):
                    head = place.head(versions)
                    if value.startswith(head):
                        cache.hits += 1
                        at = len(head) + _ETAG
                        return Answer(route.status, value[at:], value[at - _ETAG : at], "hit")
            except CacheDown:
                versions = ()
            cache.misses += 1
        # Versions are read before the database is: what changes meanwhile lands under old ones.
        row = await self._run(route, statement, _values(token, context, bound))
        body, user = row[1] or b"", row[2]
        etag = b'"%b"' % hashlib.blake2b(body, digest_size=8).hexdigest().encode()
        if user is not None and owner is None:
            if len(self._owners) >= _MOST_TOKENS:
                self._owners.clear()
            self._owners[token] = user
        if place is not None and versions and all(versions) and user == owner:
            left = int(row[3] or b"0")
            cache.store(place.session_key, place.session(versions), left)
            cache.store(place.key, place.head(versions) + etag + body, min(seconds, left))
        return Answer(int(row[0] or b"200"), body, etag, "bypass" if no_cache else "miss")

    async def _plain(
        self, route: Route, statement: Statement, values: Sequence[bytes | None]
    ) -> Answer:
        status, body, _, _, xid, tags = await self._run(route, statement, values)
        if xid is not None and tags is not None and tags != b"{}":
            await self._bump(xid, tags)
        code = int(status or b"500")
        if code >= 400:
            # A failure that was kept: what the function wrote about it is committed.
            raise self._problem(**json.loads(body or b"{}"))
        return Answer(code, body or b"")

    def _place(
        self,
        route: Route,
        statement: Statement,
        bound: Sequence[bytes],
        token: bytes,
        owner: bytes,
    ) -> _Place:
        cache, name = self._cache, route.cache_name
        known = None if bound else self._places.get((token, name))
        if known is not None and known.prefix is cache.prefix:
            return known
        if bound:
            digest = hashlib.sha256(statement.text)
            for value in bound:
                digest.update(b"%d:" % len(value) + value)
            name += b":" + digest.hexdigest().encode()
        who = owner.decode()
        tags = [
            cache.tag_key(t if t.startswith("all:") else f"{t}:{who}") for t in route.cache_tags
        ]
        # An API key may call this route and not the next: what vouches for a token is of one route.
        session = b"s:%b:%b" % (token, route.cache_name)
        keys = cache.user_key(owner, session), cache.user_key(owner, name)
        place = _Place(cache.prefix, owner, *keys, tags, cache.asking((*keys, *tags)))
        if not bound:
            if len(self._places) >= _MOST_PLACES:
                self._places.clear()
            self._places[token, name] = place
        return place

    async def _run(self, route: Route, statement: Statement, values: Sequence[bytes | None]) -> Row:
        try:
            row = await self._database.call(route.lane, statement, values)
        except DatabaseError as error:
            problem = self._problem(error.sqlstate, error.message, error.field)
            if problem.status >= 500:
                log.error("%s: %s %s", route.function, error.sqlstate, error.message)  # noqa: TRY400
            raise problem from None
        if row is None:
            log.error("%s gave no row", route.function)
            raise problems.internal()
        return row

    def _problem(
        self, code: str, message: str, field: str | None, retry_after: int | None = None
    ) -> problems.Problem:
        if self.registry is None:
            return problems.unavailable()
        return self.registry.problem(code, message, field or "", retry_after)

    async def _bump(self, xid: bytes, tags: bytes) -> None:
        delivered = await self._cache.bump(tags.decode().strip("{}").split(","))
        if delivered:
            # The record may go later: bumping a tag twice does no harm.
            self._clearing.append(xid)
            if len(self._clearing) == 1:
                asyncio.get_running_loop().call_later(0.05, self._clear)
        else:
            # The record stays. Should Redis be away for this worker only, the others bump.
            with contextlib.suppress(DatabaseError, problems.Problem):
                await self._database.call("write", _NOTIFY, (tags.strip(b"{}"),))

    async def _catch_up(self) -> None:
        while await sweep(self._database, self._cache, 0):
            pass

    def _clear(self) -> None:
        xids, self._clearing = self._clearing, []
        values = (b"{" + b",".join(xids) + b"}",)
        task = asyncio.ensure_future(self._database.call("write", _CLEAR, values))
        self._tasks.add(task)
        task.add_done_callback(self._cleared)

    def _cleared(self, task: asyncio.Future[Row | None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.warning("the record of bumped tags stays for the sweeper: %s", error)

    async def note_use(self) -> None:
        """Tells the database, once a minute, which tokens were presented."""
        while True:
            await asyncio.sleep(_NOTE_SECONDS)
            await self.note_used()

    async def note_used(self) -> None:
        used, self._used = self._used, set()
        array = (
            "{" + ",".join(rf'"\\x{token.hex()}"' for token in [*used][:_MOST_NOTED] if token) + "}"
        )
        with contextlib.suppress(DatabaseError, problems.Problem):
            if used:
                await self._database.call("write", _USED, (array.encode(),))

    async def follow(self) -> None:
        """Takes up deploys and writes made outside the layer, as the database tells of them."""
        told = False
        while True:
            try:
                async for channel, payload in self._database.listen("plinth_deploy", "plinth_tags"):
                    told = False
                    if channel == "plinth_tags":
                        await self._cache.bump(payload.split(","))
                    else:
                        await self.load()
            except Exception as error:
                if not told:  # one line for as long as it is away
                    log.warning("listening to the database ended: %s", error)
                told = True
            await asyncio.sleep(0.2)


async def sweep(database: Database, cache: Cache, seconds: int) -> bool:
    """Bumps tags nobody bumped for so long: their writer died, wrote from psql, or had no Redis."""
    row = await database.call("read", _STALE, (b"%d" % seconds,))
    if row is None or row[0] is None or row[1] is None:
        return False
    if not await cache.bump(row[1].decode().strip("{}").split(",")):
        raise CacheDown("it went away again")
    await database.call("write", _CLEAR, (row[0],))
    return True
