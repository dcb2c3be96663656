"""A deploy while 64 people read and write: no request fails, and afterwards nothing is old."""

import asyncio
import shutil
from pathlib import Path

import pytest

from pyapp import migrate
from pyapp.settings import DB_DIR
from pyapp.sqlfile import MigrationError
from tests.conftest import Database, Serve, Server, until
from tests.http_client import Client
from tests.people import Crowd, all_loaded, eventually, worker_of

WORKERS = 2
CHANGE = "functions/auth/update_current_user.sql"
PROFILE = "views/auth/_user_profiles.sql"
COLUMN = """-- Title: Nicknames
-- Version: 002
alter table auth.users add column nickname text;
comment on column auth.users.nickname is 'What friends say';
update auth.users set nickname = upper(username);
"""


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return shutil.copytree(DB_DIR, tmp_path / "db")


@pytest.fixture
def server(serve: Serve) -> Server:
    server = serve(workers=WORKERS)
    until(lambda: all_loaded(server, WORKERS), 10)
    return server


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for old, new in changes:
        assert old in text, (file.name, old)
        text = text.replace(old, new)
    file.write_text(text)


def from_each_worker(server: Server) -> list[Client]:
    clients: list[Client] = []

    def both() -> bool:
        clients.append(server.client())
        return len({worker_of(c.get("/v1/me")) for c in clients}) == WORKERS

    until(both, 20, "only one worker answers")
    return clients


@pytest.mark.slow
async def test_no_request_fails_and_no_answer_is_old(server: Server, db: Path) -> None:
    dsn = server.database.admin_url

    async def deploy() -> migrate.Report:
        report = await asyncio.to_thread(migrate.up, dsn, db_dir=db)
        await crowd.more(300)
        return report

    async with Crowd(server.url, 64, pause=0.05) as crowd:
        async with crowd.busy() as record:
            await crowd.more(300)
            # Another body.
            edit(db / CHANGE, ("  return query", "  -- read anew\n  return query"))
            assert f"db/{CHANGE}" in (await deploy()).code
            # Another signature: the old function is dropped while it is being called.
            edit(
                db / CHANGE,
                ("p_username   text default null\n", "p_username   text default null,\n"
                 "  p_nickname   text default null\n"),
                ("jsonb, integer, text)", "jsonb, integer, text, text)"),
            )  # fmt: skip
            assert f"db/{CHANGE}" in (await deploy()).code
            # A column of the table that every request reads or writes, up to the answer.
            (db / "migrations/V002__nicknames.sql").write_text(COLUMN)
            edit(db / PROFILE, ("u.version\n", "u.version,\n       u.nickname\n"))
            edit(
                db / CHANGE,
                ("metadata = coalesce", "nickname = coalesce(p_nickname, u.nickname),\n"
                 "         metadata = coalesce"),
            )  # fmt: skip
            assert (await deploy()).applied == ["V002__nicknames"]
            for person in crowd.people:
                _, me, _ = await person.send("GET", "/v1/me")
                assert me["nickname"] == person.name.upper()
        assert record.wrong == []
        assert record.counts.keys() == {"GET 200", "PATCH 200"}

        # What was deployed is what answers, in each worker, from its first request on.
        person = crowd.people[0]
        for client in from_each_worker(server):
            client.token = person.token
            changed = client.patch("/v1/me", {"nickname": f"Nick {client.port}"})
            assert (changed.status, changed.json()["nickname"]) == (200, f"Nick {client.port}")
            assert client.get("/v1/me").json()["nickname"] == f"Nick {client.port}"
            document = client.get("/openapi.json").json()
            body = document["paths"]["/v1/me"]["patch"]["requestBody"]["content"]
            assert "nickname" in body["application/json"]["schema"]["properties"]


@pytest.mark.slow
async def test_a_broken_file_changes_nothing(server: Server, db: Path) -> None:
    dsn = server.database.admin_url
    (db / "migrations/V002__nicknames.sql").write_text(COLUMN)
    edit(db / CHANGE, ("  return query", "  -- read anew\n  return query"))
    broken = db / "functions/ops/broken.sql"
    broken.parent.mkdir(exist_ok=True)
    broken.write_text(
        "-- api.broken: is not SQL in its fourth line.\n"
        "create or replace function api.broken()\n"
        "returns integer language sql stable as $$\n"
        "  selec 1\n"
        "$$;\n"
    )
    before = state(server.database)
    async with Crowd(server.url, 16, pause=0.05) as crowd:
        async with crowd.busy() as record:
            await crowd.more(100)
            with pytest.raises(MigrationError) as refused:
                await asyncio.to_thread(migrate.up, dsn, db_dir=db)
            await crowd.more(100)
        assert record.wrong == []
        assert record.counts.keys() == {"GET 200", "PATCH 200"}
    first, *more = str(refused.value).splitlines()
    assert first.startswith("db/functions/ops/broken.sql:4: ")
    assert "syntax error" in first
    assert more == []
    assert state(server.database) == before
    # Repaired, the same deploy goes through.
    broken.unlink()
    assert migrate.up(dsn, db_dir=db).applied == ["V002__nicknames"]


def state(database: Database) -> list[object]:
    with database.connect() as connection:
        return [
            connection.execute(query).fetchall()
            for query in (
                "select version from http.registry",
                "select version, name, checksum from ops.schema_migrations order by version",
                "select path, sha256 from ops.code_files order by path",
                "select oid, md5(prosrc) from pg_proc where pronamespace::regnamespace::text"
                " in ('api', 'core', 'http') order by oid",
                "select attname from pg_attribute where attrelid = 'auth.users'::regclass"
                " order by attnum",
            )
        ]


async def test_a_running_server_takes_up_a_new_route(server: Server, db: Path) -> None:
    """And forgets it again: nothing is restarted, whatever worker is asked."""
    file = db / "functions/ops/add_numbers.sql"
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        "create or replace function api.add_numbers(p_one integer, p_two integer)\n"
        "returns integer language sql stable security definer\n"
        "set search_path = pg_catalog, pg_temp as $$ select p_one + p_two $$;\n"
        "comment on function api.add_numbers(integer, integer) is 'Adds';\n"
        "grant execute on function api.add_numbers(integer, integer) to plinth_web;\n"
        "select http.expose('GET /v1/sums', 'api.add_numbers', auth => 'none');\n"
    )
    clients = from_each_worker(server)
    assert {c.get("/v1/sums?one=1&two=2").status for c in clients} == {404}
    await asyncio.to_thread(migrate.up, server.database.admin_url, db_dir=db)
    await eventually(
        lambda: {c.get("/v1/sums?one=1&two=2").body for c in clients} == {b'{"value":3}'}, 15
    )
    file.unlink()
    await asyncio.to_thread(migrate.up, server.database.admin_url, db_dir=db)
    await eventually(lambda: {c.get("/v1/sums?one=1&two=2").status for c in clients} == {404}, 15)
