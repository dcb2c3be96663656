"""Migrations and the deploy around them: how a living database gets to what db/ says.

`up` is one run under one advisory lock: bootstrap, then all that is pending and the renewal of code
in one transaction. Only files that say `Transaction: none` are steps of their own, each statement
recorded as it is done. Whatever ends a run, the next one goes on from a consistent state.
"""

import hashlib
import importlib
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from pyapp.deploy import CodeFile, Renewal, Say, read_code
from pyapp.settings import DB_DIR
from pyapp.sqlfile import Connection, MigrationError, SqlError, SqlFile, Statement, read, run

T = TypeVar("T")
LOCK = 0x706C696E7468  # "plinth"; advisory locks belong to one database
LOCK_WAIT = 60.0  # seconds of trying again behind other people's locks

_SETTINGS = {
    "lock_timeout": "1s",
    "deadlock_timeout": "10ms",  # whoever meets the runner in a deadlock is not the one who fails
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "search_path": "pg_catalog, pg_temp",
    "timezone": "UTC",
}
_SET = (
    "select set_config(%(name)s, %(value)s, true) where %(name)s <> 'deadlock_timeout' "
    "or has_parameter_privilege('deadlock_timeout', 'set')"  # of a superuser, or granted
)

_NAME = re.compile(r"V(\d{3,})__[a-z0-9_]+")
_BUSY = {"55P03", "40P01", "40001"}
_RACE = _BUSY | {"23505", "42710", "42P06"}  # another database's bootstrap makes the same roles
_FORCES = re.compile(r"\b(no\s+)?force\s+row\s+level\b", re.IGNORECASE)
_ALONE = re.compile(  # what PostgreSQL refuses inside a transaction
    r"\bconcurrently\b|^(vacuum|reindex|alter\s+system|(create|drop)\s+database)\b", re.IGNORECASE
)
_INDEX = re.compile(
    r"create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(\w+)\s+on\s+([\w.]+)",
    re.IGNORECASE,
)
_TEMPLATE = """\
-- Title: {title}
-- Version: {version}
-- Description: What changes, and why.
-- Breaks:
-- Transaction: one

-- Breaks names functions and views in the way of the change: they are dropped first and come back
-- from their files. "Transaction: none" is for CREATE INDEX CONCURRENTLY and the like: every
-- statement is then a step of its own.
"""
_DOWN_TEMPLATE = """\
-- Title: Back from {title}
-- Version: {version}
-- Breaks:
"""
_BASELINE = """\
-- Title: Baseline
-- Version: 001
-- Description: All tables; generated from db/schema by: python -m pyapp.migrate baseline
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
        done = [f"{len(names)} {what}" for what, names in counts.items() if names]
        return ", ".join(done) or "nothing to do"


def read_migrations(db_dir: Path = DB_DIR) -> list[Migration]:
    """All files, checked for what can be checked without a database."""
    downs = {file.path: file for file in read(db_dir, "migrations/*.down.sql")}
    found: list[Migration] = []
    for file in read(db_dir, "migrations/*.sql"):
        if file.path in downs:
            continue
        match = _NAME.fullmatch(Path(file.path).stem)
        if not match or int(match[1]) != len(found) + 1:
            raise MigrationError(f"{file.path}: expected V{len(found) + 1:03}__<what>.sql")
        if not file.header.get("Title") or file.header.get("Version") != match[1]:
            raise MigrationError(f"{file.path}:1: the header needs Title, and Version: {match[1]}")
        down = downs.get(file.path.removesuffix(".sql") + ".down.sql")
        if down and down.header.get("Transaction") == "none":
            raise MigrationError(f"{down.path}: going back is always one transaction")
        found.append(Migration(len(found) + 1, file, down))
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
    migrations, report = read_migrations(db_dir), Report()
    runner = Runner(read_code(db_dir), on_progress, lock_wait)
    with runner.at(dsn):
        runner.look()
        for file in read(db_dir, "bootstrap/*.sql"):
            runner.bootstrap(file)
        applied = runner.checked(migrations)
        pending = [m for m in migrations if m.version > applied]
        groups = _groups(pending)
        last = max(i for i, group in enumerate(groups) if not group or group[0].transactional)
        for index, group in enumerate(groups):
            if group and not group[0].transactional:
                runner.steps(group[0])
            else:
                report.code += runner.transaction(group, renew=index == last)
            report.applied += [migration.name for migration in group]
    if redis_url and (report.applied or report.code):
        bump = getattr(importlib.import_module("pyapp.cache"), "bump_deploy", None)
        if bump:
            bump(redis_url)
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
    migrations = read_migrations(db_dir)
    runner = Runner(read_code(db_dir), on_progress, lock_wait)
    with runner.at(dsn):
        runner.look()
        runner.checked(migrations)
        last = len(runner.applied())
        target = last - 1 if to is None else to
        group = [m for m in reversed(migrations) if target < m.version <= last]
        for migration in group:
            if migration.version == 1:
                raise MigrationError(f"{migration.name} is the ground: nothing lies below it")
            if migration.down is None:
                raise MigrationError(f"{migration.name} has no .down.sql to roll it back")
        code = runner.transaction(group, back=True) if group else []
    return Report(rolled_back=[m.name for m in group], code=code)


def status(dsn: str, *, db_dir: Path = DB_DIR) -> list[str]:
    """One line for every migration, of the files and of the database."""
    migrations = {m.version: m for m in read_migrations(db_dir)}
    runner = Runner()
    with runner.at(dsn, lock=False):
        applied = {row.version: row for row in runner.applied()}
    lines = []
    for version in sorted(migrations.keys() | applied.keys()):
        migration, row = migrations.get(version), applied.get(version)
        if row is None:
            state = "pending"
        elif row.status == "running":
            state = f"stopped after statement {row.statements_done}"
        elif migration is None:
            state = "applied, its file is missing"
        elif migration.file.sha256 != row.checksum:
            state = "edited after it was applied"
        else:
            state = f"applied {row.applied_at:%Y-%m-%d %H:%M:%S} in {row.execution_ms} ms"
        lines.append(f"{migration.name if migration else row and row.name:32} {state}")
    return lines


def verify(dsn: str, *, db_dir: Path = DB_DIR) -> list[str]:
    """What is not as it was deployed, one line each; nothing when all is well."""
    migrations = read_migrations(db_dir)
    runner = Runner(read_code(db_dir))
    with runner.at(dsn, lock=False) as conn, conn.transaction():
        applied = runner.applied()
        if not applied:
            return ["no migration is applied"]
        wrong = _differences(migrations, applied)
        wrong += [
            f"{row.name} stopped after statement {row.statements_done}: run migrate up"
            for row in applied
            if row.status == "running"
        ]
        wrong += [f"{m.file.path} is pending" for m in migrations if m.version > len(applied)]
        wrong += [f"{m.file.path} has no .down.sql" for m in migrations[1:] if not m.down]
        renewal = Renewal(conn, runner.code, runner.say)
        wrong += [f"{file.path} is not what is deployed" for file in renewal.stale()]
        wrong += [f"{path} is deployed, but gone" for path in renewal.removed()]
        drift = conn.execute("select * from deploy.drift(deploy.snapshot())").fetchall()
        wrong += [f"{name} {what}" for name, what in drift]
    return wrong


def history(dsn: str) -> list[str]:
    """Every step this database ever made, oldest first."""
    with Runner().at(dsn, lock=False) as conn:
        rows = conn.execute(
            "select to_char(happened_at at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS'), direction, "
            "name, execution_ms || ' ms', done_by from ops.migration_history order by id"
        ).fetchall()
    return ["  ".join(row) for row in rows]


def new(name: str, *, db_dir: Path = DB_DIR) -> list[Path]:
    """Writes the next migration and its way back: a header each, and nothing else."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not slug:
        raise MigrationError("a migration needs a name, for example: add_orders")
    version, title = f"{len(read_migrations(db_dir)) + 1:03}", slug.replace("_", " ").capitalize()
    paths = []
    for ending, template in ((".sql", _TEMPLATE), (".down.sql", _DOWN_TEMPLATE)):
        paths.append(db_dir / "migrations" / f"V{version}__{slug}{ending}")
        paths[-1].write_text(template.format(title=title, version=version), encoding="utf-8")
    return paths


