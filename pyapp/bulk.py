"""Files of JSON lines into the database, batch by batch, and histories out of it.

Each batch is one transaction, and what is there already does no harm: whatever interrupts it, whole
batches are in, and the same command goes on.
"""

import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg.types import TypeInfo
from psycopg.types.string import BytesBinaryDumper

from pyapp import body, engine
from pyapp.problems import Problem, malformed
from pyapp.progress import Bar
from pyapp.settings import Settings

_LINES, _BYTES = 2000, 1 << 22  # of a batch
_PLACE = re.compile(r"(\w+)\[(\d+)\]\.?(.*)")

# Makes an item of a line; sends items, of which the first is of the line with this number, and says
# what became of how many.
Read = Callable[[bytes], Any]
Send = Callable[[psycopg.Connection[Any], list[Any], int], dict[str, Any]]


class BulkError(Exception):
    """What is wrong, and in which line."""


def import_messages(settings: Settings, file: str, as_user: str) -> None:
    def read(line: bytes) -> str:
        body.parse_object(line)
        return line.decode()

    def send(connection: psycopg.Connection[Any], lines: list[str], first: int) -> dict[str, Any]:
        call = "select row_to_json(i) from api.import_conversations(null, %s::jsonb, %s) i"
        return _answer(connection, call, (f"[{','.join(lines)}]", first))

    _load(settings, file, as_user, read, send)


_FIELDS = {
    "content": "text",
    "embedding": "ext.vector",
    "message_id": "uuid",
    "memory_id": "uuid",
    "metadata": "jsonb",
}


def import_embeddings(
    settings: Settings, file: str, as_user: str, model: str | None, collection: str
) -> None:
    def read(line: bytes) -> dict[str, Any]:
        row = body.parse_object(line, exact=False)
        if more := sorted(row.keys() - _FIELDS.keys()):
            raise malformed(f"{more[0]} is not a field of it.")
        for name, type_name in _FIELDS.items():
            value = body.convert(type_name, row.get(name), name)
            row[name] = value if value is None or body.is_binary(type_name) else value.decode()
        return row

    def send(connection: psycopg.Connection[Any], rows: list[Any], _first: int) -> dict[str, Any]:
        contents, vectors, *rest = ([row[name] for row in rows] for name in _FIELDS)
        call = (
            "select json_build_object('made', i.made, 'kept', i.kept)"
            " from api.upsert_embeddings(null, %s::text[], %s, %s, %s,"
            " %s::uuid[], %s::uuid[], %s::jsonb[]) i"
        )
        values = (contents, _vectors(connection, vectors), model, collection, *rest)
        return _answer(connection, call, values)

    _load(settings, file, as_user, read, send, most=1000)


class _Array(bytes):
    """An array in binary form."""


def _vectors(connection: psycopg.Connection[Any], items: list[bytes | None]) -> _Array:
    kind: Any = TypeInfo.fetch(connection, "ext.vector")

    class Binary(BytesBinaryDumper):
        oid = kind.array_oid

    connection.adapters.register_dumper(_Array, Binary)
    return _Array(body.binary_array(items, kind.oid))


def export(settings: Settings, file: str, as_user: str, *, everything: bool) -> None:
    after, user = None, engine.for_user(as_user)
    call = "select line::text, cursor from api.export_conversations(null, null, %s)"
    if everything:
        call = "select line::text, cursor from api.export_user_rows(null, %s)"
    with _written(file) as out, engine.connected(settings, user) as link, Bar("lines") as bar:
        while rows := link.execute(call, (after,), prepare=True).fetchall():
            out.write("".join(f"{line}\n" for line, _ in rows).encode())
            out.flush()
            after = rows[-1][1]
            bar.add(len(rows))


def _load(
    settings: Settings, file: str, as_user: str, read: Read, send: Send, most: int = _LINES
) -> None:
    name = "standard input" if file == "-" else file
    counts, done = Counter[str](), 0
    with (
        nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as source,
        engine.connected(settings, engine.for_user(as_user)) as connection,
    ):
        try:
            with Bar("lines", os.fstat(source.fileno()).st_size) as bar:
                for first, items, place in _batches(source, read, most):
                    try:
                        counts.update(send(connection, items, first))
                    except psycopg.Error as error:
                        raise _named(error, first) from error
                    done = first + len(items) - 1
                    bar.add(len(items), place)
        except KeyboardInterrupt:
            print(f"plinth: interrupted{_rest(done)}", file=sys.stderr)
            raise
        except BulkError as error:
            raise BulkError(f"{name}, {error}{_rest(done)}") from error
    print(", ".join(f"{number} {key}" for key, number in counts.items()) or "there were no lines")


def _rest(done: int) -> str:
    return f"; lines 1 to {done} are in, and the same command goes on" if done else ""


def _answer(
    connection: psycopg.Connection[Any], call: str, values: Sequence[Any]
) -> dict[str, Any]:
    return dict(connection.execute(call.encode(), values, prepare=True).fetchall()[0][0])


def _named(error: psycopg.Error, first: int) -> Exception:
    """What the database said of a line, with the number the line has in the file."""
    found = _PLACE.fullmatch(error.diag.column_name or "")
    if found is None:
        return error
    kind, number, field = found.groups()
    line, text = int(number), error.diag.message_primary or ""
    if kind != "lines":  # lists side by side, which count from 0
        line, field = line + first, kind.removesuffix("s")
        text = text.replace(found[0], field)
    return BulkError(f"line {line}{field and ', '}{field}: {text}")


def _batches(source: IO[bytes], read: Read, most: int) -> Iterator[tuple[int, list[Any], int]]:
    """The number of the first line, items, and how much was read. An empty line ends a batch, so
    that lines count as in an editor."""
    held: list[Any] = []
    place = size = 0
    for number, line in enumerate(chain(source, [b""]), 1):
        place += len(line)
        empty = not line.strip()
        if not empty:
            try:
                item = read(line.rstrip())
            except Problem as error:
                if held:
                    yield number - len(held), held, place
                raise BulkError(f"line {number}: {error.detail.removesuffix('.')}") from error
            held.append(item)
            size += len(line)
            if len(held) < most and size < _BYTES:
                continue
        if held:
            yield number - len(held) + (not empty), held, place
            held, size = [], 0


@contextmanager
def _written(file: str) -> Iterator[IO[bytes]]:
    """A plain file has its name when all of it is there; a device or a pipe stays what it is."""
    path = Path(file)
    if file == "-" or (path.exists() and not path.is_file()):
        # Not through sys.stdout: what a full disk did not take, that would try again at the end.
        with open(1, "wb", closefd=False) if file == "-" else path.open("ab") as out:
            yield out
        return
    path = path.resolve()  # what a link leads to is written, and the link stays
    if path.exists():
        path.open("ab").close()  # whether it may be written to
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(0o600)
    try:
        with part.open("wb") as out:
            yield out
        try:
            part.replace(path)
        except OSError:  # as of a file that is mounted by itself
            shutil.copyfile(part, path)
    finally:  # what is not whole goes
        part.unlink(missing_ok=True)
