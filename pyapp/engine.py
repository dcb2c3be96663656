"""The embedded PostgreSQL and Redis: started, found again, kept alive and stopped.

Three lock files in DATA say who may do what: `.lock` is held while servers start or stop,
`.users` is shared by every command that uses them (the last one out stops them), and `.owner`
belongs to the one `plinth up` that keeps them alive.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.conninfo import make_conninfo

from pyapp.processes import Child, Found, Process, Say, having, stop, until
from pyapp.settings import DB_DIR, Settings, SettingsError
from pyapp.unpack import Account, EngineError, last_line, locked, programs, sync, write

DATABASE = "plinth"
ENDS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
_START_WITHIN = 120.0  # recovery after a crash may take long
_NOW = fcntl.LOCK_EX | fcntl.LOCK_NB
_DATA_MODE = 0o700 if os.geteuid() else 0o711  # root lets the account through that it lends
_LINKED = Path("/var/lib/plinth")
_SOCKETS = Path("/tmp")  # noqa: S108 - not TMPDIR: whoever attaches must find them
# Copied at every start, so that a new release can change it; ALTER SYSTEM still wins over it.
_CONFIGURATION = Path(__file__).with_name("postgresql.conf")
_INITDB = "--username=plinth_admin --auth=scram-sha-256 --no-instructions -k --encoding=UTF8"
_INITDB += " --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
# Not to be changed by ALTER SYSTEM.
_POSTGRES = "--fsync=on --listen_addresses= --port=5432 --unix_socket_permissions=0700"
_POSTGRES += " --log_directory=log"
_REDIS = "--port 0 --unixsocketperm 700"
_REDIS_CONFIGURATION = DB_DIR.parent / DB_DIR.name.replace("db", "deploy") / "redis.conf"


@dataclass(frozen=True)
class Servers:
    """Where the servers are. Embedded ones also say where their programs and sockets lie."""

    admin: str | None = field(repr=False)
    web: str | None = field(repr=False)
    redis_url: str | None
    secret_key: str = field(repr=False)
    previous_keys: tuple[str, ...] = field(default=(), repr=False)
    bin_dir: Path | None = None
    socket_dir: Path | None = None

    @property
    def admin_url(self) -> str:
        return _given("DATABASE_ADMIN_URL", self.admin)

    @property
    def web_url(self) -> str:
        return _given("DATABASE_URL", self.web)

    def apply(self, settings: Settings) -> Settings:
        """What a server process is told: never the administrator's address."""
        keys = {"secret_key": self.secret_key, "secret_key_previous": self.previous_keys}
        given = {"database_url": self.web, "redis_url": self.redis_url}
        return settings.with_(admin_url=None, **keys, **given)


def _given(name: str, url: str | None) -> str:
    if url is None:
        raise SettingsError(f"{name} must be set for this, as the other address of a database is")
    return url