def baseline(db_dir: Path = DB_DIR) -> Path:
    """Writes V001 from db/schema, as long as nothing stands on it."""
    if any(db_dir.glob("migrations/V002__*.sql")):
        raise MigrationError("V002 stands on the baseline: write a new migration instead")
    parts = [_BASELINE]
    parts += [f"\n-- {f.path}\n\n{f.text.strip()}\n" for f in read(db_dir, "schema/*.sql")]
    path = db_dir / "migrations" / "V001__baseline.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(parts), encoding="utf-8")
    return path


class Runner:
    """One connection that holds the lock of all runners, and what is done over it."""

    conn: Connection
    before: dict[str, str]

    def __init__(
        self, code: list[CodeFile] | None = None, say: Say | None = None, lock_wait: float = 0
    ) -> None:
        self.code, self.say, self.lock_wait = code or [], say or (lambda _line: None), lock_wait

    @contextmanager
    def at(self, dsn: str, *, lock: bool = True) -> Iterator[Connection]:
        try:
            conn = psycopg.connect(
                dsn, autocommit=True, prepare_threshold=None, client_encoding="utf8"
            )
        except psycopg.OperationalError as error:
            raise MigrationError(f"cannot reach the database: {str(error).strip()}") from error
        with conn as self.conn:
            self.conn.add_notice_handler(self._notice)
            if lock:
                self._lock()
            try:
                yield self.conn
            except psycopg.Error as error:
                raise MigrationError(str(error).strip()) from error

    def look(self) -> None:
        """What the catalog is like before this run, its bootstrap included, changes it."""
        known = self._value("select to_regprocedure('deploy.snapshot()')")
        self.before = self._value("select deploy.snapshot()") if known else {}

    def _notice(self, diag: psycopg.errors.Diagnostic) -> None:
        # RAISE NOTICE and warnings; not PostgreSQL's own "already exists, skipping".
        if diag.sqlstate == "00000" or diag.severity_nonlocalized == "WARNING":
            self.say(f"{diag.severity}: {diag.message_primary}")

    def _lock(self) -> None:
        # Asked again and again, for a statement that waits holds a snapshot, and the other runner's
        # CREATE INDEX CONCURRENTLY would wait for that in turn.
        told = False
        while not self._value("select pg_try_advisory_lock(%s)", LOCK):
            if not told:
                self.say("another runner is at work on this database; waiting for it")
            told = True
            time.sleep(0.1)

    def _value(self, query: str, *args: object) -> Any:
        row = self.conn.execute(query.encode(), args).fetchone()
        return row and row[0]

    def applied(self) -> list[Any]:
        if not self._value("select to_regclass('ops.schema_migrations')"):
            return []
        with self.conn.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute("select * from ops.schema_migrations order by version")
            return cursor.fetchall()

    def checked(self, migrations: list[Migration]) -> int:
        """The last version that is applied whole; refuses where files and database disagree."""
        applied = self.applied()
        if wrong := _differences(migrations, applied):
            raise MigrationError("\n".join(wrong))
        return max((row.version for row in applied if row.status == "applied"), default=0)

    def bootstrap(self, file: SqlFile) -> None:
        def work() -> None:
            for statement in file.statements:
                run(self.conn, file, statement)

        self.patiently(work, _RACE)

    def transaction(
        self, group: Sequence[Migration], *, back: bool = False, renew: bool = False
    ) -> list[str]:
        """Files of a group and the code around them, whole or not at all; returns renewed files."""

        def work(open_all: bool) -> list[str]:
            now = self._value("select deploy.snapshot()")
            renewal = Renewal(self.conn, self.code, self.say)
            if group and group[0].version > 1:
                files = [m.down if back and m.down else m.file for m in group]
                text = "\n".join(file.text for file in files)
                broken = {f"view {name}" for file in files for name in breaks(file)}
                views = [f for f in self.code if broken & set(f.objects)] + renewal.stale()
                renewal.lock_ahead(views, text, open_all=open_all)
            for migration in group:
                self._migrate(migration, renewal, back=back, open_all=open_all)
            self.conn.execute("set local check_function_bodies = off")
            renewal.run(self._damaged(now), strict=renew)
            if (group or renewal.changed) and renewal.objects(["function http.announce_deploy"]):
                self.conn.execute("select http.announce_deploy()")
            if group or renewal.changed or now != self.before:
                self.conn.execute("select deploy.record(%s)", [Jsonb(self.before)])
            return renewal.changed

        changed = self._opening(work)
        self.look()
        return changed

    def _opening(self, work: Callable[[bool], T]) -> T:
        """With the tables open that a file names; with all of them where that proves too few."""
        try:
            return self.patiently(lambda: work(False))
        except SqlError as error:
            if error.sqlstate != "42501" or "row-level security" not in error.primary:
                raise
            return self.patiently(lambda: work(True))

    def _damaged(self, before: dict[str, str]) -> list[str]:
        """Code that was changed by hand, under the name its file knows."""
        drift = self.conn.execute("select object from deploy.drift(%s)", [Jsonb(before)]).fetchall()
        names = (re.sub(r"^column (.*)\.\w+$", r"view \1", row[0]) for row in drift)
        return [name.partition("(")[0] for name in names]

    def run_file(self, file: SqlFile, statements: Sequence[Statement], *, open_all: bool) -> None:
        """As plinth_owner, past the policies of the tables that the file names, while it runs."""
        self.conn.execute("set local role plinth_owner")
        text = ";\n".join(statement.text for statement in statements)
        self.conn.execute("select deploy.open_tables(%s, %s)", [text, open_all])
        for statement in statements:
            tag = run(self.conn, file, statement)
            word, *count = tag.split()
            if count and word in {"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"}:
                self.say(f"{file.path}:{statement.line}: {word} {count[-1]}")
            if match := _FORCES.search(statement.text):
                if match[1]:
                    raise MigrationError(f"{file.path}:{statement.line}: tables stay forced")
                self.conn.execute("select deploy.open_new_tables()")
        self.conn.execute("select deploy.close_tables()")
        self.conn.execute("reset role")

    def _migrate(
        self, migration: Migration, renewal: Renewal, *, back: bool, open_all: bool
    ) -> None:
        file = migration.down if back and migration.down else migration.file
        began = time.monotonic()
        for name in breaks(file):
            renewal.drop([f"function {name}", f"view {name}"])
        try:
            self.run_file(file, file.statements, open_all=open_all)
        except SqlError as error:
            if error.sqlstate in {"2BP01", "0A000"}:
                hint = "HINT: name the code in the way in the header, -- Breaks: api.…"
                error.args = (f"{error}\n  {hint}",)
            raise
        taken = _since(began)
        if back:
            self.conn.execute("select set_config('plinth.execution_ms', %s, true)", [str(taken)])
            self.conn.execute(
                "delete from ops.schema_migrations where version = %s", [migration.version]
            )
        else:
            self._insert(migration, "applied", len(file.statements), file.sha256, taken)
        self.say(f"{file.path}: {taken} ms")

    def _insert(self, m: Migration, state: str, done: int, checksum: str, taken: int) -> None:
        title, description = m.file.header["Title"], m.file.header.get("Description", "")
        self.conn.execute(
            "insert into ops.schema_migrations (version, name, title, description, checksum, "
            "transactional, status, statements_done, execution_ms) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (m.version, m.name, title, description, checksum, m.transactional, state, done, taken),
        )

    def steps(self, migration: Migration) -> None:
        """A file without a transaction: a statement that is recorded as done is not done again."""
        file = migration.file
        row = next((row for row in self.applied() if row.version == migration.version), None)
        if row is None:
            self._insert(migration, "running", 0, _digest([]), 0)
        done = row.statements_done if row else 0
        if row and row.checksum != _digest(file.statements[:done]):
            raise MigrationError(f"{file.path}: its first {done} statements are done: do not edit")
        for number, statement in enumerate(file.statements[done:], start=done + 1):
            if _ALONE.search(statement.text):
                self.say(f"{file.path}:{statement.line}: waits for open transactions to end")
                began = time.monotonic()
                self._alone(file, statement, again=row is not None and number == done + 1)
                self._done(migration, number, began)
            else:
                self._step(migration, number, statement)
        self.conn.execute(
            "update ops.schema_migrations set status = 'applied', checksum = %s, "
            "applied_at = clock_timestamp() where version = %s",
            [file.sha256, migration.version],
        )
        self.say(f"{file.path}: {len(file.statements) - done} statements")

    def _step(self, migration: Migration, number: int, statement: Statement) -> None:
        def work(open_all: bool) -> None:
            began = time.monotonic()
            self.run_file(migration.file, [statement], open_all=open_all)
            self._done(migration, number, began)

        self._opening(work)

    def _done(self, migration: Migration, number: int, began: float) -> None:
        self.conn.execute(
            "update ops.schema_migrations set statements_done = %s, checksum = %s, "
            "execution_ms = execution_ms + %s where version = %s",
            [number, _digest(migration.file.statements[:number]), _since(began), migration.version],
        )

    def _alone(self, file: SqlFile, statement: Statement, *, again: bool) -> None:
        """Outside a transaction; `again`: a run ended here, and what it left is cleared away."""
        self.conn.execute("set search_path = pg_catalog, pg_temp")
        self.conn.execute("set role plinth_owner")
        match = _INDEX.match(statement.text)
        try:
            for name, valid in self.conn.execute(
                "select * from deploy.indexes_left(%s, %s)",
                [match[1], match[2]] if match else [None, None],
            ).fetchall():
                if not valid:
                    self.say(f"{file.path}:{statement.line}: drops {name}, which is half built")
                    self.conn.execute(f"drop index concurrently {name}".encode())
                elif again:
                    return  # it was built, only the record of that was lost
            run(self.conn, file, statement)
        except SqlError as error:
            gone = error.sqlstate == "42704" and statement.text[:4].lower() == "drop"
            if not (again and gone):
                raise
        finally:
            with suppress(psycopg.OperationalError):
                self.conn.execute("reset role")
                self.conn.execute("reset search_path")

    def patiently(self, work: Callable[[], T], busy: set[str] = _BUSY) -> T:
        """One transaction, repeated while others hold a lock; nobody queues behind it."""
        deadline, pause = time.monotonic() + self.lock_wait, 0.1
        while True:
            try:
                with self.conn.transaction():
                    for name, value in _SETTINGS.items():
                        self.conn.execute(_SET, {"name": name, "value": value})
                    return work()
            except (SqlError, psycopg.Error) as error:
                if error.sqlstate not in busy and "tuple concurrently" not in str(error):
                    raise
                diag = error.diag if isinstance(error, psycopg.Error) else None
                what = str(error) if diag is None else f"waiting: {diag.message_primary}"
                holder = self._holder(f"{getattr(error, 'statement', '')} {diag and diag.context}")
                if time.monotonic() + pause > deadline:
                    waited = f"gave up after {self.lock_wait:.0f} s: {holder}"
                    raise MigrationError(f"{what}\n  {waited}") from error
                self.say(f"trying again in {pause:.1f} s: {holder}")
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(pause * 2, 5.0)

    def _holder(self, text: str) -> str:
        if not self._value("select to_regprocedure('deploy.lock_holder(text)')"):
            return "another database of this server is being set up"
        return str(self._value("select deploy.lock_holder(%s)", text) or "it is free by now")


