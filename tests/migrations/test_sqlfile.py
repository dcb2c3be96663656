"""Cutting files into statements as PostgreSQL itself does, and errors at their line."""

import pglast
import pytest

from pyapp.settings import DB_DIR
from pyapp.sqlfile import MigrationError, SqlFile, run, split
from tests.conftest import Database

HARD = """-- a; comment
select 'it''s; ', E'\\\\'; /* ; /* nested; */ ; */
select "a;b", $$;$$, $x$ $$ ; $x$, 1; ;
create function f() returns int language sql begin atomic
  select case when true then (select 1) end;
  select case 1 when 1 then case 2 when 2 then 3 end end;
end;
create rule r as on insert to t do (delete from a; delete from b);
create table t (begin int, "end" int); select 1 as begin; select a$b;
do $do$ begin perform 1; end; $do$
"""


def trimmed(text: str) -> str:
    return text.strip().rstrip(";").strip()


FILES = [
    p.relative_to(DB_DIR).as_posix()
    for p in sorted(DB_DIR.rglob("*.sql"))
    if "tests" not in p.parts
]


@pytest.mark.parametrize("name", ["", *FILES])
def test_statements_are_those_of_the_server_s_own_parser(name: str) -> None:
    text = (DB_DIR / name).read_text() if name else HARD
    ours = [statement.text for statement in split(text)]
    theirs = [trimmed(text[part]) for part in pglast.split(text, only_slices=True)]
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert other.endswith(trimmed(mine)), name


def test_statements_know_their_line() -> None:
    assert [s.line for s in split("-- x\n\nselect 1;\n\n/* a\n b */ select\n2;")] == [3, 6]


def test_the_header_ends_where_the_comment_does(shared_database: Database) -> None:
    text = "-- Title: One\n-- Description: a\n--   b\n-- Breaks:\n\n-- Version: 1\n"
    header = shared_database.value("select deploy.header(%s)", text)
    assert header == {"Title": "One", "Description": "a b", "Breaks": ""}


@pytest.mark.parametrize(
    "word", ["commit", "ROLLBACK", "begin", "savepoint a", "start transaction"]
)
def test_a_file_cannot_end_the_transaction_it_runs_in(word: str, shared_database: Database) -> None:
    file = SqlFile("db/x.sql", f"select 1;\n{word};")
    with shared_database.connect() as connection:
        assert run(connection, file, file.statements[0]) == "SELECT 1"
        with pytest.raises(MigrationError, match=f"^db/x.sql:2: {word.split(maxsplit=1)[0]}"):
            run(connection, file, file.statements[1])
