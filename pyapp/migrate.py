"""Migrations and the deploy around them: how a living database gets to what db/ says.

`up` is one run under one advisory lock: bootstrap, then all that is pending and the renewal of code
in one transaction. Only files that say `Transaction: none` are steps of their own, each statement
recorded as it is done. Whatever ends a run, the next one goes on from a consistent state.
"""

import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.types.json import Jsonb

from pyapp.deploy import Say, check_bodies, renew
from pyapp.settings import DB_DIR
from pyapp.sqlfile import Connection, MigrationError, SqlFile, Statement, explain, notes, read, run
from pyapp.unpack import write

T = TypeVar("T")
LOCK = 0x706C696E7468  # "plinth"; advisory locks belong to one database
LOCK_WAIT = 60.0  # seconds of trying again behind other people's locks

_SETTLE = """
select set_config(column1, column2, false) from (values ('standard_conforming_strings', 'on'),
  ('lock_timeout', '1s'), ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
  ('search_path', 'pg_catalog, pg_temp'), ('timezone', 'UTC'), ('datestyle', 'ISO, MDY'),
  ('intervalstyle', 'postgres'), ('quote_all_identifiers', 'off'), ('extra_float_digits', '1')) s
-- Whoever meets the runner in a deadlock is not the one who fails: for a superuser, or by a grant.
union all select set_config('deadlock_timeout', '10ms', false)
 where has_parameter_privilege('deadlock_timeout', 'set')
"""
_BUSY = {"55P03", "40P01", "40001"}
_RACE = _BUSY | {"23505", "42710", "42P06"}  # another database's bootstrap makes the same roles
_FORCES = re.compile(r"\b(no\s+)?force\s+row\s+level\b", re.IGNORECASE)
_TEMPLATE = Path(__file__).with_name("migration.sql")
_CODE = ("functions/http/**/*.sql", "functions/**/*.sql", "views/**/*.sql")
_BASELINE = """\
-- Title: Baseline
-- Version: 001
-- Description: All tables; generated from db/schema by: python -m pyapp.migrate baseline
"""


Migration = dict[str, Any]  # as deploy.read_migrations tells it


def _silent(_line: str) -> None:
    pass


@dataclass
class Report:
    applied: list[str] = field(default_factory=list)
    rolled_back: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = {
            "migrations applied": self.applied,
            "migrations rolled back": self.rolled_back,
            "code files renewed": self.code,
        }
        return ", ".join(f"{len(n)} {what}" for what, n in counts.items() if n) or "nothing to do"


def up(
    dsn: str, *, on_progress: Say = _silent, db_dir: Path = DB_DIR, lock_wait: float = LOCK_WAIT
) -> Report:
    """Brings the database to what db_dir says: roles, tables and code."""
    report = Report()
    with connected(dsn, db_dir, on_progress, lock_wait) as runner:
        runner.make_tools("*.sql")
        applied = runner.call("last_migration", Jsonb(runner.migrations), ["applied"])
        pending = runner.migrations[applied:]
        # Transactional neighbours go together; one such group there is, to carry the renewal.
        groups = [list(g) for _, g in groupby(pending, lambda m: m["transactional"] or m["name"])]
        if not any(group[0]["transactional"] for group in groups):
            groups.append([])
        last = max(i for i, group in enumerate(groups) if not group or group[0]["transactional"])
        for index, group in enumerate(groups):
            if group and not group[0]["transactional"]:
                runner.steps(group[0])
            else:
                report.code += runner.transaction(group, whole=index == last)
            report.applied += [migration["name"] for migration in group]
    return report


def down(
    dsn: str, *, to: int | None = None, on_progress: Say = _silent, db_dir: Path = DB_DIR
) -> Report:
    """Rolls back the last migration, or all after the version `to`, in one transaction."""
    with connected(dsn, db_dir, on_progress, LOCK_WAIT) as runner:
        if not runner.known:
            return Report()
        runner.make_tools()
        group = runner.call("way_back", Jsonb(runner.migrations), to)
        code = runner.transaction(group, back=True) if group else []
    return Report(rolled_back=[migration["name"] for migration in group], code=code)


def _ask(query: str, dsn: str, *, db_dir: Path = DB_DIR) -> list[str]:
    """Lines from the tools of this release: made, asked and rolled back."""
    with connected(dsn, db_dir, lock=False) as runner:
        if not runner.known:
            return ["no migration is applied"]
        with runner.conn.transaction(force_rollback=True):
            runner.make_tools()
            facts = {"migrations": Jsonb(runner.migrations), "code": Jsonb(runner.code)}
            return [line for (line,) in runner.conn.execute(query.encode(), facts)]


# One line for every migration, of the files and of the database.
status = partial(_ask, "select deploy.status(%(migrations)s)")
# What is not as it was deployed, one line each; nothing when all is well.
verify = partial(_ask, "select deploy.verify(%(migrations)s, %(code)s)")
# Every step this database ever made, oldest first.
history = partial(_ask, "select deploy.history()")


