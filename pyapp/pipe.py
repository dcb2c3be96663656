"""One connection, permanently in pipeline mode: calls go out as they come, answers come in order.

The way that reaches the database's own speed from one event loop: a prepared statement and ONE
sync per call (an error then aborts that call alone), one permanent reader, no lock, no checkout.
A call has succeeded only at its sync: what a deferred constraint refuses at commit arrives after
the row. Calls of one turn of the loop that read by the same statement go out as one, which costs
the database half; if it fails, each is sent by itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from psycopg import AsyncConnection, pq

Row = tuple[bytes | None, ...]
Values = Sequence[bytes | None]
_MOST_PREPARED = 500
_TOGETHER = 8, 4, 2  # how many calls go out as one
_numbers = count(1)
_BRIEF, _LONG = 0.005, 0.2  # seconds that those may take together; that none waits for another
_SYNC = pq.ExecStatus.PIPELINE_SYNC
_ROWS = pq.ExecStatus.TUPLES_OK
_DONE = pq.ExecStatus.COMMAND_OK

# The statement is not prepared on this connection, or its plan no longer fits: prepare it afresh.
# Or (42804) a deploy changed a row type between the statement and the function it calls.
OUTDATED = {"26000", "42883", "42P01", "42703", "42704", "42804", "0A000", "XX000", "3F000"}


class DatabaseError(Exception):
    """What PostgreSQL said of one failed call."""

    def __init__(self, result: pq.abc.PGresult) -> None:
        fields = pq.DiagnosticField
        told = (fields.SQLSTATE, fields.MESSAGE_PRIMARY, fields.COLUMN_NAME, fields.MESSAGE_DETAIL)
        self.sqlstate, self.message, self.field, self.more = (
            (result.error_field(field) or b"").decode("utf-8", "replace") for field in told
        )
        super().__init__(f"{self.sqlstate} {self.message}")


class ConnectionLost(Exception):
    """The connection went away with the call under way: whether it happened is not known."""


@dataclass(slots=True, eq=False)
class Statement:
    """A statement's text and the name it is prepared under, the same on every connection."""

    text: str
    replica: "Statement | None" = None  # the same question to a replica
    formats: list[int] | None = None  # 1 for each value in binary form; None: all are text
    # The same for so many calls, where that may be: the last column of a row says whose it is.
    many: "Callable[[int], Statement] | None" = None
    took: float = _BRIEF  # seconds a call, of late
    # Not a plain sum, which could give one name twice: statements are made by two threads.
    name: bytes = field(default_factory=lambda: b"s%d" % next(_numbers))


# What runs before a statement, in the same transaction: if it fails, the statement does not run.
Before = tuple[Statement, Values]


@dataclass(slots=True, eq=False)
class Call:
    """A statement to be run, and who waits for it."""

    statement: Statement
    values: Values
    future: asyncio.Future[Row | None]
    first: Before | None = None
    at: "Pipe | None" = None  # where it was sent last; what it was sent before may still answer


@dataclass(slots=True, eq=False)
class Sent:
    """What is under way to one sync: a call, or several by one statement."""

    statement: Statement
    calls: Sequence[Call]
    since: float
    result: pq.abc.PGresult | None = None
    error: DatabaseError | None = None


