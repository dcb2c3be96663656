"""The `plinth` command. What only one command needs is imported for that one."""

import argparse
import getpass
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pyapp import __version__, engine, migrate, secret, seed, unpack
from pyapp.progress import Progress
from pyapp.settings import ENVIRONMENTS, Settings, SettingsError, load

EXITS = "exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 a server cannot be reached"
OK, FAILED, USAGE, UNREACHABLE = range(4)


def main(argv: list[str] | None = None) -> int:
    args, rest = _parser().parse_known_args(argv)
    options = vars(args)
    run, command = options.pop("run"), options.pop("command")
    if run in (_psql, _bench):
        options["rest"] = rest
    elif rest:
        command.error(f"unknown argument: {rest[0]}")
    os.environ.setdefault("PGCONNECT_TIMEOUT", "10")  # of psql, too, which would wait for ever
    for number in engine.ENDS:  # all leave by the same door
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        ours = ("data", "port", "host", "workers", "seed", "memory")
        settings = load(**{name: options.pop(name, None) for name in ours})
        if isinstance(run, str):
            module, _, function = run.partition(".")
            run = getattr(import_module(f"pyapp.{module}"), function)
        return run(settings, **options) or OK
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("PLINTH_DEBUG"):
            raise
        return explain(error)


def explain(error: Exception) -> int:
    """One line for whoever typed the command, and the exit code that goes with it."""
    text = str(error).strip() or type(error).__name__
    code = UNREACHABLE if isinstance(error, ConnectionError) else FAILED
    if isinstance(error, BrokenPipeError):  # whoever reads, such as head, has seen enough
        return FAILED
    if isinstance(error, SettingsError):
        code = USAGE
    elif isinstance(error, UnicodeError):  # which would show of a password what it stumbled on
        text = "what was typed or read is not UTF-8, or no terminal of this kind can show it"
    elif isinstance(error, OSError) and error.strerror:  # of no file where it is standard output
        text = ": ".join(str(x) for x in (error.filename2 or error.filename, error.strerror) if x)
    elif getattr(error, "sqlstate", "") in ("3F000", "42883") or 'FATAL:  role "plinth_' in text:
        text = f"{text.splitlines()[0]}; run: plinth migrate up"
    elif isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        text, code = f"cannot reach the database: {text.splitlines()[0]}", UNREACHABLE
    elif isinstance(error, psycopg.Error):
        more = error.diag.message_detail or error.diag.message_hint
        text = (error.diag.message_primary or text) + (f" ({more})" if more else "")
    print(f"plinth: {text}", file=sys.stderr)
    return code


# ---------------------------------------------------------------------------------- commands
# Each is called with the settings, and with its own options by name.


def _env(settings: Settings) -> None:
    engine.must_be_there(settings)
    there = engine.known(settings)
    admin = conninfo_to_dict(there.admin_url)
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGDATABASE": "dbname"}
    exports = {name: str(admin.get(key) or "") for name, key in names.items()}
    login = [str(admin.get(key) or "") for key in ("user", "password")]
    line = ":".join(["*:*:*", *(x.replace("\\", r"\\").replace(":", r"\:") for x in login)])
    exports["PGPASSFILE"] = str(unpack.write(settings.data / "pgpass", line + "\n"))
    exports["PGOPTIONS"] = there.apply(settings).key_options
    exports |= {"DATABASE_URL": there.web or "", "DATABASE_ADMIN_URL": there.admin_url}
    exports |= {"REDIS_URL": there.redis_url or "", "PLINTH_SECRET_KEY": there.secret_key}
    exports["PLINTH_SECRET_KEY_PREVIOUS"] = ",".join(there.previous_keys)
    for name, value in exports.items():
        if value:
            print(f"export {name}={shlex.quote(value)}")
    if there.bin_dir:
        print(f'export PATH={shlex.quote(str(there.bin_dir))}:"$PATH"')
    if there.socket_dir and not list(there.socket_dir.glob(".s.PGSQL.*")):
        print("plinth: the servers do not run; start them with: plinth up", file=sys.stderr)


