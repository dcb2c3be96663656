"""Behind other people's locks: the whole is tried again, and nobody waits longer than a second."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import psycopg
import pytest

from pyapp.sqlfile import MigrationError
from tests.conftest import until
from tests.migrations.conftest import Project

LAST = "create table chat.first (id integer);\nalter table chat.notes add column x integer;"


def test_it_retries_behind_a_long_transaction_and_names_it(project: Project) -> None:
    path = project.migration(LAST)
    with psycopg.connect(project.dsn) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("lock table chat.notes in access share mode")
        up = pool.submit(project.up)
        until(lambda: sum("trying again" in line for line in project.said) > 1, 10)
        pid = holder.info.backend_pid
        assert any(
            f"chat.notes is locked by pid {pid} (" in line and "idle in transaction" in line
            for line in project.said
        ), project.said
        # Between two attempts nothing of the first is left, and nobody is held up.
        assert project.value("select count(*) from ops.schema_migrations") == 1
        holder.rollback()
        assert up.result(10).applied == ["V002__step"]
    assert project.said[-1].startswith(f"{path}: ")


def test_it_gives_up_and_nothing_is_changed(project: Project) -> None:
    project.migration(LAST)
    before = project.catalog()
    with psycopg.connect(project.dsn) as holder:
        holder.execute("lock table chat.notes in access share mode")
        with pytest.raises(MigrationError) as refused:
            project.up(lock_wait=0.5)
    assert "canceling statement due to lock timeout" in str(refused.value)
    assert "gave up after 0 s: chat.notes is locked by pid" in str(refused.value)
    assert project.catalog() == before


def test_a_reader_behind_the_runner_is_not_held_up_for_long(project: Project) -> None:
    """The waiting ALTER TABLE queues every reader behind itself: for one lock time-out at most."""
    project.migration(LAST)
    stalls: list[float] = []
    with (
        psycopg.connect(project.dsn) as holder,
        psycopg.connect(project.dsn, autocommit=True) as reader,
        ThreadPoolExecutor(1) as pool,
    ):
        holder.execute("select 1 from chat.notes")
        up = pool.submit(project.up)
        while sum("trying again" in line for line in project.said) < 3:
            began = time.monotonic()
            reader.execute("select 1 from chat.notes")
            stalls.append(time.monotonic() - began)
        holder.rollback()
        up.result(10)
    assert 0.3 < max(stalls) < 2.5  # 1 s, and what a busy machine adds


def test_a_view_in_use_is_waited_for_in_the_same_way(project: Project) -> None:
    file = project.db / "views/chat/v_authors.sql"
    file.write_text(file.read_text().replace("a.id,", "a.id + 0 as id,"))
    with psycopg.connect(project.dsn) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("select * from api.v_authors")
        up = pool.submit(project.up)
        until(lambda: any("api.v_authors is locked by pid" in line for line in project.said), 10)
        holder.rollback()
        assert up.result(10).code == ["db/views/chat/v_authors.sql"]


def test_a_lock_in_the_middle_of_a_file_has_its_line(project: Project) -> None:
    project.migration("create table chat.one (id integer);")
    project.up()
    path = project.migration("create table chat.two (id integer);\ndrop table chat.one;")
    with psycopg.connect(project.dsn) as holder:
        holder.execute("select 1 from chat.one")
        with pytest.raises(
            MigrationError, match=rf"{path}:5: ERROR 55P03 .*\n.*chat.one is locked"
        ):
            project.up(lock_wait=0)


def test_in_a_deadlock_the_deploy_gives_way(project: Project) -> None:
    """It holds one and wants two, a caller the other way round: the caller is answered."""
    project.migration("create table chat.one as select 1 as n; create table chat.two as select 1;")
    project.up()
    project.migration(
        "alter table chat.one add column x text default pg_sleep(0.5)::text;\n"
        "alter table chat.two add column x integer;"
    )
    asleep = (
        "select count(*) from pg_stat_activity"
        " where wait_event = 'PgSleep' and datname = current_database()"
    )
    with psycopg.connect(project.dsn) as caller, ThreadPoolExecutor(1) as pool:
        caller.execute("select 1 from chat.two")
        up = pool.submit(project.up)
        until(lambda: bool(project.value(asleep)), 10)
        assert len(caller.execute("select 1 from chat.one").fetchall()) == 1
        caller.rollback()
        assert up.result(10).applied == ["V003__step"]


def test_locks_are_had_from_callers_who_lock_in_another_order(project: Project) -> None:
    """They hold notes when they come to authors; the runner would lock authors first."""
    project.migration("update chat.authors set name = name; update chat.notes set body = body;")
    stop = threading.Event()

    def call(_: int) -> int:
        with psycopg.connect(project.dsn) as caller:
            for calls in count():
                caller.execute("select 1 from chat.notes, pg_sleep(0.001)")
                caller.execute("select 1 from chat.authors")
                caller.rollback()
                if stop.is_set():
                    return calls
        raise AssertionError

    with ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(call, number) for number in range(8)]
        try:
            assert project.up(lock_wait=2).applied == ["V002__step"]
        finally:
            stop.set()
        assert min(caller.result(10) for caller in callers) > 0
