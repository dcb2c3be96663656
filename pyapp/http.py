"""From a request to an answer: route, token, arguments, call, bytes. No business rule is here."""

import asyncio
import gc
import hashlib
import ipaddress
import json
import logging
import os
import re
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, count
from time import perf_counter, time
from typing import Any

from aiohttp import hdrs
from aiohttp.http import HttpVersion10, HttpVersion11
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDictProxy, istr

from pyapp import body, lines, log, pages, problems
from pyapp.cache import Cache
from pyapp.call import Caller
from pyapp.db import Database
from pyapp.follow import Follower
from pyapp.limits import Limits
from pyapp.metrics import Metrics
from pyapp.problems import Problem
from pyapp.replicas import Replicas
from pyapp.routes import Route
from pyapp.service import Page, Service
from pyapp.settings import Settings
from pyapp.usage import Usage
from pyapp.wire import MAX_HEAD, Connection, Listener, Reply, large_head, within

X_REQUEST_ID = istr("X-Request-Id")
X_FORWARDED_FOR = istr("X-Forwarded-For")
IDEMPOTENCY_KEY = istr("Idempotency-Key")
_VERSIONS = (HttpVersion11, HttpVersion10)
_MAX_AGENT = 256
_MAX_HOPS = 32
_LISTEN_WITHIN = 3.0  # seconds a worker waits for its routes before it takes connections

_log = logging.getLogger("plinth.http")
_is_request_id = re.compile(r"(?!pl[srko]_)[A-Za-z0-9._-]{1,128}").fullmatch
_is_token = re.compile(r"pl[sk]_[0-9a-f]{4}[A-Za-z0-9_-]{43}[0-9a-f]{6}").fullmatch
_is_of_line = re.compile(r"lines\[(\d+)\]").match
_is_key = re.compile(r"[ -~]{8,255}").fullmatch
_JSON: tuple[Callable[[bytes], bytes], str] = (bytes, "application/json")
_FORMS = {"qr": (pages.qr, "image/svg+xml")}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ABSOLUTE = re.compile("^https?://[^/?#]+/?", re.I).sub  # whatever host it names, it came here
_NO_STORE = b"Cache-Control: private, no-store\r\n"
_REVALIDATE = b"Cache-Control: private, no-cache\r\nVary: Authorization\r\nX-Cache: %b\r\n"
_SHARED = b"Cache-Control: public, no-cache\r\nX-Cache: %b\r\n"
_REPLAYED = b"Idempotency-Replayed: true\r\n"
_VARY = b"Vary: Origin\r\n"
_EXPOSED = (
    "Access-Control-Expose-Headers: ETag, Idempotency-Replayed, Location, RateLimit-Limit, "
    "RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Cache, X-Request-Id\r\n"
)
_PREFLIGHT = (
    "Access-Control-Allow-Headers: Authorization, Cache-Control, Content-Type, Idempotency-Key, "
    "If-None-Match, X-Request-Id\r\nAccess-Control-Max-Age: 600\r\n"
)


@dataclass(slots=True, eq=False)
class Request:
    """A request on its way: what the parser made of it, and what was found out since."""

    connection: Connection
    message: RawRequestMessage
    headers: CIMultiDictProxy[str]
    payload: StreamReader
    id: str
    address: str
    agent: str
    label: str = "(none)"  # the route, for log and metrics; a path as sent could hold anything
    metered: bool = True  # not so the pages of the service
    token: bytes | None = None
    cache: str | None = None
    told: bytes = b""  # what the answer says about limits


