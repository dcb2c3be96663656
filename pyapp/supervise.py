"""`plinth up` and `plinth serve`: one socket, N workers, one job worker, all kept alive."""

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import psycopg

from pyapp import engine, migrate, seed
from pyapp.engine import Engine, Servers
from pyapp.processes import Child, stop
from pyapp.progress import Progress
from pyapp.settings import Settings
from pyapp.unpack import EngineError

_note = partial(print, file=sys.stderr, flush=True)
_SOCKET, _LIFELINE = "PLINTH_SOCKET_FD", "PLINTH_LIFELINE_FD"


def up(settings: Settings) -> None:
    """Everything from nothing: servers, migrations, seeds, workers."""
    _run(settings, make=True)


def serve(settings: Settings) -> None:
    """Workers only: migrations and seeds are somebody else's job."""
    engine.must_be_there(settings)
    _run(settings.with_(seed="production"), make=False)  # which sample accounts there are?


def _run(settings: Settings, *, make: bool) -> None:
    with (
        Progress() as say,
        _listen(settings) as listening,
        engine.owning(settings, say) as (servers, there),
    ):
        if make:
            say("Migrating")
            migrate.up(there.admin_url, on_progress=say.detail)
            engine.settle(there, settings)
            if settings.seed != "production":
                say(f"Loading the {settings.seed} seeds")
                seed.run(there.admin_url, settings.seed)
        service = _Service(settings.with_(data=servers.data), there, listening)
        service.run(servers, say, "/readyz" if make else "/livez")


def inherited() -> socket.socket:
    """A worker's side: the socket its parent listens on."""
    return socket.socket(fileno=int(os.environ[_SOCKET]))


def die_with_parent(seconds: float) -> None:
    """A worker's side: stop when the parent is gone, which a killed parent cannot ask for."""

    def watch() -> None:
        os.read(int(os.environ[_LIFELINE]), 1)  # answers only when the parent's end is closed
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _listen(settings: Settings) -> socket.socket:
    address, six = (settings.host, settings.port), ":" in settings.host
    family = socket.AF_INET6 if six else socket.AF_INET
    both = six and socket.has_dualstack_ipv6()
    patience = time.monotonic() + 1  # workers of a killed supervisor let go of it in a moment
    while True:
        try:
            return socket.create_server(address, family=family, backlog=1024, dualstack_ipv6=both)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            if not taken or time.monotonic() > patience:
                why = f"fails ({str(error.strerror).split(' (while')[0]}); see --host and --port"
                why = "is taken; choose one with --port or PLINTH_PORT" if taken else why
                raise EngineError(f"port {settings.port} on {settings.host} {why}") from None
        time.sleep(0.02)


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
        self._workers = [Child(f"Worker {n}", lambda: self._spawn("_worker"), _note) for n in count]
        self._children = [*self._workers, Child("Job worker", lambda: self._spawn("_jobs"), _note)]

    def _spawn(self, entry: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "pyapp", entry],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            pass_fds=(self._listening.fileno(), self._lifeline),
            start_new_session=True,  # Ctrl-C reaches the parent only, which stops all in order
        )

    def run(self, servers: Engine, say: Progress, ready: str) -> None:
        """Until a signal says stop. What dies is started again while the rest goes on."""
        allowed, announced, next_look = self._allowed(), False, time.monotonic() + 1
        stopping: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, lambda got, _: stopping.append(got))
        say("Starting the workers")
        try:
            while not stopping:
                servers.tend()
                # Jobs can wait until somebody answers: what starts, starts sooner.
                for child in self._children if announced else self._workers:
                    child.tend()
                if not allowed and time.monotonic() > next_look:
                    allowed, next_look = self._allowed(), time.monotonic() + 1
                if not announced and self._answers(ready):
                    announced = True
                    say.done()
                    self._announce()
                if not announced and all(child.young > 4 for child in self._workers):
                    raise EngineError("the workers do not start; their messages are above")
                time.sleep(0.05 if announced else 0.02)
        finally:
            say("Stopping")
            self._listening.close()  # a client that comes now is told so at once
            # A little under the promise, so that the servers still end within it.
            stop(self._children, (signal.SIGTERM, self._settings.stop_timeout - 0.5))
            os.close(self._held)
            os.close(self._lifeline)
            say.done()

    def _allowed(self) -> bool:
        """Whether the database lets this login serve; False while it cannot be asked yet."""
        try:
            keys = self._there.apply(self._settings).key_options
            with psycopg.connect(self._there.web_url, connect_timeout=3, options=keys) as web:
                check = "select * from http.check_server_role(%s)"
                refusals = web.execute(check, [self._settings.env]).fetchall()
        except (psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction):
            raise EngineError("the database has no Plinth in it; run: plinth migrate up") from None
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error):  # no waiting makes a wrong password right
                why = f"{str(error).splitlines()[0]}; check DATABASE_URL, or run: plinth migrate up"
                raise EngineError(f"refused to serve: {why}") from error
            return False
        if refusals:
            raise EngineError("refused to serve: " + "; ".join(str(row[0]) for row in refusals))
        return True

    def _answers(self, route: str) -> bool:
        host, port = self._listening.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
        probe = http.client.HTTPConnection(host, port, timeout=0.5)
        with closing(probe), suppress(OSError, http.client.HTTPException):
            probe.request("GET", route)
            return probe.getresponse().status == 200
        return False

    def _announce(self) -> None:
        settings, here = self._settings, self._settings.public_url.rstrip("/")
        data = "" if settings.data == Path(".plinth").absolute() else f" --data {settings.data}"
        sign_in = "" if settings.seed == "production" else "\n  sign in   alice / Dev@12345"
        print(
            f"\nPlinth serves on {here}\n  docs      {here}/docs\n  console   {here}/console\n"
            f"  database  plinth psql{data}{sign_in}\n\nCtrl-C stops what it started.\n",
            flush=True,
        )
