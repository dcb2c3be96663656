"""Runs pgTAP files the way pg_prove does: each in a psql of its own, judged by what it prints."""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pyapp import engine, migrate, seed
from pyapp.settings import DB_DIR, Settings

_SCRIPT = "pgtap--1.2.0.sql"
_SHA256 = "203cc5839a143c567bd36ebfc93085fd124be46d0f990b5dba5399a51d6c75e9"
_PACKAGE = "postgresql-15-pgtap"
_RESULT = re.compile(r"(not )?ok (\d+)(.*)")
_NAMES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE",
          "password": "PGPASSWORD", "sslmode": "PGSSLMODE"}  # fmt: skip


class TestError(Exception):
    """Why nothing could be tested."""


@dataclass
class Result:
    path: Path
    passed: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


def main(args: argparse.Namespace) -> int:
    """`plinth test`: the pgTAP files, and in a checkout pytest after them."""
    settings, code = args.settings.with_(env="test", seed="test"), 0
    if not args.python_only:
        code = _run_all(find(map(Path, args.paths)), settings, keep=args.keep_db)
    tests = DB_DIR.parent / "tests"
    if not (args.sql_only or args.paths) and tests.is_dir():
        command = [sys.executable, "-m", "pytest", "-q", "-m", "not soak", str(tests)]
        code = code or subprocess.call([*command, "--ignore", str(tests / "sql")])
    return code


def find(paths: Iterable[Path] = ()) -> list[Path]:
    """The test files named, or below the folders named, or all."""
    given = list(paths) or [DB_DIR / "tests"]
    if gone := [str(path) for path in given if not path.exists()]:
        raise TestError(f"no such file: {', '.join(gone)}")
    return [f for p in given for f in (sorted(p.rglob("*.sql")) if p.is_dir() else [p])]


def _run_all(files: list[Path], settings: Settings, *, keep: bool) -> int:
    name = f"plinth_test_{os.getpid()}"
    started = time.monotonic()
    with engine.servers(settings) as there, _database(there.admin_url, name, keep=keep) as dsn:
        build(dsn, settings)
        pepper = settings.with_(secret_key=there.secret_key).pepper
        psql = client(there.bin_dir)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            results = list(pool.map(lambda file: run(psql, dsn, pepper, file), files))
    for result in results:
        mark = "not ok" if result.problems else "ok"
        print(f"{mark:6} {_shown(result.path)} ({result.passed} tests, {result.seconds:.2f} s)")
        for problem in result.problems:
            print(f"  {problem}")
    bad = sum(bool(result.problems) for result in results)
    if keep:
        print(f"kept the database {name}")
    print(f"pgTAP: {len(files)} files, {sum(r.passed for r in results)} tests passed, ", end="")
    print(f"{bad} files failed, {time.monotonic() - started:.1f} s")
    return 1 if bad or not files else 0


@contextmanager
def _database(admin_url: str, name: str, *, keep: bool) -> Iterator[str]:
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute(drop)
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            yield make_conninfo(admin_url, dbname=name)
        finally:
            if not keep:
                conn.execute(drop)


def build(dsn: str, settings: Settings, say: Callable[[str], None] = lambda _: None) -> None:
    """Everything a test expects of an empty database: today's schema, the seeds, cheap passwords, pgTAP."""
    migrate.up(dsn, on_progress=say)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("select base.set_setting('environment', 'test')")
        conn.execute("select base.set_setting('password.bcrypt_cost', '4')")
    seed.run(dsn, settings.seed)
    load(dsn)


def load(dsn: str) -> None:
    """pgTAP in the schema tap: the server's own, else its script."""
    with psycopg.connect(dsn) as conn:
        conn.execute("create schema if not exists tap")
        conn.execute("grant usage on schema tap to public")
        conn.execute("set local search_path = tap")
        if conn.execute("select from pg_available_extensions where name = 'pgtap'").fetchone():
            conn.execute("create extension if not exists pgtap with schema tap")
        elif not conn.execute("select to_regproc('tap.plan') is not null").fetchone() == (True,):
            conn.execute(script().read_bytes())


def script() -> Path:
    """The pgTAP script: PGTAP_SQL, the cache, or unpacked from Debian's package."""
    if given := os.environ.get("PGTAP_SQL"):
        return Path(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plinth" / _SCRIPT
    if cache.exists() and hashlib.sha256(cache.read_bytes()).hexdigest() == _SHA256:
        return cache
    how = f"install pgTAP on the server, or set PGTAP_SQL to {_SCRIPT}"
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise TestError(f"pgTAP is not available: {how}")
    with tempfile.TemporaryDirectory() as folder:
        for step in ("download", "update", "download"):
            command = ["apt-get", step] + [_PACKAGE] * (step == "download")
            subprocess.run(command, cwd=folder, capture_output=True, check=False)
            if list(Path(folder).glob("*.deb")):
                break
        for package in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), folder], check=True, capture_output=True)
        found = next(Path(folder).rglob(_SCRIPT), None)
        if found is None:
            raise TestError(f"Debian's package {_PACKAGE} cannot be had here: {how}")
        content = found.read_bytes()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise TestError(f"{_SCRIPT} of {_PACKAGE} is not the known one: {how}")
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(content)
    return fresh.rename(cache)


def client(folder: Path | None) -> str:
    psql = shutil.which("psql", path=f"{folder}:{os.environ.get('PATH', '')}" if folder else None)
    if psql is None:
        raise TestError("psql is not on the PATH (Debian: postgresql-client)")
    return psql


def run(psql: str, dsn: str, pepper: str, path: Path) -> Result:
    """One file. The password goes by the environment, because everybody can read a command line."""
    where = {_NAMES[k]: str(v) for k, v in conninfo_to_dict(dsn).items() if k in _NAMES and v}
    options = f"-c client_min_messages=warning -c plinth.pepper={pepper}"
    environment = {**os.environ, **where, "PGOPTIONS": options}
    command = [psql, "-X", "-q", "-A", "-t", "-P", "pager=off", "-v", "ON_ERROR_STOP=1", "-f", str(path)]
    started = time.monotonic()
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    result = judge(path, ended.stdout, ended.stderr, ended.returncode)
    result.seconds = time.monotonic() - started
    return result


def judge(path: Path, out: str, err: str, code: int) -> Result:
    """A file passes when it printed its plan and every test of it, none failed, and psql ended well."""
    result, planned, count = Result(path), -1, 0
    for line in out.splitlines():
        if plan := re.fullmatch(r"1\.\.(\d+)(\s*#.*)?", line):
            planned = int(plan[1])
        elif match := _RESULT.match(line):
            count += 1
            if match[1] and "# TODO" not in match[3].upper():
                result.problems.append(f"{_shown(path)}: test {match[2]}{match[3]}")
            else:
                result.passed += 1
        elif line.startswith("Bail out!"):
            result.problems.append(f"{_shown(path)}: {line}")
        elif line.startswith("#") and result.problems:
            result.problems.append(line)
    if code:
        result.problems.append(err.strip() or f"{_shown(path)}: psql ended with exit code {code}")
    if planned < 0:
        result.problems.append(f"{_shown(path)}: no plan was printed")
    elif planned != count:
        result.problems.append(f"{_shown(path)}: planned {planned} tests, ran {count}")
    return result


def _shown(path: Path) -> str:
    whole = path.resolve()
    return str(whole.relative_to(DB_DIR.parent) if whole.is_relative_to(DB_DIR.parent) else path)
