"""Work and memory grow with what a client sends, never with the product of two sizes it chooses."""

import asyncio
import json
import threading
import tracemalloc
from collections.abc import Awaitable, Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.streams import StreamReader
from multidict import CIMultiDict

from pyapp import body, http, lines
from pyapp.call import Caller
from pyapp.problems import Problem, malformed, render
from pyapp.settings import Settings
from pyapp.wire import Connection, Listener
from tests.conftest import Server
from tests.http.corpus import sign_in
from tests.http.raw import ask
from tests.http.test_refusals import state

LONG = "k" * 100_000
# One long name above many, and long names one in the other.
WIDE = json.dumps({"login": {LONG: {str(i): [] for i in range(4000)}}}).encode()
DEEP = b'{"%b":' % (b"k" * 15_000) * 60 + b'"\\u0000"' + b"}" * 60


def peak(read: Callable[[], object]) -> tuple[int, Problem | None]:
    tracemalloc.start()
    try:
        read()
    except Problem as problem:
        return tracemalloc.get_traced_memory()[1], problem
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most, None


@pytest.mark.parametrize("sent", [WIDE, DEEP], ids=["wide", "deep"])
def test_a_body_takes_memory_in_proportion(sent: bytes) -> None:
    most, _ = peak(lambda: body.parse_object(sent))
    assert most < 15 * len(sent)


def test_a_worker_does_not_grow_by_a_body(server: Server) -> None:
    (pid,) = state(server)[0]

    def most() -> int:
        with open(f"/proc/{pid}/status") as told:
            return next(int(line.split()[1]) for line in told if line.startswith("VmHWM")) << 10

    before = most()
    assert ask(server.port, sign_in(WIDE)).status == 422
    assert most() - before < 32 << 20


def test_of_long_names_little_is_repeated() -> None:
    _, problem = peak(lambda: body.parse_object(DEEP))
    assert problem is not None
    assert problem.errors[0]["field"].startswith("kkkk")
    assert len(render(problem, "id")) < 1000


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (b'{"a":{"b":[1,{"c":"\\u0000"}]}}', "a.b[1].c"),
        (b'{"a":["\\ud800"]}', "a[0]"),
        (b'{"a":[{"b\\u0000":1}]}', "a[0].b\\0"),
        (b'{"\\udc00":1}', "?"),
    ],
)
def test_the_place_of_a_bad_text_is_named(sent: bytes, field: str) -> None:
    with pytest.raises(Problem) as caught:
        body.parse_object(sent)
    assert (caught.value.code, caught.value.errors[0]["field"]) == ("BR001", field)


def test_a_name_given_twice_is_found_in_one_go() -> None:
    asked = 0

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal asked
            asked += 1
            return str(self) == other

    names = [*map(str, range(2000)), "1999"]
    with pytest.raises(Problem, match="1999: is given twice"):
        body._object([(Name(name), 0) for name in names])
    assert asked < 3 * len(names)


@pytest.mark.parametrize("type_name", ["text[]", "uuid[]", "ext.vector[]", "jsonb[]"])
def test_a_list_has_a_limit(type_name: str) -> None:
    with pytest.raises(Problem) as caught:
        body.convert(type_name, [""] * 10_001, "v")
    assert caught.value.errors[0] == {
        "field": "v",
        "code": "VL001",
        "detail": "must be a list of at most 10,000",
    }
    assert body.convert("text[]", [""] * 10_000, "v")


async def _whole(connection: Connection, payload: StreamReader) -> int:
    return len(await connection.read_body(payload))


async def _in_lines(connection: Connection, payload: StreamReader) -> int:
    found = lines.pieces(connection, payload, 1 << 20)
    return sum([len("{}\n") * (after - first) async for first, after, _ in found])


