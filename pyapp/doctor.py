"""`plinth doctor`: everything Plinth needs, one line each, and what to do about what is missing."""

import shutil
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from pyapp import engine, migrate, secret
from pyapp.settings import DB_DIR, Settings, SettingsError
from pyapp.sqlfile import MigrationError

OK, WARN, FAIL = "ok", "warn", "FAIL"
Findings = Iterator[tuple[str, str]]
_GIB = 1 << 30


def main(settings: Settings) -> int:
    """Prints every finding as it comes; 1 when one of them is a FAIL."""
    failed = 0
    for level, text in _examine(settings):
        print(f"{level:4}  {text}", flush=True)
        failed += level == FAIL
    print(f"\n{failed or 'nothing'} to repair")
    return 1 if failed else 0


def _examine(settings: Settings) -> Findings:
    yield _disk(settings)
    with engine.servers(settings, make=False) as there:
        parts = (
            (WARN, "Redis", _redis(there.redis_url), "Plinth works without it, only slower"),
            (FAIL, "PostgreSQL", _server(there, settings), "check DATABASE_ADMIN_URL and it"),
            (FAIL, "migrations", _migrations(there), "run: plinth migrate up"),
            (FAIL, "database", _database(there, settings), "run: plinth migrate up"),
            (WARN, "main key", _main_key(there, settings), "run: plinth migrate up"),
            (FAIL, "login of the server", _web_login(there, settings), "check DATABASE_URL"),
            (WARN, "replicas", _replicas(there, settings), "check DATABASE_REPLICA_URLS"),
        )
        said = set()  # where a server is away, one line tells it
        for level, name, findings, todo in parts:
            try:
                yield from findings
            except SettingsError as error:
                yield WARN, f"{name}: not examined; {error}"
            except (RedisError, psycopg.Error, MigrationError, OSError, ValueError) as error:
                what = str(error).strip().partition("\n")[0]
                if what not in said:
                    yield level, f"{name}: {what}; {todo}"
                said.add(what)


def _disk(settings: Settings) -> tuple[str, str]:
    folder = next(path for path in (settings.data, *settings.data.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    level = OK if free >= _GIB else WARN if free >= _GIB // 5 else FAIL
    todo = "" if level == OK else "; make room, a full disk stops writes"
    return level, f"disk: {free / _GIB:.1f} GiB free at {folder}{todo}"


def _redis(url: str | None) -> Findings:
    with Redis.from_url(url or "", socket_timeout=2, socket_connect_timeout=2) as link:
        info: dict[str, Any] = link.info()
    name, least = ("Valkey", [7, 2]) if "valkey_version" in info else ("Redis", [6, 2])
    version = info[f"{name.lower()}_version"]
    fine = [int(part) for part in version.split(".")[:2]] >= least
    todo = "" if fine else ": {}.{} or newer is needed".format(*least)
    yield (OK if fine else FAIL), f"{name} {version}{todo}"
    if info.get("maxmemory_policy") == "noeviction":
        yield WARN, f"{name} refuses writes when full; set maxmemory-policy allkeys-lru"
    if not info.get("maxmemory"):
        yield WARN, f"{name} takes memory without bound; set maxmemory (deploy/redis.conf)"


def _server(there: engine.Servers, settings: Settings) -> Findings:
    """What db/doctor.sql finds, which also runs before anything is migrated."""
    told = f"-c plinth.workers={settings.workers} -c plinth.connections={settings.connections}"
    told += f" -c plinth.clock={time.time()}"
    with psycopg.connect(there.admin_url, options=told, client_encoding="utf8") as connection:
        yield from connection.execute((DB_DIR / "doctor.sql").read_bytes()).fetchall()


def _migrations(there: engine.Servers) -> Findings:
    lines = migrate.verify(there.admin_url)
    wrong = [(FAIL, x if ": " in x else f"{x}; run: plinth migrate up") for x in lines]
    yield from wrong or [(OK, "the database is as it was deployed")]


def _database(there: engine.Servers, settings: Settings) -> Findings:
    """What the database itself knows to be unwell: jobs, mail, partitions, the audit trail."""
    with psycopg.connect(there.admin_url) as connection:
        findings = connection.execute("select level, finding from api.v_findings").fetchall()
    yield from findings or [(OK, "jobs, mail, partitions and the audit trail are well")]
    if not settings.smtp_url and settings.env != "development":
        yield WARN, "mail: set PLINTH_SMTP_URL, until then it waits"


def _main_key(there: engine.Servers, settings: Settings) -> Findings:
    for lost in secret.used(there, settings)[1]:
        yield WARN, f"main key {lost}; name it in PLINTH_SECRET_KEY_PREVIOUS"


def _replicas(there: engine.Servers, settings: Settings) -> Findings:
    """Whether each is one, of this server, and near enough to be asked."""
    if not settings.replica_urls:
        return
    with psycopg.connect(there.admin_url) as primary:
        (ours,) = primary.execute((DB_DIR / "primary.sql").read_bytes()).fetchone() or ("",)
    told = f"{settings.key_options} -c plinth.primary={ours},{settings.replica_max_lag}"
    for number, url in enumerate(settings.replica_urls, 1):
        try:
            with psycopg.connect(url, options=told, client_encoding="utf8") as replica:
                found = replica.execute((DB_DIR / "replica.sql").read_bytes()).fetchall()
        except psycopg.Error as error:
            what = str(error).strip().partition("\n")[0]
            found = [(WARN, f"{what}; the primary answers instead")]
        for level, text in found:
            yield level, f"replica{number}: {text}"


def _web_login(there: engine.Servers, settings: Settings) -> Findings:
    keys = there.apply(settings).key_options
    with psycopg.connect(there.web_url, options=keys) as web:
        check = "select * from http.check_server_role(%s)"
        refusals = web.execute(check, [settings.env]).fetchall()
        zone = web.info.parameter_status("TimeZone")
    for (reason,) in refusals:
        yield FAIL, f"login of the server: {reason}; serve refuses it"
    if zone != "UTC":
        yield WARN, f"login of the server: time zone {zone}, not UTC; run: plinth migrate up"
    if not refusals:
        yield OK, "login of the server: may do what it has to, and no more"
