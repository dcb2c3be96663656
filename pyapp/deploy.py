"""The renewal of code: functions and views become what their files say; nothing else is touched.

What is to be done, the database says (deploy.stale_files). A changed file replaces its objects in
place where their signature allows it. Where not, they are dropped together with the code that hangs
on them, and the files of all that vanished run again. Order follows from trying: a file that misses
something waits for the next round.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from pyapp.sqlfile import Connection, MigrationError, SqlFile, locate, read, run

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
    @cached_property
    def objects(self) -> list[str]:
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
        return list(found)

    @property
    def facts(self) -> dict[str, Any]:
        return {"path": self.path, "sha256": self.sha256, "objects": self.objects}


def read_code(db_dir: Path) -> dict[str, CodeFile]:
    """Functions, the machinery in http first; then views: replacing one locks it until commit."""
    files: dict[str, CodeFile] = {}
    owners: dict[str, str] = {}
    for pattern in ("functions/http/**/*.sql", "functions/**/*.sql", "views/**/*.sql"):
        for file in read(db_dir, pattern):
            files[file.path] = code = CodeFile(file.path, file.text)
            for name in code.objects:
                if owners.setdefault(name, code.path) != code.path:
                    raise MigrationError(f"{name} is defined in {owners[name]} and {code.path}")
    return files


def renew(conn: Connection, files: dict[str, CodeFile], say: Say, *, whole: bool) -> list[str]:
    """Returns the files that ran or are gone, in the caller's transaction.

    Without whole, only what vanished comes back, and what cannot be loaded is left out.
    """

    def ask(query: str, *args: object) -> list[str]:
        return [path for (path,) in conn.execute(query.encode(), args)]

    facts = Jsonb([file.facts for file in files.values()])
    renewed = ask("select deploy.drop_gone(%s)", facts) if whole else []
    conn.execute("set local check_function_bodies = off")  # they may name what comes later
    while queue := ask("select deploy.stale_files(%s, %s)", facts, whole):
        failed: dict[str, psycopg.Error] = {}
        for path in queue:
            try:
                _load(conn, files[path])
                say(path)
                renewed.append(path)
            except psycopg.Error as error:
                state = error.sqlstate or ""
                if state not in _MISSING and (whole or not state.startswith("42")):
                    raise
                failed[path] = error
        if len(failed) == len(queue):
            if whole:
                raise next(iter(failed.values()))
            conn.execute("select deploy.forget_files(%s)", [queue])
    if renewed:
        _check_bodies(conn, files)
    return list(dict.fromkeys(renewed))


def _load(conn: Connection, file: CodeFile, *, anew: bool = False) -> None:
    try:
        with conn.transaction():
            conn.execute("select deploy.begin_file(%s, %s)", [Jsonb(file.facts), anew])
            for statement in file.statements:
                run(conn, file, statement)
            conn.execute("select deploy.end_file(%s)", [Jsonb(file.facts)])
    except psycopg.Error as error:
        if anew or error.sqlstate not in _MUST_DROP:
            raise
        _load(conn, file, anew=True)


def _check_bodies(conn: Connection, files: dict[str, CodeFile]) -> None:
    try:
        with conn.transaction():
            conn.execute("select deploy.check_bodies()")
    except psycopg.Error as error:
        body = error.diag.internal_query or "\0"
        if file := next((f for f in files.values() if body in f.text), None):
            locate(error, file)
        raise
