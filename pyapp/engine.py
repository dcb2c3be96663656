"""The embedded PostgreSQL and Redis: started, found again, kept alive and stopped.

Three lock files in DATA say who may do what: `.lock` is held while servers start or stop,
`.users` is shared by every command that uses them (the last one out stops them), and `.owner`
belongs to the one `plinth up` that keeps them alive.
"""

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
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from pyapp.processes import Child, Found, Process, Say, having, until
from pyapp.settings import Settings, SettingsError
from pyapp.unpack import Account, EngineError, locked, programs, try_lock

DATABASE = "plinth"
_START_WITHIN = 120.0  # recovery after a crash may take long
_LINKED = Path("/var/lib/plinth")
_SOCKETS = Path("/tmp")  # noqa: S108 - not TMPDIR: whoever attaches must find them

# Rewritten at every start, so that a new release can change it; ALTER SYSTEM still wins over it.
_CONFIGURATION = """\
# Written by plinth at every start. Change settings with ALTER SYSTEM, not here.
max_connections = 100
shared_buffers = 128MB
effective_cache_size = 256MB
work_mem = 4MB
maintenance_work_mem = 64MB
jit = off
shared_preload_libraries = 'pg_stat_statements'
password_encryption = 'scram-sha-256'
client_connection_check_interval = 1s
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_line_prefix = '%m [%p] %u@%d '
log_connections = 'authorization'
log_disconnections = on
log_checkpoints = off
log_min_duration_statement = 1000
# No personal value and no secret may reach the log: not as parameter, not as detail of an error.
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
"""


@dataclass(frozen=True)
class Servers:
    """Where the servers are. Embedded ones also say where their programs and sockets lie."""

    admin: str | None = field(repr=False)
    web: str | None = field(repr=False)
    redis_url: str | None
    secret_key: str = field(repr=False)
    bin_dir: Path | None = None
    socket_dir: Path | None = None
    owned: bool = False

    @property
    def admin_url(self) -> str:
        if self.admin is None:
            raise SettingsError("DATABASE_ADMIN_URL must be set for this (DATABASE_URL is)")
        return self.admin

    @property
    def web_url(self) -> str:
        if self.web is None:
            raise SettingsError("DATABASE_URL must be set for this (DATABASE_ADMIN_URL is)")
        return self.web

    def apply(self, settings: Settings) -> Settings:
        """What a server process is told: never the administrator's address."""
        return settings.with_(
            database_url=self.web,
            admin_url=None,
            redis_url=self.redis_url,
            secret_key=self.secret_key,
        )


