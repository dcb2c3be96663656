# ruff: noqa: E501
"""Code becomes what its files say, and nothing else is touched."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from pyapp import migrate
from pyapp.sqlfile import MigrationError
from tests.conftest import url_of
from tests.migrations.conftest import AUTHORS, GREET, LIST, SHOUT, Project, database, foundation

CODE = "functions/chat/greet.sql"
IDS = "select p.pronamespace::regnamespace || '.' || p.proname, p.oid, p.xmin::text from pg_proc p where p.pronamespace in ('api'::regnamespace, 'core'::regnamespace)"


CLIENTS = 16
FIND = """create or replace function api.find_authors()
returns table (id integer, column_{number} integer)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select a.id, a.c{number} from api.v_authors a
$$;

grant execute on function api.find_authors() to plinth_web;
alter function api.find_authors() owner to plinth_system;
"""


def ids(project: Project) -> dict[str, tuple[int, str]]:
    return {name: (oid, xmin) for name, oid, xmin in project.rows(IDS)}


def same_as_fresh(project: Project, fresh: Project) -> bool:
    """A database that only ever saw today's files ends in the same catalog, and in the same routes."""
    project.up()
    fresh.up()
    routes = "select * from http.routes order by path"
    assert project.rows(routes) == fresh.rows(routes)
    return project.catalog() == fresh.catalog()


def test_a_changed_body_is_replaced_in_place_and_nothing_else_is_touched(project: Project) -> None:
    before = ids(project)
    project.write(CODE, GREET.replace("hello", "good day"))
    assert project.up().code == [f"db/{CODE}"]
    after = ids(project)
    assert project.value("select api.greet('ann')") == "good day ANN"
    assert after.pop("api.greet")[0] == before["api.greet"][0]
    assert before.pop("api.greet")
    assert after == before
    assert project.verify() == []


def test_a_dropped_grant_and_comment_are_gone(project: Project) -> None:
    kept = [line for line in GREET.splitlines() if not line.startswith(("comment", "grant"))]
    project.write(CODE, "\n".join(kept))
    project.up()
    assert project.rows(
        "select obj_description(oid, 'pg_proc'), has_function_privilege('plinth_web', oid, 'execute') "
        "from pg_proc where oid = 'api.greet'::regproc"
    ) == [(None, False)]


def test_what_plinth_system_owns_stays_its_own(project: Project) -> None:
    """Also where plinth_owner was given it: a second deploy leaves the rights of the first."""
    text = (
        GREET
        + """
alter function api.greet(text) owner to plinth_system;
set local role plinth_system;
grant execute on function api.greet(text) to plinth_owner;
set local role plinth_owner;
"""
    )
    rights = "select proacl::text from pg_proc where oid = 'api.greet'::regproc"
    project.write(CODE, text)
    project.up()
    first = project.value(rights)
    project.write(CODE, text.replace("hello", "good day"))
    project.up()
    assert "plinth_system=X" in first
    assert project.value(rights) == first


@pytest.mark.parametrize(
    "change",
    [
        ("p_name text)", "p_name text, p_mark text default '!')"),
        ("p_name", "p_other"),
        ("returns text", "returns varchar"),
        ("function api.greet(p_name text)\nreturns text", "procedure api.greet(p_name text)"),
    ],
    ids=["argument", "name", "type", "kind"],
)
def test_an_old_signature_is_gone_in_the_same_deploy(project: Project, change: Any) -> None:
    text = GREET.replace(*change)
    if "procedure" in text:
        text = text[: text.index("language")] + "language sql as 'select 1';"
    else:
        signature = text[text.index("api.greet(") : text.index(")") + 1].replace(" default '!'", "")
        text = text.replace("api.greet(text)", signature)
    project.write(CODE, text)
    assert project.up().code == [f"db/{CODE}"]
    assert project.value("select count(*) from pg_proc where proname = 'greet'") == 1
    assert project.verify() == []


def test_what_hangs_on_a_dropped_signature_comes_back(project: Project) -> None:
    project.write(
        "functions/chat/_shout.sql",
        SHOUT.replace("p_text text)", "p_text text, p_twice boolean default false)").replace(
            "core.shout(text)", "core.shout(text, boolean)"
        ),
    )
    changed = project.up().code
    assert changed == [
        "db/functions/chat/_shout.sql",
        "db/views/chat/v_authors.sql",  # it calls the function
        "db/functions/chat/list_authors.sql",  # it returns the view's rows
    ]
    assert project.rows("select * from api.list_authors()") == [(1, "ANN"), (2, "BEN")]
    assert project.verify() == []