def _psql(settings: Settings, role: str, as_user: str | None, rest: list[str]) -> int:
    if as_user is not None and role in ("web", "reader"):
        raise SettingsError(f"--as needs --role operator or owner, not {role}")
    with engine.servers(settings, make=False) as there:
        options = [os.environ.get("PGOPTIONS", "")]
        if role != "web":
            options.append(f"-c role=plinth_{role}")
        if role != "reader":
            options.append(there.apply(settings).key_options)
        if as_user is not None:
            options.append(engine.for_user(as_user))
            # Now, or only the first function that asks would say that there is no such user.
            with engine.acting(there, settings, options[-1]) as connection:
                connection.execute("select api.get_current_user(null)")
        where, env = unpack.address(there.web_url if role == "web" else there.admin_url, *options)
        command = [unpack.client(there.bin_dir), *where, "-v", "ON_ERROR_STOP=1", *rest]
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C cancels a query of psql, not us
        return {0: OK, 2: UNREACHABLE}.get(subprocess.call(command, env=env), FAILED)


def _migrate_up(settings: Settings) -> None:
    with engine.servers(settings) as there, Progress() as say:
        report = migrate.up(there.admin_url, on_progress=say)
        engine.settle(there, settings)
    print(report)


def _migrate_down(settings: Settings) -> None:
    with engine.servers(settings, make=False) as there:
        print(migrate.down(there.admin_url))


def _ask(settings: Settings, *, ask: Callable[[str], list[str]], fine: str = "") -> int:
    with engine.servers(settings, make=False) as there:
        found = ask(there.admin_url)
    print("\n".join(found) or fine)
    return FAILED if found and fine else OK


def _migrate_new(_settings: Settings, name: str) -> None:
    print(*migrate.new(name), sep="\n")


def _seed(settings: Settings, *, clean: bool) -> None:
    with engine.servers(settings, make=False) as there, Progress() as say:
        seed.run(there.admin_url, settings.seed, clean=clean, on_progress=say)


def _user_create(
    settings: Settings, username: str, email: str, full_name: str | None, role: str | None,
    password_stdin: bool,
) -> None:  # fmt: skip
    account = {"p_username": username, "p_email": email, "p_full_name": full_name}
    calls = [("api.create_user", {**account, "p_password": _password(password_stdin)})]
    if role:
        calls.append(("api.assign_role", {"p_id": username, "p_role": role}))
    _call(settings, *calls)
    print(f"made {username}" + (f" with role {role}" if role else ""))


def _user_passwd(settings: Settings, username: str, password_stdin: bool) -> None:
    word = _password(password_stdin)
    _call(settings, ("api.set_password", {"p_login": username, "p_password": word}))
    print(f"changed the password of {username}")


def _user_role(settings: Settings, username: str, role: str, *, remove: bool) -> None:
    function = "api.unassign_role" if remove else "api.assign_role"
    _call(settings, (function, {"p_id": username, "p_role": role}))
    print(f"{username} has role {role}" + (" no more" if remove else ""))


def _hash_password(settings: Settings, password_stdin: bool) -> None:
    word = _password(password_stdin)
    print(_call(settings, ("core.hash_password", {"p_password": word}), role="owner"))


def _secret_file(settings: Settings, file: Path, password_stdin: bool, *, work: Any) -> None:
    work(settings, file, _password(password_stdin))


def _openapi(settings: Settings) -> None:
    print(json.dumps(_call(settings, ("http.openapi", {})), indent=2, ensure_ascii=False))


def _bench(_settings: Settings, rest: list[str]) -> int:
    checkout = Path(__file__).resolve().parent.parent
    if not (checkout / "bench" / "__main__.py").exists():
        raise FileNotFoundError("plinth bench works in a checkout of the project only")
    return subprocess.call([sys.executable, "-m", "bench", *rest], cwd=checkout)


def _password(stdin: bool) -> str:
    """Never from the command line, which everyone on the machine can read."""
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise SettingsError("no terminal to ask for a password; use --password-stdin")
    word = getpass.getpass("Password: ")
    if word != getpass.getpass("Again: "):
        raise SettingsError("the passwords differ")
    return word


