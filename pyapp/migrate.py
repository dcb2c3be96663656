"""Migrations and the deploy around them: how a living database gets to what db/ says.

`up` is one run under one advisory lock: bootstrap, then all that is pending and the renewal of code in
one transaction. Only files that say `Transaction: none` are steps of their own, each statement
recorded as it is done.
"""

import hashlib
import importlib
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TypeVar

import psycopg
from psycopg.rows import class_row

from pyapp.deploy import CodeFile, Renewal, Say, read_code
from pyapp.force import Unforced
from pyapp.settings import DB_DIR
from pyapp.sqlfile import Connection, MigrationError, SqlError, SqlFile, Statement, read, run

T = TypeVar("T")
LOCK = 0x706C696E7468  # "plinth"; advisory locks belong to one database
LOCK_WAIT = 60.0  # seconds of trying again behind other people's locks
RUNNER_WAIT = 600.0

_NAME = re.compile(r"V(\d{3,})__([a-z0-9_]+)\.sql")
_BUSY = {"55P03", "40P01", "40001"}
_RACE = {"23505", "42710", "42P06"}  # another database's bootstrap made the same role just now
# What PostgreSQL refuses inside a transaction block.
_ALONE = re.compile(
    r"\bconcurrently\b|^(vacuum|reindex|alter\s+system|(create|drop)\s+database)\b", re.IGNORECASE
)
_INDEX = re.compile(
    r"create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(\w+)\s+on\s+([\w.]+)",
    re.IGNORECASE,
)

TEMPLATE = """\
-- Title: {title}
-- Version: {version}
-- Description: What changes, and why.
-- Breaks:
-- Transaction: one

-- Breaks names the functions and views in the way of the change: they go first and come back from their files.
-- "Transaction: none" is for CREATE INDEX CONCURRENTLY and the like: every statement is a step of its own.
"""
DOWN_TEMPLATE = """\
-- Title: Back from {title}
-- Version: {version}
-- Breaks:
"""


@dataclass(frozen=True)
class Migration:
    version: int
    file: SqlFile
    down: SqlFile | None

    @property
    def name(self) -> str:
        return Path(self.file.path).stem

    @property
    def transactional(self) -> bool:
        return self.file.header.get("Transaction") != "none"


@dataclass(frozen=True)
class Applied:
    version: int
    name: str
    checksum: str
    status: str
    statements_done: int
    applied_at: datetime
    execution_ms: int


@dataclass(frozen=True)
class Step:
    happened_at: datetime
    direction: str
    name: str
    execution_ms: int
    done_by: str


@dataclass
class Report:
    applied: list[str] = field(default_factory=list)
    rolled_back: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = (
            f"{len(names)} {what}"
            for names, what in (
                (self.applied, "migrations applied"),
                (self.rolled_back, "migrations rolled back"),
                (self.code, "code files renewed"),
            )
            if names
        )
        return ", ".join(counts) or "nothing to do"


def read_migrations(db_dir: Path = DB_DIR) -> list[Migration]:
    """All files, checked for what can be checked without a database."""
    downs = {file.path: file for file in read(db_dir, "migrations/*.down.sql")}
    found: list[Migration] = []
    for file in read(db_dir, "migrations/*.sql"):
        if file.path in downs:
            continue
        match = _NAME.fullmatch(Path(file.path).name)
        if not match:
            raise MigrationError(f"{file.path}: a migration is named V<number>__<what>.sql")
        if not file.header.get("Title") or file.header.get("Version") != match[1]:
            raise MigrationError(
                f"{file.path}:1: the header needs a Title, and Version: {match[1]}"
            )
        if int(match[1]) != len(found) + 1:
            raise MigrationError(f"{file.path}: the next number is {len(found) + 1:03}")
        down = downs.get(file.path.removesuffix(".sql") + ".down.sql")
        if down and down.header.get("Transaction") == "none":
            raise MigrationError(f"{down.path}: going back is always one transaction")
        found.append(Migration(int(match[1]), file, down))
    return found


