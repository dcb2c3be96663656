"""The way of a call behind HTTP: the cache, the one statement, and what has to happen before
the answer goes out."""

import asyncio
import hashlib
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from pyapp import problems
from pyapp.body import beside
from pyapp.cache import Cache, CacheDown, Place, asking
from pyapp.db import Database
from pyapp.pipe import DatabaseError, Row, Statement, Values
from pyapp.replicas import Replicas
from pyapp.routes import Registry, Route

log = logging.getLogger("plinth.call")

_MOST_TOKENS = 100_000
_CLEAR_SECONDS = 0.05
_ELSEWHERE_LOOK, _ELSEWHERE_WITHIN = 0.01, 1.0
_NOTE_SECONDS = 60.0
_MOST_NOTED = 10_000
_ETAG = 18  # a quoted digest of eight bytes
_ANYBODY = b"anybody"  # whose copies those of public routes are
_NOTHING, _NOTHING_SECONDS = b"!", 30  # what a kept NF001 begins with, and lives at most
_FLIGHT, _FLIGHT_LOOK = 0.1, 0.005  # how long the same question waits for who asked first
_CLEAR = Statement("select http.clear_tags($1::text[])")
_CRY = Statement("select pg_notify('plinth_tags', '')")
_UNDELIVERED = Statement("select http.undelivered($1::text, $2::text[])")
_USED = Statement("select http.note_use($1::bytea[])")
_CATALOG, _OPENAPI = Statement("select http.catalog()"), Statement("select http.openapi()")


class Answer(NamedTuple):
    status: int
    body: bytes
    etag: bytes | None = None
    cache: str | None = None
    replayed: bool = False


class _Fill(NamedTuple):
    """A question on its way to the database, and where its answer is to be kept."""

    route: Route
    statement: Statement
    values: Values
    token: bytes | None
    owner: bytes
    place: Place
    head: bytes


@lru_cache(maxsize=20_000)  # a hit has to be cheap
def _place(
    prefix: bytes, owner: bytes, token: bytes, route: Route, text: str, bound: tuple[bytes, ...]
) -> Place:
    question = b"".join(b"%d:%b" % (len(part), part) for part in (text.encode(), *bound))
    name = b"%b:%b" % (route.cache_name, hashlib.sha256(question).hexdigest().encode())
    return Place.of(prefix, owner, token, route.cache_tags, name)