class App:
    """One worker's answer to every request."""

    def __init__(
        self, settings: Settings, database: Database, cache: Cache, sink: log.Sink
    ) -> None:
        self.settings = settings
        self.replicas = Replicas(settings, database, cache)
        self.caller = Caller(database, cache, self.replicas)
        self.usage = Usage(database, self.caller.owner)
        self.limits = Limits(database)
        self.listener = Listener(settings, self.answer, self.refuse)
        parts: dict[str, Any] = {
            "http": self.listener,
            "log": sink,
            "database": database,
            "cache": cache,
            "replica": self.replicas,
            "usage": self.usage,
            "limits": self.limits,
        }
        stats = {name: part.stats for name, part in parts.items()}
        self.metrics = Metrics(settings.data / "metrics", stats, self.caller.answers)
        self.service = Service(database, cache, self.replicas, self.caller, self.metrics)
        self._access = sink.access
        self._numbers = count(1)
        self._id_prefix = os.urandom(6).hex()
        self._origins = {
            origin: f"Access-Control-Allow-Origin: {origin}\r\n{_EXPOSED}".encode()
            for origin in settings.cors_origins
        }

    def _new_id(self) -> str:
        return f"{self._id_prefix}{next(self._numbers):08x}"

    async def answer(
        self, connection: Connection, message: RawRequestMessage, payload: StreamReader
    ) -> bytes:
        """Whatever happens, a request ends in one answer, one count and one line in the log."""
        started = perf_counter()
        headers = message.headers
        id_ = headers.get(X_REQUEST_ID)
        if id_ is None or not _is_request_id(id_):
            id_ = self._new_id()
        agent = headers.get(hdrs.USER_AGENT, "")[:_MAX_AGENT]  # of which more is kept for a while
        request = Request(connection, message, headers, payload, id_, connection.peer, agent)
        try:
            reply = await self._reply(request)
        except Problem as problem:
            reply = problem_reply(problem, id_)
        except Exception:
            _log.exception("request %s failed", id_)
            reply = problem_reply(problems.internal(), id_)
        data = self._finish(request, reply, perf_counter() - started)
        if reply.pages is None or message.method == "HEAD":
            return data
        size, words = 0, partial(_last_words, id_)
        chunked = message.version is HttpVersion11
        try:
            async for sent in lines.send(connection, data, reply.pages, words, chunked=chunked):
                size += sent
        finally:
            self._note(request, reply.status, size, perf_counter() - started)
        return b""

    async def _reply(self, request: Request) -> Reply:
        message = request.message
        if self.settings.trusted_proxies:
            request.address = self._address(request)
        if message.version not in _VERSIONS:
            raise problems.malformed("This server speaks HTTP/1.0 and HTTP/1.1.")
        if request.connection.large and sum(map(len, chain(*message.raw_headers))) > MAX_HEAD:
            raise large_head()
        path = message.path if message.path[0] == "/" else _ABSOLUTE("/", message.path)
        path, _, query = path.partition("?")
        methods: Mapping[str, Page | Route] | None = self.service.pages.get(path)
        found: dict[str, str] = {}
        if methods is None:
            methods, found = self.caller.registry.find(path)
        if message.method == "OPTIONS":
            return self._options(methods, request.headers.get(hdrs.ORIGIN))
        target = methods.get(message.method)
        if target is None:
            raise problems.wrong_method(methods)
        if isinstance(target, Route):
            request.label = target.path
            return await self._call(request, target, found, query)
        request.label, request.metered = path, False
        return await target()

    async def _call(
        self, request: Request, route: Route, found: dict[str, str], query: str
    ) -> Reply:
        headers = request.headers
        refusal = _identify(request, route)
        told = self.limits.spend(request.token, request.address, route)
        if told is None:
            told = await self.limits.ask(request.token, request.address, route)
        request.told = told
        if refusal is not None:  # but not before it was counted
            raise refusal
        token = request.token
        context = (request.id, request.address, _harmless(request.agent))
        args: dict[str, object] = {}
        for name, value in found.items():
            args[name] = body.Loose(body.unquote(value))
        if query:
            _merge(args, body.parse_query(query))
        if route.lines is not None and body.is_kind(headers.get(hdrs.CONTENT_TYPE, ""), lines.KIND):
            return await self._in_pieces(request, route, context, args)
        if route.method != "GET":
            _merge(args, await self._body(request, route))
        elif not request.payload.is_eof() or request.payload.total_bytes:
            raise problems.malformed("GET and HEAD take no body.")
        if route.result == "stream":
            rest = self.caller.pages(route, token=token, context=context, args=args)
            first = await anext(rest, None)  # what is refused by now is refused like any call
            return Reply(200, b"", lines.KIND, _NO_STORE, pages=_all(first, rest))
        answer = await self.caller.answer(
            route,
            token=token,
            context=context,
            args=args,
            no_cache="no-cache" in headers.get(hdrs.CACHE_CONTROL, ""),
            once=None if route.once == "never" else _key(headers, needed=route.once == "must"),
            size=request.payload.total_bytes,
        )
        extra = _NO_STORE + _REPLAYED if answer.replayed else _NO_STORE
        if answer.cache is not None:
            request.cache = answer.cache
            extra = (_SHARED if token is None else _REVALIDATE) % answer.cache.encode()
        form, kind = _FORMS.get(route.result, _JSON)
        return Reply(answer.status, form(answer.body), kind, extra, answer.etag)

    async def _body(self, request: Request, route: Route) -> dict[str, Any]:
        headers, payload = request.headers, request.payload
        if payload.is_eof() and not payload.total_bytes:
            return {}
        if not body.is_kind(headers.get(hdrs.CONTENT_TYPE, ""), "application/json"):
            kinds = ("application/json", lines.KIND)[: 2 if route.lines else 1]
            raise problems.layer("BR003", f"Send the body as {' or '.join(kinds)} in UTF-8.")
        if int(headers.get(hdrs.CONTENT_LENGTH, "0")) > self.settings.body_limit:
            raise problems.too_large(self.settings.body_limit)
        _welcome(request)
        data = await request.connection.read_body(payload)
        return await body.beside(len(data), body.parse_object, data, route.exact) if data else {}

    async def _in_pieces(
        self, request: Request, route: Route, context: tuple[str, str, str], args: dict[str, object]
    ) -> Reply:
        """A body of lines: each piece is a call of its own, and costs what a call costs."""
        _welcome(request)
        token, limit = request.token, self.settings.body_limit
        total: dict[str, Any] = {}
        done = ""
        try:
            async for line, after, part in lines.pieces(request.connection, request.payload, limit):
                if done and self.limits.spend(token, request.address, route) is None:
                    await self.limits.ask(token, request.address, route)
                here = args | {str(route.lines): part, "line": line}
                answer = await self.caller.answer(route, token=token, context=context, args=here)
                lines.add(total, answer.body)
                done = f" (what stands before line {after} is done)"
        except Problem as problem:
            if found := _is_of_line(problem.errors[0]["field"] if problem.errors else ""):
                problem.detail = f"Line {found[1]}: {problem.detail}"
            problem.detail += done
            raise
        return Reply(route.status, json.dumps(total).encode(), extra=_NO_STORE)

    def _address(self, request: Request) -> str:
        """Who asks: behind trusted proxies the last address that is not one of them."""
        trusted, address = self.settings.trusted_proxies, request.address
        hops = ",".join(request.headers.getall(X_FORWARDED_FOR, ())).rsplit(",", _MAX_HOPS)
        while hops and within(address, trusted):
            try:
                # Without its zone, which may be any text.
                address = str(ipaddress.ip_address(hops.pop().strip().partition("%")[0]))
            except ValueError:
                break
        return address

    def _options(self, methods: Iterable[str], origin: str | None) -> Reply:
        allow = ", ".join(methods)
        extra = f"Allow: {', '.join((*methods, 'OPTIONS'))}\r\n"
        if origin in self._origins:
            extra += f"Access-Control-Allow-Methods: {allow}\r\n{_PREFLIGHT}"
        return Reply(204, extra=extra.encode())

    def _finish(self, request: Request, reply: Reply, seconds: float) -> bytes:
        """The bytes of the answer, counted and logged; of one in pages only its head."""
        message, headers, connection = request.message, request.headers, request.connection
        status, content, kind, extra, etag, in_pages = reply
        if etag is not None:
            extra += b"ETag: %b\r\n" % etag
            known = headers.get(hdrs.IF_NONE_MATCH)
            if known is not None and status == 200 and _has(known, etag):
                status, content = 304, b""
        if self._origins:
            extra += _VARY + self._origins.get(headers.get(hdrs.ORIGIN, ""), b"")
        extra += request.told
        if message.should_close or self.listener.stopping or not request.payload.is_eof():
            connection.closing = True
        ending = "" if message.version is HttpVersion11 else "keep-alive"
        if in_pages is not None:
            # Before HTTP/1.1, the end of the connection is that of the answer.
            connection.closing |= bool(ending)
            extra += b"" if ending else b"Transfer-Encoding: chunked\r\n"
        if connection.closing:
            ending = "close"
        bare = message.method == "HEAD"
        if in_pages is None or bare:
            self._note(request, status, len(content), seconds)
        what = (status, content if in_pages is None else None, kind, extra)
        return self._bytes(what, request.id, ending, bare)

    def _note(self, request: Request, status: int, size: int, seconds: float) -> None:
        """Counts and logs an answer."""
        now, what = time(), (request.message.method, request.label, status)
        self.metrics.observe(what, seconds, size)
        if request.metered:
            self.usage.note((now, what, seconds, request.id, request.token, request.cache))
        self._access(now, request.id, what, seconds, size, (request.address, request.agent))

    def refuse(self, connection: Connection, problem: Problem) -> bytes:
        """The answer to what never became a request."""
        id_ = self._new_id()
        reply = problem_reply(problem, id_)
        self.metrics.observe(("(none)", "(none)", reply.status), 0.0, len(reply.body))
        self.usage.note((time(), ("(none)", "(none)", reply.status), 0.0, id_, None, None))
        _log.info("refused %s from %s: %s", id_, connection.peer, problem.detail)
        return self._bytes(reply[:4], id_, "close")

    def _bytes(
        self, what: tuple[int, bytes | None, str, bytes], id_: str, ending: str, bare: bool = False
    ) -> bytes:
        """One head and, unless only that was asked for, the body: one write. Without a body its
        length is not known yet. what: status, body, kind and further headers."""
        status, content, kind, extra = what
        if content is None or status in (204, 304):
            head = self.listener.head(status, "" if content == b"" else kind, ending)
            return b"%b%bX-Request-Id: %b\r\n\r\n" % (head, extra, id_.encode())
        head = self.listener.head(status, kind, ending)
        told = (head, extra, id_.encode(), len(content), b"" if bare else content)
        return b"%b%bX-Request-Id: %b\r\nContent-Length: %d\r\n\r\n%b" % told


