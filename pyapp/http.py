"""From a request to an answer: route, token, arguments, call, bytes. No business rule is here."""

import asyncio
import gc
import hashlib
import ipaddress
import logging
import os
import re
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from itertools import count
from time import perf_counter
from typing import Any

from aiohttp import hdrs
from aiohttp.http import HttpVersion10, HttpVersion11
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDictProxy, istr

from pyapp import body, log, pages, problems
from pyapp.cache import Cache
from pyapp.db import Database
from pyapp.problems import Problem
from pyapp.routes import Route
from pyapp.service import Service
from pyapp.settings import Settings
from pyapp.wire import Connection, Listener, Reply, within

X_REQUEST_ID = istr("X-Request-Id")
X_FORWARDED_FOR = istr("X-Forwarded-For")
_VERSIONS = (HttpVersion11, HttpVersion10)
_MAX_AGENT = 256
_LISTEN_WITHIN = 1.0  # seconds a worker waits for its routes before it takes connections

_log = logging.getLogger("plinth.http")
_is_request_id = re.compile(r"(?!pl[srko]_)[A-Za-z0-9._-]{1,128}").fullmatch
_is_token = re.compile(r"pl[sk]_[0-9a-f]{4}[A-Za-z0-9_-]{43}[0-9a-f]{6}").fullmatch
_JSON: tuple[Callable[[bytes], bytes], str] = (bytes, "application/json")
_FORMS = {"qr": (pages.qr, "image/svg+xml")}
_NO_STORE = b"Cache-Control: private, no-store\r\n"
_REVALIDATE = b"Cache-Control: private, no-cache\r\nVary: Authorization\r\nX-Cache: %b\r\n"
_WHOLE = b"%b%bX-Request-Id: %b\r\nContent-Length: %d\r\n\r\n%b"
_VARY = b"Vary: Origin\r\n"
_EXPOSED = (
    "Access-Control-Expose-Headers: ETag, Location, RateLimit-Limit, RateLimit-Remaining, "
    "RateLimit-Reset, Retry-After, X-Cache, X-Request-Id\r\n"
)
_PREFLIGHT = (
    "Access-Control-Allow-Headers: Authorization, Cache-Control, Content-Type, Idempotency-Key, "
    "If-None-Match, X-Request-Id\r\nAccess-Control-Max-Age: 600\r\n"
)


class Request:
    """A request on its way: what the parser made of it, and what was found out since."""

    __slots__ = (
        "address", "connection", "headers", "id", "label", "message", "method", "payload",
    )  # fmt: skip

    def __init__(
        self, connection: Connection, message: RawRequestMessage, payload: StreamReader, id_: str
    ) -> None:
        self.connection = connection
        self.message = message
        self.payload = payload
        self.headers = message.headers
        self.method: str = message.method
        self.id = id_
        self.address = connection.peer
        self.label = "(none)"  # the route, for log and metrics; a path as sent could hold anything


