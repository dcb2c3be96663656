"""Models come, change their index and go while others are read and written."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pyapp import migrate
from tests.conftest import ROOT, Database, until

ALICE, BOB = (f"01900000-0000-7000-8000-00000000000{n}" for n in (5, 6))
WAITING = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock'"
)
FILL = """
with made as (
  insert into memory.embeddings (user_id, model_id, content, embedding)
  select %s, m.id, 'text ' || n, format('[%%s,%%s,%%s]', sin(n), cos(n * 0.7), 1)::ext.vector
    from memory.embedding_models m cross join generate_series(1, %s) n where m.name = %s
  returning 1
)
select count(*) from made
"""


def operators(database: Database) -> psycopg.Connection[Any]:
    connection = database.connect("plinth_operator")
    connection.execute("set statement_timeout = '20s'")
    return connection


def nearest(connection: psycopg.Connection[Any], model: str, limit: int = 10) -> list[str]:
    rows = connection.execute(
        "select s.way from api.search_similar_embeddings(%s, '[1,2,3]', %s, p_limit => %s) s",
        [ALICE, model, limit],
    ).fetchall()
    return [row[0] for row in rows]


def test_a_model_is_made_beside_searches_and_writes_of_others(database: Database) -> None:
    """Transactions that read and write another model stay open meanwhile, and go on."""
    database.value(FILL, ALICE, 50, "test-3")
    with operators(database) as reader, database.connect() as writer, operators(database) as maker:
        reader.autocommit = writer.autocommit = False
        assert len(nearest(reader, "test-3")) == 10
        writer.execute(FILL.encode(), [ALICE, 60, "test-3-l2"])
        maker.execute("set lock_timeout = '1s'")
        maker.execute("select create_embedding_model('new', 3)")
        assert maker.execute("show lock_timeout").fetchone() == ("1s",)
        assert len(nearest(reader, "test-3")) == 10
        writer.commit()
        maker.execute("select upsert_embedding(%s, 'first', '[1,2,3]', 'new')", [ALICE])
        assert nearest(maker, "new") == ["exact"]
    assert migrate.verify(database.admin_url) == []


def test_who_writes_messages_delays_a_new_model_and_is_not_held_up(database: Database) -> None:
    """Foreign keys of the partition need a lock that writers of messages exclude."""
    with database.connect() as writer, operators(database) as maker, database.connect() as other:
        writer.autocommit = False
        writer.execute("lock table chat.messages in row exclusive mode")
        made = threading.Thread(
            target=lambda: maker.execute("select create_embedding_model('later', 3)")
        )
        made.start()
        until(lambda: database.value(WAITING) > 0, 15)
        began = time.monotonic()
        other.execute("begin; lock table chat.messages in row exclusive mode; commit")
        assert time.monotonic() - began < 1
        writer.commit()
        made.join(10)
    assert database.value("select count(*) from memory.embedding_models where name = 'later'") == 1


def test_a_model_is_dropped_between_two_searches(database: Database) -> None:
    database.value(FILL, ALICE, 30, "test-3-l2")
    with operators(database) as reader, operators(database) as dropper:
        reader.autocommit = False
        assert len(nearest(reader, "test-3-l2")) == 10
        gone = threading.Thread(
            target=lambda: dropper.execute("select drop_embedding_model('test-3-l2', 30)")
        )
        gone.start()
        until(lambda: database.value(WAITING) > 0, 15)
        assert len(nearest(reader, "test-3-l2")) == 10
        reader.commit()
        gone.join(10)
        with pytest.raises(psycopg.Error, match="There is no embedding model test-3-l2"):
            nearest(reader, "test-3-l2")


def test_a_first_embedding_is_written_while_a_model_waits_to_be_dropped(database: Database) -> None:
    """Counting it needs the model's row, which who drops the model takes last."""
    database.value(FILL, ALICE, 30, "test-3-l2")
    drop = "select drop_embedding_model('test-3-l2', 30)"
    with operators(database) as reader, operators(database) as dropper:
        reader.autocommit = False
        assert len(nearest(reader, "test-3-l2")) == 10
        with ThreadPoolExecutor(1) as pool:
            dropped = pool.submit(dropper.execute, drop)
            until(lambda: database.value(WAITING) > 0, 15)
            with database.connect() as writer:
                writer.execute("set lock_timeout = '1s'")
                writer.execute(FILL.encode(), [BOB, 1, "test-3-l2"])
            reader.commit()
            with pytest.raises(psycopg.Error, match="The model has 31 rows, not 30"):
                dropped.result(10)