class Caller:
    """Answers calls of one version of the code at a time, over one database and one cache."""

    def __init__(self, database: Database, cache: Cache, replicas: Replicas) -> None:
        self._database = database
        self._cache = cache
        self._replicas = replicas
        self._registry: Registry | None = None
        self.loaded = asyncio.Event()
        self.current = True  # not while a deploy is known and its routes are not yet
        # Whose token it is: a fact for ever, never a permission. It only tells where to look.
        self._owners: dict[bytes, bytes] = {}
        self._ends: dict[bytes, float] = {}  # when it is no longer good, as last heard
        self._flights: dict[bytes, asyncio.Future[bytes | None]] = {}
        self.answers: Counter[str] = Counter()  # by what the cache did
        self._delivered: list[bytes] = []  # transactions whose tags were bumped
        self._used: set[bytes] = set()  # by which tokens there were calls

    @property
    def registry(self) -> Registry:
        if self._registry is None:
            raise problems.unavailable("The database cannot be reached yet.")
        return self._registry

    def owner(self, token: bytes | None) -> bytes | None:
        """Whose token it is, once a call told."""
        return None if token is None else self._owners.get(token)

    async def load(self) -> None:
        """Reads the routes: at start and after a deploy."""
        row = await self._database.call("slow", _CATALOG, ())
        if row is not None and row[0] is not None:
            self._registry = Registry(row[0])
            self.current = True
            self.loaded.set()

    async def openapi(self) -> bytes:
        """The description of these routes: it takes a while, so it is read when somebody asks."""
        if (registry := self.registry).openapi is None:
            try:
                row = await self._database.call("slow", _OPENAPI, (), once=True)
            except DatabaseError as error:
                raise registry.problem(error.sqlstate, error.message) from None
            registry.openapi = row[0] if row else None
        return registry.openapi or b"{}"

    async def answer(
        self,
        route: Route,
        *,
        token: bytes | None,
        context: Sequence[str],
        args: dict[str, object],
        no_cache: bool = False,
        once: bytes | None = None,
        size: int = 0,
    ) -> Answer:
        """token: the SHA-256 of the presented one; context: the request's id, address and agent;
        once: the key under which it happens once; size: of the body that brought the arguments."""
        bind = route.bind
        statement, bound = await beside(size, bind, args, once) if size else bind(args, once)
        if token is not None:
            self._used.add(token)
        owner = _ANYBODY if token is None else self._owners.get(token)
        if route.cache_seconds is None:
            values = _values(token, context, bound)
            far = statement.replica is not None and self._replicas.all and self.current
            if far and owner is not None and token is not None and not no_cache:
                row = await self._replicas.read(route, statement, owner, token, values)
                if row is not None:
                    return Answer(route.status, row[1] or b"")
            return await self._plain(route, statement, values, token, once=once is not None)

        cache = self._cache
        # A bypass goes past Redis both ways: what it finds out is not needed there.
        if owner is not None and cache.up and self.current and not no_cache:
            place = _place(cache.prefix, owner, token or b"", route, statement.text, tuple(bound))
            try:  # not suppress(): a hit has to be cheap
                kept, *versions = await cache.read(place.ask)
                content, head = cache.believed(place, kept, versions)
                if content is not None:
                    return self._opened(route, content, "hit")
                head = head or place.head(await cache.begin(place.tags))
                values = _values(token, context, bound)
                return await self._fill(_Fill(route, statement, values, token, owner, place, head))
            except CacheDown:
                pass
        values = _values(token, context, bound)
        return await self._asked(route, statement, values, token, "bypass" if no_cache else "miss")

    async def pages(
        self, route: Route, *, token: bytes | None, context: Sequence[str], args: dict[str, object]
    ) -> AsyncIterator[tuple[bytes, str | None]]:
        """The pages of a stream, and where what follows each begins. Each is a call of its own, by
        which the caller is known anew; one without lines is the last."""
        while True:
            if token is not None:
                self._used.add(token)
            statement, bound = route.bind(args)
            # It reads, and at most writes that somebody did, so it may be asked twice.
            values = _values(token, context, bound)
            row = await self._run(route, statement, values, token, once=True)
            if row[1] is None or row[4] is None:
                return
            after = row[4].decode()
            yield row[1], after
            args = args | {"after": after}

    def _opened(self, route: Route, content: bytes, how: str) -> Answer:
        """What was kept, as the answer it was, or as the refusal."""
        self.answers[how] += 1
        if content.startswith(_NOTHING):
            detail, field = json.loads(content[len(_NOTHING) :])
            problem = self.registry.problem("NF001", detail, field)
            problem.headers = (("X-Cache", how),)
            raise problem
        return Answer(route.status, content[_ETAG:], content[:_ETAG], how)

    async def _asked(
        self, route: Route, statement: Statement, values: Values, token: bytes | None, how: str
    ) -> Answer:
        """The answer of the database, which is not kept."""
        return self._opened(route, _content(await self._run(route, statement, values, token)), how)

    async def _fill(self, fill: "_Fill") -> Answer:
        """One at a time asks the database for one copy, as of the same versions, in all processes;
        the others wait for what he finds, but never long."""
        flying = self._flights.get(fill.head)
        if flying is not None:
            await asyncio.wait((flying,), timeout=_FLIGHT)
            content = flying.result() if flying.done() else None
            if content is None:  # he failed, or takes his time
                return await self._asked(*fill[:4], "miss")
            return self._opened(fill.route, content, "hit")
        loop = asyncio.get_running_loop()
        flying = self._flights[fill.head] = loop.create_future()
        # The key by which one process says that it finds out what belongs under this head.
        digest = hashlib.blake2b(fill.head, digest_size=8).hexdigest().encode()
        content, claim = None, b"%b:f:%b" % (fill.place.key, digest)
        try:
            if not await self._cache.claim(claim, _FLIGHT):
                content = await self._look_for(fill, claim, loop.time() + _FLIGHT)
            if content is not None:
                return self._opened(fill.route, content, "hit")
            content = await self._find_out(fill)
            return self._opened(fill.route, content, "miss")
        finally:
            del self._flights[fill.head]
            flying.set_result(content)
            if content is None:
                self._cache.drop(claim)

    async def _look_for(self, fill: "_Fill", claim: bytes, until: float) -> bytes | None:
        """What another process keeps as soon as it has it; nothing when it gave up or is late."""
        loop, place, cache = asyncio.get_running_loop(), fill.place, self._cache
        with suppress(CacheDown):
            while loop.time() < until:
                await asyncio.sleep(_FLIGHT_LOOK)
                kept, claimed, *versions = await cache.read(asking(place.key, claim, *place.tags))
                # As of what is true now, not when this began.
                content, _ = cache.believed(place, kept, versions)
                if content is not None:
                    return content
                if claimed is None and await cache.claim(claim, _FLIGHT):
                    break
        return None

    async def _find_out(self, fill: "_Fill") -> bytes:
        """The answer of the database, kept under the versions that were read before it was asked:
        what changes meanwhile lands under old ones."""
        left, user = fill.route.cache_seconds or 0, fill.owner
        try:
            row = await self._run(*fill[:4])
        except problems.Problem as problem:
            # Nothing is an answer, too; but what lives no longer than its session must not either.
            if problem.code != "NF001":
                raise
            field = problem.errors[0]["field"] if problem.errors else None
            content = _NOTHING + json.dumps([problem.detail, field]).encode()
            left = min(left, _NOTHING_SECONDS)
            if fill.token is not None:
                ends = self._ends.get(fill.token, 0.0)
                left = min(left, int(ends - asyncio.get_running_loop().time()))
        else:
            content = _content(row)
            user = row[2] or _ANYBODY
            if row[3] is not None:
                left = min(left, int(row[3]))
        if left > 0 and user == fill.owner:
            self._cache.store(fill.place.key, fill.head + content, left)
        return content

    async def _plain(
        self, route: Route, statement: Statement, values: Values, token: bytes | None, *, once: bool
    ) -> Answer:
        row = await self._run(route, statement, values, token, once=once)
        status, body, _, _, xid, tags = row
        if tags is not None and tags != b"{}":
            if await self._cache.bump(listed(tags)):
                # The record may go later: bumping a tag twice does no harm.
                if xid is not None:
                    self._delivered.append(xid)
            else:
                await self._bumped_elsewhere(xid, tags)
        code = int(status or b"500")
        if code >= 400:
            # A failure that was kept: what the function wrote about it is committed.
            raise self.registry.problem(**json.loads(body or b"{}"))
        # A call that happens writes at least that it happened.
        return Answer(code, body or b"", replayed=once and xid is None)

    async def _bumped_elsewhere(self, xid: bytes | None, tags: bytes) -> None:
        """Redis could not be told: until somebody else has, or nobody believes its copies, this
        write must not be acknowledged, or a read in another worker could come after it and not see
        it. With Redis away for everybody that is one look."""
        loop = asyncio.get_running_loop()
        until, told = loop.time() + _ELSEWHERE_WITHIN, False
        while True:
            with suppress(DatabaseError):  # of a connection that is ended, say: it is asked again
                row = await self._database.call("read", _UNDELIVERED, (xid, tags))
                if row is None or row[0] != b"t":
                    return
                if not told:
                    await self._database.call("aside", _CRY, ())
                    told = True
            if loop.time() > until:
                raise problems.unavailable("It is done, but older copies of it may still be shown.")
            await asyncio.sleep(_ELSEWHERE_LOOK)

    async def _run(
        self,
        route: Route,
        statement: Statement,
        values: Values,
        token: bytes | None,
        *,
        once: bool = False,
    ) -> Row:
        try:
            row = await self._database.call(route.lane, statement, values, once=once)
        except DatabaseError as error:
            problem = self.registry.problem(
                error.sqlstate, error.message, error.field, faults=error.more
            )
            if problem.status >= 500:
                log.error("%s: %s %s", route.function, error.sqlstate, error.message)  # noqa: TRY400
            raise problem from None
        if row is None:
            log.error("%s gave no row", route.function)
            raise problems.internal()
        if token is not None and row[2] is not None:
            if token not in self._owners:
                if len(self._owners) >= _MOST_TOKENS:
                    oldest = next(iter(self._owners))
                    del self._owners[oldest], self._ends[oldest]
                self._owners[token] = row[2]
            self._ends[token] = asyncio.get_running_loop().time() + int(row[3] or b"0")
        return row

    async def clear(self) -> None:
        """Takes the records of bumped tags away, many in one go."""
        while True:
            await asyncio.sleep(_CLEAR_SECONDS)
            if self._delivered:
                xids, self._delivered = self._delivered, []
                try:
                    await self._database.call("aside", _CLEAR, (b"{%b}" % b",".join(xids),))
                except (DatabaseError, problems.Problem) as error:
                    log.warning("the record of bumped tags stays, to be bumped again: %s", error)

    async def note_use(self) -> None:
        """Tells the database, once a minute, which tokens were presented."""
        while True:
            await asyncio.sleep(_NOTE_SECONDS)
            await self.note_used()

    async def note_used(self) -> None:
        used, self._used = self._used, set()
        if used:
            items = (b'"\\%b"' % _as_bytea(token) for token in list(used)[:_MOST_NOTED])
            with suppress(DatabaseError, problems.Problem):
                await self._database.call("aside", _USED, (b"{%b}" % b",".join(items),))


def _content(row: Row) -> bytes:
    """An answer as it is kept: its tag and its bytes."""
    body = row[1] or b""
    return b'"%b"%b' % (hashlib.blake2b(body, digest_size=8).hexdigest().encode(), body)


def _values(token: bytes | None, context: Sequence[str], bound: Sequence[bytes]) -> Values:
    """What a statement is sent with."""
    return (token and _as_bytea(token), "\x1f".join(context).encode(), *bound)


def _as_bytea(token: bytes) -> bytes:
    return b"\\x" + token.hex().encode()


def listed(array: bytes) -> list[str]:
    """The items of an array of tags, as PostgreSQL writes it."""
    return array.decode().strip("{}").split(",")
