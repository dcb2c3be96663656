"""One connection, permanently in pipeline mode: calls go out as they come, answers come in order.

The way that reaches the database's own speed from one event loop: a prepared statement and ONE
sync per call (an error then aborts that call alone), one permanent reader, no lock, no checkout.
A call has succeeded only at its sync: what a deferred constraint refuses at commit arrives after
the row.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from psycopg import pq

Row = tuple[bytes | None, ...]

_MOST_PREPARED = 500
_SYNC = pq.ExecStatus.PIPELINE_SYNC
_ROWS = pq.ExecStatus.TUPLES_OK
_DONE = pq.ExecStatus.COMMAND_OK
_FIELDS = pq.DiagnosticField

# The statement is not prepared on this connection, or its plan no longer fits: prepare it afresh.
# Or (42804) a deploy changed a row type between the statement and the function it calls.
OUTDATED = frozenset(
    {"26000", "42883", "42P01", "42703", "42704", "42804", "0A000", "XX000", "3F000"}
)


class DatabaseError(Exception):
    """What PostgreSQL said of one failed call."""

    def __init__(self, result: pq.abc.PGresult) -> None:
        self.sqlstate = _field(result, _FIELDS.SQLSTATE)
        self.message = _field(result, _FIELDS.MESSAGE_PRIMARY)
        self.field = _field(result, _FIELDS.COLUMN_NAME)
        self.hint = _field(result, _FIELDS.MESSAGE_HINT)
        self.constraint = _field(result, _FIELDS.CONSTRAINT_NAME)
        super().__init__(f"{self.sqlstate} {self.message}")


class ConnectionLost(Exception):
    """The connection went away with the call under way: whether it happened is not known."""


class Statement:
    """A statement's text and the name it is prepared under, the same on every connection."""

    __slots__ = ("name", "text")
    _count = 0

    def __init__(self, text: str) -> None:
        Statement._count += 1
        self.name = b"s%d" % Statement._count
        self.text = text.encode()


class Call:
    """One statement under way."""

    __slots__ = ("again", "error", "future", "row", "statement", "values")

    def __init__(
        self,
        future: asyncio.Future[Row | None],
        statement: Statement,
        values: Sequence[bytes | None],
    ) -> None:
        self.future = future
        self.statement = statement
        self.values = values
        self.again = False  # sent once more elsewhere: this one is behind a slow one
        self.row: Row | None = None
        self.error: DatabaseError | None = None


class Pipe:
    def __init__(
        self, connection: pq.abc.PGconn, on_lost: Callable[["Pipe"], None], owner: object = None
    ) -> None:
        self._connection = connection
        self._owner = owner  # what would close the connection when nobody holds it
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._calls: deque[Call] = deque()
        self._prepared: dict[bytes, None] = {}
        self._flushing = False
        self._writing = False
        self.idle_since = self._loop.time()
        self.slow = False  # the call at the head is; all behind it wait for it
        self._seen: Call | None = None
        self._seen_at = 0.0
        connection.nonblocking = 1
        connection.enter_pipeline_mode()
        self._socket = connection.socket
        self._loop.add_reader(self._socket, self._read)

    @property
    def load(self) -> int:
        return len(self._calls)

    @property
    def open(self) -> bool:
        return self._socket >= 0

    def held(self, now: float) -> float:
        """How long the call at the head has been there, as far as was looked: calls read no clock,
        whoever wants to know looks now and then."""
        head = self._calls[0] if self._calls else None
        if head is not self._seen:
            self._seen, self._seen_at = head, now
        return now - self._seen_at if head is not None else 0.0

    def behind(self) -> list[Call]:
        """Calls that wait for the one at the head, and for nothing else."""
        return [c for c in islice(self._calls, 1, None) if not (c.again or c.future.done())]

    def send(
        self, statement: Statement, values: Sequence[bytes | None]
    ) -> asyncio.Future[Row | None]:
        call = Call(self._loop.create_future(), statement, values)
        connection = self._connection
        try:
            if statement.name not in self._prepared:
                self._prepare(statement)
            connection.send_query_prepared(statement.name, values)
            connection.pipeline_sync()
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
        if not self.open:
            return
        try:
            unsent = self._connection.flush()
        except Exception:
            self.lose()
            return
        if unsent and not self._writing:
            self._writing = True
            self._loop.add_writer(self._socket, self._flush)
        elif not unsent and self._writing:
            self._writing = False
            self._loop.remove_writer(self._socket)

    def alive(self) -> bool:
        """Looks for itself: uvloop forgets a reader whose socket was reset, and tells nobody."""
        self._read()
        return self.open

    def _read(self) -> None:
        connection = self._connection
        calls = self._calls
        try:
            connection.consume_input()
            while calls and not connection.is_busy():
                result = connection.get_result()
                if result is None:
                    continue
                status = result.status
                call = calls[0]
                if status == _ROWS:
                    call.row = (
                        tuple([result.get_value(0, i) for i in range(result.nfields)])
                        if result.ntuples
                        else None
                    )
                elif status == _SYNC:
                    calls.popleft()
                    self.slow = False
                    self._settle(call)
                elif status != _DONE and call.error is None:
                    call.error = DatabaseError(result)
                    if call.error.sqlstate in OUTDATED:
                        self._prepared.pop(call.statement.name, None)
            if not calls:
                self.idle_since = self._loop.time()
        except Exception:
            self.lose()
            return
        if connection.status != pq.ConnStatus.OK:
            self.lose()

    @staticmethod
    def _settle(call: Call) -> None:
        if call.future.done():
            return
        if call.error is None:
            call.future.set_result(call.row)
        else:
            call.future.set_exception(call.error)

    def close(self) -> None:
        """Closes a connection that has nothing under way."""
        self._on_lost = lambda _pipe: None
        self.lose()

    def lose(self) -> None:
        """Closes the connection; every call under way learns that its fate is unknown."""
        if not self.open:
            return
        self._loop.remove_reader(self._socket)
        if self._writing:
            self._loop.remove_writer(self._socket)
        self._socket = -1
        self._connection.finish()
        calls, self._calls = self._calls, deque()
        for call in calls:
            if not call.future.done():
                # The server's own last word (57P01 and the like) is said to those whose it was.
                call.future.set_exception(call.error or ConnectionLost())
        self._on_lost(self)


def _field(result: pq.abc.PGresult, field: pq.DiagnosticField) -> str:
    return (result.error_field(field) or b"").decode("utf-8", "replace")
