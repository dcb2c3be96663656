"""Logs: one line per event, JSON or text, no secret in it, written in batches by one thread."""

import json
import logging
import os
import re
import stat
import sys
import threading
import time
from datetime import UTC, datetime
from functools import lru_cache

PIPE_ATOMIC = 4096  # a write to a pipe up to this size is never mixed with another process's
MAX_PENDING = 50_000
FLUSH_SECONDS = 0.2

_SECRETS = re.compile(
    r"pl[srk]_[A-Za-z0-9_-]{8,}"  # our tokens and keys
    r"|\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{20,}|pbkdf2[:_$][^\s\"',]+"  # password hashes
    r"|(?<=://)[^\s/@:]*:[^\s@]*(?=@)"  # user and password of an address
    r"|(?i:(?<=bearer )|(?<=basic ))\S+"
    r"|(?i:(?:password|passwd|secret|token|api_?key|authorization)[\"']?\s*[=:]\s*)"
    r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&}]+)"
)


def redact(text: str) -> str:
    return _SECRETS.sub("[redacted]", text)


@lru_cache(maxsize=2048)
def quoted(text: str, limit: int = 256) -> str:
    """Text from a client as a JSON string: short, without secrets, in printable ASCII."""
    return json.dumps(redact(text[:limit]))


class Sink:
    """Lines wait here for the writer, so that a slow reader of the log never holds up a request."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = sys.stderr.fileno() if descriptor is None else descriptor
        regular = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        self._most = 1 << 16 if regular else PIPE_ATOMIC
        self.lines: list[str] = []
        self.dropped = 0
        self._stopped = threading.Event()
        self._writer = threading.Thread(target=self._run, name="log", daemon=True)
        self._writer.start()

    def write(self, line: str) -> None:
        if len(self.lines) < MAX_PENDING:
            self.lines.append(line)
        else:
            self.dropped += 1

    def _run(self) -> None:
        while not self._stopped.wait(FLUSH_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        lines, self.lines = self.lines, []
        batch: list[str] = []
        size = 0
        for line in lines:
            size += len(line)
            if size > self._most:
                self._out("".join(batch))
                batch, size = [], len(line)
            batch.append(line)
        self._out("".join(batch))

    def _out(self, text: str) -> None:
        data = text.encode()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self.dropped += data.count(b"\n")

    def close(self) -> None:
        self._stopped.set()
        self._writer.join(timeout=2)


class Handler(logging.Handler):
    """What Python's logging brings, as lines of the same kind."""

    def __init__(self, sink: Sink, style: str) -> None:
        super().__init__()
        self.sink = sink
        self.style = style

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            message += "\n" + logging.Formatter().formatException(record.exc_info)
        message = redact(message)[-3000:]
        stamp = timestamp(record.created)
        if self.style == "text":
            shown = message.encode("unicode_escape").decode().replace("\\n", "\n  ")
            self.sink.write(f"{stamp[11:23]} {record.levelname:7} {record.name}: {shown}\n")
            return
        level, name = record.levelname.lower(), record.name
        self.sink.write(
            f'{{"time":"{stamp}","level":"{level}","logger":"{name}","pid":{os.getpid()},'
            f'"message":{json.dumps(message)}}}\n'
        )


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class AccessLog:
    """One line per request. The route is logged, never the address's own values or its query."""

    def __init__(self, sink: Sink, style: str) -> None:
        self._write = sink.write
        self._json = style == "json"
        self._second = 0
        self._stamp = ""

    def __call__(
        self, id_: str, what: tuple[str, str, int], seconds: float, size: int, who: tuple[str, str]
    ) -> None:
        """what: method, route and status; who: address and agent."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, timestamp(second)[:19]
        milliseconds = f"{self._stamp}.{int((now - second) * 1000):03}Z"
        if self._json:
            self._write(
                f'{{"time":"{milliseconds}","level":"info","logger":"access","request_id":"{id_}"'
                f'{_what(what)},"ms":{seconds * 1000:.2f},"bytes":{size}{_who(who)}}}\n'
            )
        else:
            method, route, status = what
            self._write(
                f"{milliseconds[11:23]} {status} {method:6} {quoted(route)[1:-1]} "
                f"{seconds * 1000:.1f} ms {size} B {id_}\n"
            )


@lru_cache(maxsize=2048)
def _what(what: tuple[str, str, int]) -> str:
    return f',"method":"{what[0]}","route":{quoted(what[1])},"status":{what[2]}'


@lru_cache(maxsize=2048)
def _who(who: tuple[str, str]) -> str:
    return f',"address":"{who[0]}","agent":{quoted(who[1])}'


def setup(style: str, descriptor: int | None = None) -> Sink:
    """Sends this process's logging through one sink; close() writes what is left."""
    sink = Sink(descriptor)
    root = logging.getLogger()
    root.handlers[:] = [Handler(sink, style)]
    root.setLevel(logging.INFO)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    return sink
