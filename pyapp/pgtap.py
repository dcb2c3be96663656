"""Runs pgTAP files the way pg_prove does: each in a psql of its own, judged by what it prints."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from pyapp import engine, migrate, seed, unpack
from pyapp.settings import DB_DIR, Settings

_PLAN = re.compile(r"^1\.\.(\d+)", re.MULTILINE)
_TEST = re.compile(r"^(not )?ok (\d+.*)", re.MULTILINE)
_COMMENT = re.compile(r"^#.*", re.MULTILINE)
_GIVEN_UP = re.compile(r"^Bail out!.*", re.MULTILINE)
_PSQL = ["-X", "-q", "-A", "-t", "-P", "pager=off", "-v", "ON_ERROR_STOP=1", "-f"]


class PgtapError(Exception):
    """Why nothing could be tested."""


@dataclass
class Result:
    name: str
    passed: int
    problems: list[str]
    seconds: float = 0.0


def main(
    settings: Settings, paths: list[Path], *, keep_db: bool, sql_only: bool, python_only: bool
) -> int:
    """`plinth test`: the pgTAP files, and in a checkout pytest after them."""
    code = 0 if python_only else _test(find(paths), settings.with_(env="test"), keep=keep_db)
    tests = DB_DIR.parent / "tests"
    if not (sql_only or paths) and tests.is_dir():
        command = [sys.executable, "-m", "pytest", "-q", "-m", "not soak", str(tests)]
        code |= subprocess.call([*command, "--ignore", str(tests / "sql")])
    return code


def find(paths: Iterable[Path] = ()) -> list[Path]:
    """The files named, those below the folders named, or all."""
    given = list(paths) or [DB_DIR / "tests"]
    if gone := [str(path) for path in given if not path.exists()]:
        raise PgtapError(f"no such file: {', '.join(gone)}")
    return [f for p in given for f in (sorted(p.rglob("*.sql")) if p.is_dir() else [p])]


def _test(files: list[Path], settings: Settings, *, keep: bool) -> int:
    name, started = f"plinth_test_{os.getpid()}", time.monotonic()
    with engine.servers(settings) as there, _database(there.admin_url, name, keep=keep) as dsn:
        build(dsn)
        psql, keys = unpack.client(there.bin_dir), there.apply(settings).key_options
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(lambda file: run(psql, dsn, keys, file), files))
    for result in results:
        word = "not ok" if result.problems else "ok"
        told = f"{word:6} {result.name} ({result.passed} tests, {result.seconds:.2f} s)"
        print(told, *result.problems, sep="\n  ")
    failed, passed = sum(bool(r.problems) for r in results), sum(r.passed for r in results)
    if keep:
        print(f"kept the database {name}")
    took = time.monotonic() - started
    print(f"pgTAP: {len(files)} files ({failed} failed), {passed} tests passed, {took:.1f} s")
    return 1 if failed or not passed else 0


@contextmanager
def _database(admin_url: str, name: str, *, keep: bool) -> Iterator[str]:
    drop = f"drop database if exists {name} with (force)".encode()
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute(drop)
        conn.execute(f"create database {name}".encode())
        try:
            yield make_conninfo(admin_url, dbname=name)
        finally:
            if not keep:
                conn.execute(drop)


def build(dsn: str) -> None:
    """What tests expect of a new database: tables, code, seeds, cheap passwords, pgTAP."""
    migrate.up(dsn)
    with psycopg.connect(dsn) as conn:
        conn.execute("select base.set_setting('environment', 'test')")
        conn.execute("select base.set_setting('password.bcrypt_cost', '4')")
        conn.execute("create schema tap; grant usage on schema tap to public")
        conn.execute("set local search_path = tap")
        if conn.execute("select from pg_available_extensions where name = 'pgtap'").fetchone():
            conn.execute("create extension pgtap with schema tap")
        else:
            conn.execute(script().read_bytes())
    seed.run(dsn, "test")


def script() -> Path:
    """pgTAP is plain SQL: PGTAP_SQL, the copy of last time, or one of Debian's packages."""
    if given := os.environ.get("PGTAP_SQL"):
        return Path(given)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept, fetch = caches / "plinth/pgtap.sql", Path(__file__).with_name("pgtap.sh")
    if subprocess.call(["/bin/sh", fetch, kept]):
        how = "install it on the server, or set PGTAP_SQL=pgtap--1.3.4.sql"
        raise PgtapError(f"no pgTAP here, nor a known release among the packages: {how}")
    return kept


def run(psql: str, dsn: str, keys: str, path: Path) -> Result:
    """One file."""
    where, env = unpack.address(dsn, f"-c client_min_messages=warning {keys}")
    started = time.monotonic()
    ended = subprocess.run(
        [psql, *where, *_PSQL, path], env=env, capture_output=True, errors="replace", check=False
    )
    name = os.path.relpath(path, DB_DIR.parent)
    result = judge(name, ended.stdout, ended.stderr, ended.returncode)
    result.seconds = time.monotonic() - started
    return result


def judge(name: str, out: str, err: str, code: int) -> Result:
    """A file passes when every test of its plan ran, none failed, and psql ended well."""
    tests, plan = _TEST.findall(out), _PLAN.search(out)
    failed = [text for bad, text in tests if bad and "# TODO" not in text.upper()]
    problems = [f"{name}: test {text}" for text in failed] + _GIVEN_UP.findall(out)
    if code:
        problems.append(err.strip() or f"{name}: psql ended with exit code {code}")
    if plan is None:
        problems.append(f"{name}: it printed no plan")
    elif int(plan[1]) != len(tests):
        problems.append(f"{name}: planned {plan[1]} tests, ran {len(tests)}")
    return Result(name, len(tests) - len(failed), problems and problems + _COMMENT.findall(out))