def test_of_two_who_drop_a_model_the_second_finds_none(database: Database) -> None:
    drop = "select drop_embedding_model('test-3-l2', 0)"
    with operators(database) as first, operators(database) as second, ThreadPoolExecutor(1) as pool:
        first.autocommit = False
        first.execute(drop)
        dropped = pool.submit(second.execute, drop)
        until(lambda: database.value(WAITING) > 0, 15)
        first.commit()
        with pytest.raises(psycopg.Error, match="There is no embedding model test-3-l2"):
            dropped.result(10)


@pytest.mark.parametrize(
    "write",
    [
        "upsert_embedding(%s, 'one', '[1,2,3]', 'test-3-l2')",
        "upsert_embeddings(%s, '{one}', array['[1,2,3]']::ext.vector[], 'test-3-l2')",
        "create_memory(%s, 'one', p_embedding => '[1,2,3]', p_model => 'test-3-l2')",
    ],
)
def test_who_writes_to_a_model_that_is_dropped_meanwhile_is_told(
    database: Database, write: str
) -> None:
    with operators(database) as dropper, operators(database) as writer:
        dropper.autocommit = False
        dropper.execute("select drop_embedding_model('test-3-l2', 0)")
        with ThreadPoolExecutor(1) as pool:
            written = pool.submit(writer.execute, f"select {write}".encode(), [ALICE])
            until(lambda: database.value(WAITING) > 0, 15)
            dropper.commit()
            with pytest.raises(psycopg.Error, match="There is no embedding model test-3-l2"):
                written.result(10)


def test_a_model_that_becomes_the_default_meanwhile_stays(database: Database) -> None:
    drop = "select drop_embedding_model('test-3-l2', 0)"
    with (
        operators(database) as other,
        operators(database) as dropper,
        ThreadPoolExecutor(1) as pool,
    ):
        other.autocommit = False
        other.execute("select update_embedding_model('test-3-l2', p_default => true)")
        dropped = pool.submit(dropper.execute, drop)
        until(lambda: database.value(WAITING) > 0, 15)
        other.commit()
        with pytest.raises(psycopg.errors.SerializationFailure, match="was changed meanwhile"):
            dropped.result(10)
        with pytest.raises(psycopg.Error, match="It is the default model"):
            dropper.execute(drop)


