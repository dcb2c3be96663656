"""Forced row-level security must not make a migration do nothing without a word."""

import psycopg
import pytest

from pyapp.sqlfile import MigrationError
from tests.migrations.conftest import Project

FORCED = "select count(*) from pg_class where relforcerowsecurity"


def test_a_backfill_changes_the_rows_and_says_how_many(project: Project) -> None:
    before = project.value(FORCED)
    path = project.migration(
        "alter table chat.notes add column size integer;\n"
        "update chat.notes set size = length(body);\n"
        "delete from chat.notes where id = 10;\n"
    )
    project.up()
    assert project.value("select count(*) from chat.notes where size > 0") == 9
    assert f"{path}:5: UPDATE 10" in project.said
    assert f"{path}:6: DELETE 1" in project.said
    assert project.value(FORCED) == before == 2


def test_a_foreign_key_is_checked_against_every_row(project: Project) -> None:
    path = project.migration(
        "alter table chat.notes add constraint notes_author_fkey foreign key (author_id) "
        "references chat.authors (id);"
    )
    project.rows("update chat.notes set author_id = 7 where id = 3")
    with pytest.raises(MigrationError, match=rf"{path}:4: ERROR 23503 .*(\n.*)*author_id.*=.7"):
        project.up()
    assert project.value(FORCED) == 2
    project.rows("update chat.notes set author_id = 1 where id = 3")
    project.up()


def test_a_later_validation_sees_the_other_table_too(project: Project) -> None:
    """VALIDATE names only one end of the foreign key; a third table stays out of it."""
    project.migration(
        "alter table chat.notes add constraint notes_author_fkey foreign key (author_id) "
        "references chat.authors (id) not valid;\n"
        "create table chat.third (id integer);\n"
        "alter table chat.third enable row level security;\n"
        "alter table chat.third force row level security;\n"
    )
    project.up()
    project.rows("set session_replication_role = replica; delete from chat.authors where id = 2")
    project.migration("alter table chat.notes validate constraint notes_author_fkey;")
    with psycopg.connect(project.dsn) as holder:
        holder.execute("select 1 from chat.third")
        with pytest.raises(MigrationError, match="ERROR 23503"):
            project.up(lock_wait=0)


def test_tables_that_the_file_does_not_name_are_opened_when_needed(project: Project) -> None:
    project.migration(
        "create function chat.drop_notes() returns bigint language sql "
        "begin atomic with gone as (delete from chat.notes returning 1) "
        "select count(*) from gone; end;"
    )
    project.up()
    path = project.migration(
        "create table chat.report as select chat.drop_notes() as n;\n"
        "insert into chat.report values (0);"
    )
    project.up()
    assert project.rows("select n from chat.report order by n") == [(0,), (10,)]
    assert project.said[-1].startswith(path)
    assert project.value(FORCED) == 2


def test_only_the_tables_that_are_named_are_locked(project: Project) -> None:
    project.migration("update chat.notes set body = body || '!';")
    with psycopg.connect(project.dsn) as holder:
        holder.execute("select 1 from chat.authors")  # in the way of any change to chat.authors
        project.up(lock_wait=0)
    assert project.value("select count(*) from chat.notes where body like '%!'") == 10


def test_a_new_table_can_be_forced_and_filled_in_one_file(project: Project) -> None:
    path = project.migration(
        "create table chat.drafts (id integer, body text);\n"
        "alter table chat.drafts enable row level security;\n"
        "do $$ begin execute 'alter table chat.drafts force row level security'; end $$;\n"
        "insert into chat.drafts select id, body from chat.notes;\n"
        "update chat.drafts set body = 'x';"
    )
    project.up()
    assert f"{path}:8: UPDATE 10" in project.said
    assert project.value(FORCED) == 3
    project.migration("drop table chat.drafts;")
    project.up()
    assert project.value(FORCED) == 2


def test_a_table_cannot_be_left_open(project: Project) -> None:
    path = project.migration("alter table chat.notes no force row level security;")
    with pytest.raises(MigrationError, match=rf"{path}:4: tables stay forced"):
        project.up()
    assert project.value(FORCED) == 2


def test_steps_outside_a_transaction_see_every_row_as_well(project: Project) -> None:
    path = project.migration(
        "update chat.notes set body = 'x';\nvacuum chat.notes;\nupdate chat.notes set body = 'y';",
        alone=True,
    )
    project.up()
    assert f"{path}:5: UPDATE 10" in project.said
    assert project.value("select count(*) from chat.notes where body = 'y'") == 10
    assert project.value(FORCED) == 2