@pytest.mark.parametrize(
    "columns",
    [
        "core.shout(a.name) as name, a.id",
        "a.id::bigint as id, core.shout(a.name) as name",
        "a.id, core.shout(a.name) as name, a.id as more",
        "a.id",
    ],
    ids=["reordered", "retyped", "added", "removed"],
)
def test_a_view_takes_any_new_shape(
    project: Project, tmp_path_factory: pytest.TempPathFactory, columns: str
) -> None:
    project.write(
        "views/chat/v_authors.sql", AUTHORS.replace("a.id, core.shout(a.name) as name", columns)
    )
    project.up()
    assert len(project.rows("select * from api.list_authors()")) == 2
    assert project.value(
        "select count(*) from pg_attribute where attrelid = 'api.v_authors'::regclass and attnum > 0"
    ) == len(columns.split(" as ")[0:1]) + columns.count(", ")
    assert project.verify() == []


def test_removed_objects_and_files_are_dropped_with_their_routes(project: Project) -> None:
    project.write(CODE, GREET + SHOUT.replace("core.shout", "core.whisper"))
    project.up()
    project.write(CODE, GREET)
    project.up()
    assert project.value("select to_regproc('core.whisper')") is None
    assert project.value("select count(*) from http.routes") == 1

    (project.db / CODE).unlink()
    assert project.up().code == [f"db/{CODE}"]
    assert project.value("select to_regproc('api.greet')") is None
    assert project.value("select count(*) from http.routes") == 0
    assert project.value("select count(*) from ops.code_files where path like '%greet%'") == 0
    assert project.verify() == []


def test_a_moved_function_keeps_its_route(project: Project) -> None:
    (project.db / CODE).unlink()
    project.write("functions/chat/welcome.sql", GREET)
    project.up()
    assert project.rows("select path, file from http.routes") == [
        ("/v1/greeting", "db/functions/chat/welcome.sql")
    ]


PART = GREET.replace("api.greet", "api.part").replace("greeting", "parting")


@pytest.mark.parametrize(
    "files",
    [
        {"part": PART.replace("parting", "greeting"), "greet": GREET.replace("greeting", "parting")},
        {"a": GREET.replace("api.greet", "api.hail"), "greet": GREET[: GREET.index("select http")], "part": PART},
        {"a": GREET, "greet": SHOUT.replace("core.shout", "core.whisper"), "part": PART},
    ],
    ids=["two change places", "to a file that runs before", "with its function"],
)  # fmt: skip
def test_routes_move_between_files_that_stay(project: Project, files: dict[str, str]) -> None:
    project.write("functions/chat/part.sql", PART)
    project.up()
    for name, text in files.items():
        project.write(f"functions/chat/{name}.sql", text)
    project.up()
    assert project.rows("select path, file from http.routes order by path") == sorted(
        (f"/v1/{word}", f"db/functions/chat/{name}.sql")
        for name, text in files.items()
        for word in ("greeting", "parting")
        if f"expose('GET /v1/{word}" in text
    )
    assert project.verify() == []


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("views/chat/v_authors.sql", "comment on column api.v_authors.id is 'its number';"),
        ("views/chat/v_authors.sql", "grant select (id) on api.v_authors to plinth_web;"),
        ("views/chat/v_authors.sql", "grant select on api.v_authors to plinth_web;"),
        (CODE, "grant execute on function api.greet(text) to plinth_system with grant option; "
               "set local role plinth_system; grant execute on function api.greet(text) to plinth_reader; "
               "set local role plinth_owner;"),
    ],
    ids=["comment of a column", "right on a column", "the only right", "right that was handed on"],
)  # fmt: skip
def test_what_a_file_no_longer_says_is_gone(
    project: Project, make: Any, path: str, more: str
) -> None:
    plain = AUTHORS[: AUTHORS.index("grant")] if "views" in path else GREET
    project.write("functions/chat/list_authors.sql", LIST[: LIST.index("alter")])
    for text in (plain + more, plain):
        project.write(path, text)
        project.up()
    fresh = make()
    fresh.rows("drop view api.v_authors cascade")
    fresh.write("functions/chat/list_authors.sql", LIST[: LIST.index("alter")])
    fresh.write(path, plain)
    assert same_as_fresh(project, fresh)


@pytest.mark.parametrize("source", ["chat.notes", "api.v_authors"])
def test_a_view_of_all_columns_has_those_of_today(project: Project, source: str) -> None:
    every = f"create or replace view api.v_every as\nselect x.* from {source} x;\n"
    project.write("views/chat/v_every.sql", every)
    project.up()
    project.write(
        "views/chat/v_authors.sql", AUTHORS.replace("as name from", "as name, 1 as more from")
    )
    project.migration("alter table chat.notes add column more integer;", "select 1;")
    assert "db/views/chat/v_every.sql" in project.up().code
    assert project.value(
        "select count(*) from pg_attribute where attrelid = 'api.v_every'::regclass and attname = 'more'"
    )
    assert project.verify() == []
    assert project.up().code == []


