"""The renewal of code: functions and views become what their files say; nothing else is touched.

A file whose hash is deployed is left alone. A changed one replaces its objects in place where their
signature allows it. Where not, they are dropped together with the code that hangs on them, and the
files of all that vanished run again. Order follows from trying: a file that misses something waits
for the next round.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg

from pyapp.sqlfile import Connection, MigrationError, SqlError, SqlFile, located, read, run

SCHEMAS = ("api", "core", "http", "compat")
Say = Callable[[str], None]

# OR REPLACE cannot: another signature, columns or kind; 42725: the old one stands beside it.
_MUST_DROP = {"42P13", "42P16", "42809", "42725"}
_MISSING = {"42883", "42P01", "42704", "3F000", "42703"}
_CREATE = re.compile(
    r"create\s+(?:or\s+replace\s+)?(function|procedure|aggregate|view)\s+(\w+)\s*\.\s*(\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class CodeFile(SqlFile):
    @property
    def kind(self) -> str:
        return "view" if self.path.startswith("db/views/") else "function"

    @cached_property
    def objects(self) -> tuple[str, ...]:
        """What it defines, read off its CREATE statements: known before it runs."""
        found: dict[str, None] = {}
        for statement in self.statements:
            if statement.text[:6].lower() == "create":
                match = _CREATE.match(statement.text)
                if not match or match[2].lower() not in SCHEMAS:
                    raise MigrationError(
                        f"{self.path}:{statement.line}: only functions and views of "
                        f"{', '.join(SCHEMAS)} are code; anything else needs a migration"
                    )
                kind = "view" if match[1].lower() == "view" else "function"
                found[f"{kind} {match[2]}.{match[3]}".lower()] = None
        return tuple(found)


def read_code(db_dir: Path) -> list[CodeFile]:
    """Functions, the machinery in http first; then views: replacing one locks it until commit."""
    files: dict[str, CodeFile] = {}
    owners: dict[str, str] = {}
    for pattern in ("functions/http/**/*.sql", "functions/**/*.sql", "views/**/*.sql"):
        for file in read(db_dir, pattern):
            files[file.path] = code = CodeFile(file.path, file.text)
            for name in code.objects:
                if owners.setdefault(name, code.path) != code.path:
                    raise MigrationError(f"{name} is defined in {owners[name]} and {code.path}")
    return list(files.values())


class Renewal:
    """One renewal in the caller's transaction; files run as plinth_owner, the rest as the login."""

    def __init__(self, conn: Connection, files: list[CodeFile], say: Say) -> None:
        self.conn, self.say = conn, say
        self.files = {file.path: file for file in files}
        self.changed: list[str] = []

    @cached_property
    def deployed(self) -> dict[str, str]:
        """Path and hash; read at the first use, because the first migration makes the table."""
        return dict(self.conn.execute("select path, sha256 from ops.code_files").fetchall())

    def objects(self, names: Iterable[str] | None = None) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        only = None if names is None else list(names)
        for name, oid in self.conn.execute("select * from deploy.code_objects(%s)", [only]):
            found.setdefault(name, []).append(oid)
        return found

    def stale(self, damaged: Iterable[str] = ()) -> list[CodeFile]:
        """Files to run: new, changed, or with an object that is missing or was changed by hand."""
        present, damaged = self.objects().keys(), set(damaged)
        changed = [f for f in self.files.values() if self.deployed.get(f.path) != f.sha256]
        # Routes are what http.expose makes of a file.
        routes = any("function http.expose" in file.objects for file in changed)
        return [
            file
            for file in self.files.values()
            if file in changed
            or not present >= set(file.objects)
            or damaged & set(file.objects)
            or (routes and "http.expose(" in file.text)
        ]

    def removed(self) -> list[str]:
        return sorted(self.deployed.keys() - self.files.keys())

    def run(self, damaged: Iterable[str] = (), *, strict: bool = True) -> None:
        """Without strict, only what vanished comes back, and what cannot be loaded is left out."""
        if strict:
            self.changed += (removed := self.removed())
            self._forget(removed)
            wanted = {name for file in self.files.values() for name in file.objects}
            self.drop(sorted(self.objects().keys() - wanted))
        queue = self.stale(damaged) if strict else self._vanished()
        self.lock_ahead(queue)
        while queue:
            failed: dict[str, SqlError] = {}
            for file in queue:
                try:
                    self._load(file)
                except SqlError as error:
                    if error.sqlstate not in _MISSING and (strict or error.sqlstate[:2] != "42"):
                        raise
                    failed[file.path] = error
            if len(failed) == len(queue):
                if strict:
                    raise next(iter(failed.values()))
                self._forget(list(failed))
                break
            vanished = self._vanished()
            queue = [f for f in self.files.values() if f.path in failed or f in vanished]
        if self.changed:
            self._check_bodies()

    def lock_ahead(
        self, files: Iterable[CodeFile], text: str = "", *, open_all: bool = False
    ) -> None:
        """Views of these files, and tables that a text names: before anything else is locked."""
        names = [name for file in files for name in file.objects]
        self.conn.execute("select deploy.lock_ahead(%s, %s, %s)", [names, text, open_all])

    def drop(self, names: Iterable[str], *, keep: Iterable[int] = ()) -> None:
        for name in names:
            self.conn.execute("select deploy.drop_code(%s, %s::oid[])", [name, list(keep)])

    def _vanished(self) -> list[CodeFile]:
        present = self.objects().keys()
        deployed = [f for f in self.files.values() if f.path in self.deployed]
        return [file for file in deployed if not present >= set(file.objects)]

    def _forget(self, paths: list[str]) -> None:
        self.conn.execute("select deploy.forget_files(%s)", [paths])
        self.deployed = {p: sha for p, sha in self.deployed.items() if p not in paths}

    def _load(self, file: CodeFile) -> None:
        try:
            with self.conn.transaction():
                self._run(file)
        except SqlError as error:
            if error.sqlstate not in _MUST_DROP:
                raise
            with self.conn.transaction():
                self.drop(file.objects)
                self._run(file)
        self.deployed[file.path] = file.sha256
        if file.path not in self.changed:
            self.changed.append(file.path)
        self.say(file.path)

    def _run(self, file: CodeFile) -> None:
        before = self.objects(file.objects)
        self.drop(name for name, oids in before.items() if len(oids) > 1)
        for name in before:
            self.conn.execute("select deploy.reset_code(%s)", [name])
        self.conn.execute(
            "select deploy.forget_files(%s), set_config('plinth.file', %s, true), "
            "set_config('role', 'plinth_owner', true)",
            [[file.path], file.path],
        )
        for statement in file.statements:
            run(self.conn, file, statement)
        self.conn.execute("reset role")

        for name, oids in self.objects(file.objects).items():
            new = [oid for oid in oids if oid not in before.get(name, [])]
            if len(new) > 1:
                raise MigrationError(f"{file.path} defines {name} twice: there are no overloads")
            if len(oids) > 1:
                self.drop([name], keep=new)  # the old signature
        self.conn.execute(
            "insert into ops.code_files (path, kind, sha256, objects) values (%s, %s, %s, %s)",
            [file.path, file.kind, file.sha256, list(file.objects)],
        )

    def _check_bodies(self) -> None:
        try:
            with self.conn.transaction():
                self.conn.execute("select deploy.check_bodies()")
        except psycopg.Error as error:
            body = error.diag.internal_query or "\0"
            file = next((f for f in self.files.values() if body in f.text), None)
            raise located(error, file or SqlFile(error.diag.context or "db", "")) from error
