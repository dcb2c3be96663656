"""One connection, permanently in pipeline mode: calls go out as they come, answers come in order.

The way that reaches the database's own speed from one event loop: a prepared statement and ONE
sync per call (an error then aborts that call alone), one permanent reader, no lock, no checkout.
A call has succeeded only at its sync: what a deferred constraint refuses at commit arrives after
the row.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from psycopg import AsyncConnection, pq

Row = tuple[bytes | None, ...]

_MOST_PREPARED = 500
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


class Statement:
    """A statement's text and the name it is prepared under, the same on every connection."""

    __slots__ = ("formats", "name", "replica", "text")
    _numbers = count(1)  # a plain sum could give one name twice: statements are made by two threads

    def __init__(
        self, text: str, replica: "Statement | None" = None, formats: list[int] | None = None
    ) -> None:
        self.name = b"s%d" % next(Statement._numbers)
        self.text = text.encode()
        self.replica = replica  # the same question to a replica
        self.formats = formats  # 1 for each value in binary form; None: all are text


# What runs before a statement, in the same transaction: if it fails, the statement does not run.
Before = tuple[Statement, Sequence[bytes | None]]


@dataclass(slots=True, eq=False)
class Call:
    """One statement under way."""

    statement: Statement
    values: Sequence[bytes | None]
    future: asyncio.Future[Row | None]
    first: Before | None = None
    again: bool = False  # sent once more elsewhere: this one is behind a slow one
    row: Row | None = None
    error: DatabaseError | None = None


class Pipe:
    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._owner = connection  # it would close the connection if nobody held it
        self._connection = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._calls: deque[Call] = deque()
        self._prepared: dict[bytes, None] = {}
        self._flushing = False
        self._head: Call | None = None
        self._head_since = 0.0
        self.usable = True  # it is there, and the call at its head holds up no other
        self.gone = asyncio.Event()
        self._connection.nonblocking = 1
        self._connection.enter_pipeline_mode()
        self._socket = self._connection.socket
        self._loop.add_reader(self._socket, self._read)

    @property
    def load(self) -> int:
        return len(self._calls)

    def held(self, now: float) -> float:
        """How long the call at the head has been there, as far as was looked: calls read no clock,
        whoever wants to know looks now and then."""
        head = self._calls[0] if self._calls else None
        if head is not self._head:
            self._head, self._head_since = head, now
        return now - self._head_since if head is not None else 0.0

    def behind(self) -> list[Call]:
        """Calls that wait for the one at the head, and for nothing else."""
        return [c for c in islice(self._calls, 1, None) if not (c.again or c.future.done())]

    def send(
        self,
        statement: Statement,
        values: Sequence[bytes | None],
        first: Before | None = None,
    ) -> asyncio.Future[Row | None]:
        call = Call(statement, values, self._loop.create_future(), first)
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
            raise ConnectionLost from None
        self._calls.append(call)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)
        return call.future

    def _prepare(self, statement: Statement) -> None:
        if len(self._prepared) >= _MOST_PREPARED:
            oldest = next(iter(self._prepared))
            del self._prepared[oldest]
            self._connection.send_close_prepared(oldest)
        # Closing what is not there is no error; what is there may be out of date.
        self._connection.send_close_prepared(statement.name)
        self._connection.send_prepare(statement.name, statement.text)
        self._prepared[statement.name] = None

    def _flush(self) -> None:
        self._flushing = False
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
            while self._calls and not self._connection.is_busy():
                result = self._connection.get_result()
                if result is not None:
                    self._take(result)
        except Exception:
            self.lose()
            return
        if self._connection.status != pq.ConnStatus.OK:
            self.lose()

    def _take(self, result: pq.abc.PGresult) -> None:
        call, status = self._calls[0], result.status
        if status == _ROWS:
            if result.ntuples:
                call.row = tuple([result.get_value(0, i) for i in range(result.nfields)])
        elif status == _SYNC:
            self._calls.popleft()
            self.usable = True
            if call.future.done():
                return
            if call.error is None:
                call.future.set_result(call.row)
            else:
                call.future.set_exception(call.error)
        elif status != _DONE and call.error is None:
            call.error = DatabaseError(result)
            if call.error.sqlstate in OUTDATED:
                self._prepared.pop(call.statement.name, None)
                if call.first is not None:
                    self._prepared.pop(call.first[0].name, None)

    def lose(self) -> None:
        """Closes the connection; every call under way learns that its fate is unknown."""
        if self.gone.is_set():
            return
        self.gone.set()
        self.usable = False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._connection.finish()
        for call in self._calls:
            if not call.future.done():
                # The server's own last word (57P01 and the like) is said to those whose it was.
                call.future.set_exception(call.error or ConnectionLost())
        self._calls.clear()


class Ears(Pipe):
    """The same for a connection that also hears what other sessions notify, while it is there."""

    def __init__(
        self,
        connection: AsyncConnection[Any],
        heard: Callable[[str], None],
        deaf: Callable[[], None],
    ) -> None:
        super().__init__(connection)
        self._heard = heard
        self._deaf = deaf

    def _read(self) -> None:
        super()._read()
        while not self.gone.is_set() and (notice := self._connection.notifies()) is not None:
            self._heard(notice.relname.decode())

    def lose(self) -> None:
        if not self.gone.is_set():
            self._deaf()  # at once: nobody may act on what might have been said since
        super().lose()
