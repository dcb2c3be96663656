"""The `plinth` command. Modules are imported where they are used, so that --help is quick."""
# ruff: noqa: PLC0415

import argparse
import getpass
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyapp import __version__
from pyapp.settings import ENVIRONMENTS, SettingsError, load

Args = argparse.Namespace
EXITS = "exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 a server cannot be reached"
DEBUG = "PLINTH_DEBUG=1 shows where an error came from"
OK, FAILED, USAGE, UNREACHABLE = range(4)


def main(argv: list[str] | None = None) -> int:
    parser = _parser()
    args, rest = parser.parse_known_args(argv)
    args.rest = rest
    if rest and args.run not in (_psql, _bench):
        parser.error(f"unknown argument: {rest[0]}")
    for number in (signal.SIGTERM, signal.SIGHUP):  # leave by the same door as Ctrl-C
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        given = ("data", "port", "host", "workers", "seed", "memory")
        args.settings = load(**{name: getattr(args, name, None) for name in given})
        return args.run(args) or OK
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("PLINTH_DEBUG"):
            raise
        return _explain(error)


def _explain(error: Exception) -> int:
    """One line for whoever typed the command, and the exit code that goes with it."""
    import psycopg

    text, code = str(error).strip() or type(error).__name__, FAILED
    if isinstance(error, SettingsError):
        code = USAGE
    elif isinstance(error.__cause__, psycopg.OperationalError) and not error.__cause__.sqlstate:
        text, code = text.splitlines()[0], UNREACHABLE
    elif isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        text, code = f"cannot reach the database: {text.splitlines()[0]}", UNREACHABLE
    elif isinstance(error, psycopg.Error):
        more = error.diag.message_detail or error.diag.message_hint
        text = (error.diag.message_primary or text) + (f" ({more})" if more else "")
    print(f"plinth: {text}", file=sys.stderr)
    return code


# ------------------------------------------------------------------------------ what there is


