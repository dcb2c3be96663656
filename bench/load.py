"""Load on one endpoint, and the certainty that what came back was right."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

from bench.machine import BenchError, busy, used

_LUA = Path(__file__).with_name("wrk.lua")
_PROBE = 0.02  # seconds between two answers that are looked at while wrk measures


@dataclass(frozen=True)
class Request:
    """One request, and what its answer has to say."""

    path: str
    says: str
    headers: Mapping[str, str]
    body: str = ""

    limited: bool = False  # its answer tells how much is left

    @property
    def method(self) -> str:
        return "POST" if self.body else "GET"

    @property
    def raw(self) -> bytes:
        headers = {"Host": "localhost", **self.headers}
        if self.body:
            headers["Content-Length"] = str(len(self.body))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", self.body]).encode()

    def ask(self, connection: HTTPConnection) -> int:
        """The length of the whole answer; a wrong one ends the benchmark."""
        connection.request(self.method, self.path, self.body or None, dict(self.headers))
        answer = connection.getresponse()
        body, status = answer.read(), 201 if self.body else 200
        if answer.status != status or self.says.encode() not in body:
            raise BenchError(f"{self.path} answered {answer.status}: {body[:300]!r}")
        if self.limited and "RateLimit-Remaining" not in answer.headers:
            raise BenchError(f"{self.path} is not limited")
        head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
        return len(f"HTTP/1.1 {status} {answer.reason}\r\n\r\n") + head + len(body)


@dataclass(frozen=True)
class Processes:
    """Who works while a point is measured, by root process, and where."""

    server: int | None
    postgres: int
    redis: int
    cores: tuple[int, int]

    def measure(self, run: Callable[[], dict[str, Any]]) -> dict[str, float]:
        """One point: a rate, and the microseconds of CPU that one answer cost everybody."""
        before, started = self._spent(), time.monotonic()
        found = run()
        seconds = time.monotonic() - started
        spent = {name: after - before[name] for name, after in self._spent().items()}
        busy = [spent.pop("core0") / seconds, spent.pop("core1") / seconds]
        return {
            "rate": found["count"] / found["seconds"],
            **{name: found[name] for name in ("p50_ms", "p99_ms") if name in found},
            **{f"{name}_us": 1e6 * value / found["count"] for name, value in spent.items()},
            "core0": busy[0],
            "core1": busy[1],
            # Others on a shared machine, and the kernel for all: what was beside them says less.
            "others": max(0.0, sum(busy) - sum(spent.values()) / seconds),
        }

    def _spent(self) -> dict[str, float]:
        found = used({"server": self.server, "postgres": self.postgres, "redis": self.redis})
        ours = (getrusage(RUSAGE_CHILDREN), getrusage(RUSAGE_SELF))
        found["load"] = sum(one.ru_utime + one.ru_stime for one in ours)
        return found | {f"core{n}": busy(core) for n, core in enumerate(self.cores)}


def wrk(
    port: int, requests: list[Request], clients: int, seconds: int, folder: Path
) -> dict[str, Any]:
    """Every answer's status is looked at, the bytes of all are counted, single ones are read."""
    path = folder / "requests"
    path.write_bytes(b"\0".join(request.raw for request in requests))
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    whole = requests[0].ask(connection)
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "20s"]
    command += ["-s", str(_LUA), f"http://127.0.0.1:{port}", "--", str(path)]
    with _probing(connection, requests if clients > 8 else []):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise BenchError(f"wrk said: {ended.stdout[-500:]} {ended.stderr[-500:]}") from None
    mean = found["bytes"] / max(1, found["count"])
    if found["failed"] or abs(mean / whole - 1) > 0.02:
        raise BenchError(f"{requests[0].path}: {mean:.0f} bytes instead of {whole}, {found}")
    return found


@contextmanager
def _probing(connection: HTTPConnection, requests: list[Request]) -> Iterator[None]:
    """Reads an answer now and then: is it the answer to this very request, of this very user?"""
    stop, wrong = threading.Event(), list[Exception]()

    def look() -> None:
        at = 0
        while requests and not stop.wait(_PROBE):
            at += 1
            try:
                requests[at % len(requests)].ask(connection)
            except Exception as error:
                wrong.append(error)
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if wrong:
        raise BenchError(f"a wrong answer under load: {wrong[0]}")


def pgbench(
    program: Path, script: Path, clients: int, seconds: int, env: Mapping[str, str], *more: str
) -> dict[str, Any]:
    """The same statement with nothing between it and the database."""
    command = [str(program), "-n", "-M", "prepared", f"-c{clients}", "-j1", f"-T{seconds}"]
    ended = subprocess.run(
        [*command, *more, "-f", str(script)],
        env=dict(env), capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = {n: re.search(rf"{n}[^\d]*([\d.]+)", ended.stdout) for n in ("processed:", "tps =")}
    failed = re.search(r"failed transactions: [^0]", ended.stdout)
    if ended.returncode or failed or not (said["processed:"] and said["tps ="]):
        raise BenchError(f"pgbench said: {ended.stdout[-500:]} {ended.stderr[-500:]}")
    count, rate = float(said["processed:"][1]), float(said["tps ="][1])
    return {"count": count, "seconds": count / rate, "p50_ms": 1000 * clients / rate}
