"""The command line: exit codes that mean something, one line per error, nothing secret in sight."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, setrlimit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from pyapp import cli
from pyapp.engine import servers
from pyapp.settings import DB_DIR, Settings
from tests.conftest import ROOT, Database, Engine, free_port, until, url_of

NOWHERE = "postgresql://127.0.0.1:1/plinth"
ELSEWHERE = {"REDIS_URL": "redis://127.0.0.1:1", "PLINTH_SECRET_KEY": "any"}


def plinth(
    *arguments: str, words: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    ours = ("PLINTH_", "DATABASE_", "REDIS_", "PG", "JWT_")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return subprocess.run(
        [sys.executable, "-m", "pyapp", *arguments], cwd=ROOT, env=inherited | environment,
        input=words, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def own(database: Database) -> dict[str, str]:
    """The variables of a deployment with servers of its own."""
    return {
        "PLINTH_ENV": "test",
        "PLINTH_SECRET_KEY": database.engine.secret_key,
        "DATABASE_ADMIN_URL": database.admin_url,
        "DATABASE_URL": database.web_url,
        "REDIS_URL": database.engine.redis_url,
        "PATH": f"{database.engine.bin_dir}:{os.environ['PATH']}",
    }


COMMANDS = [
    "up", "serve", "worker", "env", "psql", "migrate", "migrate up", "migrate status",
    "migrate down", "migrate new", "migrate verify", "migrate history", "seed", "test", "doctor",
    "user", "user create", "user passwd", "user role", "secret",
    "secret status", "secret rotate", "secret export", "secret import", "hash-password",
    "openapi", "bench", "import", "import messages", "import embeddings", "export",
]  # fmt: skip


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as left:
            cli.main([*command.split(), "--help"])
        assert left.value.code == 0
        assert f"usage: plinth {command}" in capsys.readouterr().out


# What scripts rely on.
OPTIONS = {
    "up": "--port --data --workers --seed --memory",
    "psql": "-c -f --role --as",
    "seed": "--clean",
    "test": "--keep-db --sql-only --python-only",
}


@pytest.mark.parametrize("command", OPTIONS)
def test_what_scripts_rely_on_is_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    told = capsys.readouterr().out
    assert not [option for option in OPTIONS[command].split() if option not in told]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "message"),
    [
        (["nonsense"], {}, 2, "invalid choice: 'nonsense'"),
        (["doctor", "--nonsense"], {}, 2, "plinth doctor: error: unknown argument: --nonsense"),
        (["bench", "--nonsense"], {}, 2, "error: unrecognized arguments: --nonsense"),
        (["up", "--data", "README.md"], {}, 1,
         "README.md is not a folder; choose another --data"),
        (["psql", "--as", "alice", "--role", "web"], {}, 2,
         "--as needs --role operator or owner, not web"),
        (["up", "--port", "x"], {}, 2,
         "plinth: --port must be a whole number from 1 to 65535, not 'x'"),
        (["serve", "--port", "0"], {}, 2,
         "plinth: --port must be a whole number from 1 to 65535, not '0'"),
        (["up", "--host", "192.0.2.1"], {}, 1, "address); see --host and --port"),
        (["env"], {"PLINTH_ENV": "production"}, 2, "plinth: PLINTH_SECRET_KEY must be set"),
        (["migrate", "status"], {**ELSEWHERE, "DATABASE_URL": NOWHERE}, 2,
         "DATABASE_ADMIN_URL must be set"),
        (["migrate", "status"], {**ELSEWHERE, "DATABASE_ADMIN_URL": NOWHERE}, 3,
         "cannot reach the database"),
        (["user", "role", "alice", "user"], {**ELSEWHERE, "DATABASE_ADMIN_URL": NOWHERE}, 3,
         "cannot reach the database"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_and_a_code(
    arguments: list[str], environment: dict[str, str], code: int, message: str
) -> None:
    ended = plinth(*arguments, **environment)
    assert ended.returncode == code
    assert message in ended.stderr.strip().splitlines()[-1]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("openapi >&-", 0, ""),
        ("psql -c 'select 1' >&-", 0, ""),
        ("user role alice user 2>&-", 0, "alice has role user\n"),
        ("migrate status <&- >&- 2>&-", 0, ""),
        ("hash-password <&-", 2,
         "plinth: no terminal to ask for a password; use --password-stdin\n"),
        ("import messages - --as alice <&-", 0, "there were no lines\n"),
    ],
)  # fmt: skip
def test_a_stream_that_is_closed_is_one_that_leads_nowhere(
    command: str, code: int, said: str, own: dict[str, str]
) -> None:
    """Nor does a file or a socket take its number, and what is printed then."""
    ended = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m pyapp {command}"], cwd=ROOT, env=os.environ | own,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, re.sub(r"0 lines.*\n", "", ended.stderr) + ended.stdout) == (
        code,
        said,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_what_nobody_takes_is_a_failure_said_once(own: dict[str, str]) -> None:
    command = [sys.executable, "-m", "pyapp", "user", "role", "alice", "user"]
    places = {os.open("/dev/full", os.O_WRONLY): "plinth: No space left on device\n"}
    reader, writer = os.pipe()
    os.close(reader)
    for out, said in {**places, writer: ""}.items():
        ended = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **own, "PYTHONUNBUFFERED": ""}, stdout=out,
            stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
        os.close(out)
        assert (ended.returncode, ended.stderr) == (1, said)


def test_ctrl_c_while_modules_are_loaded_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    ended = plinth("openapi", PYTHONPATH=str(tmp_path))
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


WRITERS = [
    "-m pyapp secret export {}/secrets --password-stdin",
    "-m pyapp env --data {}",
    "-c from+pyapp.migrate+import+*;new('orders',db_dir=Path('{}'))",
]


@pytest.mark.parametrize("command", WRITERS)
def test_a_file_is_whole_or_not_there(command: str, own: dict[str, str], tmp_path: Path) -> None:
    """What a full disk cut short would be in the way of the next one."""
    (tmp_path / "migrations").mkdir()
    words = [word.replace("+", " ") for word in command.format(tmp_path).split()]
    small = lambda: setrlimit(RLIMIT_FSIZE, (10, RLIM_INFINITY))  # noqa: E731
    for limit, code in ((small, 1), (None, 0)):
        ended = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=os.environ | own, text=True, preexec_fn=limit,
            input="a fine long passphrase\n", capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
        assert (ended.returncode, bool(left)) == (code, not code), ended.stderr
    assert not [name for name in left if name.endswith(".part")]


def test_a_file_that_several_write_at_once_is_whole_at_any_moment(tmp_path: Path) -> None:
    """As `plinth env` in several terminals."""
    file, texts = tmp_path / "pgpass", {letter * 5000 for letter in "abc"}
    code = "import sys; from pathlib import Path; from pyapp.unpack import write\n"
    code += "for _ in range(100): write(Path(sys.argv[1]), sys.argv[2])"
    command = [sys.executable, "-c", code, str(file)]
    writers = [subprocess.Popen([*command, text], cwd=ROOT) for text in texts]
    while any([writer.poll() is None for writer in writers]):  # noqa: C419 - poll all of them
        assert not file.exists() or file.read_text() in texts
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["pgpass"]


def test_a_database_that_says_nothing_is_waited_for_a_while(own: dict[str, str]) -> None:
    """As behind a firewall that swallows what it does not let through."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/plinth"
        own = {**own, "DATABASE_ADMIN_URL": away, "PGCONNECT_TIMEOUT": "2"}
        ended = plinth("migrate", "status", **own)
        assert (ended.returncode, ended.stderr) == (
            3, "plinth: cannot reach the database: connection timeout expired\n",
        )  # fmt: skip