def test_a_file_that_does_not_say_or_replace_is_made_anew(project: Project) -> None:
    for text in (AUTHORS, AUTHORS.replace("as name", "as title")):
        project.write("views/chat/v_authors.sql", text.replace("or replace ", ""))
        project.write(CODE, GREET.replace("or replace ", "").replace("hello", text[-9:-1]))
        project.up()
    assert project.rows("select x.title from api.v_authors x limit 0") == []
    assert project.verify() == []


def test_code_that_data_depends_on_is_not_dropped(project: Project) -> None:
    project.rows(
        "alter table chat.notes add constraint notes_body_check check (core.shout(body) <> '')"
    )
    before = project.catalog()
    (project.db / "functions/chat/_shout.sql").unlink()
    with pytest.raises(MigrationError) as refused:
        project.up()
    assert "function core.shout cannot be dropped: data depends on it" in str(refused.value)
    assert "constraint notes_body_check on table chat.notes" in str(refused.value)
    assert project.catalog() == before


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (CODE, GREET.replace("return 'hello", "retrun 'hello"), r"greet.sql:9: ERROR 42601 "),
        (CODE, GREET.replace("stable\n", "stabel\n"), r"greet.sql:4: ERROR 42601 .*stabel"),
        (CODE, GREET.replace("api.greet', auth", "api.gret', auth"), r"greet.sql:15: ERROR 42883"),
        (CODE, GREET + "\nselect 1 +;", r"greet.sql:17: ERROR 42601"),
        (CODE, GREET + "\ndo $$\nbegin\n  perform 1 / 0;\nend $$;", r"greet.sql:19: ERROR 22012"),
        ("functions/chat/_shout.sql", SHOUT.replace("upper", "uper"), r"_shout.sql:7: ERROR 42883 "),
        ("functions/chat/list_authors.sql", LIST.replace("a.id", "a.ix"), r"authors.sql:8: ERROR 42703"),
        ("views/chat/v_authors.sql", AUTHORS.replace("a.name", "a.nam"), r"v_authors.sql:2: ERROR 42703"),
        (CODE, "create table api.t (id integer);", r"greet.sql:1: only functions and views of"),
        (CODE, "create function chat.f() returns int language sql as 'select 1';", "needs a migration"),
        ("functions/chat/two.sql", GREET, "function api.greet is defined in db/functions/chat/greet"),
        (CODE, GREET + GREET.replace("p_name text", "p integer"), r"greet.sql:\d+: ERROR 42725"),
    ],
)  # fmt: skip
def test_a_broken_file_changes_nothing_and_is_named(
    project: Project, path: str, text: str, message: str
) -> None:
    before = project.catalog()
    project.migration("create table chat.extra (id integer);")
    project.write("functions/chat/_good.sql", SHOUT.replace("core.shout", "core.good"))
    project.write(path, text)
    with pytest.raises(MigrationError, match=message):
        project.up()
    assert project.catalog() == before
    assert project.value("select count(*) from http.routes") == 1
    assert project.value("select count(*) from ops.schema_migrations") == 1


def test_many_deploys_end_where_a_fresh_install_does(
    project: Project, make: Any, engine: Any, tmp_path: Any
) -> None:
    """Signatures, owners, rights, comments and routes: however the database got there."""
    project.write(CODE, GREET.replace("p_name text", "p_name text, p_more integer"). replace(
        "api.greet(text)", "api.greet(text, integer)"))  # fmt: skip
    project.write("views/chat/v_authors.sql", AUTHORS.replace("a.id,", "a.id, a.name as plain,"))
    project.up()
    project.write(
        "functions/chat/list_authors.sql", LIST.replace("alter function", "-- alter function")
    )
    project.up()
    for path, text in (
        (CODE, GREET),
        ("views/chat/v_authors.sql", AUTHORS),
        ("functions/chat/list_authors.sql", LIST),
    ):
        project.write(path, text)
    assert same_as_fresh(project, make())


def test_a_migration_names_the_code_in_its_way(project: Project) -> None:
    text = "alter table chat.authors alter column name type varchar(80);"
    project.migration(text)
    with pytest.raises(
        MigrationError, match=r"HINT: name the code in the way in the header, -- Breaks"
    ):
        project.up()
    (project.db / "migrations/V002__step.sql").unlink()
    project.migration(text, breaks="api.v_authors")
    assert project.up().code == [
        "db/views/chat/v_authors.sql",
        "db/functions/chat/list_authors.sql",
    ]
    assert project.rows("select * from api.list_authors()") == [(1, "ANN"), (2, "BEN")]


