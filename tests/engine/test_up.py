"""`plinth up` and `plinth serve` as whole programs: what they refuse, and how they end."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROOT, Database, Serve, free_port, until
from tests.engine.conftest import postmaster, processes
from tests.processes import children


@contextmanager
def up(data: Path, port: int, *options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The running program; its words are in data/up.txt."""
    command = [
        sys.executable,
        "-m",
        "pyapp",
        "up",
        "--data",
        str(data),
        "--port",
        str(port),
        *options,
    ]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PLINTH_", "DATABASE_", "PG"))}
    with (data / "up.txt").open("a") as words:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env | environment, text=True, stdout=words, stderr=words
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(12)


def ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_its_life(data: Path) -> None:
    """Ready, asked to stop, killed, started over what the killed one left."""
    port = free_port()
    words = data / "up.txt"
    with up(data, port, "--workers", "2") as first:
        until(lambda: "Ctrl-C stops what it started" in words.read_text(), 60, words.read_text)
        assert ready(port)
        said = words.read_text()
        assert f"Plinth serves on http://127.0.0.1:{port}\n" in said
        assert f"http://127.0.0.1:{port}/docs" in said
        assert "alice / Dev@12345" in said
        assert "\033" not in said  # plain lines where no terminal is

        again = refused(data, free_port())
        assert (
            again
            == f"plinth: {data} is in use by another plinth up or serve; stop it or choose --data"
        )

        parts = children(first.pid, " ")
        assert len(parts) == 5  # PostgreSQL, Redis, two workers, one job worker
        workers = [pid for pid in parts if "pyapp _" in _words(pid, "cmdline")]
        assert len(workers) == 3
        for pid in workers:
            assert "DATABASE_ADMIN_URL" not in _words(pid, "environ")
            assert "plinth_admin" not in _words(pid, "environ")
            assert "plinth_web" not in _words(pid, "cmdline")

        server = postmaster(data)
        first.kill()
        first.wait()
        # Nobody tells the workers, and yet they do not serve on without a supervisor.
        until(lambda: not any(_words(pid, "cmdline") for pid in workers), 20)
        assert _words(server, "cmdline")

    with up(data, port, "--workers", "1") as second:
        until(lambda: ready(port), 60, words.read_text)
        assert postmaster(data) == server
        second.send_signal(signal.SIGINT)
        assert second.wait(20) == 0
    assert processes(data) == []
    assert "Traceback" not in words.read_text()


def test_a_taken_port_is_named(data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refused(data, port)
    assert (
        said == f"plinth: port {port} on 127.0.0.1 is taken; choose one with --port or PLINTH_PORT"
    )


def refused(data: Path, port: int) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "pyapp", "up", "--data", str(data), "--port", str(port)],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    return ended.stderr.strip()


def test_serve_refuses_a_login_that_is_too_strong(serve: Serve, database: Database) -> None:
    server = serve(wait=False, DATABASE_URL=database.admin_url)
    assert server.process.wait(20) == 1
    assert "refused to serve: plinth_admin is a superuser" in server.words()


def test_serve_refuses_a_database_without_plinth(serve: Serve, database: Database) -> None:
    server = serve(wait=False, DATABASE_URL=database.web_url.replace(database.name, "postgres"))
    assert server.process.wait(20) == 1
    assert "run: plinth migrate up" in server.words()


def test_serve_refuses_production_with_default_accounts(serve: Serve, database: Database) -> None:
    key = secrets.token_hex(32)
    server = serve(wait=False, PLINTH_ENV="production", PLINTH_SECRET_KEY=key)
    assert server.process.wait(20) == 1
    assert "the account alice still has its default password" in server.words()


def test_serve_refuses_a_database_that_comes_up_later_as_well(
    serve: Serve, database: Database
) -> None:
    """It listens before its database is there; what it may not do it may not do then either."""
    with psycopg.connect(database.engine.admin_url, autocommit=True) as admin:
        admin.execute(f"alter database {database.name} allow_connections false")
        server = serve(wait=False, DATABASE_URL=database.admin_url)
        until(lambda: _alive(server.port), 60, server.words)
        admin.execute(f"alter database {database.name} allow_connections true")
        assert server.process.wait(20) == 1
    assert "is a superuser" in server.words()


def _alive(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _words(pid: int, kind: str) -> str:
    try:
        return Path(f"/proc/{pid}/{kind}").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
