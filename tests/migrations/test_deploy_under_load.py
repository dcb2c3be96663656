"""A deploy while people use the service: nobody notices, and afterwards all have the new code."""

import asyncio
import re
import shutil
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from pyapp import migrate
from pyapp.settings import DB_DIR
from tests.conftest import Server, until
from tests.http_client import PASSWORD

CLIENTS = 64
ME = "functions/auth/get_current_user.sql"
PROFILE = "views/auth/_user_profiles.sql"
COLUMN = """-- Title: Nicknames
-- Version: 002
alter table auth.users add column nickname text;
update auth.users set nickname = upper(username);
"""


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for old, new in changes:
        assert old in text, (file, old)
        text = text.replace(old, new)
    file.write_text(text)


@pytest.mark.slow
async def test_no_request_fails_and_no_answer_is_stale(server: Server, tmp_path: Path) -> None:
    db = shutil.copytree(DB_DIR, tmp_path / "db")
    asked, failures, over = Counter[str](), list[str](), asyncio.Event()
    dsn = server.database.admin_url

    async def deploy() -> migrate.Report:
        report = await asyncio.to_thread(migrate.up, dsn, db_dir=db)
        before = sum(asked.values())
        while sum(asked.values()) < before + 3 * CLIENTS and not failures:
            await asyncio.sleep(0.01)
        return report

    async with aiohttp.ClientSession(
        server.url, connector=aiohttp.TCPConnector(limit=0)
    ) as session:
        signed = await session.post("/v1/sessions", json={"login": "alice", "password": PASSWORD})
        token = {"Authorization": f"Bearer {(await signed.json())['token']}"}

        async def ask(number: int) -> None:
            fresh = {"Cache-Control": "no-cache"} if number % 4 else {}
            while not over.is_set():
                async with session.get("/v1/me", headers=token | fresh) as answer:
                    body = await answer.text()
                    asked[answer.headers.get("X-Cache", "none")] += 1
                    if answer.status != 200 or '"username":"alice"' not in re.sub(
                        r'": ', '":', body
                    ):
                        failures.append(f"{answer.status} {body[:300]}")
                        return

        crowd = [asyncio.create_task(ask(number)) for number in range(CLIENTS)]
        try:
            # A changed body; then another signature; then a column from the table to the answer.
            edit(db / ME, ("begin\n", "begin\n  -- looked at anew\n"))
            assert (await deploy()).code == [f"db/{ME}"]
            edit(
                db / ME,
                ("(p_user_id uuid)", "(p_user_id uuid, p_plain boolean default false)"),
                ("get_current_user(uuid)", "get_current_user(uuid, boolean)"),
            )
            assert (await deploy()).code == [f"db/{ME}"]
            (db / "migrations/V002__nicknames.sql").write_text(COLUMN)
            edit(db / PROFILE, ("u.version\n", "u.version,\n       u.nickname\n"))
            assert (await deploy()).applied == ["V002__nicknames"]
        finally:
            over.set()
            await asyncio.gather(*crowd)
        assert failures == []
        assert asked["hit"] > 0 < asked["bypass"]

        async with session.get("/v1/me", headers=token) as answer:
            assert (await answer.json())["nickname"] == "ALICE"
        # The description follows as soon as it is made; answers never are of before.
        document = ""
        async with asyncio.timeout(5):
            while "nickname" not in document:
                async with session.get("/openapi.json") as answer:
                    document = await answer.text()
    assert "plain" in document
    until(lambda: server.process.poll() is None, 1)