def indexed(database: Database, *options: str, **environment: str) -> str:
    command = [sys.executable, "-m", "pyapp", "embeddings", "index", *options]
    settings = {
        "DATABASE_ADMIN_URL": database.admin_url,
        "DATABASE_URL": database.web_url,
        "PLINTH_SECRET_KEY": database.engine.secret_key,
    }
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PLINTH_", "PG"))}
    ended = subprocess.run(
        command, cwd=ROOT, env=inherited | settings | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ended.stdout + ended.stderr


def indexes(database: Database, model: str) -> list[tuple[str, bool]]:
    with database.connect() as connection:
        return connection.execute(
            "select regexp_replace(c.relname, '^embeddings_[0-9]+_', ''), i.indisvalid"
            "  from memory.embedding_models m"
            "  join pg_index i on i.indrelid = to_regclass(format('memory.embeddings_%%s', m.id))"
            "  join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam"
            " where m.name = %s and a.amname in ('hnsw', 'ivfflat') order by 1",
            [model],
        ).fetchall()


def test_a_number_that_is_too_large_is_no_missing_function(
    shared_database: Database, tmp_path: Path
) -> None:
    said = indexed(shared_database, "test-3", "--m", "9" * 11, PLINTH_DATA=str(tmp_path))
    assert said == f'plinth: value "{"9" * 11}" is out of range for type integer\n'


def test_another_index_is_built_while_the_former_serves(database: Database, tmp_path: Path) -> None:
    database.value(FILL, ALICE, 1500, "test-3")
    data = {"PLINTH_DATA": str(tmp_path)}

    # Interrupted: what is left is no index that a search could use.
    with (
        operators(database) as operator,
        database.connect() as builder,
        database.connect() as holder,
    ):
        operator.execute("select update_embedding_model('test-3', p_hnsw_m => 8)")
        row = operator.execute(
            "select statement from next_embedding_index_step('test-3')"
        ).fetchone()
        assert row
        builder.execute("set statement_timeout = '500ms'")
        holder.autocommit = False
        holder.execute("lock table memory.embeddings in row exclusive mode")  # a write under way
        with pytest.raises(psycopg.errors.QueryCanceled):
            builder.execute(row[0])
        holder.rollback()
        assert indexes(database, "test-3") == [("hnsw_16_128_idx", True), ("hnsw_8_128_idx", False)]
        assert nearest(operator, "test-3") == ["index"] * 10
        said = indexed(database, "test-3", **data)
        assert "Another session works on the index of this model" in said

    said = indexed(database, "test-3", **data)
    assert "removing the unfinished" in said
    assert "building" in said
    assert indexes(database, "test-3") == [("hnsw_8_128_idx", True)]

    said = indexed(database, "test-3", "--maintenance-memory", "lots", **data)
    assert said.startswith('plinth: invalid value for parameter "maintenance_work_mem": "lots"')
    said = indexed(database, "test-3", "--kind", "ivfflat", "--lists", "5", **data)
    assert indexes(database, "test-3") == [("ivfflat_5_idx", True)], said
    with operators(database) as operator:
        assert nearest(operator, "test-3") == ["index"] * 10
        assert nearest(operator, "test-3", 90) == ["index"] * 90


def test_a_model_that_is_dropped_while_its_index_is_built(
    database: Database, tmp_path: Path
) -> None:
    with operators(database) as dropper, ThreadPoolExecutor(1) as pool:
        dropper.execute("select update_embedding_model('test-3-l2', p_hnsw_m => 8)")
        dropper.autocommit = False
        dropper.execute("select drop_embedding_model('test-3-l2', 0)")
        said = pool.submit(indexed, database, "test-3-l2", PLINTH_DATA=str(tmp_path))
        until(lambda: database.value(WAITING) > 0, 15)
        dropper.commit()
        assert said.result(15).endswith("\nplinth: There is no embedding model test-3-l2\n")


def test_texts_move_to_another_model_while_searches_run(database: Database) -> None:
    """2,000 texts are embedded anew by a worker; every search meanwhile brings its k rows."""
    database.value(FILL, ALICE, 2000, "test-3")
    stop = threading.Event()
    wrong: list[object] = []
    searches: list[object] = []

    def search() -> None:
        with operators(database) as connection:
            while not stop.is_set():
                try:
                    found = nearest(connection, "test-3"), nearest(connection, "test-3-l2")
                    searches.append(found)
                    if len(found[0]) != 10:
                        wrong.append(found)
                except psycopg.Error as error:
                    wrong.append(error)

    with operators(database) as worker:
        worker.execute("set timezone = 'UTC'")
        progress = "select total, done from get_embedding_progress('test-3-l2', 'test-3')"
        assert worker.execute(progress).fetchone() == (2000, 0)
        people = [threading.Thread(target=search) for _ in range(2)]
        for person in people:
            person.start()
        try:
            seen = []
            while rows := worker.execute(
                "select content, collection, version from list_missing_embeddings("
                "'test-3-l2', 'test-3', p_limit => 250)"
            ).fetchall():
                worker.execute(
                    "select upsert_embeddings(%s, %s, %s::text[]::ext.vector[], 'test-3-l2')",
                    [ALICE, [r[0] for r in rows], [f"[{len(r[0])},2,3]" for r in rows]],
                )
                row = worker.execute(progress).fetchone()
                assert row
                seen.append(row[1])
        finally:
            stop.set()
            for person in people:
                person.join()
        assert seen == list(range(250, 2001, 250))
        assert not wrong, wrong[:3]
        assert len(searches) > 10
        assert len(nearest(worker, "test-3-l2")) == 10

        worker.execute("select update_embedding_model('test-3-l2', p_default => true)")
        worker.execute("select update_embedding_model('test-3', p_state => 'retired')")
        assert len(nearest(worker, "test-3")) == 10
        assert worker.execute(
            "select dropped from drop_embedding_model('test-3', 2000)"
        ).fetchone() == (2000,)
        rows = worker.execute(
            "select s.model from api.search_similar_embeddings(%s, '[1,2,3]') s", [ALICE]
        ).fetchall()
        assert [row[0] for row in rows] == ["test-3-l2"] * 10