def breaks(file: SqlFile) -> list[str]:
    return re.findall(r"\w+\.\w+", file.header.get("Breaks", "").lower())


def _groups(pending: list[Migration]) -> list[list[Migration]]:
    """Transactional neighbours go together; one such group there is, to carry the renewal."""
    groups: list[list[Migration]] = []
    for migration in pending:
        if groups and migration.transactional and groups[-1][-1].transactional:
            groups[-1].append(migration)
        else:
            groups.append([migration])
    return groups if any(group[0].transactional for group in groups) else [*groups, []]


def _differences(migrations: list[Migration], applied: list[Any]) -> list[str]:
    wrong = []
    for row in applied:
        migration = migrations[row.version - 1] if row.version <= len(migrations) else None
        if migration is None:
            wrong.append(f"{row.name} is applied, but these files are older and do not have it")
        elif row.status == "applied" and migration.file.sha256 != row.checksum:
            fresh = " (a regenerated baseline needs a new database)" if row.version == 1 else ""
            wrong.append(
                f"{migration.file.path} was edited after it was applied: put it back and write "
                f"the change as a new migration{fresh}"
            )
    return wrong


def _digest(statements: Sequence[Statement]) -> str:
    return hashlib.sha256("\n;\n".join(s.text for s in statements).encode()).hexdigest()


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


if __name__ == "__main__":
    if sys.argv[1:] != ["baseline"]:
        sys.exit("usage: python -m pyapp.migrate baseline")
    sys.stdout.write(f"{baseline()}\n")
