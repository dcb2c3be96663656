# ruff: noqa: E501
"""What was changed by hand is named, object by object; code comes back, data is left to people."""

import subprocess

import pytest
from psycopg.conninfo import make_conninfo

from pyapp import migrate
from tests.conftest import Database, Engine, url_of
from tests.migrations.conftest import GREET, Project
from tests.migrations.conftest import database as empty


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("create table chat.extra (id integer)", ["column chat.extra.id was added by hand", "table chat.extra was added by hand"]),
        ("alter table chat.notes drop column author_id", ["column chat.notes.author_id is missing", "column chat.notes.body was changed by hand"]),
        ("alter table chat.notes alter column body type varchar(9)", ["column chat.notes.body was changed by hand"]),
        ("alter table chat.notes drop constraint notes_pkey", ["constraint chat.notes.notes_pkey is missing", "index chat.notes_pkey is missing"]),
        ("alter table chat.notes alter column author_id set default 1", ["column chat.notes.author_id was changed by hand"]),
        ("create index notes_x_idx on chat.notes (body)", ["index chat.notes_x_idx was added by hand"]),
        ("alter policy nobody on chat.notes using (true)", ["policy chat.notes.nobody was changed by hand"]),
        ("alter table chat.notes no force row level security", ["table chat.notes was changed by hand"]),
        ("grant select on chat.notes to plinth_web", ["table chat.notes was changed by hand"]),
        ("grant usage on schema chat to plinth_web", ["schema chat was changed by hand"]),
        ("drop trigger _100_order on ops.schema_migrations", ["trigger ops.schema_migrations._100_order is missing"]),
        ("alter table ops.schema_migrations disable trigger _100_order", ["trigger ops.schema_migrations._100_order was changed by hand"]),
        ("comment on table chat.notes is 'mine'", ["table chat.notes was changed by hand"]),
        ("create or replace function base.setting(p_name text) returns text language sql as 'select p_name'", ["function base.setting(text) was changed by hand"]),
        ("grant execute on function core.shout(text) to plinth_web", ["function core.shout(text) was changed by hand"]),
        ("alter function api.greet(text) owner to plinth_system", ["function api.greet(text) was changed by hand"]),
        ("create view api.v_extra as select 1 as n", ["column api.v_extra.n was added by hand", "view api.v_extra was added by hand"]),
        ("alter default privileges for role plinth_owner grant execute on functions to public", ["default rights of plinth_owner on f is missing"]),
    ],
)  # fmt: skip
def test_drift_is_named(project: Project, change: str, named: list[str]) -> None:
    assert project.verify() == []
    project.rows(change)
    found = [line for line in project.verify() if not line.endswith("is not what is deployed")]
    for line, expected in zip(found, named, strict=True):
        assert line.startswith(expected)


def test_a_deploy_repairs_code_and_keeps_naming_the_rest(project: Project) -> None:
    before = project.catalog()
    for change in (
        "create or replace function core.shout(p_text text) returns text language sql as 'select p_text'",
        "create function api.greet(p_more integer) returns text language sql as 'select 1'",
        "create function api.left_over() returns text language sql as 'select 1'",
        "drop function api.list_authors()",
        "grant select on api.v_authors to public",
        "create index notes_body_idx on chat.notes (body)",
    ):
        project.rows(change)
    project.write("functions/chat/greet.sql", GREET.replace("hello", "hi"))
    assert len(project.up().code) == 4
    after = project.catalog()
    assert "hi" in after.pop("function api.greet(text)")
    assert after.pop("index chat.notes_body_idx")
    before.pop("function api.greet(text)")
    assert after == before
    # Of what no deploy repairs, the line says what does.
    index = "index chat.notes_body_idx was added by hand: undo it, or make a migration of it"
    assert project.verify() == [index]
    project.rows("alter function api.greet(text) owner to plinth_system")
    assert "function api.greet(text) was changed by hand" in project.verify()
    project.up()
    assert project.verify() == [index]

    project.rows("drop index chat.notes_body_idx")
    assert project.verify() == []


def test_files_that_are_not_deployed_are_named(project: Project) -> None:
    project.migration("create table chat.more (id integer);")
    project.write("functions/chat/greet.sql", GREET.replace("hello", "hi"))
    (project.db / "functions/chat/list_authors.sql").unlink()
    assert project.verify() == [
        "db/migrations/V002__step.sql is pending",
        "db/migrations/V002__step.sql has no .down.sql",
        "db/functions/chat/greet.sql is not what is deployed",
        "db/functions/chat/list_authors.sql is deployed, but gone",
    ]


def test_a_restored_backup_is_as_it_was_deployed(shared_database: Database, engine: Engine) -> None:
    """PostgreSQL tells conditions with other parentheses and names keys of partitions anew."""
    dump = [f"{engine.bin_dir}/pg_dump", shared_database.admin_url]
    dumped = subprocess.run(dump, capture_output=True, check=True)
    with empty(engine, "restored"):
        restored = url_of(engine.admin_url, "restored")
        load = [engine.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", restored]
        subprocess.run(load, input=dumped.stdout, stdout=subprocess.DEVNULL, check=True)
        assert migrate.verify(restored) == []


ODD = {
    "datestyle": "SQL, DMY",
    "intervalstyle": "sql_standard",
    "quote_all_identifiers": "on",
    "standard_conforming_strings": "off",
}


def test_settings_of_a_server_are_no_drift(shared_database: Database) -> None:
    """They change how PostgreSQL tells what is there, not what is there."""
    options = " ".join(f"-c {name}={value.replace(' ', '')}" for name, value in ODD.items())
    assert migrate.verify(make_conninfo(shared_database.admin_url, options=options)) == []


def test_rights_told_by_an_older_postgresql_are_no_drift(project: Project) -> None:
    """Before 17 the owner of a table has no MAINTAIN; anybody else who has it is told."""
    project.rows("revoke maintain on chat.notes from plinth_owner")
    assert project.verify() == []
    project.rows("grant maintain on chat.notes to plinth_reader")
    (line,) = project.verify()
    assert line.startswith("table chat.notes was changed by hand: ")
