"""A whole `plinth up` of its own whose parts may be killed; what dies has to come back."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pyapp import engine as embedded
from pyapp.settings import Settings
from tests.conftest import ROOT, UNLIMITED, free_port, until
from tests.http_client import Client
from tests.processes import children

WORKERS = 2


@dataclass
class Up:
    """The service, its processes, and a way into its database."""

    data: Path
    port: int
    log: Path
    process: subprocess.Popen[bytes]
    servers: embedded.Servers = field(repr=False)
    count: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.servers.admin_url, autocommit=True)

    def value(self, query: str) -> Any:
        with self.connect() as connection:
            row = connection.execute(query.encode()).fetchone()
            return row and row[0]

    def postmaster(self) -> int:
        return int((self.data / "pgdata" / "postmaster.pid").read_text().split("\n", 1)[0])

    def redis(self) -> int:
        (pid,) = self._children("/redis.sock")
        return pid

    def workers(self) -> list[int]:
        return self._children(" _worker")

    def _children(self, word: str) -> list[int]:
        return children(self.process.pid, word)

    def ready(self) -> bool:
        """Whether every worker of it is there and the database answers."""
        assert self.process.poll() is None, self.words()
        client = Client(self.port)
        try:
            return (
                client.get("/readyz").json()["status"] == "ok" and len(self.workers()) == self.count
            )
        except OSError:
            return False
        finally:
            client.close()

    def words(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


def family(pid: int) -> list[int]:
    return [pid, *children(pid)]


def start(
    data: Path, port: int, log: Path, *arguments: str, workers: int = WORKERS, **more: str
) -> subprocess.Popen[bytes]:
    ours = ("PLINTH_", "DATABASE_", "REDIS_", "PG")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    environment |= {"PLINTH_ENV": "test", "PLINTH_DATA": str(data), "PLINTH_LOG_FORMAT": "json"}
    environment |= UNLIMITED
    command = [sys.executable, "-m", "pyapp", *arguments, "--port", str(port)]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*command, "--workers", str(workers)], cwd=ROOT, env=environment | more,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip


@contextmanager
def running(workers: int) -> Iterator[Up]:
    data = Path(tempfile.mkdtemp(prefix="plinth-faults-"))
    data.chmod(0o711)
    port = free_port()
    process = start(data, port, data / "log", "up", workers=workers)
    try:
        there = embedded.known(Settings(env="test", data=data))
        up = Up(data, port, data / "log", process, there, workers)
        until(up.ready, 60, up.words)
        with up.connect() as connection:
            connection.execute("select base.set_setting('password.bcrypt_cost', '4')")
        yield up
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            process.kill()
            shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="module")
def held() -> Iterator[Up]:
    """One for all tests of a file: each leaves it as whole as it found it, or the next fails."""
    with running(WORKERS) as up:
        yield up


@pytest.fixture
def up(held: Up) -> Up:
    until(held.ready, 60, held.words)
    return held
