"""Two versions of the layer and two of the database, in either order, while people call: nobody
notices, and nobody is told anything old."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pyapp import migrate
from tests.conftest import ROOT, Database, Server, _start
from tests.people import cheap_passwords, eventually
from tests.trust.crowd import crowd
from tests.trust.rig import serving_copies

WORKERS = 2
GOES = """-- api.farewell: goes with this version.
create or replace function api.farewell()
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select 'farewell'
$$;

comment on function api.farewell() is 'Goes with this version';
grant execute on function api.farewell() to plinth_web;
select http.expose('GET /v1/farewell', 'api.farewell', auth => 'none');
"""


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for old, new in changes:
        assert old in text, (file.name, old)
        text = text.replace(old, new)
    file.write_text(text)


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """The version before: it lacks what came with this one, and has what went. Or a checkout of a
    real one, with the same migrations so far."""
    if given := os.environ.get("PREVIOUS_VERSION"):
        return Path(given)
    for part in ("db", "pyapp"):
        shutil.copytree(ROOT / part, tmp_path / "previous" / part)
    db = tmp_path / "previous" / "db"
    # Its layer knows nothing of timelines.
    (db / "functions/http/timeline.sql").unlink()
    edit(db / "functions/http/attach_cache.sql", ("p_timeline = http.timeline()", "true"))
    edit(
        tmp_path / "previous/pyapp/follow.py",
        ("await ears.send(TIMELINE, (cache.where,))", '(b"",)'),
        ("attach_cache($1::integer, $2::text)", "attach_cache($1::integer)"),
        ("cache.settle(row[0]), row[0])", "cache.settle(row[0]),)"),
    )
    # An argument and a route that went since.
    edit(
        db / "functions/auth/update_current_user.sql",
        ("p_version    integer", "p_nickname   text default null,\n  p_version    integer"),
        ("jsonb, integer, text)", "jsonb, text, integer, text)"),
    )
    (db / "functions/ops/farewell.sql").write_text(GOES)
    return tmp_path / "previous"


@pytest.fixture
def start(database: Database, redis_url: str, tmp_path: Path) -> Iterator[Callable[[Path], Server]]:
    """A server of that code on the one database."""
    cheap_passwords(database)
    with ExitStack() as stack:

        def started(code: Path) -> Server:
            given = {"PLINTH_WORKERS": str(WORKERS), "REDIS_URL": redis_url}
            return _start(stack, database, tmp_path, given, wait=True, code=code)

        yield started


async def all_believe(server: Server) -> None:
    await eventually(lambda: serving_copies(server) == WORKERS, 30, server.words())


@pytest.mark.soak
@pytest.mark.parametrize("first", ["database", "layer"])
async def test_two_versions_serve_side_by_side(
    database: Database, previous: Path, start: Callable[[Path], Server], first: str
) -> None:
    migrate.up(database.admin_url, db_dir=previous / "db")
    old = start(previous)
    async with crowd([old.url], 5) as people:
        checker = people.checker

        async def deploy() -> None:
            report = await asyncio.to_thread(migrate.up, database.admin_url)
            assert "db/functions/http/timeline.sql" in report.code
            await checker.more(1000)

        async def begin() -> Server:
            new = await asyncio.to_thread(start, ROOT)
            checker.urls.append(new.url)
            await checker.more(1000)
            return new

        async with people.busy():
            await all_believe(old)
            await checker.more(1000)
            assert checker.counts["GET 200 hit"] > 0
            if first == "database":
                await deploy()
                new = await begin()
            else:
                new = await begin()
                await deploy()
            # The proxy asks the old one no more; what it is doing it does to the end.
            checker.urls.remove(old.url)
            assert await asyncio.to_thread(old.stop) == 0
            await all_believe(new)
            hits = checker.counts["GET 200 hit"]
            await checker.more(1000)
            assert checker.counts["GET 200 hit"] > hits
        await people.recount()
        assert checker.wrong == []
        answered = {tuple(told.split()[:2]) for told in checker.counts}
        assert answered == {("GET", "200"), ("PATCH", "200"), ("POST", "201")}
    with new.client() as client:
        assert client.get("/v1/farewell").status == 404