class Engine:
    """The embedded pair of one DATA folder (or one of them, where the other has an address)."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self.settings, self._say, self.data = settings, say, settings.data
        self.pgdata = self.data / "pgdata"
        self.name = f"plinth-{_digest(self.data)}"
        self.postgres = Child("PostgreSQL", self._spawn_postgres, say)
        self.redis = Child("Redis", self._spawn_redis, say)
        # How each is known to answer; only of those without an address of their own.
        self._answers = {}
        if not settings.redis_url:
            self._answers[self.redis] = self._redis_answers
        if not (settings.database_url or settings.admin_url):
            self._answers[self.postgres] = self._postgres_answers
        # DATA is not touched where everything is given, as in a production container.
        self.embedded = bool(self._answers) or not settings.secret_key
        self._secrets = {"secret_key": settings.secret_key}

    def prepare(self) -> None:
        """Make the secrets and the programs; nothing runs yet."""
        self.account = Account.choose(self.pgdata)
        # A path in DATA could exceed the 107 bytes of a socket address.
        self.sockets = _SOCKETS / f"plinth-{self.account.uid}-{_digest(self.data)}"
        self._redis_socket = self.sockets / "redis.sock"
        self._home = programs(self.account) if self._answers else None
        path = self.data / "secrets.json"
        if not path.exists():
            if self.postgres in self._answers and self.pgdata.exists():
                raise EngineError(f"{path} is missing, and with it the way into {self.pgdata}")
            made = {name: secrets.token_hex(32) for name in ("admin", "web", "secret_key")}
            sync(write(path, json.dumps(made, indent=1)).parent)
        self._secrets = json.loads(path.read_text()) | {k: v for k, v in self._secrets.items() if v}

    def replace_key(self, new: str) -> None:
        """The main key of DATA; the one it replaces stays beside it."""
        path = self.data / "secrets.json"
        held = json.loads(path.read_text())
        held["previous_keys"] = [held["secret_key"], *held.get("previous_keys", ())]
        held["secret_key"] = new
        sync(write(path, json.dumps(held, indent=1)).parent)
        self._secrets = held

    def _make_sockets(self) -> None:
        # Anyone may write to /tmp, so a folder that somebody else put there is refused.
        with suppress(FileExistsError):
            self.sockets.mkdir(mode=0o700)
            self.account.own(self.sockets)
        there = self.sockets.lstat()
        if (there.st_uid, there.st_mode) != (self.account.uid, 0o40700):
            raise EngineError(f"{self.sockets} is not ours; remove it")

    def servers(self) -> Servers:
        given, key = self.settings, self._secrets["secret_key"]
        kept = () if given.secret_key else self._secrets.get("previous_keys", ())
        previous = (*given.secret_key_previous, *kept)
        admin, web, redis = given.admin_url, given.database_url, given.redis_url
        if not self._answers:
            return Servers(admin, web, redis, key, previous)
        assert self._home
        if self.postgres in self._answers:
            where = f"@/{DATABASE}?host={self.sockets}&port=5432"
            admin = f"postgresql://plinth_admin:{self._secrets['admin']}{where}"
            web = f"postgresql://plinth_web:{self._secrets['web']}{where}"
        redis = redis or f"unix://{self._redis_socket}"
        return Servers(admin, web, redis, key, previous, self._home / "shim", self.sockets)

    # ------------------------------------------------------------- start, keep, stop

    def start(self) -> None:
        """Start what is not running, and find what is."""
        self._make_sockets()
        self._find()
        if self.postgres in self._answers and not self.pgdata.exists():
            self._say("Making the database files")
            self._initdb()
        self._say("Starting the servers")
        self.tend()

    def wait(self) -> None:
        """Until both answer, whoever started them."""
        late = time.monotonic() + _START_WITHIN
        for child, answers in self._answers.items():
            while not answers():
                gone = child.process is not None and not child.alive
                if gone or time.monotonic() > late:
                    raise EngineError(f"{child.name} does not start: {self._last_words(child)}")
                time.sleep(0.01)

    def tend(self) -> None:
        """Called again and again by the owner: what died is started again."""
        for child in self._answers:
            child.tend()

    def stop(self) -> None:
        self._find()
        stop([self.redis], (signal.SIGTERM, 2.0))
        # Fast shutdown first; an immediate one loses nothing either, the next start replays WAL.
        stop([self.postgres], (signal.SIGINT, 6.0), (signal.SIGQUIT, 2.0))
        if until(lambda: not having(f"{self.name}: "), 2.0):
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _find(self) -> None:
        """What runs on this folder although its starter went or was killed: ours, not our child."""
        marks = {self.postgres: f"cluster_name={self.name} ", self.redis: str(self._redis_socket)}
        for child in self._answers:
            # A postmaster's fresh fork carries its parent's command line: the oldest one counts.
            if child.process is None and (running := having(marks[child])):
                child.process = Found(min(running))

    def _last_words(self, child: Child) -> str:
        """The line of its log that says why, and where the rest is."""
        logs = [self.data / f"{child.name.lower()}.log"]
        if child is self.postgres:  # what happens after its first second is in its own folder
            logs = [*self.pgdata.glob("log/*.log"), *logs]
        return f"{_reason(b''.join(log.read_bytes() for log in logs))} (see {logs[-1]})"

    # ------------------------------------------------------------------ PostgreSQL

    def _initdb(self) -> None:
        if not self.account.reaches(self.data):
            # A folder of its own each time: a DATA that was removed and made again finds no old
            # rows, and the old files are not lost.
            _LINKED.mkdir(parents=True, exist_ok=True, mode=0o711)
            folder = Path(tempfile.mkdtemp(prefix=f"{_digest(self.data)}-", dir=_LINKED))
            folder.chmod(0o711)
            self.pgdata.unlink(missing_ok=True)
            self.pgdata.symlink_to(folder / "pgdata")
            self._say(f"{self.data} is closed to PostgreSQL's account: its files are in {folder}")
        place = self.pgdata.resolve()
        fresh = place.with_name("pgdata.new")
        shutil.rmtree(fresh, ignore_errors=True)  # left by a start that was killed
        fresh.mkdir(mode=0o700)
        word = write(self.sockets / "password", self._secrets["admin"])
        for path in (fresh, word):
            self.account.own(path)
        # Page checksums are the default of this version; its files are on disk when it ends.
        command = [f"{self._home}/shim/initdb", f"--pgdata={fresh}", f"--pwfile={word}"]
        ended = subprocess.run(
            [*command, *_INITDB.split()], check=False, capture_output=True, **self._apart()
        )
        word.unlink()
        if ended.returncode:
            raise EngineError(f"cannot make the database files: {_reason(ended.stderr)}")
        fresh.rename(place)
        sync(place.parent)

    def _spawn_postgres(self) -> Process | None:
        # Where its postmaster was killed, a new one may start only when the last of them is gone.
        for pid in having(f"postgres: {self.name}: "):
            Found(pid).send_signal(signal.SIGKILL)
        if not until(lambda: not having(f"postgres: {self.name}: "), 0.2):
            return None
        # No server runs on these files, so what names one is stale. After a reboot its number
        # can belong to somebody else, and PostgreSQL would wait for that one for ever.
        for stale in (self.pgdata / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
        place = self.pgdata.resolve()
        # Room for all workers of a machine with many cores, and for whoever looks in beside them.
        most = max(100, self.settings.connections + 20)
        text = f"{_CONFIGURATION.read_text()}max_connections = {most}\n"
        (place / "postgresql.conf").write_text(text)
        command = [f"{self._home}/shim/postgres", "-D", str(place), *_POSTGRES.split()]
        command += [f"--unix_socket_directories={self.sockets}", f"--cluster_name={self.name}"]
        return self._popen(command, "postgresql.log")

    def _postgres_answers(self) -> bool:
        try:
            if "ready" not in (self.pgdata / "postmaster.pid").read_text():
                return False
            url = make_conninfo(self.servers().admin_url, dbname="postgres", connect_timeout="5")
            with psycopg.connect(url, autocommit=True) as connection:
                there = "select 1 from pg_database where datname = %s"
                if connection.execute(there, [DATABASE]).fetchone() is None:
                    connection.execute(f"create database {DATABASE}")
                # What is typed by hand, in psql or elsewhere, may hold a password, which the log of
                # slow statements would show. PGOPTIONS would reach the web login, which may not.
                if connection.execute("show log_min_duration_statement").fetchone() != ("-1",):
                    connection.execute("alter role plinth_admin set log_min_duration_statement=-1")
                return True
        except (OSError, psycopg.OperationalError) as error:
            if "password authentication failed" in str(error):
                wrong = f"{self.data / 'secrets.json'} does not belong to {self.pgdata}"
                raise EngineError(wrong) from None
            return False

    # ----------------------------------------------------------------------- Redis

    def _spawn_redis(self) -> Process | None:
        places = f"{self._home}/shim:{os.environ.get('PATH', os.defpath)}"
        names = "redis-server", "valkey-server"
        program = next(filter(None, (shutil.which(name, path=places) for name in names)), None)
        if program is None:
            raise EngineError("no Redis comes along for this Python: install it, or set REDIS_URL")
        self._redis_socket.unlink(missing_ok=True)
        self._make_sockets()  # from here its account can read the file
        configuration = Path(shutil.copy(_REDIS_CONFIGURATION, self.sockets / "redis.conf"))
        configuration.chmod(0o644)
        command = [program, str(configuration), *_REDIS.split(), "--dir", str(self.sockets)]
        return self._popen([*command, "--unixsocket", str(self._redis_socket)], "redis.log")

    def _redis_answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as link:
            link.settimeout(1)
            link.connect(str(self._redis_socket))
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
        return False

    def _popen(self, command: list[str], log: str) -> Process:
        self._make_sockets()
        with (self.data / log).open("wb") as words:
            return subprocess.Popen(command, stdout=words, stderr=words, **self._apart())

    def _apart(self) -> dict[str, Any]:
        """Apart from the terminal: Ctrl-C is ours to handle, the servers stop after the workers.

        Nothing of the caller's environment: its PGDATA, PGPORT or LANG would change the server."""
        environment = {"PATH": os.defpath, "HOME": str(self.sockets), "LC_ALL": "C", "TZ": "UTC"}
        alone = {"stdin": subprocess.DEVNULL, "start_new_session": True, "umask": 0o077}
        return {"env": environment, "cwd": self.sockets, **alone, **self.account.popen}


