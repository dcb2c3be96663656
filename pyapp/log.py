"""Logs: one line per event, JSON or text, no secret in it, written in batches by one thread."""

import json
import logging
import os
import re
import stat
import sys
import threading
from datetime import UTC, datetime
from functools import lru_cache

PIPE_ATOMIC = 4096  # a write to a pipe up to this size is never mixed with another process's
MAX_PENDING = 50_000
FLUSH_SECONDS = 0.2

_SECRETS = re.compile(
    r"pl[srko]_[A-Za-z0-9_-]{8,}"  # our tokens and keys
    r"|\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{20,}|pbkdf2[:_$][^\s\"',]+"  # password hashes
    r"|(?<=://)[^\s/@:]*+:[^\s@]*+(?=@)"  # user and password of an address
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

    def __init__(self, descriptor: int, *, text: bool = False) -> None:
        self._descriptor = descriptor
        self._text = text
        self._most = 1 << 16 if stat.S_ISREG(os.fstat(descriptor).st_mode) else PIPE_ATOMIC
        self._lines: list[str] = []
        self.dropped = 0
        self._stopped = threading.Event()
        self._writer = threading.Thread(target=self._run, name="log", daemon=True)
        self._writer.start()

    def write(self, line: str) -> None:
        if len(self._lines) < MAX_PENDING:
            self._lines.append(line)
        else:
            self.dropped += 1

    def access(
        self,
        now: float,
        id_: str,
        what: tuple[str, str, int],
        seconds: float,
        size: int,
        who: tuple[str, str],
    ) -> None:
        """One line per request; what: method, route and status; who: address and agent.

        The route is logged, never the address's own values or its query."""
        self.write(
            f'{_begun(int(now * 1000))}{id_}"{_what(what)},"ms":{seconds * 1000:.2f},'
            f'"bytes":{size}{_who(who)}}}\n'
        )

    def _run(self) -> None:
        while not self._stopped.wait(FLUSH_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        batch = ""
        for line in map(_plain, lines) if self._text else lines:
            if len(batch) + len(line) > self._most:
                self._out(batch.encode())
                batch = ""
            batch += line
        self._out(batch.encode())

    def _out(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self.dropped += data.count(b"\n")

    def stats(self) -> dict[str, int]:
        return {"dropped_total": self.dropped}

    def close(self) -> None:
        self._stopped.set()
        self._writer.join(timeout=2)


def _plain(line: str) -> str:
    """The same line for people: the time of day, and the values in their order."""
    fields = json.loads(line)
    shown = " ".join(map(str, fields.values())).encode("unicode_escape").decode()
    return shown[11:23] + shown[len(fields["time"]) :].replace("\\n", "\n  ") + "\n"


class Handler(logging.Handler):
    """What Python's logging brings, as lines of the same kind."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        message = json.dumps(redact(self.format(record)[-6000:])[-3000:])
        stamp, level, name = timestamp(record.created), record.levelname.lower(), record.name
        self._sink.write(
            f'{{"time":"{stamp}","level":"{level}","logger":"{name}","pid":{os.getpid()},'
            f'"message":{message}}}\n'
        )


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@lru_cache(maxsize=2)
def _begun(millis: int) -> str:
    """What a line begins with, which many of one millisecond share."""
    stamp = timestamp(millis / 1000)[:23]
    return f'{{"time":"{stamp}Z","level":"info","logger":"access","request_id":"'


@lru_cache(maxsize=2048)
def _what(what: tuple[str, str, int]) -> str:
    return f',"method":"{what[0]}","route":{quoted(what[1])},"status":{what[2]}'


@lru_cache(maxsize=2048)
def _who(who: tuple[str, str]) -> str:
    return f',"address":"{who[0]}","agent":{quoted(who[1])}'


def setup(style: str) -> Sink:
    """Sends this process's logging through one sink; close() writes what is left."""
    sink = Sink(sys.stderr.fileno(), text=style == "text")
    logging.basicConfig(level="INFO", format="%(message)s", handlers=[Handler(sink)], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    return sink
