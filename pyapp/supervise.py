"""`plinth up` and `plinth serve`: one socket, N workers, one job worker, all kept alive."""

import errno
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from pyapp import engine, migrate, seed
from pyapp.engine import Engine, Servers
from pyapp.processes import Child, until
from pyapp.progress import Progress
from pyapp.settings import Settings
from pyapp.unpack import EngineError

_SOCKET, _LIFELINE = "PLINTH_SOCKET_FD", "PLINTH_LIFELINE_FD"


def up(settings: Settings) -> None:
    """Everything from nothing: servers, migrations, seeds, workers."""
    with (
        Progress() as say,
        _listen(settings) as listening,
        engine.owning(settings, say) as (servers, there),
    ):
        say("Migrating")
        migrate.up(there.admin_url, redis_url=there.redis_url, on_progress=say.detail)
        engine.settle(there, settings)
        if settings.seed != "production":
            say(f"Loading the {settings.seed} seeds")
            seed.run(there.admin_url, settings.seed)
        _Service(settings.with_(data=servers.data), there, listening).run(servers, say, "/readyz")


def serve(settings: Settings) -> None:
    """Workers only: migrations and seeds are somebody else's job."""
    with (
        Progress() as say,
        _listen(settings) as listening,
        engine.owning(settings, say) as (servers, there),
    ):
        _Service(settings, there, listening).run(servers, say, "/livez")


def inherited() -> socket.socket:
    """A worker's side: the socket its parent listens on."""
    return socket.socket(fileno=int(os.environ[_SOCKET]))


def die_with_parent(seconds: float) -> None:
    """A worker's side: stop when the parent is gone, which a killed parent cannot ask for."""
    lifeline = os.environ.pop(_LIFELINE, None)
    if lifeline is None:
        return

    def watch() -> None:
        os.read(int(lifeline), 1)  # answers only when the parent's end is closed
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Workers whose supervisor was killed let go of the port in a moment.
    patience = time.monotonic() + 1
    while True:
        try:
            listening.bind((settings.host, settings.port))
            listening.listen(1024)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            if taken and time.monotonic() < patience:
                time.sleep(0.02)
                continue
            listening.close()
            where = f"port {settings.port} on {settings.host}"
            why = "is taken" if taken else f"cannot be used ({error.strerror or error})"
            raise EngineError(f"{where} {why}; choose one with --port or PLINTH_PORT") from error
        return listening


class _Service:
    """The worker processes of one service, and the pipe that tells them the parent is alive."""

    def __init__(self, settings: Settings, there: Servers, listening: socket.socket) -> None:
        self._settings, self._there, self._listening = settings, there, listening
        self._lifeline, self._held = os.pipe()
        # By environment, never by argument: everyone can read the command lines of a machine.
        inherited = {k: v for k, v in os.environ.items() if k != "DATABASE_ADMIN_URL"}
        numbers = {_SOCKET: str(listening.fileno()), _LIFELINE: str(self._lifeline)}
        self._environment = inherited | there.apply(settings).environ() | numbers
        count = range(1, settings.workers + 1)
        self.workers = [Child(f"Worker {n}", lambda: self._spawn("_worker"), _note) for n in count]
        self.children = [*self.workers, Child("Job worker", lambda: self._spawn("_jobs"), _note)]

    def _spawn(self, entry: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "pyapp", entry],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            pass_fds=(self._listening.fileno(), self._lifeline),
            start_new_session=True,  # Ctrl-C reaches the parent only, which stops all in order
        )

    def run(self, servers: Engine, say: Progress, route: str) -> None:
        """Until a signal says stop. What dies is started again while the rest goes on."""
        allowed = self._allowed()
        wake = _Wake()
        announced, next_look = False, time.monotonic() + 1
        say("Starting the workers")
        try:
            while not wake.stopping:
                servers.tend()
                for child in self.children:
                    child.tend()
                if not allowed and time.monotonic() > next_look:
                    allowed, next_look = self._allowed(), time.monotonic() + 1
                if not announced and self._answers(route):
                    announced = True
                    say.done()
                    self._announce()
                if not announced and all(child.young > 4 for child in self.workers):
                    raise EngineError("the workers do not start; their messages are above")
                wake.sleep(0.2 if announced else 0.02)
        finally:
            say("Stopping")
            self._stop()
            say.done()

    def _stop(self) -> None:
        running = [child for child in self.children if child.alive]
        for child in running:
            child.signal(signal.SIGTERM)
        # A little under the promise, so that the servers still end within it.
        until(lambda: not any(child.alive for child in running), self._settings.stop_timeout - 0.5)
        for child in running:
            child.stop()
        os.close(self._held)
        os.close(self._lifeline)

    def _allowed(self) -> bool:
        """Whether the database lets this login serve; False while it cannot be asked yet."""
        try:
            with psycopg.connect(self._there.web_url, connect_timeout=3) as connection:
                check = "select * from http.check_server_role(%s)"
                refusals = connection.execute(check, [self._settings.env]).fetchall()
        except (psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction):
            raise EngineError("the database has no Plinth in it; run: plinth migrate up") from None
        except psycopg.OperationalError:
            return False
        if refusals:
            raise EngineError("refused to serve: " + "; ".join(str(row[0]) for row in refusals))
        return True

    def _answers(self, route: str) -> bool:
        host, port = self._listening.getsockname()[:2]
        probe = http.client.HTTPConnection(
            {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host),  # noqa: S104
            port,
            timeout=0.5,
        )
        try:
            probe.request("GET", route)
            return probe.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            probe.close()

    def _announce(self) -> None:
        settings = self._settings
        here = settings.public_url.rstrip("/")
        data = "" if settings.data == Path(".plinth").absolute() else f" --data {settings.data}"
        lines = ["", f"Plinth serves on {here}", f"  docs      {here}/docs"]
        lines += [f"  console   {here}/console", f"  database  plinth psql{data}"]
        if settings.seed != "production":
            lines += ["  sign in   alice / Dev@12345"]
        print("\n".join([*lines, "", "Ctrl-C stops everything.", ""]), flush=True)


class _Wake:
    """Sleeps until a child ends or somebody asks us to stop."""

    def __init__(self) -> None:
        self.stopping = False
        self._read, write = os.pipe()
        for end in (self._read, write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, self._stop)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def sleep(self, seconds: float) -> None:
        if not self.stopping and select.select([self._read], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                os.read(self._read, 4096)


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
