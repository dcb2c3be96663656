"""A run that ends anywhere, and the next one."""

import os
import signal
from collections.abc import Callable

import psycopg
import pytest

from pyapp import migrate
from pyapp.sqlfile import Connection, MigrationError, SqlFile, Statement, run
from tests.conftest import until
from tests.migrations.conftest import Project

TWELVE = """
create table chat.tags (id integer not null, note_id integer, name text);
insert into chat.tags select n, n, 'tag ' || n from generate_series(1, 10) n;
alter table chat.tags add constraint tags_pkey primary key (id);
alter table chat.notes add column tagged boolean;
update chat.notes set tagged = true where id > 3;
alter table chat.notes alter column tagged set default false;
update chat.notes set tagged = false where tagged is null;
alter table chat.notes alter column tagged set not null;
alter table chat.tags add constraint tags_note_fkey foreign key (note_id)
  references chat.notes (id);
create index tags_note_id_idx on chat.tags (note_id);
comment on table chat.tags is 'Tags';
create function chat.tag_count() returns bigint language sql as 'select count(*) from chat.tags';
"""

ALONE = """
create table chat.tags (id integer not null, note_id integer, name text);
insert into chat.tags select n, n, 'tag ' || n from generate_series(1, 10) n;
create unique index concurrently tags_id_idx on chat.tags (id);
alter table chat.tags add constraint tags_pkey primary key using index tags_id_idx;
update chat.notes set body = body || '!';
create index concurrently notes_body_idx on chat.notes (body);
alter table chat.tags add constraint tags_note_fkey foreign key (note_id)
  references chat.notes (id) not valid;
alter table chat.tags validate constraint tags_note_fkey;
drop index concurrently chat.notes_body_idx;
create index concurrently tags_note_id_idx on chat.tags (note_id);
reindex table concurrently chat.tags;
vacuum chat.tags;
"""

DATA = (
    "select string_agg(n::text, ';' order by n.id) from chat.notes n",
    "select string_agg(t::text, ';' order by t.id) from chat.tags t",
)


def killed_at(number: int, project: Project, *, sent: bool) -> None:
    """Runs up in a process of its own that kills itself at a statement of V002."""
    child = os.fork()
    if child:
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
        return
    seen = 0

    def run_or_die(conn: Connection, file: SqlFile, statement: Statement | None = None) -> str:
        nonlocal seen
        seen += file.path.endswith("V002__step.sql")
        if seen == number:
            if sent:
                conn.pgconn.send_query((statement or file).text.encode())
                conn.pgconn.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return run(conn, file, statement)

    migrate.run = run_or_die  # type: ignore[attr-defined]
    try:
        project.up()
    finally:
        os._exit(1)


def alone(project: Project) -> bool:
    """No runner of a dead process is left on the database."""
    locks = project.value(
        "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
        " where l.locktype = 'advisory' and d.datname = current_database()"
    )
    return int(locks) == 0


@pytest.mark.parametrize("sent", [False, True], ids=["before", "during"])
def test_killed_at_any_statement_nothing_is_done(make: Callable[[], Project], sent: bool) -> None:
    clean, project = make(), make()
    for each in (clean, project):
        each.migration(TWELVE)
    before = project.catalog()
    clean.up()

    for number in range(1, 13):
        killed_at(number, project, sent=sent)
        until(lambda: alone(project), 15)
        assert project.catalog() == before, number

    project.up()
    assert project.catalog() == clean.catalog()
    for query in DATA:
        assert project.value(query) == clean.value(query)


@pytest.mark.parametrize("sent", [False, True], ids=["before", "during"])
def test_steps_killed_anywhere_are_resumed(make: Callable[[], Project], sent: bool) -> None:
    clean = make()
    clean.migration(ALONE, alone=True)
    clean.up()
    expected = clean.catalog(), [clean.value(query) for query in DATA]

    for number in range(1, 13):
        project = make()
        project.migration(ALONE, alone=True)
        killed_at(number, project, sent=sent)
        done = project.value("select statements_done from ops.schema_migrations where version = 2")
        assert done == number - 1
        project.up()
        assert (project.catalog(), [project.value(query) for query in DATA]) == expected, number
        assert project.value("select count(*) from pg_index where not indisvalid") == 0
        assert project.value("select count(*) from ops.migration_history where version = 2") == 1


def test_a_lost_connection_leaves_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(conn: Connection, file: SqlFile, statement: Statement) -> str:
        if "set tagged = true" in statement.text:
            project.rows("select pg_terminate_backend(%s)", conn.info.backend_pid)
        return run(conn, file, statement)

    project.migration(TWELVE)
    before = project.catalog()
    monkeypatch.setattr(migrate, "run", cut)
    with pytest.raises(MigrationError, match="V002__step\\.sql:9: ERROR 57P01"):
        project.up()
    monkeypatch.undo()
    assert project.catalog() == before
    assert project.up().applied == ["V002__step"]


def test_an_interrupt_leaves_nothing(project: Project) -> None:
    """Ctrl-C while a statement runs: it is cancelled, not waited for."""
    project.migration(TWELVE + "select pg_sleep(60);")
    before = project.catalog()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            project.up()
        except KeyboardInterrupt:
            os._exit(7)
        os._exit(1)
    sleeping = (
        "select count(*) from pg_stat_activity"
        " where query like 'select pg_sleep%' and datname = current_database()"
    )
    until(lambda: project.value(sleeping) == 1, 10)
    os.kill(child, signal.SIGINT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert project.value(sleeping) == 0
    assert project.catalog() == before


def test_a_half_built_index_is_dropped_and_built_again(project: Project) -> None:
    """Two notes are alike, so the unique index fails and stays behind, invalid."""
    project.rows("update chat.notes set body = 'same' where id < 3")
    path = project.migration(
        "create unique index concurrently notes_body_idx on chat.notes (body);", alone=True
    )
    with pytest.raises(MigrationError, match=rf"{path}:5: ERROR 23505 could not create"):
        project.up()
    invalid = "select indexrelid::regclass::text from pg_index where not indisvalid"
    assert project.rows(invalid) == [("chat.notes_body_idx",)]
    assert "V002__step stopped after statement 0: run migrate up" in project.verify()
    assert "stopped after statement 0" in migrate.status(project.dsn, db_dir=project.db)[1]
    with pytest.raises(psycopg.Error, match="V002__step stopped after statement 0 and comes first"):
        project.rows(
            "insert into ops.schema_migrations (version, name, title, checksum, statements_done) "
            "values (3, 'V', 'V', repeat('0', 64), 0)"
        )

    project.rows("update chat.notes set body = 'other' where id = 1")
    project.up()
    assert project.rows(invalid) == []
    assert any("drops chat.notes_body_idx, which is half built" in line for line in project.said)
    assert project.verify() == ["db/migrations/V002__step.sql has no .down.sql"]


def test_only_what_is_still_to_do_may_be_mended(project: Project) -> None:
    path = project.migration("create table chat.a (id integer);\nselect 1/0;", alone=True)
    with pytest.raises(MigrationError, match=rf"{path}:6: ERROR 22012 division by zero"):
        project.up()
    file = project.db / path.removeprefix("db/")
    text = file.read_text()
    file.write_text(text.replace("id integer", "id bigint"))
    with pytest.raises(MigrationError, match="its first 1 statements are done: do not edit"):
        project.up()
    file.write_text(text.replace("1/0", "1/1"))
    project.up()
    assert project.value("select count(*) from ops.migration_history where version = 2") == 1