def _identify(request: Request, route: Route) -> Problem | None:
    """Notes whose call it is by its token, or says why that cannot be."""
    if route.auth != "none":
        given = request.headers.getall(hdrs.AUTHORIZATION, ("",))
        try:
            if len(given) > 1:
                raise problems.malformed("There is more than one Authorization header.")
            request.token = digest(given[0])
        except Problem as problem:
            return problem
    return None


def _welcome(request: Request) -> None:
    """A body has to be plain; who asks first whether to send it is told so."""
    headers = request.headers
    if headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise problems.layer("BR003", "Send the body without Content-Encoding.")
    if headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        request.connection.go_ahead(request.payload)


async def _all(
    first: lines.Page | None, rest: AsyncIterator[lines.Page]
) -> AsyncIterator[lines.Page]:
    if first is not None:
        yield first
        async for page in rest:
            yield page


def _last_words(request_id: str, error: Exception) -> bytes:
    """What the last line of an answer says that broke off."""
    if not isinstance(error, Problem):
        _log.error("request %s failed", request_id, exc_info=error)
        error = problems.internal()
    return problems.render(error, request_id)


@lru_cache(maxsize=16384)
def digest(authorization: str) -> bytes:
    """SHA-256 of the token; what cannot be one of ours is refused without asking anybody."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and _is_token(token):
        raw = token.encode()
        if hashlib.sha256(raw[:-6]).hexdigest()[:6] == token[-6:]:
            return hashlib.sha256(raw).digest()
    detail = "Send a valid token: Authorization: Bearer <token>."
    raise problems.layer("UN001", detail, headers=(("WWW-Authenticate", "Bearer"),))


def _key(headers: CIMultiDictProxy[str], *, needed: bool) -> bytes | None:
    """The key under which the call happens once."""
    given = headers.getall(IDEMPOTENCY_KEY, ())
    if not given and not needed:
        return None
    if len(given) != 1 or not _is_key(given[0]):
        detail = "Send one Idempotency-Key, of 8 to 255 printable ASCII characters."
        error = {"field": IDEMPOTENCY_KEY, "code": "BR005", "detail": detail}
        raise problems.layer("BR005", detail, errors=[error])
    return given[0].encode()


@lru_cache(maxsize=2048)
def _harmless(agent: str) -> str:
    """A header may have bytes that are not UTF-8; the database takes nothing else."""
    return _CONTROL.sub("?", agent).encode(errors="replace").decode()


def problem_reply(problem: Problem, request_id: str) -> Reply:
    """The answer that tells a problem; a header's value can never begin another header."""
    lines = [("Cache-Control", "no-store"), *problem.headers]
    if problem.retry_after is not None:
        lines.append(("Retry-After", str(problem.retry_after)))
    extra = "".join(f"{name}: {_CONTROL.sub('', value)}\r\n" for name, value in lines)
    content = problems.render(problem, request_id)
    return Reply(problem.status, content, problems.CONTENT_TYPE, extra.encode("latin-1", "replace"))


