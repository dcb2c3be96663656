"""People who remember what the service told them: an answer they cannot explain is wrong."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from tests.conftest import Database, Server
from tests.http_client import Response

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


@dataclass
class Record:
    """What a crowd was told."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0
    seconds: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * share)]


class Person:
    """Has an account of its own, changes its name now and then, and reads it back."""

    def __init__(self, crowd: "Crowd") -> None:
        self.crowd = crowd
        self.name = f"person{next(_numbers)}"
        self.token = ""
        # After an answer of 200 one name is possible; after a lost or refused change, several.
        self.possible: set[str] = {"Nobody"}
        self._one_at_a_time = asyncio.Lock()

    async def join(self) -> None:
        account = {"username": self.name, "email": f"{self.name}@example.org", "password": PASSWORD}
        status, _, text = await self.send("POST", "/v1/users", account | {"full_name": "Nobody"})
        assert status == 201, text
        status, body, text = await self.send(
            "POST", "/v1/sessions", {"login": self.name, "password": PASSWORD}
        )
        assert status == 201, text
        self.token = body["token"]

    async def step(self) -> None:
        """One request, and whether its answer can be explained."""
        dice = self.crowd.dice.random()
        if dice < self.crowd.writes:
            await self.change()
        else:
            await self.look(fresh=dice > 0.8)

    async def change(self) -> int:
        value = f"{self.name} no. {next(_numbers)}"
        async with self._one_at_a_time:
            self.possible.add(value)
            status, body, _ = await self.send("PATCH", "/v1/me", {"full_name": value})
            if status == 200:
                self.possible = {value}
                self.check(body, "PATCH")
        return status

    async def look(self, *, fresh: bool = False) -> int:
        async with self._one_at_a_time:
            status, body, _ = await self.send("GET", "/v1/me", no_cache=fresh)
            if status == 200:
                self.check(body, "GET no-cache" if fresh else "GET")
        return status

    def check(self, body: dict[str, Any], what: str) -> None:
        if body["username"] != self.name:
            self.crowd.record.wrong.append(f"{what}: {self.name} was taken for {body['username']}")
        elif body["full_name"] not in self.possible:
            self.crowd.record.wrong.append(
                f"{what}: {body['full_name']!r} is none of {self.possible}"
            )

    async def send(
        self, method: str, path: str, body: Any = None, *, no_cache: bool = False
    ) -> tuple[int, Any, str]:
        """Status, body, text; status 0 where the connection broke or could not be made."""
        record, headers = self.crowd.record, {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if no_cache:
            headers["Cache-Control"] = "no-cache"
        began = time.monotonic()
        try:
            async with self.crowd.session.request(
                method, self.crowd.url + path, json=body, headers=headers
            ) as answer:
                text = await answer.text()
                status = answer.status
                document = await answer.json(content_type=None) if text else {}
        except (
            aiohttp.ClientConnectionError,
            aiohttp.ClientPayloadError,
            TimeoutError,
            OSError,
        ) as error:
            connecting = isinstance(error, aiohttp.ClientConnectorError)
            record.counts[f"{method} {'refused' if connecting else type(error).__name__}"] += 1
            return 0, {}, str(error)
        seconds = time.monotonic() - began
        record.seconds.append(seconds)
        record.slowest = max(record.slowest, seconds)
        record.counts[f"{method} {status}"] += 1
        if status not in (200, 201, 204) and not self.excused(status, answer.headers):
            record.wrong.append(f"{method} {path}: {status} {text}")
        return status, document, text

    @staticmethod
    def excused(status: int, headers: Any) -> bool:
        return status == 503 and "Retry-After" in headers


class Crowd:
    """So many people at once, each with one request under way."""

    def __init__(self, url: str, size: int, *, writes: float = 0.3, pause: float = 0.01) -> None:
        self.url, self.writes, self.pause = url, writes, pause
        self.dice = random.Random(size)
        self.record = Record()
        self.people = [Person(self) for _ in range(size)]
        self.session: aiohttp.ClientSession
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.session = await self._stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=20)
            )
        )
        try:
            await asyncio.gather(*(person.join() for person in self.people))
        except BaseException:
            await self._stack.aclose()
            raise
        self.record = Record()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[Record]:
        """Everybody asks without end; afterwards every question is answered."""
        going = True

        async def live(person: Person) -> None:
            while going:
                await person.step()
                await asyncio.sleep(self.dice.random() * self.pause)

        tasks = [asyncio.create_task(live(person)) for person in self.people]
        try:
            yield self.record
        finally:
            going = False
            await asyncio.gather(*tasks)

    async def all_served(self) -> bool:
        """Whether each can read and write right now."""
        statuses = await asyncio.gather(*(person.change() for person in self.people))
        statuses += await asyncio.gather(*(person.look() for person in self.people))
        return set(statuses) == {200}

    async def more(self, requests: int) -> None:
        """Waits until so many further answers have come."""
        target = len(self.record.seconds) + requests
        await eventually(lambda: len(self.record.seconds) >= target, 30, f"{requests} answers")


async def eventually(true: Callable[[], bool], seconds: float, what: str = "") -> float:
    """Waits for a condition and returns how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + seconds, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.005)
    return time.monotonic() - began


def cheap_passwords(database: Database, cost: int = 4) -> None:
    """Hashing is not what is tested: the lowest cost there is."""
    with database.connect() as connection:
        connection.execute("select base.set_setting('password.bcrypt_cost', %s)", [str(cost)])


def many_attempts(database: Database) -> None:
    """Failed attempts are counted, and nobody has to wait for them."""
    values = {"free": 1000, "stop": 0, "per_address": 0, "overall": 0}
    with database.connect() as connection:
        for name, value in values.items():
            connection.execute("select base.set_setting(%s, %s)", [f"attempts.{name}", str(value)])


def plant(database: Database, text: str) -> None:
    """Code and routes that only this database has; start the server afterwards."""
    with database.connect(autocommit=False) as connection:
        connection.execute("set local role plinth_owner")
        connection.execute("select set_config('plinth.file', 'planted', true)")
        connection.execute(text.encode())
        connection.execute("reset role")
        connection.execute("select http.announce_deploy()")


def all_loaded(server: Server, workers: int) -> bool:
    """Whether each worker has read the routes: the first that has makes the service ready."""
    loaded = (
        "select count(*) >= %s from pg_stat_activity where datname = current_database()"
        " and application_name = 'plinth slow' and state = 'idle' and query ~ 'http.catalog'"
    )
    return bool(server.database.value(loaded, workers))


def worker_of(answer: Response) -> str:
    """Request ids that a worker makes begin with letters of its own."""
    return answer.headers["x-request-id"][:12]
