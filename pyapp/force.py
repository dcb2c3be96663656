"""Forced row-level security out of the way, for as long as a file runs.

The owner is bound by its own policies: without this a backfill would change no row, and a new foreign
key would be validated against no row, both without a word.
"""

import re
from types import TracebackType
from typing import Self

from pyapp.sqlfile import Connection, MigrationError, SqlFile, Statement, run

_DATA = re.compile(
    r"\b(insert|update|delete|merge|select|copy|references|validate|do|call)\b", re.IGNORECASE
)
_WRITES = re.compile(r"\b(insert|update|delete|merge|copy|do|call)\b", re.IGNORECASE)
_FORCES = re.compile(r"\b(no\s+)?force\s+row\s+level\b", re.IGNORECASE)


class Unforced:
    """As plinth_owner, inside a transaction: opens the tables the file names, and closes them again.

    Only those, because opening takes a lock on the table. row_security = off turns every other read or
    write under a policy into an error instead of a silent nothing; the caller then opens everything.
    """

    def __init__(self, conn: Connection, file: SqlFile, *, everything: bool) -> None:
        self.conn, self.file, self.everything = conn, file, everything

    def __enter__(self) -> Self:
        self.forced = self._forced()
        self.opened = self._touched()
        self._alter("no force", self.opened)
        if not self.everything:
            self.conn.execute("set local row_security = off")
        return self

    def after(self, statement: Statement) -> None:
        """A table that was forced just now is opened as well, for the statements that fill it."""
        for match in _FORCES.finditer(statement.text):
            if match[1]:
                raise MigrationError(
                    f"{self.file.path}:{statement.line}: tables stay forced; the runner itself opens them meanwhile"
                )
            new = {oid: name for oid, name in self._forced().items() if oid not in self.forced}
            self._alter("no force", new)
            self.forced |= new
            self.opened |= new

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if kind:
            return
        self.conn.execute("set local row_security = on")
        there: dict[int, str] = dict(self.conn.execute("select oid, oid::regclass::text from pg_class where oid = any (%s)",
                                       [list(self.forced)]).fetchall())  # fmt: skip
        self._alter("force", {oid: there[oid] for oid in self.opened if oid in there})
        if self._forced().keys() != there.keys():
            raise MigrationError(
                f"{self.file.path}: row-level security is not forced on the same tables as before"
            )

    def _forced(self) -> dict[int, str]:
        return dict(self.conn.execute(
            "select oid, oid::regclass::text from pg_class where relforcerowsecurity "
            "and relowner = 'plinth_owner'::regrole and relkind in ('r', 'p') order by 2"
        ).fetchall())  # fmt: skip

    def _touched(self) -> dict[int, str]:
        if self.everything:
            return dict(self.forced)
        text = self.file.text
        if not _DATA.search(text):
            return {}
        words = set(re.findall(r"\w+\.\w+", text.lower()))
        named = [oid for oid, name in self.forced.items() if name in words]
        if "validate" in text.lower():  # the other end of the foreign key is not named there
            named += [row[0] for row in self.conn.execute(
                "select confrelid from pg_constraint where contype = 'f' and conrelid = any (%s)", [named]
            )]  # fmt: skip
        if (
            _WRITES.search(text)
            and self.conn.execute(
                "select from pg_trigger where not tgisinternal and tgrelid = any (%s)", [named]
            ).fetchone()
        ):
            self.everything = True  # triggers write to tables that the file does not name
            return dict(self.forced)
        return {oid: name for oid, name in self.forced.items() if oid in named}

    def _alter(self, word: str, tables: dict[int, str]) -> None:
        for name in tables.values():
            run(self.conn, self.file, Statement(f"alter table {name} {word} row level security", 1))