def _call(settings: Settings, *calls: tuple[str, dict[str, Any]], role: str = "operator") -> Any:
    """Function calls in one transaction; the first value of the last one."""
    with engine.connected(settings, f"-c role=plinth_{role}") as link, link.transaction():
        for function, named in calls:
            marks = ", ".join(f"{name} => %({name})s" for name in named)
            row = link.execute(f"select {function}({marks})".encode(), named).fetchone()
        return row[0] if row else None


# --------------------------------------------------------------------------- what there is


def _option(*names: str, **how: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    return names, how


_DATA = _option("--data", metavar="DIR", help="folder of the embedded servers (default ./.plinth)")
_LISTEN = (
    _option("--port", metavar="N", help="port to listen on (default 8080)"),
    _option("--host", help="address to listen on (default 127.0.0.1)"),
    _option("--workers", metavar="N", help="processes (default: one per core)"),
)
_STDIN = _option("--password-stdin", action="store_true", help="read it from standard input")
_FILE = _option("file", metavar="FILE", type=Path)
_LINES = _option("file", metavar="FILE", help="JSON objects, one a line; - is standard input")
_AS = _option("--as", dest="as_user", metavar="USER", required=True, help="whose they are")
_WHO = _option("username", metavar="USER")
_GROUPS = {
    "embeddings": "indexes of embedding models",
    "import": "take much over at once, from files of one JSON object a line",
    "cache": "see, remove and make copies of answers in Redis",
    "migrate": "bring the database to what db/ says",
    "user": "make and change accounts",
    "secret": "see and replace the key that secrets are encrypted with",
}
_ROLES = ("web", "reader", "operator", "owner")

# Name ("migrate up" is the command up of the group migrate), what it calls, help, options.
_COMMANDS: tuple[tuple[str, str | Callable[..., int | None], str, tuple[Any, ...]], ...] = (
    ("up", "supervise.up", "start the servers, migrate, seed and serve", (
        *_LISTEN,
        _option("--seed", choices=ENVIRONMENTS, help="seeds to load (default: PLINTH_ENV)"),
        _option("--memory", action="store_true", default=None, help="keep nothing afterwards"),
    )),
    ("serve", "supervise.serve", "serve a database that is migrated already", _LISTEN),
    ("worker", "worker.main", "run background jobs only", ()),
    ("env", _env, 'print exports for other tools: eval "$(plinth env)"', ()),
    ("psql", _psql, "open psql; its options, such as -c SQL and -f FILE, are passed on", (
        _option("--role", choices=_ROLES, default="operator", help="whose rights (operator)"),
        _option("--as", dest="as_user", metavar="USER", help="act for this user"),
    )),
    ("migrate up", _migrate_up, "apply what is pending and renew the code", ()),
    ("migrate status", partial(_ask, ask=migrate.status), "show what is applied and pending", ()),
    ("migrate down", _migrate_down, "undo the last one with its .down.sql", ()),
    ("migrate verify", partial(_ask, ask=migrate.verify, fine="all is as it was deployed"),
     "compare checksums, order and every object", ()),
    ("migrate history", partial(_ask, ask=migrate.history), "show what ran when, and how long", ()),
    ("migrate new", _migrate_new, "write the template of a migration",
     (_option("name", metavar="NAME", help="what it does, such as add_orders"),)),
    ("seed", _seed, "load demo data", (
        _option("seed", nargs="?", choices=ENVIRONMENTS, help="default: PLINTH_ENV"),
        _option("--clean", action="store_true", help="remove what is there first"),
    )),
    ("test", "pgtap.main", "run the tests", (
        _option("paths", nargs="*", metavar="PATH", type=Path),
        _option("--keep-db", action="store_true", help="leave the test database behind"),
        _option("--sql-only", action="store_true", help="pgTAP only"),
        _option("--python-only", action="store_true", help="pytest only"),
    )),
    ("doctor", "doctor.main", "check everything Plinth needs and say what to do", ()),
    ("user create", _user_create, "make an account, such as the first administrator", (
        _WHO, _option("email", metavar="EMAIL"), _option("--full-name", metavar="NAME"),
        _option("--role", help="a role besides user, such as administrator"), _STDIN,
    )),
    ("user passwd", _user_passwd, "set a password", (_WHO, _STDIN)),
    ("user role", _user_role, "give a role, or take it back", (
        _WHO, _option("role", metavar="ROLE"),
        _option("--remove", action="store_true", help="take it back"),
    )),
    ("secret status", "secret.status", "show which main keys the database still needs", ()),
    ("secret rotate", "secret.rotate", "take a new main key and write every secret anew", ()),
    ("secret export", partial(_secret_file, work=secret.export),
     "write the secrets to a file that a passphrase opens", (_FILE, _STDIN)),
    ("secret import", partial(_secret_file, work=secret.import_),
     "take the secrets of another machine from such a file", (_FILE, _STDIN)),
    ("cache stats", "copies.stats", "show how much is kept, and how often it serves", ()),
    ("cache flush", "copies.flush", "remove what Plinth keeps in Redis, and nothing else", ()),
    ("cache warm", "copies.warm", "keep what the sessions used last will ask for", (
        _option("--sessions", metavar="N", default="1000", help="how many (default 1000)"),
    )),
    ("embed", "embed.main", "make the vectors that texts of all users lack, or print one", (
        _option("text", nargs="?", metavar="TEXT", help="print its vector, and do nothing else"),
        _option("--model", default="all-minilm-l6-v2", help="whose vectors (all-minilm-l6-v2)"),
        _option("--kind", choices=("memory", "message"), help="only of memories, or of messages"),
        _option("--from", dest="from_model", metavar="MODEL", help="of texts this one embedded"),
    )),
    ("embeddings index", "embeddings.index", "build the index a model should have, or another", (
        _option("model", metavar="MODEL"),
        _option("--kind", dest="index_kind", metavar="KIND", help="hnsw, ivfflat or none"),
        _option("--m", dest="hnsw_m", metavar="N", type=int, help="hnsw: neighbours of a point"),
        _option("--ef-construction", dest="hnsw_ef_construction", metavar="N", type=int,
                help="hnsw: candidates looked at for a point"),
        _option("--lists", dest="ivfflat_lists", metavar="N", type=int, help="ivfflat: lists"),
        _option("--maintenance-memory", dest="build_memory", default="512MB", metavar="SIZE",
                help="memory to build with (512MB); faster where the whole index fits"),
    )),
    ("hash-password", _hash_password, "print the hash of a password, for seeds", (_STDIN,)),
    ("openapi", _openapi, "print the OpenAPI document", ()),
    ("import messages", "bulk.import_messages",
     "take over conversations and messages, as an export writes them", (_LINES, _AS)),
    ("import embeddings", "bulk.import_embeddings",
     "take over vectors: content, embedding, and message_id, memory_id or metadata", (
        _LINES, _AS,
        _option("--model", metavar="MODEL", help="embedding model (default: the database's)"),
        _option("--collection", metavar="NAME", default="", help="keep them apart from others"),
    )),
    ("export", "bulk.export", "write all conversations of a user, one JSON object a line", (
        _option("file", nargs="?", default="-", metavar="FILE", help="default: standard output"),
        _AS, _option("--everything", action="store_true", help="every row that is held of USER"),
    )),
    ("bench", _bench, "run the benchmarks of a checkout; its options are passed on", ()),
)  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    about = "A backend for AI applications that lives inside PostgreSQL."
    more = f"{EXITS}; PLINTH_DEBUG=1 shows where an error came from"
    top = argparse.ArgumentParser("plinth", description=about, epilog=more)
    top.add_argument("--version", action="version", version=f"plinth {__version__}")
    groups: dict[str, Any] = {"": top.add_subparsers(metavar="COMMAND", required=True)}
    for name, run, text, options in _COMMANDS:
        within, _, step = name.rpartition(" ")
        if within not in groups:  # here, so that they are listed in the order of the commands
            group = groups[""].add_parser(within, help=_GROUPS[within], description=_GROUPS[within])
            groups[within] = group.add_subparsers(metavar="COMMAND", required=True)
        parser = groups[within].add_parser(step, help=text, description=text, epilog=EXITS)
        for names, how in (_DATA, *options):
            parser.add_argument(*names, **how)
        parser.set_defaults(run=run, command=parser)
    return top