def test_debugging_shows_where(own: dict[str, str]) -> None:
    ended = plinth("user", "role", "nobody", "user", **own)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "Traceback" in plinth("user", "role", "nobody", "user", **own, PLINTH_DEBUG="1").stderr


def test_psql_has_the_rights_asked_for(own: dict[str, str], database: Database) -> None:
    count = "select count(*) from v_active_users"
    asked = plinth("psql", "--role", "reader", "-At", "-c", count, **own)
    assert asked.stdout == "6\n"
    asked = plinth("psql", "--role", "web", "-At", "-c", "select current_user, session_user", **own)
    assert asked.stdout == "plinth_web|plinth_web\n"
    asked = plinth("psql", "--role", "web", "-c", count, **own)
    assert asked.returncode == 1
    assert "permission denied for view v_active_users" in asked.stderr
    who = "select current_user, current_setting('plinth.as_user', true)"
    assert plinth("psql", "-At", "-c", who, **own).stdout == "plinth_operator|\n"
    asked = plinth("psql", "-At", "--role", "owner", "--as", "alice", "-c", who, **own)
    assert asked.stdout == "plinth_owner|alice\n"


def test_psql_acts_for_nobody_who_is_not_there(own: dict[str, str]) -> None:
    """Said at once, and not by the first function that asks."""
    asked = plinth("psql", "--as", r"al ice\b", "-c", "select 'went on'", **own)
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr == "plinth: There is no account al ice\\b\n"
    for command in (["psql", "-c", "select 1"], ["export"]):  # nor for an empty variable
        asked = plinth(*command, "--as", "", **own)
        assert (asked.returncode, asked.stdout) == (2, "")
        assert asked.stderr.endswith("plinth: --as must name a user\n")


