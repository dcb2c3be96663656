"""SQL files: their header, their statements, and errors that name file and line."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

_TOKEN = re.compile(
    r"""--[^\n]* | /\* | \$(?:[A-Za-z_]\w*)?\$ | [eE]'(?:[^'\\]|\\.|'')*' | '[^']*' | "[^"]*"
        | [A-Za-z_\x80-\U0010ffff][\w$]* | \s+ | .""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_DIRECTIVE = re.compile(r"--\s*(Title|Version|Description|Breaks|Transaction):\s*(.*)")


class MigrationError(Exception):
    """Why a deploy stopped; the text is for the operator."""


class SqlError(MigrationError):
    """A statement of a file failed."""

    def __init__(self, message: str, error: psycopg.Error, statement: str) -> None:
        super().__init__(message)
        self.sqlstate = error.sqlstate or ""
        self.primary = error.diag.message_primary or str(error)
        self.statement = statement


@dataclass(frozen=True)
class Statement:
    text: str
    line: int


@dataclass(frozen=True)
class SqlFile:
    path: str  # as people name it, e.g. db/functions/auth/get_user.sql
    text: str

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(split(self.text))

    @cached_property
    def header(self) -> dict[str, str]:
        """Directives of the leading comment; a line that is indented goes on the one before."""
        found: dict[str, str] = {}
        last = ""
        for line in self.text.splitlines():
            if not line.startswith("--"):
                break
            if match := _DIRECTIVE.match(line):
                last = match[1]
                found[last] = match[2].strip()
            elif last and line.startswith("--   "):
                found[last] = f"{found[last]} {line[2:].strip()}".strip()
        return found


def read(db_dir: Path, pattern: str) -> list[SqlFile]:
    """The files in the order of their names, whatever the folder is called on this machine."""
    return [
        SqlFile(f"db/{path.relative_to(db_dir).as_posix()}", path.read_text(encoding="utf-8"))
        for path in sorted(db_dir.glob(pattern))
    ]


def split(text: str) -> Iterator[Statement]:  # noqa: C901
    """Cuts at semicolons outside quotes, comments, parentheses and BEGIN ATOMIC … END."""
    start: int | None = None
    position = parens = blocks = 0
    previous = ""
    while match := _TOKEN.match(text, position):
        token, position = match[0], match.end()
        if token == "/*":  # noqa: S105
            position = _after_comment(text, position)
            continue
        if token.isspace() or token.startswith("--"):
            continue
        if start is None and token != ";":  # noqa: S105
            start, parens, blocks = match.start(), 0, 0
        if token[0] == "$" and len(token) > 1:
            end = text.find(token, position)
            position = len(text) if end < 0 else end + len(token)
        word = token.lower()
        if word in "()":
            parens += 1 if word == "(" else -1
        elif word == "atomic" and previous == "begin":
            blocks = 1
        elif blocks and word in {"case", "end"}:
            blocks += 1 if word == "case" else -1
        elif word == ";" and not parens and not blocks and start is not None:
            yield Statement(text[start : match.start()], text.count("\n", 0, start) + 1)
            start = None
        previous = word
    if start is not None and (rest := text[start:].strip()):
        yield Statement(rest, text.count("\n", 0, start) + 1)


def _after_comment(text: str, position: int) -> int:
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(text, position)):
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return len(text) if depth else position


def run(conn: Connection, file: SqlFile, statement: Statement) -> str:
    """Runs one statement as it stands and returns its tag, e.g. UPDATE 12."""
    try:
        return conn.execute(statement.text.encode()).statusmessage or ""
    except psycopg.Error as error:
        raise located(error, file, statement) from error


def located(error: psycopg.Error, file: SqlFile, statement: Statement | None = None) -> SqlError:
    """The error as the operator reads it: file:line, code, text, and what PostgreSQL added."""
    part = statement or Statement(file.text, 1)
    diag = error.diag
    offset = 0
    if diag.statement_position:
        offset = int(diag.statement_position) - 1
    elif diag.internal_query and (found := part.text.find(diag.internal_query)) >= 0:
        offset = found + int(diag.internal_position or 1) - 1
    elif block := re.search(r"inline_code_block line (\d+)", diag.context or ""):
        body = re.search(r"\$\w*\$", part.text)
        start = part.text.count("\n", 0, body.start() if body else 0)
        return _error(error, file.path, part.line + start + int(block[1]) - 1, part.text)
    return _error(error, file.path, part.line + part.text.count("\n", 0, offset), part.text)


def _error(error: psycopg.Error, path: str, line: int, statement: str) -> SqlError:
    diag = error.diag
    text = f"{path}:{line}: ERROR {error.sqlstate or 'lost connection'} "
    text += diag.message_primary or str(error).strip()
    for label, more in (("DETAIL", diag.message_detail), ("HINT", diag.message_hint)):
        text += f"\n  {label}: {more}" if more else ""
    return SqlError(text, error, statement)
