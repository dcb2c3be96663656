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
_CONTROL = re.compile(
    r"(?:begin|start\s+transaction|commit|rollback|end|abort|savepoint|release|prepare\s+trans\w+)\b",
    re.IGNORECASE,
)
_CODE_IN_THE_WAY = {"2BP01", "0A000"}  # a view stands on the column, say
_COMMENT = re.compile(r"(?:--.*\n?)*")
_DIRECTIVE = re.compile(
    r"^-- *(Title|Version|Description|Breaks|Transaction):(.*(?:\n--   .*)*)", re.MULTILINE
)


class MigrationError(Exception):
    """Why a deploy stopped; the text is for the operator."""


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
        comment = _COMMENT.match(self.text)
        found = _DIRECTIVE.findall(comment[0] if comment else "")
        return {name: re.sub(r"\s*\n--\s*", " ", value).strip() for name, value in found}


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
    if control := _CONTROL.match(statement.text):
        place = f"{file.path}:{statement.line}"
        raise MigrationError(
            f"{place}: {control[0]} has no place here: a deploy is one transaction"
        )
    try:
        return conn.execute(statement.text.encode()).statusmessage or ""
    except psycopg.Error as error:
        locate(error, file, statement)
        raise


def locate(error: psycopg.Error, file: SqlFile, statement: Statement | None = None) -> None:
    """Notes on the error where it happened, as file:line, and in which statement."""
    part, diag = statement or Statement(file.text, 1), error.diag
    end, inside = 0, 0
    if diag.statement_position:
        end = int(diag.statement_position) - 1
    elif diag.internal_query and (found := part.text.find(diag.internal_query)) >= 0:
        end = found + int(diag.internal_position or 1) - 1
    elif block := re.search(r"inline_code_block line (\d+)", diag.context or ""):
        body = re.search(r"\$\w*\$", part.text)
        end, inside = body.start() if body else 0, int(block[1]) - 1
    error.add_note(f"{file.path}:{part.line + part.text.count(chr(10), 0, end) + inside}")
    error.add_note(part.text)


def notes(error: psycopg.Error) -> tuple[str, str]:
    place, statement = getattr(error, "__notes__", ("", ""))
    return place, statement


def explain(error: psycopg.Error) -> str:
    """The error as the operator reads it: file:line, code, text, and what PostgreSQL added."""
    diag, (place, _) = error.diag, notes(error)
    text = diag.message_primary or str(error).strip()
    hint = diag.message_hint
    if place:
        text = f"{place}: ERROR {error.sqlstate or 'lost connection'} {text}"
    if place.startswith("db/migrations/") and error.sqlstate in _CODE_IN_THE_WAY:
        hint = "name the code in the way in the header, -- Breaks: api.…"
    for label, more in (("DETAIL", diag.message_detail), ("HINT", hint)):
        text += f"\n  {label}: {more}" if more else ""
    return text
