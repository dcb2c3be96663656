"""Servers over one database and a Redis of their own, faults, and readers who know what was
acknowledged."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import redis

from tests.conftest import ROOT, Engine, Server, until
from tests.people import PASSWORD


class OwnRedis:
    """As deploy/redis.conf has it; may be killed and frozen."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        places = f"{engine.bin_dir}:{os.environ['PATH']}"  # not every Python has one come along
        names = "redis-server", "valkey-server"
        self._program = next(filter(None, (shutil.which(name, path=places) for name in names)))
        self._process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [self._program, ROOT / "deploy" / "redis.conf", "--port", "0",
             "--unixsocket", self.socket, "--dir", self.socket.parent],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until(self._answers, 60, "redis does not start")

    def _answers(self) -> bool:
        with self.client() as client, suppress(redis.ConnectionError):
            return bool(client.ping())
        return False

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def memories(self) -> dict[bytes, bytes]:
        with self.client() as client:
            dumped = {key: client.dump(key) for key in client.scan_iter("*", count=1000)}
        return {key: value for key, value in dumped.items() if isinstance(value, bytes)}

    def remember(self, memories: dict[bytes, bytes]) -> None:
        """All at once, as a snapshot that is loaded."""
        with self.client() as client, client.pipeline(transaction=True) as whole:
            whole.flushall()
            for key, value in memories.items():
                whole.restore(key, 300_000, value, replace=True)
            whole.execute()


class Proxy:
    """Between one server and Redis: passes on, or lets everything wait, or lets nobody in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._refusing = False
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        serving = asyncio.start_server(self._meet, "127.0.0.1", 0)
        self._server = self._wait(serving)
        self.port = self._server.sockets[0].getsockname()[1]

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if not self._refusing:
                there = await asyncio.open_unix_connection(self._path)
                self._open.add(there[1])
                await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(1 << 16):
                await self._passing.wait()
                writer.write(data)
        writer.close()

    def hole(self) -> None:
        """What is sent does not arrive, and nobody is told."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def refuse(self) -> None:
        def cut() -> None:
            self._refusing = True
            for writer in self._open:
                writer.transport.abort()
            self._open.clear()

        self._loop.call_soon_threadsafe(cut)

    def mend(self) -> None:
        def whole() -> None:
            self._refusing = False
            self._passing.set()

        self._loop.call_soon_threadsafe(whole)

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            for writer in self._open:
                writer.transport.abort()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._wait(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@contextmanager
def own_redis(engine: Engine, folder: Path) -> Iterator[OwnRedis]:
    made = OwnRedis(engine, folder)
    made.start()
    try:
        yield made
    finally:
        made.send(signal.SIGCONT)
        made.kill()


@dataclass
class Account:
    """Its full name is a number that only grows."""

    name: str
    token: str
    tried: int = 0
    acknowledged: int = 0
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Checker:
    """Writes and reads over several servers at once. A read that begins after a write was
    acknowledged must show it, or a later one."""

    urls: list[str]
    session: aiohttp.ClientSession
    accounts: list[Account] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(11))

    async def join(self, name: str) -> Account:
        account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        async with self.session.post(
            f"{self.urls[0]}/v1/users", json=account | {"full_name": "0"}
        ) as answer:
            assert answer.status == 201, await answer.text()
        words = {"login": name, "password": PASSWORD}
        async with self.session.post(f"{self.urls[0]}/v1/sessions", json=words) as answer:
            assert answer.status == 201, await answer.text()
            made = Account(name, (await answer.json())["token"])
        self.accounts.append(made)
        return made

    async def ask(
        self, account: Account, method: str, url: str, **more: Any
    ) -> tuple[int, int, str]:
        """Status, number, and what the cache did; status 0 where the connection broke."""
        began = time.monotonic()
        headers = account.headers | more.pop("headers", {})
        try:
            async with self.session.request(
                method, f"{url}/v1/me", headers=headers, **more
            ) as answer:
                body = await answer.json(content_type=None)
                status, how = answer.status, answer.headers.get("X-Cache", "")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.counts[f"{method} {type(error).__name__}"] += 1
            return 0, 0, ""
        self.seconds.append(time.monotonic() - began)
        self.counts[f"{method} {status} {how}".strip()] += 1
        if status == 200:
            assert body["username"] == account.name
            return status, int(body["full_name"]), how
        if status != 503 or "Retry-After" not in answer.headers:
            self.wrong.append(f"{method}: {status} {body}")
        return status, 0, how

    async def write(self, account: Account, url: str | None = None) -> int:
        async with account.writing:
            account.tried = number = account.tried + 1
            target = url or self.dice.choice(self.urls)
            change = {"full_name": str(number)}
            status, told, _ = await self.ask(account, "PATCH", target, json=change)
            if status == 200:
                account.acknowledged = number
                if told != number:
                    self.wrong.append(f"{account.name} wrote {number} and was told {told}")
            elif status == 0:
                await asyncio.sleep(0.1)  # it may still be about to happen
            return status

    async def read(self, account: Account, url: str | None = None, **headers: str) -> str:
        least = account.acknowledged
        target = url or self.dice.choice(self.urls)
        status, number, how = await self.ask(account, "GET", target, headers=headers)
        if status == 200 and not least <= number <= account.tried:
            self.wrong.append(
                f"{account.name} read {number} ({how}), {least} was acknowledged before"
            )
        return how

    @asynccontextmanager
    async def busy(self, readers: int = 3) -> AsyncIterator[None]:
        """Each account is written by one client and read by several, without end."""
        going = True

        async def write(account: Account) -> None:
            while going:
                await self.write(account)
                await asyncio.sleep(self.dice.random() * 0.03)

        async def read(account: Account) -> None:
            while going:
                fresh = {"Cache-Control": "no-cache"} if self.dice.random() < 0.1 else {}
                await self.read(account, **fresh)
                await asyncio.sleep(self.dice.random() * 0.005)

        tasks = [asyncio.create_task(write(account)) for account in self.accounts]
        tasks += [asyncio.create_task(read(a)) for a in self.accounts * readers]
        try:
            yield
        finally:
            going = False
            await asyncio.gather(*tasks)

    async def more(self, calls: int) -> float:
        """So many further answers; the slowest of them."""
        first = len(self.seconds)
        late = time.monotonic() + 60
        while len(self.seconds) < first + calls:
            assert time.monotonic() < late, f"no {calls} answers: {self.counts}"
            await asyncio.sleep(0.005)
        return max(self.seconds[first:])


def serving_copies(server: Server) -> float:
    """How many workers believe copies at this moment, as they last said."""
    with server.client() as client:
        return client.samples().get("plinth_cache_up", 0)


def kill(pid: int, how: int = signal.SIGKILL) -> None:
    os.kill(pid, how)
