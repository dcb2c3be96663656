"""The socket side of HTTP: aiohttp's parser, our own deadlines, and one write per answer.

aiohttp's server has no deadline for a head that never ends, answers its own errors as text, and
spends most of its time on request and response objects that a server of bytes does not need.
"""

import asyncio
import ipaddress
import logging
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from email.utils import formatdate
from enum import Enum
from http import HTTPStatus
from typing import NamedTuple

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.http_parser import HttpRequestParser, RawRequestMessage
from aiohttp.streams import StreamReader

from pyapp.problems import Problem, layer, malformed, too_large, unavailable
from pyapp.settings import Network, Settings

log = logging.getLogger("plinth.http")

NEVER = float("inf")
TICK = 0.25  # how often deadlines are looked at, in seconds
LINGER = 2.0  # how long what follows a refused request is swallowed, so that the refusal arrives
STOP_GRACE = 1.0  # how long an idle connection may still send a request while the worker stops
MAX_HEAD = 1 << 16
READ_AHEAD = 1 << 16  # bytes of a body that wait to be taken, or a sixteenth of that in chunks
MAX_QUEUE = 32  # requests of one connection that are read before the first of them is answered


class Reply(NamedTuple):
    """An answer but for what every answer has; extra holds finished header lines. One that comes in
    pages has no body."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    extra: bytes = b""
    etag: bytes | None = None
    pages: AsyncIterator[tuple[bytes, str | None]] | None = None


Answer = Callable[["Connection", RawRequestMessage, StreamReader], Awaitable[bytes]]
Refuse = Callable[["Connection", Problem], bytes]


class Phase(Enum):
    IDLE = "between requests"
    HEAD = "head"  # a request has begun, or the connection has
    BODY = "body"  # the handler waits for it
    BUSY = "busy"  # the handler works; time limits of what it calls apply
    DRAIN = "drain"  # the client does not read its answer
    LINGER = "linger"  # refused and half closed; what still arrives is dropped


_IDLE, _BUSY = Phase.IDLE, Phase.BUSY  # to look a member of an Enum up takes its time


class Connection(BaseProtocol):
    """One client: what it sent waits in a queue and is answered in order by one task.

    A disconnect never cancels that task: a call that has begun ends by itself."""

    def __init__(self, listener: "Listener") -> None:
        settings = listener.settings
        loop = asyncio.get_running_loop()
        parser = HttpRequestParser(
            self,
            loop,
            READ_AHEAD,
            max_headers=100,
            payload_exception=_broken_body,  # type: ignore[arg-type]
            auto_decompress=False,
            max_msg_queue_size=MAX_QUEUE,
        )
        super().__init__(loop, parser)
        self.requests = parser
        self.listener = listener
        self.settings = settings
        self.peer = ""
        self.closing = False  # nothing more is read; the connection ends after what is queued
        self.expect(Phase.HEAD, settings.header_timeout)
        self._queue: deque[tuple[RawRequestMessage, StreamReader] | Problem] = deque()
        self._payload: StreamReader | None = None  # of the last request read
        # Of the next one, as far as it is there; whether so much came that a head may be too large.
        self._head_size, self.large = 0, False
        self._waiter: asyncio.Future[None] | None = None

    def expect(self, phase: Phase, within: float) -> None:
        self.phase = phase
        self.deadline = self.listener.now + within

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peername = transport.get_extra_info("peername")
        self.peer = peername[0].partition("%")[0] if isinstance(peername, tuple) else ""
        if not self.listener.admit(self):
            self._refuse(unavailable("Too many connections from this address."))
        self._task = self._loop.create_task(self._serve())

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self.listener.release(self)
        self._break_off(malformed("The client went away."))

    def eof_received(self) -> bool:
        """A client may close its sending half and still wait for its answers."""
        self._break_off(malformed("The body ended before its announced length."))
        return self.phase is not Phase.LINGER

    def data_received(self, data: bytes) -> None:
        if self.closing:
            return
        in_body = self._payload is not None and not self._payload.is_eof()
        try:
            messages, upgraded, _ = self.requests.feed_data(data)
        except HttpProcessingError as error:
            large = isinstance(error, LineTooLong) or "Too many headers" in str(error)
            self._refuse(large_head() if large else malformed("This is not a valid HTTP request."))
            return
        if messages:
            self._queue.extend(messages)
            self._payload = messages[-1][1]
            self.large = self.large or self._head_size + len(data) > MAX_HEAD
            if len(self._queue) >= MAX_QUEUE and not self._buffer_paused:
                self._pause_reading_for_buffer()
            # There is nothing to switch to: what follows such a request is not HTTP for us.
            self.closing = upgraded
            self._wake()
            self._head_size = 0
        elif not in_body:  # the last of a body is no head
            if data and self.phase is Phase.IDLE:
                self.expect(Phase.HEAD, self.settings.header_timeout)
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._refuse(large_head())

    def _refuse(self, problem: Problem) -> None:
        """What never became a request is answered in its turn; a body on its way ends here."""
        if self._payload is None or self._payload.is_eof():
            self._queue.append(problem)
        self._break_off(problem)

    def _break_off(self, problem: Problem) -> None:
        """Nothing more is read; who waits for the rest of a body learns why it does not come."""
        self.closing = True
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(problem)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _serve(self) -> None:
        try:
            while (item := await self._next()) is not None:
                if isinstance(item, Problem):
                    await self.send(self.listener.refuse(self, item))
                    self._linger()
                    return
                message, payload = item
                self.expect_work()
                await self.send(await self.listener.answer(self, message, payload))
                if not payload.is_eof():
                    self._linger()
                    return
                self.expect(_IDLE, self.listener.keepalive)
        except ConnectionError:
            pass  # the client went away while its answer was on its way
        except Exception:
            log.exception("connection failed")
        if self.transport is not None:
            self.transport.close()

    async def _next(self) -> tuple[RawRequestMessage, StreamReader] | Problem | None:
        while not self._queue:
            if self.closing:
                return None
            self._waiter = self._loop.create_future()
            await self._waiter
        self.requests.message_consumed()
        item = self._queue.popleft()
        if self._buffer_paused and not self._queue:
            self._buffer_paused = False
            self.data_received(b"")  # what the parser held back
            if not self._buffer_paused:
                self._resume_reading_for_buffer()
        return item

    async def send(self, data: bytes) -> None:
        """Returns when the client has taken nearly all of it."""
        if self.transport is None:
            raise ConnectionError
        self.transport.write(data)
        if self.writing_paused:
            self.expect(Phase.DRAIN, self.settings.body_timeout)
            await self._drain_helper()
            self.expect_work()

    def go_on(self) -> None:
        """Between the pages of an answer: not while the worker stops, and not for nobody."""
        if self.transport is None:
            raise ConnectionError
        if time.monotonic() > self.listener.end:
            raise unavailable("The server stops; ask again for what follows.")

    def expect_body(self) -> None:
        self.expect(Phase.BODY, self.settings.body_timeout)

    def expect_work(self) -> None:
        self.expect(_BUSY, NEVER)

    def go_ahead(self, payload: StreamReader) -> None:
        """To a client that asks first whether it may send its body."""
        if not payload.is_eof() and self.transport is not None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def read_body(self, payload: StreamReader) -> bytes:
        """The whole body; more than the limit, too slow or broken is a Problem."""
        self.expect_body()
        body = bytearray()
        while chunk := await arrived(payload):
            body += chunk
            if len(body) > self.settings.body_limit:
                raise too_large(self.settings.body_limit)
        self.expect_work()
        return bytes(body)

    def _linger(self) -> None:
        """Closing with unread data resets the connection and loses the answer: half close first,
        and swallow the rest, although reading may have stopped for who took nothing of it."""
        self.closing = True
        self._buffer_paused = False
        self.resume_reading(resume_parser=False)
        self.expect(Phase.LINGER, LINGER)
        if self.transport is not None and self.transport.can_write_eof():
            with suppress(OSError):  # the client may have gone already
                self.transport.write_eof()

    def expire(self) -> None:
        """The deadline has passed."""
        if self.phase in (Phase.HEAD, Phase.BODY):
            text = f"The {self.phase.value} of the request did not arrive in time."
            self.deadline = NEVER
            self._refuse(layer("BR408", text))
        elif self.transport is not None and self.phase is Phase.IDLE:
            self.transport.close()
        elif self.transport is not None:
            self.transport.abort()


def large_head() -> Problem:
    return layer("BR004", f"The head exceeds {MAX_HEAD} bytes, or it has too many or long lines.")


async def arrived(payload: StreamReader, most: int = 0) -> bytes:
    """What is there of a body, or so much. Others have their turn first: the next may be there."""
    if most or not payload.is_eof():
        await asyncio.sleep(0)
    return await (payload.read(most) if most else payload.readany())


def _broken_body(_error: str) -> Problem:
    return malformed("The body could not be read to its end.")


class Listener:
    """All connections of one worker, their deadlines, and the heads of answers."""

    def __init__(self, settings: Settings, answer: Answer, refuse: Refuse) -> None:
        self.settings = settings
        self.answer = answer
        self.refuse = refuse
        self.stopping = False
        self.end = NEVER  # when answers in pages, which may be without end, come to theirs
        self.keepalive = settings.keepalive_timeout
        self.connections: set[Connection] = set()
        self.now = time.monotonic()
        self._addresses: Counter[str] = Counter()
        self._all_gone = asyncio.Event()
        self._heads: dict[tuple[int, str, str], bytes] = {}

    def __call__(self) -> Connection:
        return Connection(self)

    def stats(self) -> dict[str, int]:
        phases = [connection.phase for connection in self.connections]
        in_flight = sum(phase in (Phase.BUSY, Phase.BODY) for phase in phases)
        return {"connections": len(phases), "in_flight": in_flight}

    def admit(self, connection: Connection) -> bool:
        peer, limit = connection.peer, self.settings.max_connections_per_address
        self.connections.add(connection)
        self._addresses[peer] += 1
        return not 0 < limit < self._addresses[peer] or within(peer, self.settings.trusted_proxies)

    def release(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self._addresses[connection.peer] -= 1
        if not self._addresses[connection.peer]:
            del self._addresses[connection.peer]
        if not self.connections:
            self._all_gone.set()

    def head(self, status: int, kind: str, connection: str) -> bytes:
        """Status line and the headers that are the same for a while; the caller adds the rest."""
        key = (status, kind, connection)
        head = self._heads.get(key)
        if head is None:
            text = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
            text += f"Date: {formatdate(usegmt=True)}\r\nX-Content-Type-Options: nosniff\r\n"
            text += f"Content-Type: {kind}\r\n" if kind else ""
            text += f"Connection: {connection}\r\n" if connection else ""
            head = self._heads[key] = text.encode("latin-1")
        return head

    async def watch(self) -> None:
        """Deadlines, and the time of day, a few times a second: requests read no clock for them."""
        while True:
            self.now = time.monotonic()
            self._heads.clear()
            for connection in list(self.connections):
                if connection.deadline <= self.now:
                    connection.expire()
            await asyncio.sleep(TICK)

    async def stop(self, within: float) -> None:
        """Answers what is under way, lets idle clients send one last request, then closes."""
        self.stopping = True
        self.end = time.monotonic() + within / 2
        self.keepalive = 0.0
        for connection in self.connections:
            if connection.phase in (Phase.IDLE, Phase.HEAD):
                connection.deadline = min(connection.deadline, time.monotonic() + STOP_GRACE)
        if self.connections:
            self._all_gone.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), within)
        for connection in self.connections:
            if connection.transport is not None:
                connection.transport.abort()


def within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of the networks; anything that is no address does not."""
    with suppress(ValueError):
        ip = ipaddress.ip_address(address)
        return any(ip in network for network in networks)
    return False