def up(
    dsn: str,
    *,
    redis_url: str | None = None,
    on_progress: Say | None = None,
    db_dir: Path = DB_DIR,
    lock_wait: float = LOCK_WAIT,
) -> Report:
    """Brings the database to what db_dir says: roles, tables and code."""
    runner, report = Runner(read_code(db_dir), on_progress or _quiet, lock_wait), Report()
    migrations = read_migrations(db_dir)
    with runner.at(dsn):
        for file in read(db_dir, "bootstrap/*.sql"):
            runner.bootstrap(file)
        applied = runner.applied()
        if wrong := _differences(migrations, applied):
            raise MigrationError("\n".join(wrong))
        done = {a.version for a in applied if a.status == "applied"}
        groups = _groups([m for m in migrations if m.version not in done])
        final = max(i for i, group in enumerate(groups) if all(m.transactional for m in group))
        for index, group in enumerate(groups):
            if all(m.transactional for m in group):
                report.code += runner.transaction(group, renew=index == final)
            else:
                runner.steps(group[0])
            report.applied += [m.name for m in group]
    if redis_url and (report.applied or report.code):
        _bump(redis_url)
    return report


def down(
    dsn: str,
    *,
    to: int | None = None,
    on_progress: Say | None = None,
    db_dir: Path = DB_DIR,
    lock_wait: float = LOCK_WAIT,
) -> Report:
    """Rolls back the last migration, or all after the version `to`, in one transaction."""
    runner = Runner(read_code(db_dir), on_progress or _quiet, lock_wait)
    migrations = read_migrations(db_dir)
    with runner.at(dsn):
        applied = runner.applied()
        if wrong := _differences(migrations, applied):
            raise MigrationError("\n".join(wrong))
        target = len(applied) - 1 if to is None else to
        group = [m for m in reversed(migrations) if target < m.version <= len(applied)]
        for migration in group:
            if migration.version == 1:
                raise MigrationError(
                    f"{migration.name} is the ground: below it there is only an empty database"
                )
            if migration.down is None:
                raise MigrationError(f"{migration.name} has no .down.sql: it cannot be rolled back")
        code = runner.transaction(group, back=True) if group else []
    return Report(rolled_back=[m.name for m in group], code=code)


def status(dsn: str, *, db_dir: Path = DB_DIR) -> list[tuple[str, str, str]]:
    """Name, state and title of every migration, of the files and of the database."""
    migrations = {m.version: m for m in read_migrations(db_dir)}
    runner = Runner([], _quiet, 0)
    with runner.at(dsn, lock=False):
        applied = {a.version: a for a in runner.applied()}
    rows = []
    for version in sorted(migrations.keys() | applied.keys()):
        migration, row = migrations.get(version), applied.get(version)
        if row is None:
            state = "pending"
        elif row.status == "running":
            state = f"stopped after statement {row.statements_done}"
        elif migration is None:
            state = "file missing"
        elif migration.file.sha256 != row.checksum:
            state = "edited since"
        else:
            state = f"applied {row.applied_at:%Y-%m-%d %H:%M:%S} in {row.execution_ms} ms"
        name = migration.name if migration else row.name if row else ""
        rows.append((name, state, migration.file.header["Title"] if migration else ""))
    return rows


def verify(dsn: str, *, db_dir: Path = DB_DIR) -> list[str]:
    """What is not as it was deployed, one line each; nothing when all is well."""
    migrations, code = read_migrations(db_dir), read_code(db_dir)
    runner = Runner(code, _quiet, 0)
    with runner.at(dsn, lock=False) as conn, conn.transaction():
        applied = runner.applied()
        wrong = _differences(migrations, applied)
        wrong += [
            f"{a.name} stopped after statement {a.statements_done}; migrate up goes on there"
            for a in applied
            if a.status == "running"
        ]
        if not applied:
            return ["no migration is applied"]
        wrong += [f"{m.file.path} is pending" for m in migrations if m.version > len(applied)]
        wrong += [f"{m.file.path} has no .down.sql" for m in migrations[1:] if m.down is None]
        renewal = Renewal(conn, code, _quiet)
        wrong += [f"{f.path} is not what is deployed" for f in renewal.stale()]
        wrong += [
            f"{path} is deployed, and is no more"
            for path in sorted(set(renewal.deployed) - set(renewal.files))
        ]
        recorded, now = _recorded(conn), _fingerprints(conn)
        for name in sorted(recorded.keys() | now.keys()):
            if name not in now:
                wrong.append(f"{name} is missing")
            elif recorded.get(name) != now[name]:
                wrong.append(f"{name} was {'changed' if name in recorded else 'added'} by hand")
    return wrong


