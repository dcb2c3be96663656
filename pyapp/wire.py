"""The socket side of HTTP: aiohttp's parser, our own deadlines, and one write per answer.

aiohttp's server has no deadline for a head that never ends, answers its own errors as text, and
spends most of its time on request and response objects that a server of bytes does not need. That
part is replaced here; the parser, the connection's state and its flow control stay aiohttp's.
"""

import asyncio
import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.utils import formatdate
from enum import Enum
from http import HTTPStatus
from typing import NamedTuple, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

from pyapp import problems
from pyapp.settings import Network, Settings

log = logging.getLogger("plinth.http")

TICK = 0.25  # how often deadlines are looked at, in seconds
LINGER = 2.0  # how long what follows a refused request is swallowed, so that the refusal arrives
STOP_GRACE = 1.0  # how long an idle connection may still send a request while the worker stops
MAX_HEAD = 1 << 16


class Reply(NamedTuple):
    """An answer but for what every answer has; extra holds finished header lines."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    extra: bytes = b""
    etag: bytes | None = None


Answer = Callable[["Connection", RawRequestMessage, StreamReader], Awaitable[bytes]]
Refuse = Callable[["Connection", problems.Problem], bytes]


class Phase(Enum):
    IDLE = 1  # between requests
    HEAD = 2  # a request has begun (or the connection has), its head is not complete
    BODY = 3  # the handler waits for the body
    BUSY = 4  # the handler works; time limits of what it calls apply
    DRAIN = 5  # the client does not read its answer
    LINGER = 6  # refused and half closed; what still arrives is dropped


class Connection(web.RequestHandler):
    """One client. A disconnect never cancels the handler: a call that has begun ends by itself."""

    __slots__ = ("_head_bytes", "body", "closing", "deadline", "peer", "phase", "server")

    def __init__(self, server: "Listener", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=0,
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
            max_headers=100,
        )
        self.server = server
        self.phase = Phase.HEAD
        self.deadline = server.now + server.settings.header_timeout
        self.peer = ""
        self.closing = False  # nothing more is read; the connection ends after what is queued
        self.body: StreamReader | None = None
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peername = transport.get_extra_info("peername")
        self.peer = peername[0] if isinstance(peername, tuple) else ""
        super().connection_made(transport)
        if not self.server.admit(self.peer):
            self.refuse(problems.unavailable("Too many connections from this address."))

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._manager is None:
            return
        self.server.release(self.peer)
        self._fail_body(problems.malformed("The client went away."))
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client may close its sending half and still wait for its answers."""
        self.closing = True
        self._fail_body(problems.malformed("The body ended before its announced length."))
        return bool(self._messages) or self.phase in (Phase.BUSY, Phase.BODY, Phase.DRAIN)

    def data_received(self, data: bytes) -> None:
        if self.closing or self._force_close:
            return
        try:
            messages, upgraded, _tail = self._parser.feed_data(data)  # type: ignore[union-attr]
        except HttpProcessingError as error:
            self._broken(error)
            return
        if messages:
            self._messages.extend(messages)
            waiter = self._waiter
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
            if len(self._messages) >= self._max_msg_queue_size and not self._buffer_paused:
                self._pause_reading_for_buffer()
            if upgraded:  # nothing to switch to: what follows such a request is not HTTP for us
                self.closing = True
        elif self.phase is Phase.IDLE:
            self.phase = Phase.HEAD
            self.deadline = self.server.now + self.server.settings.header_timeout
            self._head_bytes = len(data)
        elif self.phase is Phase.HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                self.refuse(problems.layer("BR004", f"The head exceeds {MAX_HEAD} bytes."))

    def _broken(self, error: HttpProcessingError) -> None:
        self.closing = True
        problem = problems.malformed("This is not a valid HTTP request.")
        if isinstance(error, LineTooLong) or "Too many headers" in str(error):
            problem = problems.layer("BR004", "A line of the head is too long, or it has too many.")
        if self._messages:
            # What came before is answered; an unfinished body ends here.
            if not (last := self._messages[-1][1]).is_eof():
                last.set_exception(problem)
        elif self.body is not None:
            self._fail_body(problem)
        elif self.phase is not Phase.BUSY:
            self.refuse(problem)

    def _fail_body(self, error: BaseException) -> None:
        if self.body is not None and not self.body.is_eof():
            self.body.set_exception(error)

    async def start(self) -> None:
        """aiohttp's loop over requests, without its request, response and task per request."""
        try:
            await self._serve()
        except ConnectionError:
            pass  # the client went away while its answer was on its way
        except Exception:
            log.exception("connection failed")
            self.phase = Phase.BUSY
        if self.transport is not None and self.phase is not Phase.LINGER:
            self.transport.close()

    async def _serve(self) -> None:
        server, loop, messages = self.server, self._loop, self._messages
        while not self._force_close:
            if not messages:
                if self.closing:
                    return
                self._waiter = loop.create_future()
                try:
                    await self._waiter
                finally:
                    self._waiter = None
            message, payload = messages.popleft()
            self._parser.message_consumed()  # type: ignore[union-attr]
            if self._buffer_paused and len(messages) <= self._msg_queue_resume_size:
                self._resume_reading_if_drained()
            self.phase = Phase.BUSY
            self.deadline = server.never
            data = await server.answer(self, cast("RawRequestMessage", message), payload)
            transport = self.transport
            if transport is None:
                return
            transport.write(data)
            if not payload.is_eof():
                self.linger()
                return
            if self._paused:
                self.phase = Phase.DRAIN
                self.deadline = server.now + server.settings.body_timeout
                await self._drain_helper()
            self.phase = Phase.IDLE
            self.deadline = server.now + server.keepalive

    async def read_body(self, payload: StreamReader, limit: int, *, expect: bool) -> bytes:
        """The whole body; more than the limit, too slow or broken is a Problem."""
        if payload.is_eof():
            data = payload.read_nowait(-1)
            if len(data) > limit:
                raise problems.too_large(limit)
            return data
        if expect and self.transport is not None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.phase, self.body = Phase.BODY, payload
        self.deadline = self.server.now + self.server.settings.body_timeout
        chunks, size = [], 0
        try:
            while chunk := await payload.readany():
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise problems.too_large(limit)
        except (RuntimeError, OSError, HttpProcessingError, web.RequestPayloadError):
            raise problems.malformed("The body could not be read to its end.") from None
        finally:
            self.phase, self.body = Phase.BUSY, None
            self.deadline = self.server.never
        return b"".join(chunks)

    def refuse(self, problem: problems.Problem) -> None:
        """Answers without a request, and ends the connection."""
        self.closing = True
        if self.transport is not None:
            self.transport.write(self.server.refuse(self, problem))
            self.linger()

    def linger(self) -> None:
        """Closing with unread data resets the connection and loses the answer: half close first."""
        self.closing = True
        self.phase = Phase.LINGER
        self.deadline = self.server.now + LINGER
        if self.transport is not None and self.transport.can_write_eof():
            with suppress(OSError):  # the client may have gone already
                self.transport.write_eof()

    def expire(self) -> None:
        """The deadline has passed."""
        if self.phase is Phase.HEAD:
            self.refuse(problems.layer("BR408", "The head of the request did not arrive in time."))
        elif self.phase is Phase.BODY:
            self._fail_body(problems.layer("BR408", "The body did not arrive in time."))
        elif self.transport is not None:
            if self.phase is Phase.IDLE:
                self.transport.close()
            else:
                self.transport.abort()


