"""What may be applied, in which order, and what the record of it says."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from pyapp import migrate
from pyapp.sqlfile import MigrationError
from tests.migrations.conftest import Project

ADD = "alter table chat.notes add column score integer not null default 0;"
DROP = "alter table chat.notes drop column score;"


def test_pending_files_are_applied_and_recorded(project: Project) -> None:
    path = project.migration("-- Description: first line\n--   and second\n" + ADD, DROP)
    assert migrate.status(project.dsn, db_dir=project.db)[1].split() == ["V002__step", "pending"]
    assert project.up().applied == ["V002__step"]

    row = project.rows(
        "select version, name, title, description, status, statements_done, applied_by, "
        "execution_ms >= 0, length(checksum) from ops.schema_migrations where version = 2"
    )[0]
    user = project.value("select session_user")
    assert row == (
        2, "V002__step", "Number 002", "first line and second", "applied", 1, user, True, 64,
    )  # fmt: skip
    assert any(line.startswith(f"{path}: ") for line in project.said)
    assert "applied" in migrate.status(project.dsn, db_dir=project.db)[1]
    assert [line.split("  ")[1:3] for line in migrate.history(project.dsn)] == [
        ["up", "V001__baseline"],
        ["up", "V002__step"],
    ]
    assert str(project.up()) == "nothing to do"


def test_questions_bring_their_own_tools_and_leave_nothing(project: Project) -> None:
    """Whatever release the database is at: here its deploy had no such tools."""
    project.rows("drop schema deploy cascade")
    assert len(migrate.status(project.dsn, db_dir=project.db)) == 1
    assert len(migrate.history(project.dsn)) == 1
    assert project.verify() == []
    assert project.value("select to_regnamespace('deploy')") is None


def test_an_edited_file_is_refused(project: Project) -> None:
    project.migration(ADD)
    project.up()
    file = project.db / "migrations/V002__step.sql"
    file.write_text(file.read_text() + "-- a word more\n")
    with pytest.raises(MigrationError, match=r"db/migrations/V002__step.sql was edited after"):
        project.up()
    assert any("was edited after" in line for line in project.verify())


def test_files_older_than_the_database_are_refused(project: Project) -> None:
    project.migration(ADD)
    project.up()
    (project.db / "migrations/V002__step.sql").unlink()
    with pytest.raises(MigrationError, match=r"V002__step is applied, but these files are older"):
        project.up()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("V003__later.sql", "-- Title: x\n-- Version: 003\n", "expected V002__<what>.sql"),
        ("V002__late.sql", "-- Title: x\n-- Version: 003\n", "the header needs Title, and Version"),
        ("V002__late.sql", "-- Version: 002\n", "the header needs Title"),
        ("V002-late.sql", "", "expected V002__<what>.sql"),
    ],
)
def test_files_that_do_not_follow_are_refused(
    project: Project, name: str, text: str, message: str
) -> None:
    project.write(f"migrations/{name}", text)
    with pytest.raises(MigrationError, match=message):
        project.up()


RECORD = (
    "insert into ops.schema_migrations (version, name, title, checksum, statements_done) "
    "values (%s, 'V', 'V', repeat('0', 64), 0)"
)


def test_the_database_itself_refuses_another_order(project: Project) -> None:
    for version in (1, 3, -1):
        with pytest.raises(psycopg.Error) as refused:
            project.rows(RECORD, version)
        assert refused.value.sqlstate in {"MG001", "23505"}, version
    project.rows(RECORD, 2)
    project.rows(RECORD, 3)
    for change in (
        "delete from ops.schema_migrations where version = 2",
        "update ops.schema_migrations set checksum = repeat('1', 64) where version = 2",
    ):
        with pytest.raises(psycopg.Error, match="Migration 2 ") as refused:
            project.rows(change)
        assert refused.value.sqlstate == "MG001"
    for change in (
        "truncate ops.schema_migrations",
        "delete from ops.migration_history",
        "update ops.migration_history set name = 'x'",
        "truncate ops.migration_history",
    ):
        with pytest.raises(psycopg.Error) as refused:
            project.rows(change)
        assert refused.value.sqlstate == "AU001", change


def test_up_down_up_ends_in_the_same_catalog(project: Project) -> None:
    before = project.catalog()
    project.migration(ADD, DROP)
    project.migration(
        "alter table chat.authors alter column name type varchar(80);",
        "alter table chat.authors alter column name type text;",
        breaks="api.v_authors",
    )
    project.up()
    applied = project.catalog()
    assert applied["column chat.authors.name"] != before["column chat.authors.name"]

    assert project.down().rolled_back == ["V003__step"]
    assert project.down(to=1).rolled_back == ["V002__step"]
    assert project.catalog() == before
    assert project.rows("select * from api.list_authors()") == [(1, "ANN"), (2, "BEN")]

    project.up()
    assert project.catalog() == applied
    assert project.verify() == []
    steps = [line.split("  ")[1:3] for line in migrate.history(project.dsn)]
    assert steps[3:5] == [["down", "V003__step"], ["down", "V002__step"]]
    assert steps[5:] == [["up", "V002__step"], ["up", "V003__step"]]
    assert project.down(to=1).rolled_back == ["V003__step", "V002__step"]
    assert project.catalog() == before


def test_down_stops_before_it_does_half(project: Project) -> None:
    with pytest.raises(MigrationError, match="V001__baseline is the ground"):
        project.down()
    project.migration(ADD)
    project.migration("create table chat.more (id integer);", "drop table chat.more; select 1/0;")
    project.up()
    before = project.catalog()
    with pytest.raises(MigrationError, match=r"V003__step\.down\.sql:4: ERROR 22012"):
        project.down()
    with pytest.raises(MigrationError, match=r"V002__step has no .down.sql"):
        project.down(to=1)
    assert project.catalog() == before


def test_new_makes_files_that_apply(project: Project) -> None:
    up, down = migrate.new("Add orders, now!", db_dir=project.db)
    assert (up.name, down.name) == ("V002__add_orders_now.sql", "V002__add_orders_now.down.sql")
    up.write_text(up.read_text() + "create table chat.orders (id integer);\n")
    down.write_text(down.read_text() + "drop table chat.orders;\n")
    before = project.catalog()
    project.up()
    assert project.value("select to_regclass('chat.orders')::text") == "chat.orders"
    project.down()
    assert project.catalog() == before


@pytest.mark.parametrize("runners", [2, 10])
def test_many_runners_at_once_do_it_once(make: Callable[[], Project], runners: int) -> None:
    project = make()
    for number in range(3):
        project.migration(f"create table chat.t{number} (id integer);")
    project.write("functions/chat/greet.sql", project_text(project).replace("hello", "hi"))
    with ThreadPoolExecutor(runners) as pool:
        reports = list(pool.map(lambda _: str(project.up()), range(runners)))
    did = "3 migrations applied, 1 code files renewed"
    assert sorted(reports) == sorted([did] + ["nothing to do"] * (runners - 1))
    assert project.value("select count(*) from ops.migration_history") == 4
    assert project.value("select api.greet('x')") == "hi X"


def project_text(project: Project) -> str:
    return (project.db / "functions/chat/greet.sql").read_text()


def test_two_databases_can_be_set_up_at_once(make: Callable[[], Project]) -> None:
    """They share the roles of the server."""
    projects = [make() for _ in range(4)]
    for _ in range(5):
        with ThreadPoolExecutor(4) as pool:
            assert {str(r) for r in pool.map(Project.up, projects)} == {"nothing to do"}