def history(dsn: str) -> list[Step]:
    with _connect(dsn) as conn, conn.cursor(row_factory=class_row(Step)) as cursor:
        return cursor.execute(
            "select happened_at, direction, name, execution_ms, done_by from ops.migration_history order by id"
        ).fetchall()


def new(name: str, *, db_dir: Path = DB_DIR) -> tuple[Path, Path]:
    """Writes the next migration and its way back, both with a header and nothing else."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    version = f"{len(read_migrations(db_dir)) + 1:03}"
    title = slug.replace("_", " ").capitalize()
    if not slug:
        raise MigrationError("a migration needs a name, for example: migrate new add_orders")
    paths = []
    for ending, template in ((".sql", TEMPLATE), (".down.sql", DOWN_TEMPLATE)):
        path = db_dir / "migrations" / f"V{version}__{slug}{ending}"
        path.write_text(template.format(title=title, version=version), encoding="utf-8")
        paths.append(path)
    return paths[0], paths[1]


def baseline(db_dir: Path = DB_DIR) -> Path:
    """Writes V001 from db/schema; only while nothing stands on it."""
    path = db_dir / "migrations" / "V001__baseline.sql"
    if any(db_dir.glob("migrations/V002__*.sql")):
        raise MigrationError("V002 stands on the baseline: write a new migration instead")
    parts = [
        "-- Title: Baseline\n-- Version: 001\n"
        "-- Description: All tables, generated from db/schema by: python -m pyapp.migrate baseline\n"
    ]
    parts += [f"\n-- {file.path}\n\n{file.text.strip()}\n" for file in read(db_dir, "schema/*.sql")]
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(parts), encoding="utf-8")
    return path


class Runner:
    """One connection that holds the lock of all runners, and what is done over it."""

    conn: Connection

    def __init__(self, code: list[CodeFile], say: Say, lock_wait: float) -> None:
        self.code, self.say, self.lock_wait = code, say, lock_wait

    @contextmanager
    def at(self, dsn: str, *, lock: bool = True) -> Iterator[Connection]:
        with _connect(dsn) as self.conn, _sigterm_as_interrupt():
            self.conn.add_notice_handler(self._notice)
            if lock:
                self._lock()
            yield self.conn

    def _notice(self, diag: psycopg.errors.Diagnostic) -> None:
        # RAISE NOTICE of a file, and warnings; not "already exists, skipping".
        if diag.sqlstate == "00000" or diag.severity_nonlocalized == "WARNING":
            self.say(f"{diag.severity}: {diag.message_primary}")

    def _lock(self) -> None:
        # Asked again and again instead of waited for: a waiting statement would hold a snapshot, and the
        # other runner's CREATE INDEX CONCURRENTLY would wait for that in turn.
        deadline, told = time.monotonic() + RUNNER_WAIT, False
        while not self._value("select pg_try_advisory_lock(%s)", LOCK):
            if not told:
                self.say("another runner is at work on this database; waiting for it")
                told = True
            if time.monotonic() > deadline:
                raise MigrationError(f"another runner has held the lock for {RUNNER_WAIT:.0f} s")
            time.sleep(0.1)

    def _value(self, query: str, *args: object) -> object:
        row = self.conn.execute(query.encode(), args).fetchone()
        return row and row[0]

    def applied(self) -> list[Applied]:
        if not self._value("select to_regclass('ops.schema_migrations')"):
            return []
        with self.conn.cursor(row_factory=class_row(Applied)) as cursor:
            return cursor.execute(
                "select version, name, checksum, status, statements_done, applied_at, execution_ms "
                "from ops.schema_migrations order by version"
            ).fetchall()

    def bootstrap(self, file: SqlFile) -> None:
        def work() -> None:
            with self.conn.transaction():
                for statement in file.statements:
                    run(self.conn, file, statement)

        self.patiently(work, _BUSY | _RACE)

    def transaction(
        self, group: Sequence[Migration], *, back: bool = False, renew: bool = False
    ) -> list[str]:
        """The files of a group and the code around them, whole or not at all; returns the code renewed."""
        lift_all = False

        def work() -> list[str]:
            with self.conn.transaction():
                _prepare(self.conn)
                before = _fingerprints(self.conn)
                renewal = Renewal(self.conn, self.code, self.say)
                for migration in group:
                    self._migrate(migration, renewal, back=back, lift_all=lift_all)
                drifted = _drifted(_recorded(self.conn), before) if before else set()
                renewal.run(drifted, strict=renew)
                if group or renewal.changed:
                    if renewal.objects(["function http.announce_deploy"]):
                        self.conn.execute("select http.announce_deploy()")
                    _record(self.conn, before)
                return renewal.changed

        try:
            return self.patiently(work)
        except SqlError as error:
            if error.sqlstate != "42501" or "row-level security" not in error.primary:
                raise
            # It reads or writes more tables than it names: once more with all of them open.
            lift_all = True
            return self.patiently(work)

    def _migrate(
        self, migration: Migration, renewal: Renewal, *, back: bool, lift_all: bool
    ) -> None:
        file = migration.down if back and migration.down else migration.file
        began = time.monotonic()
        for name in re.findall(r"\w+\.\w+", file.header.get("Breaks", "").lower()):
            renewal.drop([f"function {name}", f"view {name}"])
        self.conn.execute("set local role plinth_owner")
        with Unforced(self.conn, file, everything=lift_all) as force:
            for statement in file.statements:
                self._statement(file, statement)
                force.after(statement)
        taken = int((time.monotonic() - began) * 1000)
        if back:
            self.conn.execute("select set_config('plinth.execution_ms', %s, true)", [str(taken)])
            self.conn.execute(
                "delete from ops.schema_migrations where version = %s", [migration.version]
            )
        else:
            self._insert(migration, "applied", len(file.statements), file.sha256, taken)
        self.conn.execute("reset role")
        self.say(f"{file.path}: {taken} ms")

    def _statement(self, file: SqlFile, statement: Statement) -> None:
        try:
            tag = run(self.conn, file, statement)
        except SqlError as error:
            if error.sqlstate in {"2BP01", "0A000"}:
                error.args = (
                    f"{error}\n  HINT: name the code in the way in the header: -- Breaks: api.…",
                )
            raise
        word, *count = tag.split()
        if count and word in {"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"}:
            self.say(f"{file.path}:{statement.line}: {word} {count[-1]}")

    def _insert(
        self, migration: Migration, state: str, done: int, checksum: str, taken: int
    ) -> None:
        header = migration.file.header
        self.conn.execute(
            "insert into ops.schema_migrations (version, name, title, description, checksum, transactional, "
            "status, statements_done, execution_ms) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [migration.version, migration.name, header["Title"], header.get("Description", ""), checksum,
             migration.transactional, state, done, taken],
        )  # fmt: skip

    def steps(self, migration: Migration) -> None:
        """A file without a transaction: each statement is recorded when it is done, and never done again."""
        file = migration.file
        row = next((a for a in self.applied() if a.version == migration.version), None)
        if row is None:
            self._insert(migration, "running", 0, _digest([]), 0)
        done = row.statements_done if row else 0
        if row and row.checksum != _digest(file.statements[:done]):
            raise MigrationError(
                f"{file.path}: its first {done} statements are done and can no longer change"
            )
        for index, statement in enumerate(file.statements[done:], start=done + 1):
            again = row is not None and index == done + 1
            began = time.monotonic()
            if _ALONE.search(statement.text):
                self.say(
                    f"{file.path}:{statement.line}: outside a transaction, waits for those that are open"
                )
                self._alone(file, statement, again=again)
                self._done(migration, index, began)
            else:
                self.patiently(lambda i=index, s=statement, b=began: self._step(migration, i, s, b))  # type: ignore[misc]
        self.conn.execute(
            "update ops.schema_migrations set status = 'applied', checksum = %s, applied_at = clock_timestamp() "
            "where version = %s",
            [file.sha256, migration.version],
        )
        self.say(f"{file.path}: {len(file.statements) - done} statements")

    def _step(self, migration: Migration, index: int, statement: Statement, began: float) -> None:
        with self.conn.transaction():
            _prepare(self.conn)
            self.conn.execute("set local role plinth_owner")
            with Unforced(
                self.conn, SqlFile(migration.file.path, statement.text), everything=False
            ) as force:
                self._statement(migration.file, statement)
                force.after(statement)
            self.conn.execute("reset role")
            self._done(migration, index, began)

    def _done(self, migration: Migration, index: int, began: float) -> None:
        self.conn.execute(
            "update ops.schema_migrations set statements_done = %s, checksum = %s, execution_ms = execution_ms + %s "
            "where version = %s",
            [index, _digest(migration.file.statements[:index]), int((time.monotonic() - began) * 1000),
             migration.version],
        )  # fmt: skip

    def _alone(self, file: SqlFile, statement: Statement, *, again: bool) -> None:
        self.conn.execute("set search_path = pg_catalog, pg_temp")
        self.conn.execute("set role plinth_owner")
        try:
            match = _INDEX.match(statement.text)
            for name, valid in self.conn.execute(
                "select i.indexrelid::regclass::text, i.indisvalid from pg_index i "
                "join pg_class c on c.oid = i.indexrelid "
                "where (c.relname = %s and i.indrelid = to_regclass(%s)) "
                "or (not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$')",
                [match[1], match[2]] if match else ["", ""],
            ).fetchall():
                if not valid:
                    self.say(
                        f"{file.path}:{statement.line}: dropping {name}, which was left half built"
                    )
                    self.conn.execute(f"drop index concurrently {name}".encode())
                elif again:
                    return  # it was built, and only the record of that was lost
            run(self.conn, file, statement)
        except SqlError as error:
            if not (again and error.sqlstate == "42704" and statement.text[:4].lower() == "drop"):
                raise
        finally:
            with suppress(psycopg.OperationalError):
                self.conn.execute("reset role")
                self.conn.execute("reset search_path")

    def patiently(self, work: Callable[[], T], busy: set[str] = _BUSY) -> T:
        """Repeats the whole transaction while others hold what it needs; nobody queues behind it meanwhile."""
        deadline, pause = time.monotonic() + self.lock_wait, 0.1
        while True:
            try:
                return work()
            except (SqlError, psycopg.Error) as error:
                if error.sqlstate not in busy and "tuple concurrently" not in str(error):
                    raise
                holder = self._holder(error.statement if isinstance(error, SqlError) else "")
                if time.monotonic() + pause > deadline:
                    raise MigrationError(
                        f"{error}\n  gave up after {self.lock_wait:.0f} s: {holder}"
                    ) from error
                self.say(f"trying again in {pause:.1f} s: {holder}")
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(pause * 2, 5.0)

    def _holder(self, statement: str) -> str:
        """Who most likely holds the lock: the oldest transaction on a table that the statement names."""
        for names in (re.findall(r"\b\w+\.\w+\b", statement), None):
            row = self.conn.execute(
                "select a.pid, a.usename, a.state, extract(epoch from clock_timestamp() - a.xact_start)::int, "
                "left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120), l.relation::regclass::text "
                "from pg_stat_activity a join pg_locks l on l.pid = a.pid and l.granted and l.relation is not null "
                "where a.pid <> pg_backend_pid() and a.datname = current_database() "
                "and (%(names)s::text[] is null and l.relation >= 16384 "
                "or l.relation in (select to_regclass(n) from unnest(%(names)s::text[]) n)) "
                "order by a.xact_start limit 1",
                {"names": names},
            ).fetchone()
            if row:
                return f"{row[5]} is locked by pid {row[0]} ({row[1]}, {row[2]}, for {row[3]} s): {row[4]}"
        return "the lock was held by a session that is gone by now"


def _connect(dsn: str) -> Connection:
    try:
        return psycopg.connect(
            dsn,
            autocommit=True,
            prepare_threshold=None,
            client_encoding="utf8",
            application_name="plinth migrate",
        )
    except psycopg.OperationalError as error:
        raise MigrationError(f"cannot reach the database: {str(error).strip()}") from error


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """SIGTERM then ends like Ctrl-C does: the running statement is cancelled, the transaction rolled back."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _prepare(conn: Connection) -> None:
    for name, value in (
        ("lock_timeout", "1s"),
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("search_path", "pg_catalog, pg_temp"),
        ("timezone", "UTC"),
    ):
        conn.execute("select set_config(%s, %s, true)", [name, value])