# ------------------------------------------------------------------- who holds the pair


@contextmanager
def servers(
    settings: Settings, say: Say = lambda _text: None, *, make: bool = True
) -> Iterator[Servers]:
    """The servers for as long as one command needs them; what nobody else uses is stopped."""
    if not make:
        must_be_there(settings)
    with _running(settings, say, owner=False) as engine:
        yield engine.servers()


@contextmanager
def owning(settings: Settings, say: Say) -> Iterator[tuple[Engine, Servers]]:
    """The servers for `plinth up`, which keeps them alive and alone may stop them at any time."""
    with _running(settings, say, owner=True) as engine:
        yield engine, engine.servers()


def must_be_there(settings: Settings) -> None:
    """For commands that make no servers."""
    if not (settings.database_url or settings.admin_url or (settings.data / "pgdata").exists()):
        raise EngineError(f"nothing is in {settings.data} yet: plinth up makes it, --data names it")


def known(settings: Settings) -> Servers:
    """Where the servers are or will be, without starting any."""
    engine = Engine(settings, lambda _text: None)
    if engine.embedded:
        with _changing(engine.data):
            engine.prepare()
    return engine.servers()


@contextmanager
def _running(settings: Settings, say: Say, *, owner: bool) -> Iterator[Engine]:
    with _folder(settings) as data, ExitStack() as locks, ExitStack() as change:
        engine = Engine(settings.with_(data=data), say)
        if not engine.embedded:
            yield engine
            return
        # One hold: who came in between would wait for servers that the owner cannot start.
        change.enter_context(_changing(data))
        if owner and _held(data / ".owner"):
            busy = "is in use by another plinth up or serve; stop it or choose --data"
            raise EngineError(f"{data} {busy}")
        if owner:
            locks.enter_context(locked(data / ".owner"))
        locks.enter_context(locked(data / ".users", fcntl.LOCK_SH))
        engine.prepare()
        try:
            if owner or not _held(data / ".owner"):
                engine.start()
            engine.wait()
            change.close()
            yield engine
        finally:
            change.close()
            with _changing(data):
                held = signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # or some would be left
                locks.close()
                if owner or not (_held(data / ".owner") or _held(data / ".users")):
                    engine.stop()
                engine.postgres.leave()
                engine.redis.leave()
                signal.pthread_sigmask(signal.SIG_SETMASK, held)


