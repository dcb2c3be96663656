"""The real db folder: as a role without superuser, and by either way to the same catalog."""

import re
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pyapp import engine as embedded
from pyapp import migrate, seed
from pyapp.settings import DB_DIR, Settings
from pyapp.sqlfile import MigrationError, read
from tests.conftest import Engine, url_of
from tests.migrations.conftest import Project, database

# Seeded skills that could not be registered, and runs with arguments that would be refused.
NOT_AS_REGISTERED = """
    select s.name, core.schema_faults(s.parameters, '') from chat.skills s
     where core.schema_faults(s.parameters, '') <> '[]'
    union all
    select e.skill_name, core.json_faults(e.arguments, s.parameters, '')
      from chat.function_executions e
      join chat.skills s on s.name = e.skill_name and s.version = e.skill_version
     where core.json_faults(e.arguments, s.parameters, '') <> '[]'
       and not e.arguments @? '$.**."$result"'
"""


def of_code(name: str) -> str:
    """The catalog's names for a function, or for a view and its columns."""
    kind, _, rest = name.partition(" ")
    rest = re.escape(rest)
    return rf"function {rest}\(.*" if kind == "function" else rf'view {rest}|column {rest}\."?\w+"?'


def test_schema_and_migrations_end_in_the_same_catalog(engine: Engine) -> None:
    """db/schema says what is, db/migrations how to get there."""
    migrated = Project(DB_DIR, url_of(engine.admin_url, "by_migrations"))
    direct = Project(DB_DIR, url_of(engine.admin_url, "by_schema"))
    with database(engine, "by_migrations"), database(engine, "by_schema"):
        migrate.up(migrated.dsn)
        with migrate.connected(direct.dsn) as runner:
            runner.make_tools("*.sql")
            with runner.conn.transaction():
                for file in read(DB_DIR, "schema/*.sql").values():
                    runner.run_all([(file, statement) for statement in file.statements])

        def tables(project: Project) -> dict[str, str]:
            """Without what db/functions and db/views made."""
            made = project.catalog()
            for (name,) in project.rows("select name from deploy.code_objects()"):
                for object_ in [o for o in made if re.fullmatch(of_code(name), o)]:
                    del made[object_]
            return made

        assert tables(migrated) == tables(direct)
        assert len(tables(direct)) > 100


@pytest.mark.slow
def test_the_whole_install_without_a_superuser(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On a server of its own, for the roles must be new; twice, for databases share them."""
    data = tmp_path_factory.mktemp("managed")
    data.parent.chmod(0o711)
    with (
        embedded.servers(Settings(env="test", data=data)) as there,
        psycopg.connect(there.admin_url, autocommit=True) as admin,
    ):
        admin.execute("create role installer login createrole password 'long enough for here'")
        for name in ("one", "two"):
            admin.execute(
                sql.SQL("create database {} owner installer").format(sql.Identifier(name))
            )
            dsn = psycopg.conninfo.make_conninfo(
                url_of(there.admin_url, name), user="installer", password="long enough for here"
            )
            # pgvector is not marked as trusted everywhere: then the provider makes it available.
            with psycopg.connect(url_of(there.admin_url, name), autocommit=True) as provider:
                provider.execute("create schema ext authorization installer")
                provider.execute("create extension vector with schema ext")
            assert migrate.up(dsn).applied
            seed.run(dsn, "development")
            project = Project(DB_DIR, dsn)
            assert (
                project.value("select rolsuper from pg_roles where rolname = current_user") is False
            )
            assert project.value("select count(*) from api.v_active_users") >= 6
            assert migrate.verify(dsn) == []
            assert str(migrate.up(dsn)) == "nothing to do"
            project.rows("delete from ops.code_files where kind = 'view'")
            with psycopg.connect(dsn) as holder:
                holder.execute("select 1 from api.v_active_users")
                with pytest.raises(MigrationError, match=r"api\.v_active_users is locked by pid"):
                    migrate.up(dsn, lock_wait=0)

        # He reads all rows there are, so his backup is that of a superuser.
        dumps = []
        for url in (dsn, url_of(there.admin_url, "two")):
            dump = [f"{there.bin_dir}/pg_dump", "--enable-row-security", "--restrict-key=1", url]
            dumps.append(subprocess.run(dump, stdout=subprocess.PIPE, check=True).stdout)
        assert b"alice@example.org" in dumps[0]
        assert dumps[0] == dumps[1]


def test_seeds_are_loaded_once_counted_and_cleaned(engine: Engine) -> None:
    project = Project(DB_DIR, url_of(engine.admin_url, "seeds"))
    with database(engine, "seeds"):
        with pytest.raises(MigrationError, match="there are no tables yet"):
            seed.run(project.dsn, "development")
        migrate.up(project.dsn)
        first = seed.run(project.dsn, "development", on_progress=project.said.append)
        forced = project.value("select count(*) from pg_class where relforcerowsecurity")
        assert first["auth.users"] >= 6
        assert f"auth.users: {first['auth.users']} rows" in project.said
        usage = "select count(*), count(distinct model), sum(cost) > 0 from ops.api_usage"
        used = project.rows(usage)
        assert used == [(210, 3, True)]
        assert seed.run(project.dsn, "development") == first
        assert project.rows(usage) == used
        assert project.rows(NOT_AS_REGISTERED) == []
        ran = "select count(*), sum(runs) from api.v_skill_statistics"
        assert project.rows(ran) == [(14, 128)]
        assert project.value("select core.fold_executions(100)") == 100

        project.rows(
            "insert into auth.users (username, email) values ('carol', 'carol@example.org')"
        )
        version = project.value("select version from http.registry")
        assert seed.run(project.dsn, "development", clean=True) == first
        assert project.rows(usage) == used
        assert project.rows("select * from api.verify_usage()") == []
        assert project.rows(ran) == [(14, 128)]
        assert project.rows("select * from api.verify_skill_statistics()") == []
        tracked = "select count(*) from ops.rate_limit_tracking"
        assert project.value(tracked) == 3
        assert project.value("select count(*) from auth.logins where login = 'carol'") == 0
        assert project.value("select count(*) from auth.roles") >= 4
        assert project.value("select version from http.registry") != version
        assert project.value("select count(*) from pg_class where relforcerowsecurity") == forced
        assert migrate.verify(project.dsn) == []


def test_production_has_no_seeds(engine: Engine, tmp_path: Path) -> None:
    said: list[str] = []
    assert seed.run("", "production", on_progress=said.append) == {}
    assert said == ["production has no seeds: it starts empty"]
    with pytest.raises(MigrationError, match="nothing that may be cleaned"):
        seed.run("", "production", clean=True)