def _groups(pending: list[Migration]) -> list[list[Migration]]:
    """Neighbours that are transactional go together; one group at least is, for it carries the renewal."""
    groups: list[list[Migration]] = []
    for migration in pending:
        if groups and migration.transactional and groups[-1][-1].transactional:
            groups[-1].append(migration)
        else:
            groups.append([migration])
    if not any(group[0].transactional for group in groups):
        groups.append([])
    return groups


def _differences(migrations: list[Migration], applied: list[Applied]) -> list[str]:
    wrong = []
    for row in applied:
        file = next((m.file for m in migrations if m.version == row.version), None)
        if file is None:
            wrong.append(
                f"{row.name} is applied, but its file is missing: these files are older than the database"
            )
        elif row.status == "applied" and (
            file.sha256 != row.checksum or Path(file.path).stem != row.name
        ):
            wrong.append(
                f"{file.path} was edited after it was applied: put it back, and write the change as a new "
                "migration"
                + (" (a regenerated baseline needs a new database)" if row.version == 1 else "")
            )
    return wrong


def _digest(statements: Sequence[Statement]) -> str:
    return hashlib.sha256("\n;\n".join(s.text for s in statements).encode()).hexdigest()


def _fingerprints(conn: Connection) -> dict[str, str]:
    known = conn.execute("select to_regprocedure('ops.catalog_objects()')").fetchone()
    if not known or known[0] is None:
        return {}
    return dict(
        conn.execute("select object, md5(definition) from ops.catalog_objects()").fetchall()
    )