BODIES = """create or replace function core.bodies()
returns setof text
language sql
stable
as $$
  select n.body from chat.notes n
$$;
"""


def test_a_migration_that_breaks_a_body_changes_nothing(project: Project) -> None:
    """Its file did not change, and it is named nevertheless."""
    project.write("functions/chat/_bodies.sql", BODIES)
    project.up()
    before = project.catalog()
    project.migration("alter table chat.notes rename column body to words;")
    with pytest.raises(MigrationError, match=r"_bodies.sql:6: ERROR 42703 "):
        project.up()
    assert project.catalog() == before


def test_bodies_may_be_broken_between_transactions(project: Project) -> None:
    """Whole is what all of them leave."""
    project.write("functions/chat/_bodies.sql", BODIES)
    project.up()
    project.migration(
        "alter table chat.notes rename column body to words;"
        "alter table chat.authors alter column name type varchar(80);",
        breaks="api.v_authors",
    )
    project.migration(
        "create index concurrently notes_words_idx on chat.notes (words);", alone=True
    )
    project.migration("alter table chat.authors add column born date;")
    project.write("functions/chat/_bodies.sql", BODIES.replace("n.body", "n.words"))
    assert len(project.up().applied) == 3


def test_steps_between_transactions_meet_whole_code(project: Project) -> None:
    """A file outside a transaction splits the deploy; the code it breaks is back before it runs."""
    project.migration(
        "alter table chat.authors rename column name to title;", breaks="api.v_authors"
    )
    project.migration(
        "create index concurrently authors_title_idx on chat.authors (title);", alone=True
    )
    project.migration("alter table chat.authors add column born date;")
    project.write(
        "views/chat/v_authors.sql",
        AUTHORS.replace("core.shout(a.name) as name", "core.shout(a.title) as name, a.born"),
    )
    assert project.up().applied == ["V002__step", "V003__step", "V004__step"]
    assert project.rows("select * from api.list_authors()") == [(1, "ANN", None), (2, "BEN", None)]
    assert project.verify() == [
        f"db/migrations/V00{n}__step.sql has no .down.sql" for n in (2, 3, 4)
    ]


def test_deploys_under_prepared_clients_fail_no_call(project: Project) -> None:
    """Bodies, signatures, columns and tables change while clients call; every call is answered."""
    stop, failures, calls = threading.Event(), list[Exception](), [0]

    def call(_: int) -> None:
        with psycopg.connect(project.dsn, autocommit=True, prepare_threshold=0) as connection:
            while not stop.is_set():
                try:
                    connection.execute("select api.greet(p_name => %s)", ["x"])
                    connection.execute("select row_to_json(x) from api.find_authors() x")
                    calls[0] += 2
                except psycopg.Error as error:
                    failures.append(error)
                    return

    def change(number: int) -> None:
        more = (", p_mark text default '!'", "(text, text)") if number % 2 else ("", "(text)")
        greet = GREET.replace("p_name text", f"p_name text{more[0]}").replace(
            "hello", f"hello {number}"
        )
        project.migration(f"alter table chat.authors add column c{number} integer;")
        project.write(CODE, greet.replace("api.greet(text)", f"api.greet{more[1]}"))
        columns = "".join(f", a.c{n}" for n in range(number + 1))
        named = "core.shout(a.name) as name"
        project.write("views/chat/v_authors.sql", AUTHORS.replace(named, named + columns))
        project.write("functions/chat/find_authors.sql", FIND.format(number=number))

    (project.db / "functions/chat/list_authors.sql").unlink()  # returns rows of the view: see docs
    change(0)
    project.up()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for client in range(CLIENTS):
            pool.submit(call, client)
        try:
            for number in range(1, 7):
                change(number)
                assert len(project.up().code) == 3
        finally:
            stop.set()
    assert failures == []
    assert calls[0] > 200
    assert project.value("select api.greet('x')") == "hello 6 X"
    assert project.rows("select x.column_6 from api.find_authors() x") == [(None,), (None,)]


def test_a_dry_foundation_installs(engine: Any, tmp_path: Any) -> None:
    """The order of files does not matter: everything finds what it needs, however often it is tried."""
    project = Project(foundation(tmp_path / "db"), url_of(engine.admin_url, "dry"))
    migrate.baseline(project.db)
    for number in range(6):  # each view stands on the one with the next number
        source = f"api.v_{number + 1}" if number < 5 else "base.errors"
        project.write(
            f"views/x/v_{number}.sql", f"create view api.v_{number} as select * from {source};"
        )
    with database(engine, "dry"):
        project.up()
        assert project.value("select count(*) from api.v_0") > 10
        assert project.verify() == []