def _parser() -> argparse.ArgumentParser:
    about = "A backend for AI applications that lives inside PostgreSQL."
    top = argparse.ArgumentParser("plinth", description=about, epilog=f"{EXITS}; {DEBUG}")
    top.add_argument("--version", action="version", version=f"plinth {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, run: Callable[[Args], int | None], text: str, *options: _Option) -> None:
        # "migrate up" is the command up of the group migrate.
        group, _, step = name.rpartition(" ")
        if group and group not in groups:
            parser = commands.add_parser(group, help=_GROUPS[group], description=_GROUPS[group])
            groups[group] = parser.add_subparsers(metavar="COMMAND", required=True)
        parser = groups[group].add_parser(step, help=text, description=text, epilog=EXITS)
        for names, how in (_DATA, *options):
            parser.add_argument(*names, **how)
        parser.set_defaults(run=run, step=step)

    groups: dict[str, Any] = {"": commands}
    port = _option("--port", metavar="N", help="port to listen on (default 8080)")
    host = _option("--host", help="address to listen on (default 127.0.0.1)")
    workers = _option("--workers", metavar="N", help="processes (default: one per core)")
    seed = _option("--seed", choices=ENVIRONMENTS, help="seeds to load (default: PLINTH_ENV)")
    memory = _option("--memory", action="store_true", default=None, help="keep nothing afterwards")
    stdin = _option("--password-stdin", action="store_true", help="read it from standard input")
    who = _option("username", metavar="USER")

    add("up", _up, "start the servers, migrate, seed and serve", port, host, workers, seed, memory)
    add("serve", _up, "serve a database that is migrated already", port, host, workers)
    add("worker", _worker, "run background jobs only")
    add("env", _env, 'print exports for other tools: eval "$(plinth env)"')
    add(
        "psql", _psql, "open psql; options that plinth does not know are psql's",
        _option("-c", dest="commands", action="append", metavar="SQL", help="run this and leave"),
        _option("-f", dest="files", action="append", metavar="FILE", help="run this and leave"),
        _option("--role", choices=("web", "reader", "operator", "owner"), default="operator",
                help="whose rights to have (default: operator)"),
        _option("--as", dest="as_user", metavar="USER", help="act for this user"),
    )  # fmt: skip
    add("migrate up", _migrate_up, "apply what is pending and renew the code")
    add("migrate status", _migrate, "show what is applied and what is pending")
    add("migrate down", _migrate, "undo the last migration with its .down.sql")
    add("migrate verify", _migrate, "compare checksums, order and every object")
    add("migrate history", _migrate, "show what ran when, and how long")
    name = _option("name", metavar="NAME")
    add("migrate new", _migrate_new, "write the template of a migration", name)
    add(
        "seed", _seed, "load demo data",
        _option("seed", nargs="?", choices=ENVIRONMENTS, metavar="ENV", help="default: PLINTH_ENV"),
        _option("--clean", action="store_true", help="remove what is there first"),
    )  # fmt: skip
    add(
        "test", _test, "run the tests",
        _option("paths", nargs="*", metavar="PATH"),
        _option("--keep-db", action="store_true", help="leave the test database behind"),
        _option("--sql-only", action="store_true", help="pgTAP only"),
        _option("--python-only", action="store_true", help="pytest only"),
    )  # fmt: skip
    add("doctor", _doctor, "check everything Plinth needs and say what to do")
    add(
        "user create", _user_create, "make an account, such as the first administrator",
        who, _option("email", metavar="EMAIL"), _option("--full-name", metavar="NAME"),
        _option("--role", help="a role besides user, such as administrator"), stdin,
    )  # fmt: skip
    add("user passwd", _user_passwd, "set a password", who, stdin)
    add("user role", _user_role, "give a role", who, _option("role", metavar="ROLE"))
    add("hash-password", _hash_password, "print the hash of a password, for seeds", stdin)
    add("openapi", _openapi, "print the OpenAPI document")
    add("bench", _bench, "run the benchmarks of a checkout; its options are passed on")
    return top


_Option = tuple[tuple[str, ...], dict[str, Any]]
_GROUPS = {"migrate": "bring the database to what db/ says", "user": "make and change accounts"}


def _option(*names: str, **how: Any) -> _Option:
    return names, how


_DATA = _option("--data", metavar="DIR", help="folder of the embedded servers (default ./.plinth)")


# ---------------------------------------------------------------------------------- commands


def _up(args: Args) -> None:
    from pyapp import supervise

    # A person at a terminal reads text; JSON is for machines.
    text = sys.stdout.isatty() and "PLINTH_LOG_FORMAT" not in os.environ
    settings = args.settings.with_(log_format="text") if text else args.settings
    if hasattr(args, "memory"):
        supervise.up(settings)
    else:
        supervise.serve(settings)


def _worker(args: Args) -> None:
    import asyncio

    from pyapp import engine, log, worker

    sink = log.setup(args.settings.log_format)
    with engine.servers(args.settings) as there:
        asyncio.run(worker.run(there.apply(args.settings)))
    sink.close()


def _env(args: Args) -> None:
    from psycopg.conninfo import conninfo_to_dict

    from pyapp import engine

    there = engine.known(args.settings)
    admin = {key: str(value) for key, value in conninfo_to_dict(there.admin_url).items()}
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGDATABASE": "dbname"}
    exports = {name: admin.get(key, "") for name, key in names.items()}
    exports["PGPASSFILE"] = str(_pgpass(args.settings.data, admin))
    exports["PGOPTIONS"] = f"-c plinth.pepper={there.apply(args.settings).pepper}"
    exports |= {"DATABASE_URL": there.web or "", "DATABASE_ADMIN_URL": there.admin_url}
    exports |= {"REDIS_URL": there.redis_url or "", "PLINTH_SECRET_KEY": there.secret_key}
    for name, value in exports.items():
        if value:
            print(f"export {name}={shlex.quote(value)}")
    if there.bin_dir:
        print(f'export PATH={shlex.quote(str(there.bin_dir))}:"$PATH"')
    if there.socket_dir and not list(there.socket_dir.glob(".s.PGSQL.*")):
        print("plinth: the servers do not run; start them with: plinth up", file=sys.stderr)


def _pgpass(folder: Path, admin: dict[str, str]) -> Path:
    fields = [admin.get("host", "*"), admin.get("port", "*"), "*", admin.get("user", "*")]
    fields.append(admin.get("password", ""))
    file = folder / "pgpass"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(":".join(f.replace("\\", r"\\").replace(":", r"\:") for f in fields) + "\n")
    return file


def _psql(args: Args) -> int:
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    from pyapp import engine

    with engine.servers(args.settings) as there:
        where: dict[str, Any] = conninfo_to_dict(
            there.web_url if args.role == "web" else there.admin_url
        )
        options = [where.pop("options", ""), os.environ.get("PGOPTIONS", "")]
        if args.role != "web":
            options.append(f"-c role=plinth_{args.role}")
        if args.role != "reader":
            options.append(f"-c plinth.pepper={there.apply(args.settings).pepper}")
        if args.as_user:
            name = args.as_user.replace("\\", r"\\").replace(" ", r"\ ")
            options.append(f"-c plinth.as_user={name}")
        environment = dict(os.environ, PGOPTIONS=" ".join(filter(None, options)))
        if password := where.pop("password", None):
            environment["PGPASSWORD"] = password
        command = [_client("psql", there.bin_dir), "-d", make_conninfo(**where)]
        for flag, texts in (("-c", args.commands), ("-f", args.files)):
            for text in texts or ():
                command += [flag, text]
        if args.commands or args.files or not sys.stdin.isatty():
            command += ["-v", "ON_ERROR_STOP=1"]
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C cancels a query of psql, not us
        code = subprocess.call([*command, *args.rest], env=environment)
        return {0: OK, 2: UNREACHABLE}.get(code, FAILED)


def _client(name: str, folder: Path | None) -> str:
    """A client program: the embedded one where it runs, else the machine's."""
    carried = str(folder / name) if folder else ""
    if carried and not subprocess.run([carried, "-V"], capture_output=True, check=False).returncode:
        return carried
    if found := shutil.which(name):
        return found
    raise FileNotFoundError(f"no {name} here; install PostgreSQL's client programs")


def _migrate_up(args: Args) -> None:
    from pyapp import engine, migrate
    from pyapp.progress import Progress

    with engine.servers(args.settings) as there, Progress() as say:
        report = migrate.up(there.admin_url, redis_url=there.redis_url, on_progress=say)
        engine.settle(there, args.settings)
    print(report)


def _migrate(args: Args) -> int:
    """The steps that answer in lines: status, verify, history, and the report of down."""
    from pyapp import engine, migrate

    with engine.servers(args.settings) as there:
        found = getattr(migrate, args.step)(there.admin_url)
    lines = found if isinstance(found, list) else [str(found)]
    wrong = args.step == "verify" and lines
    if args.step == "verify" and not lines:
        lines = ["the database is as it was deployed"]
    print("\n".join(lines))
    return FAILED if wrong else OK


def _migrate_new(args: Args) -> None:
    from pyapp import migrate

    print("\n".join(str(path) for path in migrate.new(args.name)))


def _seed(args: Args) -> None:
    from pyapp import engine, seed
    from pyapp.progress import Progress

    with engine.servers(args.settings) as there, Progress() as say:
        seed.run(there.admin_url, args.settings.seed, clean=args.clean, on_progress=say)


def _test(args: Args) -> int:
    from pyapp import pgtap

    return int(pgtap.main(args))


def _doctor(args: Args) -> int:
    from pyapp import doctor

    return doctor.main(args.settings)


def _user_create(args: Args) -> None:
    account = {"p_username": args.username, "p_email": args.email, "p_password": _ask(args)}
    calls = [("api.create_user", {**account, "p_full_name": args.full_name})]
    if args.role:
        calls.append(("api.assign_role", {"p_login": args.username, "p_role": args.role}))
    _call(args, *calls)
    print(f"made {args.username}" + (f" with role {args.role}" if args.role else ""))


def _user_passwd(args: Args) -> None:
    _call(args, ("api.set_password", {"p_login": args.username, "p_password": _ask(args)}))
    print(f"changed the password of {args.username}")


def _user_role(args: Args) -> None:
    _call(args, ("api.assign_role", {"p_login": args.username, "p_role": args.role}))
    print(f"{args.username} has role {args.role}")


def _hash_password(args: Args) -> None:
    print(_call(args, ("core.hash_password", {"p_password": _ask(args)}), role="owner"))


def _openapi(args: Args) -> None:
    print(json.dumps(_call(args, ("http.openapi", {})), indent=2, ensure_ascii=False))


def _bench(args: Args) -> int:
    script = Path(__file__).resolve().parent.parent / "bench" / "run.py"
    if not script.exists():
        raise FileNotFoundError("plinth bench works in a checkout of the project only")
    return subprocess.call([sys.executable, str(script), *args.rest])


def _ask(args: Args) -> str:
    """A password, never from the command line, which everyone on the machine can read."""
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise SettingsError("no terminal to ask for a password; use --password-stdin")
    word = getpass.getpass("Password: ")
    if word != getpass.getpass("Again: "):
        raise SettingsError("the passwords differ")
    return word


def _call(args: Args, *calls: tuple[str, dict[str, Any]], role: str = "operator") -> Any:
    """Function calls in one transaction; the first value of the last one."""
    import psycopg

    from pyapp import engine

    with engine.servers(args.settings) as there:
        pepper = there.apply(args.settings).pepper
        options = f"-c role=plinth_{role} -c plinth.pepper={pepper}"
        with psycopg.connect(there.admin_url, options=options) as connection:
            for function, named in calls:
                marks = ", ".join(f"{name} => %({name})s" for name in named)
                row = connection.execute(f"select {function}({marks})".encode(), named).fetchone()
            return row[0] if row else None