def _recorded(conn: Connection) -> dict[str, str]:
    return dict(conn.execute("select object, fingerprint from ops.catalog_fingerprint").fetchall())


def _drifted(recorded: dict[str, str], now: dict[str, str]) -> set[str]:
    """Code that was changed by hand, by the name its file knows it under."""
    changed = {name for name in recorded.keys() | now.keys() if recorded.get(name) != now.get(name)}
    return {
        "view " + name[7:].rpartition(".")[0]
        if name.startswith("column ")
        else name.partition("(")[0]
        for name in changed
    }


def _record(conn: Connection, before: dict[str, str]) -> None:
    """Only what this deploy changed: drift that was there before stays visible."""
    after = _fingerprints(conn)
    changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    conn.execute("delete from ops.catalog_fingerprint where object = any (%s)", [changed])
    conn.execute(
        "insert into ops.catalog_fingerprint (object, fingerprint) select * from unnest(%s::text[], %s::text[])",
        [[n for n in changed if n in after], [after[n] for n in changed if n in after]],
    )


def _bump(redis_url: str) -> None:
    bump = getattr(importlib.import_module("pyapp.cache"), "bump_deploy", None)
    if bump:
        bump(redis_url)


def _quiet(_line: str) -> None:
    pass


if __name__ == "__main__":
    if sys.argv[1:] != ["baseline"]:
        sys.exit("usage: python -m pyapp.migrate baseline")
    print(baseline())
