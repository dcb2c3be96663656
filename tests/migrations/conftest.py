"""A small project: the real foundation, two tables, four code files, a database per test."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from os import getpid
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from pyapp import migrate
from pyapp.settings import DB_DIR
from tests.conftest import Engine, url_of

TABLES = """
create table chat.authors (
  id   integer not null,
  name text not null,
  constraint authors_pkey primary key (id)
);

create table chat.notes (
  id        integer not null,
  author_id integer,
  body      text not null,
  constraint notes_pkey primary key (id)
);

insert into chat.authors (id, name) values (1, 'ann'), (2, 'ben');
insert into chat.notes (id, author_id, body)
select n, 1 + n % 2, 'note ' || n from generate_series(1, 10) n;

alter table chat.authors enable row level security;
alter table chat.authors force row level security;
alter table chat.notes enable row level security;
alter table chat.notes force row level security;
create policy nobody on chat.authors to plinth_owner using (false);
create policy nobody on chat.notes to plinth_owner using (false);
create policy system_read on chat.authors for select to plinth_system using (true);
grant select on chat.authors to plinth_system;
"""

SHOUT = """-- core.shout: says it louder.
create or replace function core.shout(p_text text)
returns text
language sql
immutable
as $$
  select upper(p_text)
$$;

comment on function core.shout(text) is 'Says it louder';
grant execute on function core.shout(text) to plinth_system;
"""

GREET = """create or replace function api.greet(p_name text)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return 'hello ' || core.shout(p_name);
end
$$;

comment on function api.greet(text) is 'Greets';
grant execute on function api.greet(text) to plinth_web;
select http.expose('GET /v1/greeting', 'api.greet', auth => 'none');
"""

AUTHORS = """create or replace view api.v_authors as
select a.id, core.shout(a.name) as name from chat.authors a;

comment on view api.v_authors is 'Authors';
grant select on api.v_authors to plinth_reader;
alter view api.v_authors owner to plinth_system;
"""

LIST = """create or replace function api.list_authors()
returns setof api.v_authors
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select a.* from api.v_authors a order by a.id
$$;

comment on function api.list_authors() is 'Lists authors';
grant execute on function api.list_authors() to plinth_web;
alter function api.list_authors() owner to plinth_system;
"""


@dataclass
class Project:
    db: Path
    dsn: str
    said: list[str] = field(default_factory=list)

    def write(self, path: str, text: str) -> Path:
        file = self.db / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def migration(self, text: str, down: str = "", *, breaks: str = "", alone: bool = False) -> str:
        """Adds the next migration and returns its path, as messages name it."""
        names = [file.name for file in self.db.glob("migrations/*.sql")]
        number = f"{1 + sum(not name.endswith('.down.sql') for name in names):03}"
        head = f"-- Title: Number {number}\n-- Version: {number}\n-- Breaks: {breaks}\n"
        name = f"migrations/V{number}__step"
        self.write(f"{name}.sql", head + ("-- Transaction: none\n" if alone else "") + text)
        if down:
            self.write(f"{name}.down.sql", head + down)
        return f"db/{name}.sql"

    def up(self, lock_wait: float = 20, **more: Any) -> migrate.Report:
        return migrate.up(
            self.dsn, db_dir=self.db, on_progress=self.said.append, lock_wait=lock_wait, **more
        )

    def down(self, to: int | None = None) -> migrate.Report:
        return migrate.down(self.dsn, to=to, db_dir=self.db, on_progress=self.said.append)

    def verify(self) -> list[str]:
        return migrate.verify(self.dsn, db_dir=self.db)

    def rows(self, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(query, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, query: LiteralString, *parameters: object) -> Any:
        return self.rows(query, *parameters)[0][0]

    def catalog(self) -> dict[str, str]:
        return dict(self.rows("select object, definition from deploy.catalog()"))


def foundation(folder: Path) -> Path:
    """The smallest db folder on which the runner and http.expose stand."""
    shutil.copytree(DB_DIR / "bootstrap", folder / "bootstrap")
    (folder / "schema").mkdir()
    for name in ("010_base.sql", "015_migrations.sql", "020_http.sql"):
        shutil.copy(DB_DIR / "schema" / name, folder / "schema")
    (folder / "functions" / "http").mkdir(parents=True)
    for name in ("expose", "announce_deploy", "no_route", "_has_cursor", "_result_columns"):
        shutil.copy(DB_DIR / "functions" / "http" / f"{name}.sql", folder / "functions" / "http")
    return folder


@pytest.fixture(scope="package")
def ground(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Migrated once; tests work on copies of its folder and its database."""
    project = Project(
        foundation(tmp_path_factory.mktemp("ground") / "db"),
        url_of(engine.admin_url, f"ground_{getpid()}"),
    )
    project.write("schema/100_chat.sql", TABLES)
    project.write("functions/chat/_shout.sql", SHOUT)
    project.write("functions/chat/greet.sql", GREET)
    project.write("functions/chat/list_authors.sql", LIST)
    project.write("views/chat/v_authors.sql", AUTHORS)
    migrate.baseline(project.db)
    with database(engine, f"ground_{getpid()}"):
        project.up()
        yield project


_numbers = count(1)


@pytest.fixture
def make(engine: Engine, ground: Project, tmp_path: Path) -> Iterator[Callable[[], Project]]:
    """Any number of copies of the ground."""
    made: list[str] = []

    def copy() -> Project:
        name = f"m{getpid()}_{next(_numbers)}"
        with psycopg.connect(engine.admin_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(name), sql.Identifier(f"ground_{getpid()}")
                )
            )
        made.append(name)
        folder = shutil.copytree(ground.db, tmp_path / name / "db")
        return Project(folder, url_of(engine.admin_url, name))

    yield copy
    with psycopg.connect(engine.admin_url, autocommit=True) as connection:
        for name in made:
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )


@pytest.fixture
def project(make: Callable[[], Project]) -> Project:
    return make()


class database:  # noqa: N801
    """An empty database for as long as the block runs."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.url, self.name = engine.admin_url, sql.Identifier(name)

    def __enter__(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(self.name))

    def __exit__(self, *_: object) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(self.name))