def new(name: str, *, db_dir: Path = DB_DIR) -> list[Path]:
    """Writes the next migration and its way back: a header each, and nothing else."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not slug:
        raise MigrationError("a migration needs a name, for example: add_orders")
    number = len(read(db_dir, "migrations/*.sql").keys() - read(db_dir, "migrations/*.down.sql"))
    version, title = f"{number + 1:03}", slug.replace("_", " ").capitalize()
    paths = []
    for ending, back in ((".sql", ""), (".down.sql", "Back from ")):
        paths.append(db_dir / "migrations" / f"V{version}__{slug}{ending}")
        text = _TEMPLATE.read_text(encoding="utf-8").format(title=back + title, version=version)
        write(paths[-1], text, mode=0o666)
    return paths


def baseline(db_dir: Path = DB_DIR) -> Path:
    """Writes V001 from db/schema, as long as nothing stands on it."""
    if any(db_dir.glob("migrations/V002__*.sql")):
        raise MigrationError("V002 stands on the baseline: write a new migration instead")
    parts = [_BASELINE]
    parts += [f"\n-- {f.path}\n\n{f.text.strip()}\n" for f in read(db_dir, "schema/*.sql").values()]
    path = db_dir / "migrations" / "V001__baseline.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(parts), encoding="utf-8")
    return path


@contextmanager
def connected(
    dsn: str, db_dir: Path = DB_DIR, say: Say = _silent, lock_wait: float = 0, *, lock: bool = True
) -> Iterator["Runner"]:
    """A runner at work; what goes wrong comes out as a MigrationError."""
    how: dict[str, Any] = {"prepare_threshold": None, "client_encoding": "utf8"}
    with psycopg.connect(dsn, autocommit=True, **how) as conn:
        try:
            if conn.info.server_version < 160000:
                raise MigrationError("PostgreSQL 16 to 18 is needed; see plinth doctor")
            runner = Runner(conn, db_dir, say, lock_wait)
            runner.settle(lock=lock)
            yield runner
        except psycopg.Error as error:
            raise MigrationError(explain(error)) from error


class Runner:
    """One connection that holds the lock of all runners, and what is done over it."""

    def __init__(self, conn: Connection, db_dir: Path, say: Say, lock_wait: float) -> None:
        self.conn, self.db_dir, self.say, self.lock_wait = conn, db_dir, say, lock_wait
        self.files = read(db_dir, "migrations/*.sql", *_CODE)
        self.migrations: list[Migration] = []
        self.code: list[dict[str, Any]] = []
        self.open_all = False  # the tables a file names are opened, or, where too few, all
        self.before: dict[str, str] = {}  # the catalog as the last step left it

    @property
    def known(self) -> bool:
        """Whether this database was ever migrated."""
        return bool(self.value("select to_regclass('ops.schema_migrations')"))

    def value(self, query: str, *args: object) -> Any:
        row = self.conn.execute(query.encode(), args).fetchone()
        return row and row[0]

    def call(self, name: str, *args: object) -> Any:
        """One of the runner's tools in SQL."""
        return self.value(f"select deploy.{name}({', '.join(['%s'] * len(args))})", *args)

    def settle(self, *, lock: bool) -> None:
        self.conn.add_notice_handler(self._notice)
        self.conn.execute(_SETTLE)
        # Asked again and again, for a statement that waits holds a snapshot, and the other runner's
        # CREATE INDEX CONCURRENTLY would wait for that in turn.
        mine = "select pg_try_advisory_lock(%s)"
        if lock and not self.value(mine, LOCK):
            self.say("another runner is at work on this database; waiting for it")
            while not self.value(mine, LOCK):
                time.sleep(0.1)
        if lock and self.value("select to_regprocedure('deploy.snapshot()')"):
            self.before = self.call("snapshot")

    def _notice(self, diag: psycopg.errors.Diagnostic) -> None:
        """RAISE NOTICE and warnings; not PostgreSQL's own "already exists, skipping"."""
        if diag.sqlstate == "00000" or diag.severity_nonlocalized == "WARNING":
            self.say(f"{diag.severity}: {diag.message_primary}")

    def make_tools(self, files: str = "050_deploy.sql") -> None:
        """The tools of this release, on the ground that is laid where all files are asked for."""
        for file in read(self.db_dir, f"bootstrap/{files}").values():
            self.patiently(partial(self._run_plain, file), _RACE)
        self.conn.execute("reset role")
        facts = Jsonb([file.facts for file in self.files.values()])
        self.migrations = self.call("read_migrations", facts)
        self.code = self.call("read_code", facts)

    def _run_plain(self, file: SqlFile) -> None:
        for statement in file.statements:
            run(self.conn, file, statement)

    def transaction(
        self, group: Sequence[Migration], *, back: bool = False, whole: bool = False
    ) -> list[str]:
        """Files of a group and the code around them, whole or not at all; returns renewed files."""
        files = [(m, self._file(m, back=back)) for m in group]

        def work() -> tuple[list[str], Any]:
            texts = [file.text for _, file in files]
            self.call("prepare", Jsonb(self.code), texts, self.open_all)
            for migration, file in files:
                began = time.monotonic()
                self.call("drop_broken", file.text)
                if back:
                    self.run_all([(file, statement) for statement in file.statements])
                    self.call("record_back", migration["version"], _since(began))
                else:
                    done = len(file.statements)
                    self._record(file, file.statements, Jsonb(migration), done, began)
                self.say(f"{file.path}: {_since(began)} ms")
            renewed = renew(self.conn, self.files, self.code, self.say, whole=whole)
            if whole and (group or renewed):
                check_bodies(self.conn, self.files)
            return renewed, self.call("finish", Jsonb(self.before), bool(group or renewed))

        renewed, self.before = self.patiently(work)
        return renewed

    def _file(self, migration: Migration, *, back: bool = False) -> SqlFile:
        path = migration["path"]
        return self.files[path.replace(".sql", ".down.sql") if back else path]

    def run_all(self, statements: Sequence[tuple[SqlFile, Statement]]) -> None:
        """As plinth_owner, past the policies of the tables that they name, while they run."""
        self.conn.execute("set local role plinth_owner")
        text = ";\n".join(statement.text for _, statement in statements)
        self.call("open_tables", text, self.open_all)
        for file, statement in statements:
            word, *count = run(self.conn, file, statement).split()
            if count and word in {"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"}:
                self.say(f"{file.path}:{statement.line}: {word} {count[-1]}")
            if match := _FORCES.search(statement.text):
                if match[1]:
                    raise MigrationError(f"{file.path}:{statement.line}: tables stay forced")
                self.call("open_new_tables")
        self.call("close_tables")
        self.conn.execute("reset role")

    def steps(self, migration: Migration) -> None:
        """A file without a transaction: a statement that is recorded as done is not done again."""
        file, facts = self._file(migration), Jsonb(migration)
        known = self.patiently(lambda: self.call("resume", facts))
        done = known or 0
        for number, statement in enumerate(file.statements[done:], start=done + 1):
            look = "select to_jsonb(x) from deploy.look_at_step(%s, %s) x"
            found = self.value(look, statement.text, number - 1 == known)
            began = time.monotonic()
            if found["alone"] and not found["done"]:
                self._run_alone(file, statement, found["half_built"])
            within = [] if found["alone"] else [statement]
            self.patiently(partial(self._record, file, within, facts, number, began))
        self.say(f"{file.path}: {len(file.statements) - done} statements")

    def _record(
        self, file: SqlFile, statements: Sequence[Statement], facts: Jsonb, done: int, began: float
    ) -> None:
        """Runs these statements, and in the same transaction says how many are done by then."""
        if statements:
            self.run_all([(file, statement) for statement in statements])
        self.call("record_step", facts, done, _since(began))

    def _run_alone(self, file: SqlFile, statement: Statement, half_built: list[str]) -> None:
        place = f"{file.path}:{statement.line}"
        self.say(f"{place}: waits for open transactions to end")
        self.conn.execute("set role plinth_owner; set lock_timeout = 0")
        try:
            for name in half_built:
                self.say(f"{place}: drops {name}, which is half built")
                self.conn.execute(f"drop index concurrently {name}".encode())
            run(self.conn, file, statement)
        finally:
            with suppress(psycopg.OperationalError):
                self.conn.execute("reset role; set lock_timeout = '1s'")

    def patiently(self, work: Callable[[], T], busy: set[str] = _BUSY) -> T:
        """One transaction, repeated while others hold a lock; nobody queues behind it."""
        deadline, pause = time.monotonic() + self.lock_wait, 0.1
        while True:
            try:
                with self.conn.transaction():
                    return work()
            except psycopg.Error as error:
                hidden = error.sqlstate == "42501" and "row-level security" in str(error)
                if hidden and not self.open_all:
                    self.open_all = True
                    continue
                if error.sqlstate not in busy and "tuple concurrently" not in str(error):
                    raise
                holder = self._holder(f"{notes(error)[1]} {error.diag.context}")
                if time.monotonic() + pause > deadline:
                    waited = f"gave up after {self.lock_wait:.0f} s: {holder}"
                    raise MigrationError(f"{explain(error)}\n  {waited}") from error
                self.say(f"trying again in {pause:.1f} s: {holder}")
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(pause * 2, 5.0)

    def _holder(self, text: str) -> str:
        if not self.value("select to_regprocedure('deploy.lock_holder(text)')"):
            return "another database of this server is being set up"
        return str(self.call("lock_holder", text))


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


if __name__ == "__main__":
    if sys.argv[1:] != ["baseline"]:
        sys.exit("usage: python -m pyapp.migrate baseline")
    sys.stdout.write(f"{baseline()}\n")
