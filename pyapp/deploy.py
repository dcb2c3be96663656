"""The renewal of code: functions and views become what their files say; nothing else is touched.

What is to be done, the database says (deploy.stale_files). A changed file replaces its objects in
place where their signature allows it. Where not, they are dropped together with the code that hangs
on them, and the files of all that vanished run again. Order follows from trying: a file that misses
something waits for the next round.
"""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from pyapp.sqlfile import Connection, SqlFile, locate, run

Say = Callable[[str], None]

# OR REPLACE cannot (another signature, columns, kind) or is missing; 42725: the old one stands by.
_MUST_DROP = {"42P13", "42P16", "42809", "42723", "42725", "42P07"}
_MISSING = {"42883", "42P01", "42704", "3F000", "42703"}


def renew(
    conn: Connection, files: dict[str, SqlFile], code: list[Any], say: Say, *, whole: bool
) -> list[str]:
    """Returns the files that ran or are gone, in the caller's transaction.

    Without whole, only what vanished comes back, and what cannot be loaded is left out."""

    def ask(query: str, *args: object) -> list[str]:
        return [path for (path,) in conn.execute(query.encode(), args)]

    facts = Jsonb(code)
    by_path = {file["path"]: Jsonb(file) for file in code}
    renewed = ask("select deploy.drop_gone(%s)", facts) if whole else []
    conn.execute("set local check_function_bodies = off")  # they may name what comes later
    while queue := ask("select deploy.stale_files(%s, %s)", facts, whole):
        failed: list[psycopg.Error] = []
        for path in queue:
            try:
                _load(conn, files[path], by_path[path])
                say(path)
                renewed.append(path)
            except psycopg.Error as error:
                state = error.sqlstate or ""
                if state not in _MISSING and (whole or state[:2] not in {"23", "42"}):
                    raise
                failed.append(error)
        if len(failed) == len(queue):
            if whole:
                raise failed[0]
            conn.execute("select deploy.forget_files(%s)", [queue])
    return list(dict.fromkeys(renewed))


def _load(
    conn: Connection, file: SqlFile, facts: Jsonb, *, anew: bool = False, whole: bool = True
) -> None:
    try:
        with conn.transaction():
            conn.execute("select deploy.begin_file(%s, %s)", [facts, anew])
            for statement in [None] if whole else file.statements:
                run(conn, file, statement)
            conn.execute("select deploy.end_file(%s)", [facts])
    except psycopg.Error as error:
        drop = not anew and error.sqlstate in _MUST_DROP
        if conn.closed or not (whole or drop):
            raise
        # Whole it is fast; statement by statement, an error has a place.
        _load(conn, file, facts, anew=anew or drop, whole=False)


def check_bodies(conn: Connection, files: dict[str, SqlFile]) -> None:
    try:
        with conn.transaction():
            conn.execute("select deploy.check_bodies()")
    except psycopg.Error as error:
        body = error.diag.internal_query or "\0"
        if file := next((f for f in reversed(files.values()) if body in f.text), None):
            locate(error, file)
        raise
