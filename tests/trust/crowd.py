"""People who write and read without pause, and know what was acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp

from tests.people import PASSWORD
from tests.trust.rig import Account, Checker

_numbers = count(1)


@dataclass
class Talker:
    """Says numbers in a conversation, each with a key and until it is answered; others read them.
    And registers people, who are to be there from then on."""

    checker: Checker
    account: Account
    path: str = ""
    said: int = 0
    people: list[str] = field(default_factory=list)

    async def insist(self, method: str, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        """Sends one and the same call until it is answered."""
        headers |= {"Idempotency-Key": f"key of the test {next(_numbers)}"}
        while True:
            status, told = await self.send(method, path, json=body, headers=headers)
            if status != 503 and told.get("code") != "KC009":
                return status, told
            await asyncio.sleep(0.1)

    async def send(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        checker = self.checker
        url = checker.dice.choice(checker.urls) + path
        async with checker.session.request(method, url, **more) as answer:
            told = await answer.json(content_type=None)
            checker.counts[f"{method} {answer.status} {path.rpartition('/')[2]}"] += 1
            if answer.status == 503 and "Retry-After" not in answer.headers:
                checker.wrong.append(f"{path}: 503 without Retry-After")
            return answer.status, told

    async def begin(self) -> None:
        status, made = await self.insist("POST", "/v1/conversations", {}, **self.account.headers)
        assert status == 201, made
        self.path = f"/v1/conversations/{made['id']}/messages"

    async def say(self) -> None:
        body = {"role": "user", "content": str(self.said + 1)}
        status, told = await self.insist("POST", self.path, body, **self.account.headers)
        if status != 201:
            self.checker.wrong.append(f"{self.account.name} said and was told {status} {told}")
        self.said += 1

    async def listen(self) -> None:
        """All that was said before is there, once; perhaps one more."""
        least = self.said
        status, told = await self.send("GET", self.path + "?limit=5", headers=self.account.headers)
        if status == 503:
            return
        heard = [int(item["content"]) for item in told["items"]] if status == 200 else []
        newest = heard[0] if heard else 0
        whole = list(range(newest, max(newest - 5, 0), -1))
        if status != 200 or heard != whole or not least <= newest <= self.said + 1:
            self.checker.wrong.append(f"{least} said, {status} heard {heard or told}")

    async def register(self) -> None:
        name = f"guest{next(_numbers)}"
        account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        status, told = await self.insist("POST", "/v1/users", account)
        if status == 201:
            self.people.append(name)
        else:
            self.checker.wrong.append(f"{name} registered and was told {status} {told}")
        await self.sign_in(name)

    async def sign_in(self, name: str) -> None:
        words = {"login": name, "password": PASSWORD}
        status, told = await self.insist("POST", "/v1/sessions", words)
        if status != 201:
            self.checker.wrong.append(f"{name} is not known any more: {status} {told}")


@dataclass
class Crowd:
    """People who write and read without pause."""

    checker: Checker
    talkers: list[Talker]

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        over = asyncio.Event()

        async def again(work: Callable[[], Awaitable[None]], pause: float) -> None:
            while not over.is_set():
                await work()
                await asyncio.sleep(pause)

        works = [(t.say, 0.02) for t in self.talkers] + [(t.listen, 0.01) for t in self.talkers]
        works += [(t.register, 0.1) for t in self.talkers[:2]]
        tasks = [asyncio.create_task(again(*work)) for work in works]
        try:
            async with self.checker.busy():
                yield
        finally:
            over.set()
            await asyncio.gather(*tasks)

    async def recount(self) -> None:
        """All that was ever acknowledged is there."""
        for talker in self.talkers:
            await talker.listen()
            await self.checker.read(talker.account, **{"Cache-Control": "no-cache"})
            for name in talker.people:
                await talker.sign_in(name)


@asynccontextmanager
async def crowd(urls: list[str], size: int) -> AsyncIterator[Crowd]:
    """So many accounts, each with six clients, and two more who register others. `urls` may change
    meanwhile, as behind a proxy."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=30)
    ) as session:
        checker = Checker(urls, session)
        for _ in range(size):
            await checker.join(f"member{next(_numbers)}")
        there = Crowd(checker, [Talker(checker, account) for account in checker.accounts])
        for talker in there.talkers:
            await talker.begin()
        yield there