class Listener(web.Server):
    """All connections of one worker, their deadlines, and the heads of answers."""

    never = float("inf")

    def __init__(self, settings: Settings, answer: Answer, refuse: Refuse) -> None:
        super().__init__(answer)  # type: ignore[arg-type]
        self.settings = settings
        self.answer = answer
        self.refuse = refuse
        self.stopping = False
        self.keepalive = settings.keepalive_timeout
        self.addresses: Counter[str] = Counter()
        self.now = self._loop.time()
        self._all_gone = asyncio.Event()
        self._second = 0
        self._heads: dict[tuple[int, str, str], bytes] = {}
        self._timer = self._loop.call_later(TICK, self._tick)

    def __call__(self) -> Connection:
        return Connection(self, self._loop)

    @property
    def clients(self) -> list[Connection]:
        return cast("list[Connection]", self.connections)

    def stats(self) -> dict[str, int]:
        phases = [client.phase for client in self.clients]
        in_flight = sum(phase in (Phase.BUSY, Phase.BODY) for phase in phases)
        return {"connections": len(phases), "in_flight": in_flight}

    def admit(self, peer: str) -> bool:
        self.addresses[peer] += 1
        limit = self.settings.max_connections_per_address
        if limit == 0 or self.addresses[peer] <= limit:
            return True
        return within(peer, self.settings.trusted_proxies)

    def release(self, peer: str) -> None:
        self.addresses[peer] -= 1
        if not self.addresses[peer]:
            del self.addresses[peer]

    def head(self, status: int, kind: str, connection: str) -> bytes:
        """Status line and the headers that are the same for a second; the caller adds the rest."""
        key = (status, kind, connection)
        head = self._heads.get(key)
        if head is None:
            lines = [
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
                f"Date: {formatdate(usegmt=True)}",
                "X-Content-Type-Options: nosniff",
            ]
            if kind:
                lines.append(f"Content-Type: {kind}")
            if connection:
                lines.append(f"Connection: {connection}")
            head = self._heads[key] = "\r\n".join([*lines, ""]).encode("latin-1")
        return head

    def _tick(self) -> None:
        self.now = now = self._loop.time()
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._heads.clear()
        for connection in self.clients:
            if connection.deadline <= now:
                connection.expire()
        if self.stopping and not self._connections:
            self._all_gone.set()
        self._timer = self._loop.call_later(TICK, self._tick)

    async def stop(self, within: float) -> None:
        """Answers what is under way, lets idle clients send one last request, then closes."""
        self.stopping = True
        self.keepalive = 0.0
        for connection in self.clients:
            if connection.phase in (Phase.IDLE, Phase.HEAD):
                connection.deadline = min(connection.deadline, self._loop.time() + STOP_GRACE)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_gone.wait(), within)
        self._timer.cancel()
        for connection in self.clients:
            if connection.transport is not None:
                connection.transport.abort()


def within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of the networks; anything that is no address does not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks)