@contextmanager
def _folder(settings: Settings) -> Iterator[Path]:
    """DATA, or with --memory a folder that goes when the servers go."""
    if not settings.memory:
        yield settings.data
        return
    temporary = Path(tempfile.gettempdir())
    for left in temporary.glob("plinth-memory-*/.users"):  # of a run that was killed, if not busy
        with suppress(EngineError, OSError), _changing(left.parent, _NOW), locked(left, _NOW):
            old = Engine(settings.with_(data=left.parent), lambda _text: None)
            old.prepare()
            old.stop()
            shutil.rmtree(left.parent)
    with tempfile.TemporaryDirectory(prefix="plinth-memory-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(_DATA_MODE)
        yield Path(name)


def _changing(data: Path, how: int = fcntl.LOCK_EX) -> AbstractContextManager[int]:
    if data.exists() and not data.is_dir():
        raise EngineError(f"{data} is not a folder; choose another --data")
    data.mkdir(parents=True, exist_ok=True, mode=_DATA_MODE)
    if os.geteuid() not in (0, data.stat().st_uid):
        raise EngineError(f"{data} belongs to another user; choose another --data")
    return locked(data / ".lock", how)


def _held(lock: Path) -> bool:
    with suppress(BlockingIOError), locked(lock, _NOW):
        return False
    return True


def settle(there: Servers, settings: Settings) -> None:
    """After a migration: what only a deployment knows, the environment and the web password."""
    keys = there.apply(settings).key_options
    with psycopg.connect(there.admin_url, autocommit=True, options=keys) as connection:
        connection.execute("select core.adopt_secret_key()")
        ask = "select base.set_setting('environment', %s) where base.setting('environment') <> %s"
        connection.execute(ask, [settings.env, settings.env])
        web = urlsplit(there.web or "")
        if web.username != "plinth_web" or not web.password:
            return
        with suppress(psycopg.OperationalError), psycopg.connect(there.web_url):
            return
        # Only its hash travels, so that no log and no statistics view can show the password.
        connection.pgconn.change_password(b"plinth_web", unquote(web.password).encode())


def _reason(said: bytes) -> str:
    """The line that says why, which need not be the last one."""
    bad = [line for line in said.splitlines() if b"FATAL" in line or b"rror" in line]
    return last_line(bad[-1] if bad else said)


def _digest(data: Path) -> str:
    return hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]


def acting(there: Servers, settings: Settings, *more: str, **how: Any) -> psycopg.Connection[Any]:
    """A connection on which a command calls functions: as operator unless more options say
    otherwise, and with the keys that only the environment knows. Each statement stands alone."""
    options = " ".join(("-c role=plinth_operator", there.apply(settings).key_options, *more))
    return psycopg.connect(there.admin_url, options=options, autocommit=True, **how)


@contextmanager
def connected(settings: Settings, *more: str, **how: Any) -> Iterator[psycopg.Connection[Any]]:
    """The same, for as long as one command needs it."""
    with servers(settings, make=False) as there, acting(there, settings, *more, **how) as link:
        yield link


def for_user(name: str) -> str:
    """The option by which an operator acts for a user."""
    if not name.strip():  # as where a variable was empty: it would act for nobody, in silence
        raise SettingsError("--as must name a user")
    return "-c plinth.as_user=" + name.replace("\\", r"\\").replace(" ", r"\ ")
