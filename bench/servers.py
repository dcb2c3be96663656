"""The servers under test, each a process of its own on the same core, over one database."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from socket import socket
from urllib.parse import parse_qs, unquote, urlsplit

from bench.machine import BenchError, core
from pyapp.engine import Servers
from pyapp.settings import Settings

HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers"
PACKAGES = PEERS / "python"


@dataclass(frozen=True)
class Server:
    port: int
    pid: int


def install(*, peers: bool) -> None:
    """What is compared with, at exact versions, beside the project and not into it."""
    if shutil.which("wrk") is None:
        raise BenchError("wrk is not here: apt-get install wrk")
    packages(PACKAGES, *["requirements.txt"] + ["requirements-peers.txt"] * peers)
    lock = HERE / "peers" / "package-lock.json"
    have = PEERS / "package-lock.json"
    if peers and (not have.exists() or have.read_text() != lock.read_text()):
        if shutil.which("npm") is None:
            raise BenchError("npm is not here: install Node.js 20 or newer for the peers")
        for name in ("package.json", "fastify_app.mjs", "package-lock.json"):
            shutil.copy(HERE / "peers" / name, PEERS)
        _run(["npm", "ci", "--loglevel=error", "--no-audit", "--no-fund", "--prefix", str(PEERS)])


def packages(folder: Path, *lists: str) -> None:
    """Exactly what the lists name, into a folder of its own."""
    wanted = "".join((HERE / name).read_text() for name in lists) + sys.version
    stamp = folder / ".stamp"
    if not stamp.exists() or wanted not in stamp.read_text():
        print("installing what Plinth is compared with into bench/.peers", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        given = [word for name in lists for word in ("-r", str(HERE / name))]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--no-deps", "--target", str(folder), *given])
        stamp.write_text(wanted)


def _run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        raise BenchError(f"this did not work: {' '.join(command)}")


def commands(*, peers: bool) -> dict[str, list[str]]:
    """How each server is started; its port follows."""
    python = sys.executable
    found = {
        "hello": [python, str(HERE / "hello.py")],
        "plinth": [python, "-m", "pyapp", "serve", "--port"],
        "pool": [python, str(HERE / "peers" / "pool_app.py"), "plain"],
        "tuned": [python, str(HERE / "peers" / "pool_app.py"), "tuned"],
    }
    if peers:
        shutil.copy(HERE / "peers" / "fastify_app.mjs", PEERS)
        found["fastapi"] = [python, str(HERE / "peers" / "fastapi_app.py")]
        found["fastify"] = ["node", str(PEERS / "fastify_app.mjs")]
    return found


def environment(there: Servers, settings: Settings, statement: str) -> dict[str, str]:
    """The same for all: one database, one login, one statement, pools of one size."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PLINTH_", "DATABASE_", "PG"))}
    ours = {
        "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(PACKAGES)]),
        "BENCH_STATEMENT": statement,
        "BENCH_POOL": "8",
        "NODE_ENV": "production",
    }
    return kept | there.apply(settings).environ() | login(there.web_url) | ours


def login(address: str) -> dict[str, str]:
    """An address as the variables that libpq and node's pg read."""
    url = urlsplit(address)
    return {
        "PGHOST": parse_qs(url.query)["host"][0],
        "PGUSER": unquote(url.username or ""),
        "PGPASSWORD": unquote(url.password or ""),
        "PGDATABASE": url.path.strip("/"),
    }


@contextmanager
def running(
    name: str, command: list[str], on: int, env: Mapping[str, str], folder: Path
) -> Iterator[Server]:
    """A server that answers, until the end of the block."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = folder / f"{name}.log"
    with path.open("wb") as log, core(on):
        process = subprocess.Popen([*command, str(port)], env=env, stdout=log, stderr=log)
    try:
        late = time.monotonic() + 30
        while not _answers(port, "/readyz" if name == "plinth" else "/"):
            if process.poll() is not None or time.monotonic() > late:
                raise BenchError(f"{name} does not start: {path.read_text()[-2000:]}")
            time.sleep(0.05)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(12)
        process.kill()
        process.wait()


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()