def _has(known: str, etag: bytes) -> bool:
    """Whether the client has the answer with this tag already."""
    tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
    return etag.decode() in tags or "*" in tags


def _merge(args: dict[str, object], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if name in args:
            raise problems.field_error(name, "is given in more than one place", "VL002")
        args[name] = value


async def serve(settings: Settings, sock: socket.socket) -> None:
    """One worker, until SIGTERM: it listens, and is ready as soon as its database is."""
    sink = log.setup(settings.log_format)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    assert settings.database_url is not None
    database, cache = Database(settings, settings.database_url), Cache(settings)
    app = App(settings, database, cache, sink)
    # What is there now stays; what requests make is freed without the collector, which runs rarely.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    caller = app.caller
    await database.start()
    await app.replicas.start()
    follower = Follower(database, cache, caller)
    works = [follower.follow(), follower.sweep(), caller.clear(), caller.note_use()]
    works += [app.usage.keep(), app.replicas.watch(), app.metrics.keep(), app.listener.watch()]
    background = [loop.create_task(work) for work in works]
    await cache.start()
    # While it knows no route, requests are for the other workers; without a database it has to
    # listen all the same, and say so.
    with suppress(TimeoutError):
        await asyncio.wait_for(app.caller.loaded.wait(), _LISTEN_WITHIN)
    # One connection is taken at a time: else the first worker awake takes all that wait.
    server = await loop.create_server(app.listener, sock=sock, backlog=1)
    sock.listen(1024)
    await stop.wait()
    server.close()
    await app.listener.stop(settings.stop_timeout - 1.5)
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    await asyncio.gather(caller.note_used(), app.usage.finish(1.0), app.limits.close())
    await cache.close()
    await app.replicas.close()
    await database.close()
    app.metrics.save()
    sink.close()
