"""Bodies of one JSON text a line (NDJSON), of any length: none is ever in memory as a whole.

An answer goes out page by page: the next is asked for when the client has taken the last. A body
comes in piece by piece: the next is read when the last is in the database.
"""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp.streams import StreamReader

from pyapp import body, problems
from pyapp.problems import Problem
from pyapp.wire import Connection, arrived

KIND = "application/x-ndjson"
_MOST_LINES = 1000  # of a piece
_ENOUGH = 1 << 18  # bytes of a piece
_MORE = 1 << 19  # bytes of a line beyond those of a body: what came in several calls is one line

# Lines, and where what follows them begins.
Page = tuple[bytes, str | None]


async def send(
    connection: Connection,
    head: bytes,
    pages: AsyncIterator[Page],
    told: Callable[[Exception], bytes],
    *,
    chunked: bool,
) -> AsyncIterator[int]:
    """Sends pages and tells how long each was. What fails meanwhile is told in a last line, with
    the place to go on from; and such a body does not end as a whole one does."""
    form = _chunk if chunked else bytes
    after = None
    try:
        async for page, follows in pages:
            await connection.send(head + form(page))
            yield len(page)
            head, after = b"", follows
            connection.go_on()
    except ConnectionError:
        raise
    except Exception as error:
        line = b'{"error":%b,"after":%b}\n' % (told(error), json.dumps(after).encode())
        await connection.send(form(line))
        raise ConnectionAbortedError from error
    await connection.send(head + (b"0\r\n\r\n" if chunked else b""))


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


async def pieces(
    connection: Connection, payload: StreamReader, limit: int
) -> AsyncIterator[tuple[int, int, str]]:
    """A body in pieces: the numbers of its first line and of the one after it, and its lines as a
    list. An empty line ends a piece, so that lines count as in an editor."""
    first = number = size = 0
    held: list[bytes] = []
    limit += _MORE
    told = False
    connection.expect_body()
    async for line in _lines(payload, limit):
        number += 1
        if len(line) > limit:
            problem = problems.layer("BR002", f"A line may have {limit} bytes.")
            raise problems.placed(problem, f"lines[{number}]")
        if empty := not line.strip():
            if not held:
                continue
        else:
            first = first or number
            held.append(line)
            size += len(line)
        if empty or len(held) == _MOST_LINES or size >= _ENOUGH:
            connection.expect_work()
            yield first, number + 1, await body.beside(size, _list, held, first)
            told = True
            first = size = 0
            held = []
            connection.expect_body()
    connection.expect_work()
    if held or not told:
        yield first or 1, number + 1, await body.beside(size, _list, held, first)


def _list(lines: list[bytes], first: int) -> str:
    checked = (_checked(line, number) for number, line in enumerate(lines, first))
    return body.Checked(f"[{','.join(checked)}]")


async def _lines(payload: StreamReader, limit: int) -> AsyncIterator[bytes]:
    held = bytearray()
    while chunk := await arrived(payload, 1 << 12):  # as many lines, if all are empty
        head, *more = chunk.split(b"\n")
        held += head
        for line in more:
            yield bytes(held)
            held[:] = line
        if len(held) > limit:
            break  # it is too long already
    if held:
        yield bytes(held)


def _checked(line: bytes, number: int) -> str:
    """The line, which is one JSON object and nothing else: so it stays one within a list."""
    try:
        body.parse_object(line)
    except Problem as problem:
        raise problems.placed(problem, f"lines[{number}]") from None
    return line.decode()


def add(total: dict[str, Any], answer: bytes) -> None:
    """What the answers to all pieces come to."""
    for name, value in json.loads(answer).items():
        total[name] = total.get(name, 0) + value if type(value) is int else value