@pytest.mark.parametrize("read", [_whole, _in_lines])
def test_a_body_of_tiny_chunks_does_not_hold_up_the_loop(
    read: Callable[[Connection, StreamReader], Awaitable[int]],
) -> None:
    """However much of it is there already: some thousand chunks, and the others have their turn."""
    sent = b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent += b"1\r\n{\r\n1\r\n}\r\n1\r\n\n\r\n" * 50_000 + b"0\r\n\r\n"
    bodies: list[StreamReader] = []

    async def answer(connection: Connection, _message: object, payload: StreamReader) -> bytes:
        bodies.append(payload)
        return b"%d" % await read(connection, payload)

    async def main() -> None:
        listener = Listener(Settings(), answer, lambda *_: b"refused")
        server = await asyncio.get_running_loop().create_server(listener, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(sent)
        writer.write_eof()
        answered = asyncio.create_task(reader.read())
        most = before = 0
        while not answered.done():
            await asyncio.sleep(0)
            now = bodies[0].total_bytes if bodies else 0
            most, before = max(most, now - before), now
        assert await answered == b"150000"
        assert most < 10_000
        writer.close()
        server.close()

    asyncio.run(main())


def test_empty_lines_do_not_hold_up_the_loop() -> None:
    """However many are there already, the others have their turn after some thousand."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        quiet = {f"{name}_reading": lambda **_: None for name in ("pause", "resume")}
        protocol: Any = SimpleNamespace(**quiet)
        payload = StreamReader(protocol, 1 << 16, loop=loop)
        payload.feed_data(b"\n" * 400_000 + b"{}\n")
        payload.feed_eof()
        connection: Any = SimpleNamespace(expect_body=lambda: None, expect_work=lambda: None)

        async def read() -> list[tuple[int, int, str]]:
            return [piece async for piece in lines.pieces(connection, payload, 1 << 20)]

        reading = asyncio.create_task(read())
        turns = 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        assert reading.result() == [(400_001, 400_002, "[{}]")]
        assert turns > 90

    asyncio.run(main())


def test_a_large_body_is_read_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the loop sets while the body is read could not be set by a loop that reads."""
    go = threading.Event()
    parse = body.parse_object

    def waiting(data: bytes, exact: bool = True) -> dict[str, Any]:
        assert go.wait(15), "the loop stood still"
        return parse(data, exact)

    monkeypatch.setattr(body, "parse_object", waiting)
    large = b'{"v":"' + b"a" * 100_000 + b'"}'

    async def read_body(_payload: object) -> bytes:
        return large

    async def chunk(_most: int) -> bytes:
        return left.pop() if left else b""

    left = [large]
    connection = SimpleNamespace(
        read_body=read_body, expect_body=lambda: None, expect_work=lambda: None
    )
    payload = SimpleNamespace(is_eof=lambda: False, total_bytes=1, read=chunk)
    headers = CIMultiDict({"Content-Type": "application/json"})
    request: Any = SimpleNamespace(connection=connection, payload=payload, headers=headers)
    app: Any = SimpleNamespace(settings=SimpleNamespace(body_limit=1 << 20))
    route: Any = SimpleNamespace(exact=True, lines=None)

    async def of_lines() -> list[tuple[int, int, str]]:
        found = lines.pieces(request.connection, request.payload, 1 << 20)
        return [piece async for piece in found]

    async def both() -> tuple[dict[str, Any], list[tuple[int, int, str]]]:
        reading: Any = asyncio.gather(http.App._body(app, request, route), of_lines())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(go.set)
        whole, found = await reading
        return whole, found

    whole, pieces = asyncio.run(both())
    assert whole == json.loads(large)
    assert pieces == [(1, 2, f"[{large.decode()}]")]


def test_the_values_of_a_large_body_are_written_beside_the_loop() -> None:
    go = threading.Event()

    def bind(_args: object, _once: object) -> None:
        assert go.wait(15), "the loop stood still"
        raise malformed("They are written.")

    async def nothing(_request: object, _route: object) -> dict[str, Any]:
        return {}

    route: Any = SimpleNamespace(
        auth="none", bind=bind, exact=True, lines=None, method="POST", once="never", result="one"
    )
    request: Any = SimpleNamespace(
        address="", agent="", headers=CIMultiDict(), id="", token=None,
        payload=SimpleNamespace(total_bytes=1 << 20),
    )  # fmt: skip
    nobody: Any = None
    app: Any = SimpleNamespace(
        _body=nothing,
        caller=SimpleNamespace(answer=partial(Caller.answer, nobody)),
        limits=SimpleNamespace(spend=lambda *_: b""),
    )

    async def main() -> None:
        calling = asyncio.create_task(http.App._call(app, request, route, {}, ""))
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(Problem, match=r"They are written\."):
            await calling

    asyncio.run(main())
