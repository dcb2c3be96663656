"""Connections are looked after in the background: nobody meets one that is dead, and none grows
old."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pyapp import db
from pyapp.db import Database as Layer
from pyapp.pipe import Statement
from pyapp.settings import Settings
from tests.conftest import Database
from tests.people import eventually

_PID = Statement("select pg_backend_pid()")
LANES = ("read", "write", "slow", "hash", "aside")
ONE: dict[str, Any] = dict.fromkeys([f"{lane}_connections" for lane in LANES], 1)


class Wire:
    """Between the layer and PostgreSQL; what was connected may fall silent, and nobody is told."""

    def __init__(self, database: Database) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="plinth-wire-")
        self.url = re.sub(r"host=[^&]*", f"host={self._folder.name}", database.web_url)
        found = re.search(r"host=([^&]*)", database.web_url)
        assert found is not None
        self._there = f"{found[1]}/.s.PGSQL.5432"
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []
        self._silent = asyncio.Event()

    async def open(self) -> None:
        path = Path(self._folder.name) / ".s.PGSQL.5432"
        self._server = await asyncio.start_unix_server(self._accept, path)

    def fall_silent(self) -> None:
        """All connections there are; new ones are not concerned."""
        self._silent.set()
        self._silent = asyncio.Event()

    async def _accept(self, near: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        far, away = await asyncio.open_unix_connection(self._there)
        self._ends += (out, away)
        for source, sink in ((near, away), (far, out)):
            task = asyncio.create_task(self._carry(source, sink, self._silent))
            self._tasks.add(task)

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, silent: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await source.read(1 << 16):
                if not silent.is_set():
                    sink.write(data)
            if not silent.is_set():
                sink.close()

    async def close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for end in self._ends:
            end.close()
            with suppress(ConnectionError):
                await end.wait_closed()
        self._folder.cleanup()


@pytest.fixture
async def wire(database: Database) -> AsyncIterator[Wire]:
    wire = Wire(database)
    await wire.open()
    yield wire
    await wire.close()


async def pids(layer: Layer) -> dict[str, bytes | None]:
    found = {}
    for lane in layer.lanes:
        row = await layer.call(lane, _PID, ())
        found[lane] = row[0] if row else None
    return found


async def test_an_idle_connection_that_fell_silent_is_replaced_before_anybody_needs_it(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_IDLE_LOOKS", 2)
    layer = Layer(Settings(**ONE, statement_timeout=0.2, slow_timeout=0.2), wire.url)
    await layer.start()
    try:
        before = await pids(layer)
        wire.fall_silent()
        await eventually(lambda: all(lane.lost == 1 for lane in layer.lanes.values()), 15)
        await eventually(lambda: all(lane.pipes for lane in layer.lanes.values()), 5)
        after = await asyncio.wait_for(pids(layer), 2)
        assert not set(before.values()) & set(after.values())
    finally:
        await layer.close()


async def test_connections_are_replaced_when_they_are_old_and_no_call_notices(
    database: Database,
) -> None:
    layer = Layer(Settings(**ONE, connection_lifetime=1.0), database.web_url)
    await layer.start()
    try:
        used: dict[str, set[bytes | None]] = {lane: set() for lane in layer.lanes}
        late = asyncio.get_running_loop().time() + 30

        async def work(lane: str) -> None:
            while len(used[lane]) < 3 and asyncio.get_running_loop().time() < late:
                row = await layer.call(lane, _PID, ())
                used[lane].add(row[0] if row else None)
                await asyncio.sleep(0.001)  # others want it as well

        await asyncio.gather(*(work(lane) for lane in layer.lanes for _ in range(4)))
        assert min(len(seen) for seen in used.values()) >= 3
        assert {lane.lost for lane in layer.lanes.values()} == {0}
    finally:
        await layer.close()
