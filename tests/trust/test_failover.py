"""The primary is killed under load and its replica promoted. The servers find the new primary by
the address they have; nothing that was acknowledged is lost, and nothing older is told."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import ROOT, Database, Engine, Server, _start, clone, until
from tests.people import cheap_passwords, eventually
from tests.trust.crowd import crowd
from tests.trust.replica import Copy, pair
from tests.trust.rig import serving_copies

WORKERS = 2


@dataclass
class Place:
    """One database on two servers, and the address that leads to whichever is the primary."""

    first: Copy
    second: Copy
    database: Database

    def either(self, url: str) -> str:
        """Both hosts; libpq takes the one that is no replica."""
        hosts = f"host={self.first.folder},{self.second.folder}&port=5432,5432"
        return re.sub(r"host=.*", hosts + "&target_session_attrs=read-write", url)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.either(self.database.web_url),
            "DATABASE_REPLICA_URLS": self.second.web_url(self.database),
            "RATE_LIMIT_REQUESTS_PER_MINUTE": "1000000",
        }

    def at(self, copy: Copy) -> Database:
        """The database on this server, for the test itself."""
        engine = self.database.engine
        there = replace(
            engine, admin_url=copy.at(engine.admin_url), web_url=copy.at(engine.web_url)
        )
        return Database(self.database.name, there)

    def plinth(self, *command: str) -> tuple[int, list[str]]:
        """What a command says with the addresses of the service."""
        given = {
            "PLINTH_ENV": "test",
            "PLINTH_DATA": str(self.first.folder),
            "PLINTH_SECRET_KEY": self.database.engine.secret_key,
            "REDIS_URL": self.database.engine.redis_url,
            "DATABASE_ADMIN_URL": self.either(self.database.admin_url),
        }
        ended = subprocess.run(
            [sys.executable, "-m", "pyapp", *command],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]} | given | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout.splitlines()

    def wrong(self) -> list[str]:
        """What `plinth doctor` finds to be repaired."""
        code, lines = self.plinth("doctor")
        found = [line.removeprefix("FAIL  ") for line in lines if line.startswith("FAIL")]
        assert code == bool(found), lines
        return found


@pytest.fixture
def place(engine: Engine) -> Iterator[Place]:
    with clone(engine) as database:
        cheap_passwords(database)
        with pair(engine) as (first, second):
            yield Place(first, second, database)


@pytest.fixture
def serve(redis_url: str, tmp_path: Path) -> Iterator[Callable[[Place], Server]]:
    with ExitStack() as stack:

        def start(place: Place) -> Server:
            given = {"PLINTH_WORKERS": str(WORKERS), "REDIS_URL": redis_url} | place.environment
            return _start(stack, place.database, tmp_path, given, wait=True)

        yield start


def synchronous(place: Place) -> None:
    """No commit is acknowledged, nor seen by others, before the replica has it on disk."""
    place.first.set("synchronous_standby_names", "*")
    state = "select sync_state = 'sync' from pg_stat_replication"
    until(lambda: place.at(place.first).value(state), 15, "the replica is not synchronous")


async def all_well(server: Server, answers: str = "") -> None:
    """Every worker believes copies, and the page the proxy asks says so."""
    await eventually(lambda: serving_copies(server) == WORKERS, 30, answers or server.words())


def status(server: Server, path: str) -> int:
    with server.client() as client:
        return client.get(path).status


@pytest.mark.soak
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "stopped"])
async def test_nothing_acknowledged_is_lost_and_nothing_older_told(
    place: Place, serve: Callable[[Place], Server], how: signal.Signals
) -> None:
    synchronous(place)
    server = serve(place)
    assert place.wrong() == []
    async with crowd([server.url], 4) as people:
        checker = people.checker
        async with people.busy():
            await all_well(server)
            await checker.more(1000)
            assert checker.counts["GET 200 hit"] > 0
            place.first.stop(how)
            await eventually(lambda: checker.counts["PATCH 503"] > 20, 30, str(checker.counts))
            assert (status(server, "/readyz"), status(server, "/livez")) == (503, 200)
            # Said once, and nothing about what hangs on it.
            (only,) = place.wrong()
            assert re.match("PostgreSQL: .*read-only; check DATABASE_ADMIN_URL", only)
            place.second.promote()
            now = place.at(place.second)
            promoted = now.value("select clock_timestamp()")
            await all_well(server)
            hits = checker.counts["GET 200 hit"]
            await checker.more(1000)
            assert checker.counts["GET 200 hit"] > hits

            # The rest of the service goes on as well: jobs, limits, the commands.
            ran = "select bool_or(finished_at > %s) from v_jobs"
            await eventually(lambda: now.value(ran, promoted), 30, "no job ran")
            limited = (await checker.join("limited")).headers
            now.value("select count(*) from set_user_quota(%s, 5)", checker.accounts.pop().name)
            answers = [await people.talkers[0].send("GET", "/v1/quotas", headers=limited)]
            while answers[-1][0] != 429:
                assert len(answers) < 5 + 200, "no limit holds"
                answers.append(await people.talkers[0].send("GET", "/v1/quotas", headers=limited))
            assert place.plinth("migrate", "up")[0] == 0
        await people.recount()

    assert checker.wrong == []
    # Each change that was acknowledged was counted, before, meanwhile and after.
    changed = "select count(*) from ops.api_usage where method = 'PATCH' and status = 200"
    await eventually(lambda: now.value(changed) >= checker.counts["PATCH 200"], 15)
    assert now.value(changed) == checker.counts["PATCH 200"]
    assert now.value("select count(*) from verify_usage()") == 0
    assert place.wrong() == [
        "replica1: is the primary itself, since a failover perhaps; name replicas that follow it"
    ]
    place.second.set("synchronous_standby_names", "*")
    until(lambda: "writes wait for a replica, and none is there" in place.wrong()[0], 15)
    place.second.set("synchronous_standby_names", "")


@pytest.mark.soak
async def test_what_came_after_a_backup_that_was_put_back_is_shown_by_nobody(
    place: Place, serve: Callable[[Place], Server]
) -> None:
    """Files that are put back go on in the timeline they were of, as a base backup does."""
    server = serve(place)
    async with crowd([server.url], 1) as people:
        checker = people.checker
        (account,) = checker.accounts
        await all_well(server)
        assert await checker.write(account) == 200
        had = account.acknowledged
        # What is on record is bumped by whoever comes, and would hide what copies show.
        recorded = "select count(*) from base.touched_tags"
        until(lambda: place.at(place.first).value(recorded) == 0, 15)
        files, kept = place.first.folder / "data", place.first.folder / "kept"
        place.first.stop(signal.SIGINT)
        subprocess.run(["cp", "-a", files, kept], check=True)
        place.first.start()
        await all_well(server)
        assert await checker.write(account) == 200
        assert account.acknowledged > had

        async def told(**headers: str) -> set[tuple[int, int]]:
            asked = (checker.ask(account, "GET", server.url, headers=headers) for _ in range(64))
            return {(status, number) for status, number, _ in await asyncio.gather(*asked)}

        assert await told() == {(200, account.acknowledged)}
        assert checker.counts["GET 200 hit"] > 0
        place.first.stop(signal.SIGINT)
        shutil.rmtree(files)
        kept.rename(files)
        place.first.start()
        await all_well(server)
        assert await told(**{"Cache-Control": "no-cache"}) == {(200, had)}
        assert await told() == {(200, had)}


@pytest.mark.soak
async def test_what_an_asynchronous_replica_never_had_is_shown_by_nobody(
    place: Place, serve: Callable[[Place], Server]
) -> None:
    """Its primary had acknowledged it, so copies show it; none of them outlives that primary."""
    server = serve(place)
    async with crowd([server.url], 1) as people:
        checker = people.checker
        (account,) = checker.accounts
        await all_well(server)
        assert await checker.write(account) == 200
        had = account.acknowledged
        behind = place.at(place.second)
        # Also that the tags of it were bumped: what is on record is bumped by whoever comes.
        has_all = (
            "select u.full_name = %s and not exists (select from base.touched_tags)"
            "  from auth.users u where u.username = %s"
        )
        until(lambda: behind.value(has_all, str(had), account.name), 15, "it does not follow")
        # From here on it gets nothing, and nobody waits for it.
        place.second.set("primary_conninfo", "")
        until(lambda: not behind.value("select count(*) from pg_stat_wal_receiver"), 15)
        assert await checker.write(account) == 200
        assert account.acknowledged > had

        async def told(**headers: str) -> set[tuple[int, int]]:
            """By as many calls as reach every worker."""
            asked = (checker.ask(account, "GET", server.url, headers=headers) for _ in range(64))
            return {(status, number) for status, number, _ in await asyncio.gather(*asked)}

        assert await told() == {(200, account.acknowledged)}
        assert checker.counts["GET 200 hit"] > 0
        place.first.stop(signal.SIGKILL)
        place.second.promote()
        await all_well(server)
        assert await told(**{"Cache-Control": "no-cache"}) == {(200, had)}
        assert await told() == {(200, had)}
