"""A real streaming replica of the run's PostgreSQL, made as a DBA makes one: pg_basebackup -R."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from pyapp.unpack import Account
from tests.conftest import Database, Engine, until, url_of
from tests.processes import children


@dataclass
class Copy:
    """A server that follows another one, in a folder of its own, on a socket in that folder."""

    engine: Engine
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def admin_url(self) -> str:
        return self.at(url_of(self.engine.admin_url, "postgres"))

    def at(self, url: str) -> str:
        """The same address, at this server."""
        return re.sub(r"host=[^&]*", f"host={self.folder}", url)

    def web_url(self, database: Database) -> str:
        return self.at(database.web_url)

    def connect(self, database: Database, role: str = "") -> psycopg.Connection[Any]:
        url = database.web_url if role == "plinth_web" else database.admin_url
        return psycopg.connect(self.at(url), autocommit=True, options=self.engine.keys)

    def start(self) -> None:
        options = {
            "unix_socket_directories": self.folder,
            "listen_addresses": "",
            "logging_collector": "off",
            "cluster_name": f"copy-{self.folder.name}",
            "track_functions": "all",
        }
        command = [f"{self.engine.bin_dir}/postgres", "-D", str(self.folder / "data"), "-p", "5432"]
        command += [part for item in options.items() for part in ("-c", "{}={}".format(*item))]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **_apart(self.folder))
        until(self.answers, 60, "the replica does not start")

    def stay_behind(self, delay: str) -> None:
        """By so much; at any time."""
        self.set("recovery_min_apply_delay", delay)

    def set(self, name: str, value: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f"alter system set {name} = '{value}'".encode())
            connection.execute("select pg_reload_conf()")

    def promote(self) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            assert connection.execute("select pg_promote()").fetchone() == (True,)

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.admin_url):
            return True
        return False

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """An immediate stop where nothing else is said; a kill takes all of its processes."""
        if self.process is None:
            return
        if how == signal.SIGKILL:
            for pid in (self.process.pid, *children(self.process.pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
            for stale in self.folder.glob(".s.PGSQL.*"):
                stale.unlink()
        else:
            self.process.send_signal(how)
        self.process.wait(20)
        self.process = None
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def freeze(self, how: signal.Signals) -> None:
        assert self.process is not None
        for pid in (self.process.pid, *children(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, how)


def _apart(folder: Path) -> dict[str, Any]:
    return {
        "env": {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"},
        "cwd": folder,
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
        **Account.choose(folder).popen,
    }


@contextmanager
def copy_of(engine: Engine, source: str) -> Iterator[Copy]:
    """A replica of the server at that address, for as long as it is needed."""
    account = Account.choose(Path("/nowhere"))
    folder = Path(tempfile.mkdtemp(prefix="plinth-copy-", dir="/dev/shm" if _roomy() else None))
    account.own(folder)
    copy = Copy(engine, folder)
    try:
        # What the copy has yet to read is kept, however much other tests write meanwhile.
        with psycopg.connect(url_of(source, "postgres"), autocommit=True) as connection:
            connection.execute("alter system set wal_keep_size = '256MB'")
            connection.execute("select pg_reload_conf()")
        command = f"{engine.bin_dir}/pg_basebackup -R -X stream -c fast -D {folder}/data".split()
        command += ["-d", make_conninfo(url_of(source, "postgres"))]
        subprocess.run(command, check=True, capture_output=True, **_apart(folder))
        copy.start()
        yield copy
    finally:
        copy.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def pair(engine: Engine) -> Iterator[tuple[Copy, Copy]]:
    """A primary that may be killed, and a replica that follows it."""
    with copy_of(engine, engine.admin_url) as first:
        first.promote()
        with copy_of(engine, first.admin_url) as second:
            yield first, second


@contextmanager
def stranger(engine: Engine) -> Iterator[str]:
    """The address of a server that has nothing to do with ours."""
    account = Account.choose(Path("/nowhere"))
    folder = Path(tempfile.mkdtemp(prefix="plinth-copy-", dir="/dev/shm" if _roomy() else None))
    account.own(folder)
    other = Copy(engine, folder)
    try:
        command = f"{engine.bin_dir}/initdb -A trust -U plinth_admin --no-sync -D {folder}/data"
        subprocess.run(command.split(), check=True, capture_output=True, **_apart(folder))
        other.start()
        yield other.admin_url
    finally:
        other.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _roomy() -> bool:
    memory = Path("/dev/shm")
    return memory.is_dir() and os.access(memory, os.W_OK) and _free(memory) > 2 << 30


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