def test_psql_signs_in_as_the_layer_would(own: dict[str, str]) -> None:
    sign_in = "select username from authenticate_user('alice', 'Dev@12345')"
    assert plinth("psql", "-At", words=sign_in, **own).stdout == "alice\n"
    # Without the pepper no password is right.
    other = {**own, "PLINTH_SECRET_KEY": "another key, long enough to be one"}
    made = plinth(
        "user", "passwd", "bob", "--password-stdin", words="a fine long passphrase\n", **own
    )
    assert made.returncode == 0, made.stderr
    sign_in = "select count(*) from authenticate_user('bob', 'a fine long passphrase')"
    assert plinth("psql", "-At", words=sign_in, **own).stdout == "1\n"
    assert plinth("psql", "-At", words=sign_in, **other).stdout != "1\n"


def test_a_file_that_fails_stops_and_says_so(own: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "broken.sql"
    script.write_text("select 1;\nselect nonsense;\nselect 'never';\n")
    ended = plinth("psql", "-At", "-f", str(script), **own)
    assert ended.returncode == 1
    assert "never" not in ended.stdout
    assert f"{script}:2: ERROR" in ended.stderr


def test_the_first_administrator(own: dict[str, str], database: Database) -> None:
    create = ("user", "create", "root", "root@example.org", "--role", "administrator")
    ended = plinth(*create, **own)
    assert (ended.returncode, ended.stderr) == (
        2, "plinth: no terminal to ask for a password; use --password-stdin\n",
    )  # fmt: skip
    ended = plinth(*create, "--password-stdin", words="correct horse battery\n", **own)
    assert ended.stdout == "made root with role administrator\n", ended.stderr
    roles = database.value(
        "select roles from api.authenticate_user('root', 'correct horse battery')"
    )
    assert set(roles) == {"administrator", "user"}
    # Both steps or none: an unknown role leaves no half-made account.
    ended = plinth("user", "create", "half", "half@example.org", "--role", "emperor",
                   "--password-stdin", words="correct horse battery\n", **own)  # fmt: skip
    assert ended.returncode == 1
    assert database.value("select count(*) from auth.users where username = 'half'") == 0


def test_a_role_is_given_and_taken(own: dict[str, str], database: Database) -> None:
    roles = "select array_to_string(roles, ' ') from auth.users where username = 'alice'"
    for arguments, told, left in (
        ((), "alice has role developer", "developer user"),
        (("--remove",), "alice has role developer no more", "user"),
    ):
        ended = plinth("user", "role", "alice", "developer", *arguments, **own)
        assert (ended.returncode, ended.stdout) == (0, told + "\n"), ended.stderr
        assert database.value(roles) == left


def test_a_password_in_another_encoding_is_not_shown(own: dict[str, str]) -> None:
    command = rf"printf 'gr\374n gr\374n gr\374n\n' | {sys.executable} -m pyapp hash-password"
    for locale in ("C", "C.UTF-8"):
        ended = subprocess.run(
            ["/bin/sh", "-c", f"{command} --password-stdin"], cwd=ROOT, capture_output=True,
            env={**os.environ, **own, "LC_ALL": locale}, text=True, timeout=60, check=False,
        )  # fmt: skip
        said = (
            "plinth: what was typed or read is not UTF-8, or no terminal of this kind can show it\n"
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", said)


def test_a_hash_for_the_seeds(own: dict[str, str], database: Database) -> None:
    ended = plinth("hash-password", "--password-stdin", words="correct horse battery\n", **own)
    made = ended.stdout.strip()
    assert database.value("select core.password_matches('correct horse battery', %s)", made)
    assert not database.value("select core.password_matches('incorrect horse', %s)", made)


def test_a_reader_who_has_seen_enough_is_no_error(own: dict[str, str]) -> None:
    command = f"{sys.executable} -m pyapp openapi | head -n 1"
    ended = subprocess.run(
        ["/bin/sh", "-c", command], cwd=ROOT, env=os.environ | own,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.stdout, ended.stderr) == ("{\n", "")


def test_a_worker_says_what_it_works_for_and_when_it_stops(
    own: dict[str, str], tmp_path: Path
) -> None:
    where, log = conninfo_to_dict(own["DATABASE_URL"]), tmp_path / "log"
    command = [sys.executable, "-m", "pyapp", "worker"]
    with log.open("wb") as out:
        worker = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stderr=out)
    try:
        until(lambda: log.read_text().endswith("\n"), 20)
        worker.terminate()
        assert worker.wait(20) == 0
    finally:
        worker.kill()
    began, ended = (json.loads(line)["message"] for line in log.read_text().splitlines())
    assert began.startswith("working for ")
    assert f"dbname={where['dbname']}" in began.split()
    assert str(where["password"]) not in began
    assert ended == "stopped"


def test_openapi_is_a_document(own: dict[str, str]) -> None:
    document = json.loads(plinth("openapi", **own).stdout)
    assert document["openapi"].startswith("3.1")
    assert "/v1/users" in document["paths"]


def test_env_leads_other_tools_in(own: dict[str, str], tmp_path: Path) -> None:
    exports = plinth("env", "--data", str(tmp_path), **own).stdout
    admin = conninfo_to_dict(own["DATABASE_ADMIN_URL"])
    assert not [line for line in exports.splitlines() if not line.startswith("export ")]
    assert f"PGPASSWORD={admin['password']}" not in exports
    assert (tmp_path / "pgpass").stat().st_mode & 0o777 == 0o600
    script = (
        f"{exports}\npsql -XAt -c \"select username from authenticate_user('alice', 'Dev@12345')\""
    )
    bare = {"PATH": own["PATH"], "HOME": str(tmp_path)}
    ended = subprocess.run(
        ["sh", "-c", script], env=bare, capture_output=True, text=True, check=False
    )
    assert ended.stdout == "alice\n", ended.stderr


def test_redis_cli_finds_the_server_as_the_readme_says(own: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("redis-cli", path=own["PATH"]) is None:
        pytest.skip("no redis-cli comes along for this Python, and none is installed")
    (command,) = re.findall(r"`(redis-cli [^`]+)`", (ROOT / "README.md").read_text())
    script = f"{plinth('env', '--data', str(tmp_path), **own).stdout}\n{command} ping"
    bare = {"PATH": own["PATH"], "HOME": str(tmp_path)}
    ended = subprocess.run(
        ["sh", "-c", script], env=bare, capture_output=True, text=True, check=False
    )
    assert ended.stdout == "PONG\n", ended.stderr


def test_the_doctor_finds_nothing_then_everything(own: dict[str, str], database: Database) -> None:
    healthy = plinth("doctor", **own)
    assert healthy.returncode == 0, healthy.stdout
    levels = {
        line.split()[0]
        for line in healthy.stdout.splitlines()
        if line.startswith(("ok", "warn", "FAIL"))
    }
    assert "FAIL" not in levels
    assert "nothing to repair" in healthy.stdout
    assert "set PLINTH_SMTP_URL, until then it waits" in healthy.stdout

    with database.connect() as admin:
        admin.execute("drop view api.v_active_users")
        admin.execute("set session_replication_role = replica")  # its record does not change
        admin.execute("update ops.schema_migrations set checksum = repeat('0', 64)")
    ill = plinth("doctor", **{**own, "DATABASE_URL": database.admin_url, "REDIS_URL": "redis://127.0.0.1:1",
                              "PLINTH_WORKERS": "64"})  # fmt: skip
    assert ill.returncode == 1
    for finding in (
        "FAIL  login of the server: plinth_admin is a superuser",
        "warn  Redis: ",
        "FAIL  max_connections 350, 64 workers",
        "v_active_users",
        "run: plinth migrate up",
        "(a regenerated baseline needs a new database)\n",  # to migrate would not help
    ):
        assert finding in ill.stdout, ill.stdout

    gone = plinth("doctor", **{**own, "DATABASE_ADMIN_URL": "postgresql://127.0.0.1:1/d"})
    assert gone.returncode == 1
    assert "FAIL  PostgreSQL: " in gone.stdout


def test_the_doctor_knows_what_an_administrator_needs(database: Database) -> None:
    """db/doctor.sql runs before anything is migrated, for whoever asks, in psql as well."""
    query = (DB_DIR / "doctor.sql").read_bytes()
    with database.connect(autocommit=False) as admin:
        levels = {level for level, _ in admin.execute(query)}
        assert levels == {"ok"}
        admin.execute("create role plain in role plinth_web")
        admin.execute("drop extension vector cascade")
        admin.execute("set local role plain")
        admin.execute("set local synchronous_commit = off")
        admin.execute("set local plinth.clock = 1")
        found = "\n".join(f"{level} {finding}" for level, finding in admin.execute(query))
        admin.rollback()
    assert "FAIL administrator plain lacks rights; ALTER ROLE plain CREATEROLE" in found
    assert "warn synchronous_commit is off, not on: " in found
    # What a superuser makes without a word is his, and the administrator may do nothing in it.
    assert "create schema if not exists ext authorization plain; create extension vector" in found
    assert "FAIL clocks differ by " in found


def test_the_doctor_knows_databases_that_lose_letters(own: dict[str, str], engine: Engine) -> None:
    with psycopg.connect(engine.admin_url, autocommit=True) as admin:
        admin.execute("create database t_letters template template0 encoding 'SQL_ASCII'"
                      " locale_provider libc locale 'C'")  # fmt: skip
        try:
            poor = url_of(engine.admin_url, "t_letters")
            found = plinth("doctor", **{**own, "DATABASE_ADMIN_URL": poor}).stdout
            refused = plinth("migrate", "up", **{**own, "DATABASE_ADMIN_URL": poor})
        finally:
            admin.execute("drop database t_letters with (force)")
    assert "FAIL  server_encoding is SQL_ASCII, not UTF8: " in found
    assert refused.returncode == 1
    assert "the database has encoding SQL_ASCII, and UTF8 is needed\n  HINT: " in refused.stderr
    assert "warn  LC_CTYPE is C, and Ä is not found by ä" in found


def test_a_database_without_plinth_is_told_from_one_that_is_away(
    own: dict[str, str], database: Database, settings: Settings
) -> None:
    """By a function that is not there, or by the roles where the whole server has none."""
    role = ("user", "role", "alice", "user")
    other = database.admin_url.replace(database.name, "postgres")
    ended = plinth(*role, **{**own, "DATABASE_ADMIN_URL": other})
    assert ended.returncode == 1
    assert ended.stderr == 'plinth: schema "api" does not exist; run: plinth migrate up\n'
    with servers(settings):
        ended = plinth(*role, "--data", str(settings.data))
        assert ended.returncode == 1
        said = 'role "plinth_operator" does not exist; run: plinth migrate up\n'
        assert ended.stderr.endswith(said)
        ended = plinth("serve", "--data", str(settings.data), "--port", str(free_port()))
        assert ended.returncode == 1
        assert ended.stderr.endswith("; check DATABASE_URL, or run: plinth migrate up\n")


def test_a_command_makes_no_servers_where_there_are_none(tmp_path: Path) -> None:
    commands = ["doctor"], ["psql", "-c", "select 1"], ["migrate", "status"], ["serve"]
    for command in commands:
        ended = plinth(*command, "--data", str(tmp_path / "none"))
        assert ended.returncode == 1
        assert "plinth up makes it" in ended.stderr
    assert not (tmp_path / "none").exists()