class Engine:
    """The embedded pair of one DATA folder (or one of them, where the other has an address)."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self.settings, self._say = settings, say
        self.data = settings.data
        self.name = f"plinth-{_digest(self.data)}"
        self.wants_postgres = not (settings.database_url or settings.admin_url)
        self.wants_redis = not settings.redis_url
        # DATA is not touched where everything is given, as in a production container.
        self.embedded = self.wants_postgres or self.wants_redis or not settings.secret_key
        self._home = Path()
        self._secrets: dict[str, str] = {}
        self.postgres = Child("PostgreSQL", self._spawn_postgres, say)
        self.redis = Child("Redis", self._spawn_redis, say)

    # ------------------------------------------------------------------ places

    def prepare(self) -> None:
        """Make the folders, the secrets and the programs; nothing runs yet."""
        try:
            self.data.mkdir(parents=True, exist_ok=True, mode=0o700 if os.geteuid() else 0o711)
        except OSError as error:
            raise EngineError(f"cannot make {self.data}: {error.strerror}") from error
        self.pgdata = self.data / "pgdata"
        self.account = Account.choose(self.pgdata)
        if self.data.stat().st_uid != os.geteuid() and os.geteuid() != 0:
            raise EngineError(f"{self.data} belongs to another user; choose another --data")
        self.sockets = _SOCKETS / f"plinth-{self.account.uid}-{_digest(self.data)}"
        if self.wants_postgres or self.wants_redis:
            self._home = programs(self.account)
        self._load_secrets()

    def _make_sockets(self) -> None:
        # A path in DATA could exceed the 107 bytes of a socket address. Anyone may write to /tmp,
        # so a folder that somebody else put there is refused.
        with suppress(FileExistsError):
            self.sockets.mkdir(mode=0o700)
            self.account.own(self.sockets)
        there = self.sockets.lstat()
        if (there.st_uid, there.st_mode) != (self.account.uid, 0o40700):
            raise EngineError(f"{self.sockets} is not ours; remove it")

    def _load_secrets(self) -> None:
        path = self.data / "secrets.json"
        if not path.exists():
            if self.wants_postgres and self.pgdata.exists():
                raise EngineError(f"{path} is missing, and with it the way into {self.pgdata}")
            made = {name: secrets.token_hex(32) for name in ("admin", "web", "secret_key")}
            fresh = path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600)
            with fresh.open("w") as file:
                json.dump(made, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
            _sync(self.data)
        self._secrets = json.loads(path.read_text())

    def _place_data(self) -> Path:
        """Where the database files lie: in DATA, or linked from there where DATA is closed."""
        if self.pgdata.is_symlink() or self.pgdata.exists():
            return self.pgdata.resolve()
        if self.account.reaches(self.data):
            return self.pgdata
        place = _LINKED / _digest(self.data)
        _LINKED.mkdir(parents=True, exist_ok=True, mode=0o711)
        if place.exists():  # its DATA was removed; a fresh one must not find old rows
            old = place.with_name(f"{place.name}.{time.strftime('%Y%m%d%H%M%S')}")
            place.rename(old)
            self._say(f"Moved the files of an earlier {self.data} to {old}")
        self.pgdata.symlink_to(place)
        self._say(f"{self.data} is closed to PostgreSQL's account: its files are in {place}")
        return place

    def servers(self, *, owned: bool) -> Servers:
        given = self.settings
        key = given.secret_key or self._secrets["secret_key"]
        if not self.wants_postgres:
            admin, web = given.admin_url, given.database_url
        else:
            where = f"@/{DATABASE}?host={self.sockets}&port=5432"
            admin = f"postgresql://plinth_admin:{self._secrets['admin']}{where}"
            web = f"postgresql://plinth_web:{self._secrets['web']}{where}"
        redis = f"unix://{self._redis_socket}?db=0" if self.wants_redis else given.redis_url
        if not (self.wants_postgres or self.wants_redis):
            return Servers(admin, web, redis, key)
        return Servers(admin, web, redis, key, self._home / "shim", self.sockets, owned)

    # ------------------------------------------------------------- start, keep, stop

    def start(self) -> None:
        """Start what is not running, find what is, and wait until both answer."""
        self._make_sockets()
        self._find()
        if self.wants_postgres and not self.postgres.process:
            if not self.pgdata.exists():
                self._say("Making the database files")
                self._initdb()
            self._say("Starting PostgreSQL")
            self.postgres.tend()
        if self.wants_redis and not self.redis.process:
            self._say("Starting Redis")
            self.redis.tend()
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Until both answer, whoever started them."""
        late = time.monotonic() + _START_WITHIN
        while self.wants_redis and not self._redis_answers():
            self._still_coming(self.redis, late)
        while self.wants_postgres and not self._postgres_answers():
            self._still_coming(self.postgres, late)

    def tend(self) -> None:
        """Called again and again by the owner: what died is started again."""
        if self.wants_postgres:
            self.postgres.tend()
        if self.wants_redis:
            self.redis.tend()

    def stop(self) -> None:
        self._find()
        self.redis.stop((signal.SIGTERM, 2.0))
        # Fast shutdown first; an immediate one loses nothing either, the next start replays WAL.
        self.postgres.stop((signal.SIGINT, 6.0), (signal.SIGQUIT, 2.0))
        if until(lambda: not having(f"{self.name}: "), 2.0):
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _find(self) -> None:
        """What runs on this folder although its starter went or was killed: ours, not our child."""
        postgres = (self.wants_postgres, self.postgres, f"cluster_name={self.name} ", "")
        redis = (self.wants_redis, self.redis, "redis-server", str(self._redis_socket))
        for wanted, child, *marks in (postgres, redis):
            # A postmaster's fresh fork carries its parent's command line: the oldest one counts.
            if wanted and child.process is None and (running := having(*marks)):
                child.process = Found(min(running))

    def _still_coming(self, child: Child, late: float) -> None:
        gone = child.process is not None and not child.alive
        if gone or time.monotonic() > late:
            raise EngineError(f"{child.name} does not start: {self._last_words(child)}")
        time.sleep(0.01)

    def _last_words(self, child: Child) -> str:
        """The line of its log that says why, and where the rest is."""
        logs = [self.data / f"{child.name.lower()}.log"]
        if child is self.postgres:  # what happens after its first second is in its own folder
            logs += sorted(self.pgdata.glob("log/*.log"), key=lambda path: -path.stat().st_mtime)
        for log in logs:
            lines = log.read_text(errors="replace").splitlines()
            if bad := [line for line in lines if "FATAL" in line or "rror" in line]:
                return f"{bad[-1]} (see {log})"
        return f"see {logs[0]}"

    # ------------------------------------------------------------------ PostgreSQL

    def _initdb(self) -> None:
        place = self._place_data()
        fresh = place.with_name(place.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)  # left by a start that was killed
        fresh.mkdir(mode=0o700)
        self.account.own(fresh)
        word = self.sockets / "password"
        word.touch(mode=0o600)
        word.write_text(self._secrets["admin"])
        self.account.own(word)
        # Page checksums are the default of this version; its files are on disk when it ends.
        command = [f"{self._home}/bin/initdb", f"--pgdata={fresh}", "--username=plinth_admin"]
        command += ["--auth=scram-sha-256", f"--pwfile={word}", "--no-instructions", "-k", "-EUTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        try:
            ended = subprocess.run(
                command, env=self._environment(), cwd=fresh, capture_output=True, text=True,
                check=False, **self.account.popen,
            )  # fmt: skip
        finally:
            word.unlink()
        if ended.returncode:
            said = ended.stderr.strip().splitlines() or ["no message"]
            raise EngineError(f"cannot make the database files: {said[-1]}")
        fresh.rename(place)
        _sync(place.parent)

    def _spawn_postgres(self) -> Process | None:
        if left := having(f"postgres: {self.name}: "):
            # Its postmaster was killed: a new one may start only when the last of them is gone.
            for pid in left:
                Found(pid).send_signal(signal.SIGKILL)
            if not until(lambda: not having(f"postgres: {self.name}: "), 0.2):
                return None
        # No server runs on these files, so what names one is stale. After a reboot its number
        # can belong to somebody else, and PostgreSQL would wait for that one for ever.
        for stale in (self.pgdata / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
        self._make_sockets()
        place = self.pgdata.resolve()
        (place / "postgresql.conf").write_text(_CONFIGURATION)
        always = {  # not to be changed by ALTER SYSTEM either
            "fsync": "on",
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "cluster_name": self.name,
        }
        command = [str(self._home / "bin/postgres"), "-D", str(place)]
        for key, value in always.items():
            command += ["-c", f"{key}={value}"]
        return self._popen([*command, "-c", "log_directory=log"], "postgresql.log")

    def _postgres_answers(self) -> bool:
        with suppress(OSError):
            lines = (self.pgdata / "postmaster.pid").read_text().split("\n")
            if len(lines) < 8 or lines[7].strip() != "ready":
                return False
            admin = self.servers(owned=False).admin_url
            try:
                psycopg.connect(admin, connect_timeout=5).close()
            except psycopg.OperationalError as error:
                return self._refused(admin, str(error))
            return True
        return False

    def _refused(self, admin: str, reason: str) -> bool:
        if "password authentication failed" in reason:
            raise EngineError(f"{self.data / 'secrets.json'} does not belong to {self.pgdata}")
        if f'database "{DATABASE}" does not exist' in reason:
            maintenance = admin.replace(f"@/{DATABASE}?", "@/postgres?")
            with psycopg.connect(maintenance, autocommit=True) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        return False

    # ----------------------------------------------------------------------- Redis

    @property
    def _redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    def _spawn_redis(self) -> Process | None:
        carried = self._home / "bin/redis-server"
        program = str(carried) if carried.exists() else None
        program = program or shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            raise EngineError("no embedded Redis for this platform; set REDIS_URL")
        self._make_sockets()
        self._redis_socket.unlink(missing_ok=True)
        # A cache: it is never written to disk, and only what carries a time to live may go.
        options = f"--port 0 --unixsocket {self._redis_socket} --unixsocketperm 700 --appendonly no"
        options += f" --maxmemory 256mb --maxmemory-policy volatile-lru --dir {self.sockets}"
        return self._popen([program, *options.split(), "--save", ""], "redis.log")

    def _redis_answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as link:
            link.settimeout(1)
            link.connect(str(self._redis_socket))
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
        return False

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's: its PGDATA, PGPORT or LANG would change the server."""
        paths = {"PATH": f"{self._home}/bin:{os.defpath}", "LD_LIBRARY_PATH": f"{self._home}/lib"}
        return {**paths, "HOME": str(self.sockets), "LC_ALL": "C", "TZ": "UTC"}

    def _popen(self, command: list[str], log: str) -> Process:
        """Apart from the terminal: Ctrl-C is ours to handle, the servers stop after the workers."""
        with (self.data / log).open("wb") as words:
            return subprocess.Popen(
                command, env=self._environment(), cwd=self.sockets, stdin=subprocess.DEVNULL,
                stdout=words, stderr=words, start_new_session=True, umask=0o077,
                **self.account.popen,
            )  # fmt: skip


# ------------------------------------------------------------------- who holds the pair


@contextmanager
def servers(settings: Settings, say: Say = lambda _text: None) -> Iterator[Servers]:
    """The servers for as long as one command needs them; what nobody else uses is stopped."""
    with _folder(settings) as kept, ExitStack() as stack:
        engine = Engine(kept, say)
        if engine.embedded:
            stack.enter_context(_session(engine))
        yield engine.servers(owned=engine.postgres.process is not None)


def known(settings: Settings) -> Servers:
    """Where the servers are or will be, without starting any."""
    engine = Engine(settings, lambda _text: None)
    if engine.embedded:
        with _changing(engine):
            engine.prepare()
    return engine.servers(owned=False)


@contextmanager
def _session(engine: Engine) -> Iterator[None]:
    data = engine.data
    with ExitStack() as stack:
        with _changing(engine):
            engine.prepare()
            users = stack.enter_context(locked(data / ".users", shared=True))
            if _supervised(data):
                engine.wait()
            else:
                engine.start()
        try:
            yield
        finally:
            with _changing(engine):
                # An exclusive lock on .users says that no other command is at work.
                if not _supervised(data) and try_lock(users):
                    engine.stop()
                engine.postgres.leave()
                engine.redis.leave()


@contextmanager
def owning(settings: Settings, say: Say) -> Iterator[tuple[Engine, Servers]]:
    """The servers for `plinth up`, which keeps them alive and alone may stop them at any time."""
    with _folder(settings) as kept, ExitStack() as stack:
        engine = Engine(kept, say)
        if not engine.embedded:
            yield engine, engine.servers(owned=False)
            return
        with _changing(engine):
            busy = f"{kept.data} is in use by another plinth up or serve; stop it or choose --data"
            stack.enter_context(locked(kept.data / ".owner", wait=0, busy=busy))
            stack.enter_context(locked(kept.data / ".users", shared=True))
            engine.prepare()
            engine.start()
        try:
            yield engine, engine.servers(owned=True)
        finally:
            with _changing(engine):
                engine.stop()


@contextmanager
def _folder(settings: Settings) -> Iterator[Settings]:
    """DATA, or with --memory a folder that goes when the servers go."""
    if not settings.memory:
        yield settings
        return
    for left in Path(tempfile.gettempdir()).glob("plinth-memory-*"):
        _sweep(left)
    with tempfile.TemporaryDirectory(prefix="plinth-memory-", ignore_cleanup_errors=True) as name:
        if os.geteuid() == 0:
            Path(name).chmod(0o711)
        yield settings.with_(data=Path(name))


def _sweep(left: Path) -> None:
    """Clean up after a --memory run that was killed: its locks are free, its servers still run."""
    with suppress(EngineError, OSError), ExitStack() as locks:
        if left.stat().st_uid != os.geteuid() or not (left / ".users").exists():
            return
        for name in (".lock", ".users", ".owner"):
            locks.enter_context(locked(left / name, wait=0))
        for pid in having(f"plinth-{_digest(left)}") + having("redis-server", _digest(left)):
            Found(pid).send_signal(signal.SIGKILL)
        for folder in (left, *_SOCKETS.glob(f"plinth-*-{_digest(left)}")):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _changing(engine: Engine) -> Iterator[None]:
    engine.data.mkdir(parents=True, exist_ok=True, mode=0o700 if os.geteuid() else 0o711)
    busy = f"another plinth command has been starting or stopping {engine.data} for a minute"
    with locked(engine.data / ".lock", busy=busy):
        yield


def _supervised(data: Path) -> bool:
    try:
        with locked(data / ".owner", wait=0):
            return False
    except EngineError:
        return True


def settle(there: Servers, settings: Settings) -> None:
    """After a migration: what only a deployment knows, the environment and the web password."""
    with psycopg.connect(there.admin_url, autocommit=True) as connection:
        connection.execute(
            "select base.set_setting('environment', %(env)s)"
            " where base.setting('environment') <> %(env)s",
            {"env": settings.env},
        )
        web = urlsplit(there.web or "")
        if web.username != "plinth_web" or not web.password or _lets_in(there.web_url):
            return
        # Only its hash travels, so that no log and no statistics view can show the password.
        word = unquote(web.password).encode()
        hashed = connection.pgconn.encrypt_password(word, b"plinth_web", b"scram-sha-256")
        change = sql.SQL("ALTER ROLE plinth_web PASSWORD {}").format(hashed.decode())
        connection.execute(change)


def _lets_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _digest(data: Path) -> str:
    return hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
