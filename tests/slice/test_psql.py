"""The same functions from psql: who may act for whom."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT, Database

ALICE, BOB = (f"01900000-0000-7000-8000-00000000000{n}" for n in (5, 6))


def psql(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    """plinth psql on this test's database."""
    ours = ("PLINTH_", "DATABASE_", "REDIS_", "PG")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    environment |= {
        "PLINTH_ENV": "test",
        "PLINTH_SECRET_KEY": database.engine.secret_key,
        "DATABASE_ADMIN_URL": database.admin_url,
        "DATABASE_URL": database.web_url,
        "REDIS_URL": database.engine.redis_url,
        "PATH": f"{database.engine.bin_dir}:{os.environ['PATH']}",
    }
    return subprocess.run(
        [sys.executable, "-m", "pyapp", "psql", "-X", "-A", "-t", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def answer(database: Database, *arguments: str) -> str:
    ended = psql(database, *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_an_operator_acts_for_two_users_in_one_transaction(shared_database: Database) -> None:
    script = f"""
        begin;
        select username from get_current_user('{ALICE}');
        select username from get_current_user('{BOB}');
        select full_name from update_current_user('{ALICE}', p_full_name => 'Alice A.');
        select username, full_name from get_current_user('{ALICE}');
        select full_name from get_current_user('{BOB}');
        rollback;
    """
    lines = answer(shared_database, "-q", "-c", script).splitlines()
    assert lines == ["alice", "bob", "Alice A.", "alice|Alice A.", "Bob Baker"]


@pytest.mark.parametrize(
    "call", ["get_current_user", "list_sessions", "end_session", "update_current_user"]
)
def test_the_web_role_without_a_caller_acts_for_nobody(
    shared_database: Database, call: str
) -> None:
    refused = psql(
        shared_database,
        "--role",
        "web",
        "-v",
        "VERBOSITY=verbose",
        "-c",
        f"select {call}('{ALICE}')",
    )
    assert refused.returncode == 1
    assert "UN001" in refused.stderr


def test_psql_shows_what_the_roles_may_see(shared_database: Database) -> None:
    count = "select count(*) from v_active_users"
    assert answer(shared_database, "--role", "reader", "-c", count) == "6"
    refused = psql(shared_database, "--role", "web", "-c", count)
    assert refused.returncode == 1
    assert "permission denied" in refused.stderr
    queries = (
        "select function_name from http.routes where path = '/v1/me' and method = 'GET'",
        "select http_status from api.v_errors where code = 'UN001'",
        "select count(*) > 0 from schema_migrations",
        "select email from authenticate_user('alice', 'Dev@12345')",
        "select email from authenticate_user('alice', 'wrong')",
    )
    lines = answer(shared_database, *(part for query in queries for part in ("-c", query)))
    assert lines.splitlines() == ["api.get_current_user", "401", "t", "alice@example.org"]
