"""The worker's jobs: two workers share them, a failing one holds up no other."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pyapp import worker
from pyapp.db import Database as Layer
from pyapp.settings import Settings
from tests.conftest import Database, until

PLANTED = """
delete from http.jobs;
create table ops.planted (worker integer not null default pg_backend_pid());
create function core.tap_works(p_limit integer) returns integer language sql
  as 'insert into ops.planted default values; select 1';
create function core.tap_fails(p_limit integer) returns integer language sql
  as 'insert into ops.planted values (-1); select 1 / (p_limit - p_limit)';
alter table ops.planted owner to plinth_owner;
alter function core.tap_works(integer) owner to plinth_owner;
alter function core.tap_fails(integer) owner to plinth_owner;
select http.schedule('core.tap_fails', '1 hour');
select http.schedule('core.tap_works', '1 hour');
update ops.job_runs set next_run_at = '-infinity' where name = 'core.tap_fails';
"""


@pytest.fixture
async def layers(database: Database) -> AsyncIterator[tuple[Layer, Layer]]:
    """Two workers' databases."""
    settings = Settings(env="test", secret_key=database.engine.secret_key)
    two = Layer(settings, database.web_url), Layer(settings, database.web_url)
    for layer in two:
        await layer.start()
    yield two
    for layer in two:
        await layer.close()


async def test_what_is_due_is_done_once(database: Database, layers: tuple[Layer, Layer]) -> None:
    with database.connect() as connection:
        connection.execute(PLANTED)
    await asyncio.gather(*(worker.run_jobs(layer) for layer in layers for _ in range(3)))
    assert database.value("select count(*) from ops.planted") == 1
    with database.connect() as connection:
        runs = connection.execute(
            "select name, rows, failures > 0, error from api.v_jobs order by name"
        ).fetchall()
    assert runs[0] == ("core.tap_fails", None, True, "22012 division by zero")
    assert runs[1] == ("core.tap_works", 1, False, None)


def test_who_writes_puts_off_partitions_of_the_tables_he_holds_alone(database: Database) -> None:
    """Foreign keys of new partitions of messages and executions need a lock on conversations."""
    with database.connect() as writer, database.connect("plinth_owner", autocommit=False) as job:
        writer.autocommit = False
        writer.execute("update ops.partitioned_tables set ahead = ahead + 2")
        writer.commit()
        writer.execute("lock table chat.conversations in row exclusive mode")
        job.execute("set local lock_timeout = '7s'")
        made = job.execute("select core.make_partitions(1000)").fetchone()
        assert job.execute("show lock_timeout").fetchone() == ("7s",)
        job.commit()
        writer.commit()
        rest = job.execute("select core.make_partitions(1000)").fetchone()
        job.commit()
    assert (made, rest) == ((6,), (4,))
    assert database.value("select ops.make_partitions()") == 0


def test_partitions_are_made_beside_an_erasure(database: Database) -> None:
    """What is made stays locked to the end: what others hold then is left for the next time."""
    make = "select core.make_partitions(1000)"
    with (
        database.connect() as eraser,
        database.connect("plinth_owner") as job,
        ThreadPoolExecutor() as pool,
    ):
        eraser.execute(
            "update ops.partitioned_tables set ahead = ahead + 1"
            " where name in ('chat.function_executions', 'ops.audit_details')"
        )
        eraser.autocommit = False
        eraser.execute("lock table ops.audit_details in row exclusive mode")
        made = pool.submit(lambda: job.execute(make).fetchone())
        waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
        until(lambda: made.done() or database.value(waits, job.info.backend_pid), 10)
        eraser.execute("update auth.users set version = version where username = 'alice'")
        eraser.commit()
        assert made.result(10) == (1,)
        assert job.execute(make).fetchone() == (1,)
