"""SQL files: their header, their statements, and errors that name file and line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

_TOKEN = re.compile(
    r"""(?P<blank> \s+ | --[^\n]* | /\*(?:/\*.*?\*/|.)*?\*/ )  # a comment may hold another one
        | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$ .*? \$(?P=tag)\$
        | [eE]'(?:[^'\\]|\\.|'')*' | '[^']*' | "[^"]*" | [A-Za-z_\x80-\U0010ffff][\w$]* | .""",
    re.VERBOSE | re.DOTALL,
)
_CONTROL = re.compile(
    r"(?:begin|start\s+transaction|commit|rollback|end|abort|savepoint|release|prepare\s+trans\w+)\b",
    re.IGNORECASE,
)
_CODE_IN_THE_WAY = {"2BP01", "0A000"}  # a view stands on the column, say


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
    def statements(self) -> tuple[Statement, ...]:
        return tuple(split(self.text))

    @property
    def facts(self) -> dict[str, Any]:
        """What the tools in SQL are told about it."""
        return {
            "path": self.path,
            "text": self.text,
            "statements": [statement.text for statement in self.statements],
            "lines": [statement.line for statement in self.statements],
        }


def read(db_dir: Path, *patterns: str) -> dict[str, SqlFile]:
    """Files by their path, in the order of the patterns and of their names."""
    found: dict[str, SqlFile] = {}
    for pattern in patterns:
        for place in sorted(db_dir.glob(pattern)):
            path = f"db/{place.relative_to(db_dir).as_posix()}"
            found[path] = SqlFile(path, place.read_text(encoding="utf-8"))
    return found


def split(text: str) -> Iterator[Statement]:
    """Cuts at semicolons outside quotes, comments, parentheses and BEGIN ATOMIC … END."""
    start, depth, in_body, previous = -1, 0, False, ""
    for token in _TOKEN.finditer(text + "\n;"):
        if token.lastgroup == "blank":
            continue
        word = token[0].lower()
        if start < 0 and word != ";":
            start, depth, in_body = token.start(), 0, False
        if (previous, word) == ("begin", "atomic"):
            depth, in_body = depth + 1, True
        elif word == "(" or (in_body and word == "case"):
            depth += 1
        elif word == ")" or (in_body and word == "end"):
            depth -= 1
        elif word == ";" and start >= 0 and (depth == 0 or token.end() > len(text) + 1):
            yield Statement(text[start : token.start()].strip(), text.count("\n", 0, start) + 1)
            start = -1
        previous = word


def run(conn: Connection, file: SqlFile, statement: Statement | None = None) -> str:
    """Runs one statement as it stands, or the whole file, and returns its tag, e.g. UPDATE 12."""
    for part in [statement] if statement else file.statements:
        if control := _CONTROL.match(part.text):
            why = f"{control[0]} has no place here: a deploy is one transaction"
            raise MigrationError(f"{file.path}:{part.line}: {why}")
    try:
        return conn.execute((statement or file).text.encode()).statusmessage or ""
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
