"""`plinth doctor`: everything Plinth needs, one line each, and what to do about what is missing."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from pyapp import engine, migrate
from pyapp.engine import Servers
from pyapp.settings import Settings
from pyapp.sqlfile import MigrationError

OK, WARN, FAIL = "ok", "warn", "FAIL"
Finding = tuple[str, str]
Connection = psycopg.Connection[Any]
EXTENSIONS = ("pgcrypto", "pg_trgm", "unaccent", "btree_gin", "vector")
_GIB = 1 << 30


def main(settings: Settings) -> int:
    """Prints every finding as it comes; 1 when one of them is a FAIL."""
    failed = 0
    for level, text in _examine(settings):
        print(f"{level:4}  {text}", flush=True)
        failed += level == FAIL
    print(f"\n{failed} to repair" if failed else "\nnothing to repair")
    return 1 if failed else 0


def _examine(settings: Settings) -> Iterator[Finding]:
    yield from _machine(settings)
    with engine.servers(settings) as there:
        yield from _redis(there)
        if there.admin is None:
            yield WARN, "DATABASE_ADMIN_URL is not set: the database is not examined"
            return
        try:
            with psycopg.connect(there.admin_url, autocommit=True, connect_timeout=5) as admin:
                for check in _CHECKS:
                    try:
                        yield from check(admin, settings)
                    except psycopg.ProgrammingError as error:
                        yield WARN, f"not examined: {_first(error)}"
        except psycopg.OperationalError as error:
            yield FAIL, f"PostgreSQL: {_first(error)}; check DATABASE_ADMIN_URL and the server"
            return
        yield from _migrations(there)
        yield from _web_login(there, settings)


def _machine(settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    known = (3, 11) <= sys.version_info[:2] <= (3, 14)
    yield (
        (OK, f"Python {version}") if known else (WARN, f"Python {version}: tried are 3.11 to 3.14")
    )
    folder = next(path for path in (settings.data, *settings.data.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    text = f"disk: {free / _GIB:.1f} GiB free at {folder}"
    if free < _GIB:
        yield (FAIL if free < _GIB // 5 else WARN), f"{text}; make room, a full disk stops writes"
    else:
        yield OK, text


def _version(admin: Connection, _settings: Settings) -> Iterator[Finding]:
    version, number = _row(
        admin,
        "select current_setting('server_version'), current_setting('server_version_num')::int",
    )
    fine = 16 <= number // 10000 <= 18
    yield (
        (OK if fine else FAIL),
        f"PostgreSQL {version}" + ("" if fine else ": 16 to 18 are needed"),
    )


def _extensions(admin: Connection, _settings: Settings) -> Iterator[Finding]:
    rows = admin.execute(
        "select v.name, v.version, v.installed or v.trusted or r.rolsuper"
        " from pg_available_extension_versions v join pg_available_extensions e using (name)"
        " join pg_roles r on r.rolname = current_user"
        " where v.version = coalesce(e.installed_version, e.default_version)"
    ).fetchall()
    found = {name: (version, usable) for name, version, usable in rows}
    major = admin.info.server_version // 10000
    missing = False
    for name in EXTENSIONS:
        package = f"postgresql-{major}-pgvector" if name == "vector" else "postgresql-contrib"
        version, usable = found.get(name, ("", False))
        if not version:
            yield FAIL, f"extension {name} is not on the server; install {package}"
        elif name == "vector" and _numbers(version) < (0, 7):
            yield FAIL, f"extension vector {version}: 0.7 or newer is needed; install {package}"
        elif not usable:
            todo = f"create schema if not exists ext; create extension {name} schema ext"
            yield FAIL, f"extension {name} takes a superuser, who may run: {todo}"
        else:
            continue
        missing = True
    if not missing:
        yield OK, f"extensions {', '.join(EXTENSIONS)} (vector {found['vector'][0]})"
    if "pg_stat_statements" not in found:
        yield WARN, "pg_stat_statements is not on the server: no list of slow statements"


def _administrator(admin: Connection, _settings: Settings) -> Iterator[Finding]:
    name, superuser, maker, creator = _row(
        admin,
        "select rolname, rolsuper, rolcreaterole,"
        " has_database_privilege(current_database(), 'create')"
        " from pg_roles where rolname = current_user",
    )
    if superuser:
        yield OK, f"administrator {name} is a superuser"
    elif maker and creator:
        yield OK, f"administrator {name} may make roles and schemas"
    else:
        todo = f"ALTER ROLE {name} CREATEROLE and make it the owner of the database"
        yield FAIL, f"administrator {name} lacks rights; {todo}"


def _server(admin: Connection, settings: Settings) -> Iterator[Finding]:
    wanted = {
        "fsync": ("on", FAIL, "a crash would lose acknowledged writes"),
        "full_page_writes": ("on", FAIL, "a crash would tear pages"),
        "synchronous_commit": ("on", WARN, "a crash loses the last acknowledged writes"),
        "data_checksums": ("on", WARN, "damaged pages would go unnoticed; pg_checksums --enable"),
        "password_encryption": ("scram-sha-256", WARN, "md5 hashes are weak"),
        "log_parameter_max_length": ("0", WARN, "personal values reach the log"),
        "log_parameter_max_length_on_error": ("0", WARN, "personal values reach the log"),
    }
    fine = []
    for name, (value, level, why) in wanted.items():
        now = _row(admin, "select current_setting(%s)", name)[0]
        if now == value:
            fine.append(f"{name} {value}")
        else:
            yield level, f"{name} is {now}, not {value}: {why}"
    yield OK, ", ".join(fine)
    most = int(_row(admin, "select current_setting('max_connections')")[0])
    need = settings.connections + 10  # people, backups and migrations want in as well
    text = f"max_connections {most}, {settings.workers} workers take up to {settings.connections}"
    yield (OK, text) if need <= most else (FAIL, f"{text}: raise it to {need} or lower --workers")


def _clock(admin: Connection, _settings: Settings) -> Iterator[Finding]:
    before = time.time()
    there = float(_row(admin, "select extract(epoch from clock_timestamp())")[0])
    skew = abs(there - (before + time.time()) / 2)
    if skew > 2:
        yield (FAIL if skew > 30 else WARN), f"clocks differ by {skew:.0f} s; synchronise them"
    else:
        yield OK, f"clocks agree to {skew * 1000:.0f} ms"


_CHECKS: tuple[Callable[[Connection, Settings], Iterator[Finding]], ...] = (
    _version,
    _extensions,
    _administrator,
    _server,
    _clock,
)


def _migrations(there: Servers) -> Iterator[Finding]:
    try:
        wrong = migrate.verify(there.admin_url)
    except (MigrationError, psycopg.Error) as error:
        wrong = [_first(error)]
    for line in wrong:
        yield FAIL, f"{line}; run: plinth migrate up"
    if not wrong:
        yield OK, "the database is as it was deployed"


def _web_login(there: Servers, settings: Settings) -> Iterator[Finding]:
    if there.web is None:
        yield WARN, "DATABASE_URL is not set: the login of the server is not examined"
        return
    try:
        with psycopg.connect(there.web_url, connect_timeout=5) as web:
            check = "select * from http.check_server_role(%s)"
            refusals = web.execute(check, [settings.env]).fetchall()
            zone = web.info.parameter_status("TimeZone")
    except psycopg.Error as error:
        yield FAIL, f"login of the server: {_first(error)}; check DATABASE_URL"
        return
    for (reason,) in refusals:
        yield FAIL, f"login of the server: {reason}; serve refuses it"
    if zone != "UTC":
        yield WARN, f"login of the server: time zone {zone}, not UTC; run: plinth migrate up"
    if not refusals:
        yield OK, "login of the server: may do what it has to, and no more"


def _redis(there: Servers) -> Iterator[Finding]:
    if not there.redis_url:
        yield WARN, "Redis: none; every read goes to the database"
        return
    try:
        with Redis.from_url(there.redis_url, socket_timeout=2, socket_connect_timeout=2) as link:
            info: dict[str, Any] = link.info()
    except (RedisError, OSError) as error:
        yield WARN, f"Redis: {_first(error)}; Plinth works without it, only slower"
        return
    valkey = info.get("valkey_version")
    version, least = str(valkey or info["redis_version"]), (7, 2) if valkey else (6, 2)
    name = f"{'Valkey' if valkey else 'Redis'} {version}"
    fine = _numbers(version) >= least
    yield (OK, name) if fine else (FAIL, f"{name}: {'.'.join(map(str, least))} or newer is needed")
    policy = info.get("maxmemory_policy")
    if policy == "noeviction" and info.get("maxmemory"):
        yield WARN, "Redis refuses writes when full; set maxmemory-policy volatile-lru"


def _row(admin: Connection, query: str, *values: object) -> Any:
    return admin.execute(query.encode(), values or None).fetchone()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
