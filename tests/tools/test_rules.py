"""Each rule of make check finds its planted example, and lets a good file pass."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT

CODES = {"UN001", "VL001"}
GOOD = """\
-- api.get_thing: the thing.
--
-- Errors  UN001 nobody is signed in; VL001 text
create or replace function api.get_thing(p_user_id uuid, p_text text)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform base.raise('VL001', 'no');
  return 'a Text with AND in it';
end
$$;

comment on function api.get_thing(uuid, text) is 'The thing';
grant execute on function api.get_thing(uuid, text) to plinth_web;
select http.expose('GET /v1/thing', 'api.get_thing');
"""

# What is changed in the good file, and what must be said about it.
SPOILED = [
    ("-- api.get_thing: the thing.", "-- A thing.", "the card begins with"),
    ("create or replace", "create", "create or replace function"),
    ("stable\nsecurity definer", "security definer\nstable", "attributes stand in the order"),
    ("stable\n", "", "volatility is always written"),
    ("security definer\n", "", "are security definer"),
    ("set search_path = pg_catalog, pg_temp\n", "", "sets search_path"),
    ("pg_catalog, pg_temp", "pg_temp, pg_catalog", "ends with pg_temp"),
    ("p_text text", "content text", "begins with p_"),
    ("'VL001', 'no'", "'VL999', 'no'", "not in base.errors: VL999"),
    ("; VL001 text", "", "raised but not on the card: VL001"),
    ("comment on function api.get_thing(uuid, text) is 'The thing';", "", "comment on function"),
    ("grant execute on function api.get_thing(uuid, text) to plinth_web;", "", "grant execute"),
    ("select http.expose('GET /v1/thing', 'api.get_thing');", "", "http.no_route"),
    ("-- Errors  UN001", "-- Failure  UN001", "no Errors section"),
    ("begin\n", "BEGIN\n", "keyword in capitals: BEGIN"),
    ("returns text", "RETURNS text", "keyword in capitals: RETURNS"),
    ("as $$", "as $$ ", "white space at the end"),
    ("  return", "\treturn", "a tab"),
    ("-- Errors", "-- Rules\n-- Errors", "the section Rules is empty"),
    ("return 'a Text", "execute 'select 1'; return 'a Text", "dynamic SQL"),
    ("end\n$$", "exception when others then return null; end\n$$", "when others"),
    ("the thing.", "the thing" + "!" * 120, "120 are the limit"),
    ("returns text", "returns text text", "syntax:"),
    (
        "return 'a Text",
        "perform pg_catalog.uuidv7(); return 'a Text",
        "uuidv7 is not in PostgreSQL 16",
    ),
]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


lint = load("lint_sql")
shape = load("check_pyapp")
migrations = load("lint_migrations")


def findings(text: str, path: str = "db/functions/auth/get_thing.sql") -> str:
    return "\n".join(message for _, message in lint.check(path, text, CODES))


def test_a_good_file_passes() -> None:
    assert findings(GOOD) == ""


@pytest.mark.parametrize(("old", "new", "message"), SPOILED, ids=[s[2] for s in SPOILED])
def test_each_rule_finds_its_example(old: str, new: str, message: str) -> None:
    assert old in GOOD
    assert message in findings(GOOD.replace(old, new, 1))


def test_the_file_has_the_name_of_its_function() -> None:
    assert "so the file is named" in findings(GOOD, "db/functions/auth/get_things.sql")


def test_the_fixer_changes_nothing_but_form() -> None:
    ugly = GOOD.replace("select", "SELECT").replace("begin", "BEGIN").replace("uuid,", "uuid,  ")
    assert findings(ugly)
    fixed = lint.tidy(ugly + "\n\n")
    assert findings(fixed) == ""
    assert "'a Text with AND in it'" in fixed


PGTAP = """\
-- api.get_thing: tested with words of psql.
begin;
SELECT plan(1) as planned \\gset
\\set anna 019e0000-0000-7000-8000-000000000001
select IS(x, :'anna'::uuid, 'Or NOT') from api.get_thing(:'anna', :planned) x;
select is($q$ it's no SQL $q$, '', 'a quoted text');
SELECT * from finish();
rollback;
"""


def test_the_fixer_knows_the_words_of_psql() -> None:
    path = "db/tests/auth/test_get_thing.sql"
    found = [line.rpartition(" ")[2] for line in findings(PGTAP, path).splitlines()]
    assert found == ["SELECT", "IS", "SELECT"]
    fixed = lint.tidy(PGTAP)
    assert fixed == PGTAP.replace("SELECT", "select").replace("IS(", "is(")
    assert findings(fixed, path) == ""


def test_a_circle_is_found() -> None:
    assert shape.circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert shape.circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_imports_inside_functions_count(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text("import http\ndef f():\n    from pyapp import two\nfrom pyapp.three import x\n")
    assert shape.imports(file, {"one", "two", "three", "http"}) == {"two", "three"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("run('select id from auth.users')", True),
        ("run('insert into auth.users values (1)')", True),
        ("run('select * from http.enter(1, 2)')", False),
        ("run('select api.create_user($1)')", False),
        ("'''select the best from what is there'''", False),
    ],
)
def test_sql_outside_db_is_found(text: str, found: bool) -> None:
    assert bool(list(shape.sql_in(text))) is found


def test_a_migration_that_locks_is_found(tmp_path: Path) -> None:
    bad = tmp_path / "V002__bad.sql"
    bad.write_text("create index users_x_idx on auth.users (username);\n")
    good = tmp_path / "V002__good.sql"
    good.write_text("alter table auth.users add column nickname text;\n")
    assert migrations.check([bad]) != 0
    assert migrations.check([good]) == 0