class Pipe:
    """heard is told of each notification; deaf of the loss of the connection, in that very moment:
    nobody may act on what might have been said since."""

    def __init__(
        self,
        connection: AsyncConnection[Any],
        heard: Callable[[str], None] | None = None,
        deaf: Callable[[], None] = lambda: None,
    ) -> None:
        self._heard, self._deaf = heard, deaf
        self._owner = connection  # it would close the connection if nobody held it
        self._connection = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._fresh: dict[Statement, list[Call]] = {}  # what goes out as one at the next flush
        self._sent: deque[Sent] = deque()
        self.load = 0
        self._prepared: dict[bytes, None] = {}
        self._flushing = False
        self._synced = 0.0  # when the last answer came
        self.usable = True  # it is there, and the call at its head holds up no other
        self.gone = asyncio.Event()
        self._connection.nonblocking = 1
        self._connection.enter_pipeline_mode()
        self._socket = self._connection.socket
        self._loop.add_reader(self._socket, self._read)

    def held(self, now: float) -> float:
        """How long what is at the head has been there."""
        return now - max(self._synced, self._sent[0].since) if self._sent else 0.0

    def behind(self, held: float) -> list[Call]:
        """Calls that wait for the one at the head, or went out with it and wait for each other."""
        waiting = list(self._sent)
        if waiting and len(waiting[0].calls) > 1:
            waiting[0].calls[0].statement.took = _BRIEF
        else:
            del waiting[:1]
        calls = (c for s in waiting for c in s.calls if c.at is self and not c.future.done())
        # They are done here all the same. So what takes a while waits as long as two of its kind
        # take: of many at once, each would be moved on and on, and done ten times.
        return [c for c in calls if held >= min(2 * c.statement.took, _LONG)]

    def send(
        self, statement: Statement, values: Values, first: Before | None = None
    ) -> asyncio.Future[Row | None]:
        call = Call(statement, values, self._loop.create_future(), first)
        self.give(call)
        return call.future

    def give(self, call: Call) -> None:
        call.at = self
        self.load += 1
        if call.statement.many is None:
            self._put(call.statement, [call])
        else:
            self._fresh.setdefault(call.statement, []).append(call)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _put(self, statement: Statement, calls: Sequence[Call]) -> None:
        self._sent.append(Sent(statement, calls, self._loop.time()))
        first, values = calls[0].first, calls[0].values
        if len(calls) > 1:
            values = [value for call in calls for value in call.values]
        try:
            if first is not None and first[0].name not in self._prepared:
                self._prepare(first[0])
            if statement.name not in self._prepared:
                self._prepare(statement)
            if first is not None:
                self._connection.send_query_prepared(first[0].name, first[1])
            self._connection.send_query_prepared(statement.name, values, statement.formats)
            self._connection.pipeline_sync()
        except Exception:
            self.lose()

    def _put_fresh(self) -> None:
        for statement, calls in self._fresh.items():
            while calls:
                fits = (n for n in _TOGETHER if n <= len(calls) and n * statement.took <= _BRIEF)
                size = next(fits, 1)
                together = statement.many(size) if statement.many and size > 1 else statement
                self._put(together, calls[:size])
                del calls[:size]
        self._fresh.clear()

    def _prepare(self, statement: Statement) -> None:
        if len(self._prepared) >= _MOST_PREPARED:
            oldest = next(iter(self._prepared))
            del self._prepared[oldest]
            self._connection.send_close_prepared(oldest)
        # Closing what is not there is no error; what is there may be out of date.
        self._connection.send_close_prepared(statement.name)
        self._connection.send_prepare(statement.name, statement.text.encode())
        self._prepared[statement.name] = None

    def _flush(self) -> None:
        self._flushing = False
        self._put_fresh()
        if self.gone.is_set():
            return
        try:
            unsent = self._connection.flush()
        except Exception:
            self.lose()
            return
        if unsent:
            self._loop.add_writer(self._socket, self._flush)
        else:
            self._loop.remove_writer(self._socket)

    def alive(self) -> bool:
        """Looks for itself: uvloop forgets a reader whose socket was reset, and tells nobody."""
        if not self.gone.is_set():
            self._read()
        return not self.gone.is_set()

    def _read(self) -> None:
        try:
            self._connection.consume_input()
            while self._sent and not self._connection.is_busy():
                result = self._connection.get_result()
                if result is not None:
                    self._take(result)
        except Exception:
            self.lose()
            return
        if self._connection.status != pq.ConnStatus.OK:
            self.lose()
        while self._heard and not self.gone.is_set() and (notice := self._connection.notifies()):
            self._heard(notice.relname.decode())

    def _take(self, result: pq.abc.PGresult) -> None:
        sent, status = self._sent[0], result.status
        if status == _ROWS:
            sent.result = result
        elif status == _SYNC:
            self._sent.popleft()
            self.usable = True
            self._settle(sent)
        elif status != _DONE and sent.error is None:
            sent.error = DatabaseError(result)
            if sent.error.sqlstate in OUTDATED:
                self._prepared.pop(sent.statement.name, None)
                if sent.calls[0].first is not None:
                    self._prepared.pop(sent.calls[0].first[0].name, None)

    def _settle(self, sent: Sent) -> None:
        calls, error, result = sent.calls, sent.error, sent.result
        many, statement, now = len(calls) > 1, sent.calls[0].statement, self._loop.time()
        took = (now - max(self._synced, sent.since)) / len(calls)
        statement.took += (took - statement.took) / 32
        self._synced = now
        self.load -= len(calls)
        rows: dict[int, Row] = {}
        if result is not None:
            width = result.nfields - many
            for n in range(result.ntuples):
                whose = int(result.get_value(n, width) or b"0") if many else 0
                rows[whose] = tuple([result.get_value(n, i) for i in range(width)])
        for n, call in enumerate(calls):
            if call.future.done():
                continue
            if error is None:
                call.future.set_result(rows.get(n))
            elif not many:
                call.future.set_exception(error)
            elif call.at is self:  # whose failure it is shows when each is sent by itself
                statement.took = _BRIEF
                self.give(call)

    def lose(self) -> None:
        """Closes the connection; every call under way learns that its fate is unknown."""
        if not self.gone.is_set():
            self.gone.set()
            self.usable = False
            self._deaf()
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._connection.finish()
        self.load = 0
        while self._sent:
            sent = self._sent.popleft()
            # The server's own last word (57P01 and the like) is said to him whose it was.
            error = sent.error if len(sent.calls) == 1 else None
            for call in sent.calls:
                if call.at is self and not call.future.done():
                    call.future.set_exception(error or ConnectionLost())