class App:
    """One worker's answer to every request."""

    def __init__(
        self, settings: Settings, database: Database, cache: Cache, sink: log.Sink
    ) -> None:
        self.settings = settings
        self.listener = Listener(settings, self.answer, self.refuse)
        self.service = Service(settings, database, cache, self.listener, sink)
        self.caller, self.metrics = self.service.caller, self.service.metrics
        self._access = log.AccessLog(sink)
        self._files = pages.load()
        self._ids = count(1)
        self._id_prefix = os.urandom(6).hex()
        self._origins = {
            origin: f"Access-Control-Allow-Origin: {origin}\r\n{_EXPOSED}".encode()
            for origin in settings.cors_origins
        }

    async def answer(
        self, connection: Connection, message: RawRequestMessage, payload: StreamReader
    ) -> bytes:
        """Whatever happens, a request ends in one answer, one count and one line in the log."""
        started = perf_counter()
        id_ = message.headers.get(X_REQUEST_ID)
        if id_ is None or not _is_request_id(id_):
            id_ = f"{self._id_prefix}{next(self._ids):08x}"
        request = Request(connection, message, payload, id_)
        if self.settings.trusted_proxies:
            request.address = self._address(connection.peer, message.headers)
        try:
            reply = await self._reply(request)
        except Problem as problem:
            reply = problem_reply(problem, id_)
        except Exception:
            _log.exception("request %s failed", id_)
            reply = problem_reply(problems.internal(), id_)
        return self._finish(request, reply, perf_counter() - started)

    async def _reply(self, request: Request) -> Reply:
        method, headers = request.method, request.headers
        if request.message.version not in _VERSIONS:
            raise problems.malformed("This server speaks HTTP/1.0 and HTTP/1.1.")
        path, _, query = request.message.path.partition("?")
        if method == "OPTIONS":
            return self._options(path, headers.get(hdrs.ORIGIN))
        if (service := self.service.routes.get(path)) or path in self._files:
            request.label = path
            if method not in ("GET", "HEAD"):
                raise problems.wrong_method(("GET", "HEAD"))
            return await service() if service else self._files[path]
        route, found = self.service.registry.match(method, path)
        request.label = route.path
        return await self._call(request, route, found, query)

    async def _call(
        self, request: Request, route: Route, found: dict[str, str], query: str
    ) -> Reply:
        headers = request.headers
        token = None
        if route.auth != "none":
            given = headers.getall(hdrs.AUTHORIZATION, ("",))
            if len(given) > 1:
                raise problems.malformed("There is more than one Authorization header.")
            token = digest(given[0])
        args: dict[str, object] = {}
        for name, value in found.items():
            args[name] = body.Loose(body.unquote(value))
        if query:
            _merge(args, body.parse_query(query))
        if request.method not in ("GET", "HEAD"):
            _merge(args, await self._body(request))
        elif not request.payload.is_eof() or request.payload.total_bytes:
            raise problems.malformed(f"{request.method} takes no body.")
        agent = headers.get(hdrs.USER_AGENT, "")[:_MAX_AGENT]
        if not agent.isascii() or not agent.isprintable():
            agent = "".join(c if c.isprintable() else "?" for c in agent)
        answer = await self.caller.answer(
            route,
            token=token,
            context=f"{request.id}\x1f{request.address}\x1f{agent}",
            args=args,
            no_cache="no-cache" in headers.get(hdrs.CACHE_CONTROL, ""),
        )
        extra = _NO_STORE
        if answer.cache is not None:
            self.metrics.cached(answer.cache)
            extra = _REVALIDATE % answer.cache.encode()
        for name, value in answer.headers:
            extra += header(name, value)
        form, kind = _FORMS.get(route.result, _JSON)
        return Reply(answer.status, form(answer.body), kind, extra, answer.etag)

    async def _body(self, request: Request) -> dict[str, Any]:
        headers, limit = request.headers, self.settings.body_limit
        if request.payload.is_eof() and not request.payload.total_bytes:
            return {}
        if int(headers.get(hdrs.CONTENT_LENGTH, "0")) > limit:
            raise problems.too_large(limit)
        if not body.is_json(headers.get(hdrs.CONTENT_TYPE, "")):
            raise problems.layer("BR003", "Send the body as application/json in UTF-8.")
        if headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
            raise problems.layer("BR003", "Send the body without Content-Encoding.")
        expect = headers.get(hdrs.EXPECT, "").lower() == "100-continue"
        data = await request.connection.read_body(request.payload, limit, expect=expect)
        return body.parse_object(data) if data else {}

    def _address(self, peer: str, headers: CIMultiDictProxy[str]) -> str:
        """Who asks: behind trusted proxies the last address that is not one of them."""
        trusted = self.settings.trusted_proxies
        if within(peer, trusted):
            for hop in reversed(",".join(headers.getall(X_FORWARDED_FOR, ())).split(",")):
                try:
                    peer = str(ipaddress.ip_address(hop.strip()))
                except ValueError:
                    break
                if not within(peer, trusted):
                    break
        return peer

    def _options(self, path: str, origin: str | None) -> Reply:
        allow = "GET, HEAD"
        if path not in self.service.routes and path not in self._files and path != "*":
            try:
                self.service.registry.match("OPTIONS", path)
            except Problem as problem:
                if problem.status != 405:
                    raise
                allow = dict(problem.headers)["Allow"]
        extra = f"Allow: {allow}, OPTIONS\r\n"
        if origin in self._origins:
            extra += f"Access-Control-Allow-Methods: {allow}\r\n{_PREFLIGHT}"
        return Reply(204, extra=extra.encode())

    def _finish(self, request: Request, reply: Reply, seconds: float) -> bytes:
        """The bytes of the answer: one head, one write."""
        status, content, kind, extra, etag = reply
        connection, headers = request.connection, request.headers
        if etag is not None:
            extra += b"ETag: %b\r\n" % etag
            known = headers.get(hdrs.IF_NONE_MATCH)
            if known is not None and status == 200 and _matches(known, etag):
                status, content = 304, b""
        if self._origins:
            extra += _VARY + self._origins.get(headers.get(hdrs.ORIGIN, ""), b"")
        if (
            request.message.should_close
            or self.listener.stopping
            or connection.closing
            or not request.payload.is_eof()
        ):
            connection.closing = True
            ending = "close"
        else:
            ending = "" if request.message.version is HttpVersion11 else "keep-alive"
        self.metrics.observe(request.method, request.label, status, seconds, len(content))
        what = (request.method, request.label, status)
        who = (request.address, headers.get(hdrs.USER_AGENT, ""))
        self._access(request.id, what, seconds, len(content), who)
        if status in (204, 304):
            head = self.listener.head(status, "", ending)
            return b"%b%bX-Request-Id: %b\r\n\r\n" % (head, extra, request.id.encode())
        head, size = self.listener.head(status, kind, ending), len(content)
        if request.method == "HEAD":
            content = b""
        return _WHOLE % (head, extra, request.id.encode(), size, content)

    def refuse(self, connection: Connection, problem: Problem) -> bytes:
        """The answer to what never became a request."""
        id_ = f"{self._id_prefix}{next(self._ids):08x}"
        status, content, kind, extra, _ = problem_reply(problem, id_)
        self.metrics.observe("(none)", "(none)", status, 0.0, len(content))
        _log.info("refused %s from %s: %s", id_, connection.peer, problem.detail)
        head = self.listener.head(status, kind, "close")
        return _WHOLE % (head, extra, id_.encode(), len(content), content)


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


def problem_reply(problem: Problem, request_id: str) -> Reply:
    extra = b"Cache-Control: no-store\r\n"
    if problem.retry_after is not None:
        extra += b"Retry-After: %d\r\n" % problem.retry_after
    for name, value in problem.headers:
        extra += header(name, value)
    return Reply(problem.status, problems.render(problem, request_id), problems.CONTENT_TYPE, extra)


def header(name: str, value: str) -> bytes:
    """One header line; a value can never begin another."""
    return f"{name}: {_CONTROL.sub('', value)}\r\n".encode("latin-1", "replace")


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _matches(known: str, etag: bytes) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
    return etag.decode() in tags or "*" in tags


def _merge(args: dict[str, object], more: dict[str, Any]) -> None:
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
    await database.start()
    await cache.start()
    works = (app.caller.follow(), app.caller.note_use(), app.service.keep())
    background = [loop.create_task(work) for work in works]
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
    await app.caller.note_used()
    await cache.close()
    await database.close()
    app.metrics.close()
    sink.close()
