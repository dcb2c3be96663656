"""What it would cost to encrypt names and addresses column by column: python -m bench.at_rest

The same people twice in one database, in clear text and by core.encrypt_secret with a blind index
for the address; each round measures both ways of every question, and only figures of the same
round are divided by each other.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from pyapp import engine, migrate
from pyapp.settings import Settings

RESULT = Path(__file__).with_name("results") / "at_rest.md"
_TABLES = """
create schema bench;
create table bench.plain (id uuid primary key, email text, full_name text, address text);
create table bench.sealed (id uuid primary key, email_hash bytea, email_encrypted bytea,
                           full_name_encrypted bytea, address_encrypted bytea);
insert into bench.plain
select base.new_id(), format('person%%s@example.org', n), format('%%s %%s', first, last),
       format('%%s Long Street, %%s Town', n, n %% 1000)
  from generate_series(1, %(rows)s) n
 cross join lateral (select md5(n::text) as first, md5((n * 7)::text) as last) names;
insert into bench.sealed
select p.id, ext.hmac(p.email::bytea, core.secret_key('index', 'email'), 'sha256'),
       core.encrypt_secret(p.email, 'email:' || p.id),
       core.encrypt_secret(p.full_name, 'name:' || p.id),
       core.encrypt_secret(p.address, 'address:' || p.id)
  from bench.plain p;
create unique index plain_email on bench.plain (lower(email));
create index plain_name on bench.plain (full_name);
create index plain_words on bench.plain using gin (full_name ext.gin_trgm_ops);
create unique index sealed_email on bench.sealed (email_hash);
"""
_SHOWN = """core.decrypt_secret(s.email_encrypted, 'email:' || s.id),
 core.decrypt_secret(s.full_name_encrypted, 'name:' || s.id),
 core.decrypt_secret(s.address_encrypted, 'address:' || s.id)"""
# Question -> how often it is asked in a round, in clear text, encrypted. $1 is a running number.
_QUESTIONS: dict[str, tuple[int, str, str]] = {
    "one account by its address": (
        1000,
        "select p.email, p.full_name, p.address from bench.plain p"
        " where lower(p.email) = format('person%s@example.org', $1)",
        f"select {_SHOWN} from bench.sealed s where s.email_hash = ext.hmac("
        "format('person%s@example.org', $1)::bytea, core.secret_key('index', 'email'), 'sha256')",
    ),
    "a page of 50 by id": (
        50,
        "select p.email, p.full_name, p.address from bench.plain p order by p.id limit 50",
        f"select {_SHOWN} from bench.sealed s order by s.id limit 50",
    ),
    "the first 50 by name": (
        1,
        "select p.full_name from bench.plain p order by p.full_name limit 50",
        "select core.decrypt_secret(s.full_name_encrypted, 'name:' || s.id) as name"
        " from bench.sealed s order by name limit 50",
    ),
    "names that contain a word": (
        1,
        "select p.full_name from bench.plain p where p.full_name like '%%abcd%%'",
        "select 1 from bench.sealed s"
        " where core.decrypt_secret(s.full_name_encrypted, 'name:' || s.id) like '%%abcd%%'",
    ),
    "one more account": (
        200,
        "insert into bench.plain select base.new_id(), 'new' || clock_timestamp() || $1, 'A', 'B'",
        "insert into bench.sealed select i.id, ext.hmac((clock_timestamp()::text || $1)::bytea,"
        " core.secret_key('index', 'email'), 'sha256'),"
        " core.encrypt_secret('new', 'email:' || i.id),"
        " core.encrypt_secret('A', 'name:' || i.id), core.encrypt_secret('B', 'address:' || i.id)"
        " from (select base.new_id() as id) i",
    ),
}
_SIZES = """select pg_table_size('bench.plain'), pg_indexes_size('bench.plain'),
                   pg_table_size('bench.sealed'), pg_indexes_size('bench.sealed')"""


def main() -> int:
    parser = argparse.ArgumentParser("bench.at_rest")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plinth-bench-")))
        folder.chmod(0o711)
        settings = Settings(data=folder / "data")
        there = stack.enter_context(engine.servers(settings))
        migrate.up(there.admin_url)
        options = there.apply(settings).key_options + " -c jit=off"
        connection = stack.enter_context(
            psycopg.connect(there.admin_url, options=options, autocommit=True)
        )
        connection.execute((_TABLES % {"rows": given.rows}).encode())
        connection.execute("vacuum analyze")
        sizes: Any = connection.execute(_SIZES).fetchone()
        rounds = [_round(connection) for _ in range(given.rounds)]
    text = _report(rounds, sizes, given.rows)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text)
    print(f"{text}\nwritten to {RESULT}")
    return 0


def _round(connection: psycopg.Connection[Any]) -> dict[str, tuple[float, float]]:
    """Microseconds of each question, in clear text and encrypted, by the database's own clock."""
    found = {}
    for name, (times, *ways) in _QUESTIONS.items():
        took = [_seconds(connection, way, times) / times * 1e6 for way in ways]
        found[name] = (took[0], took[1])
    return found


def _seconds(connection: psycopg.Connection[Any], query: str, times: int) -> float:
    # In one statement, so that neither the driver nor the wire is measured.
    body = query.replace("$1", "n").replace("%%", "%")
    perform = body if body.startswith("insert") else f"perform * from ({body}) q"
    block = f"do $do$ begin for n in 1 .. {times} loop {perform}; end loop; end $do$"
    began = time.perf_counter()
    connection.execute(block.encode())
    return time.perf_counter() - began


def _report(rounds: list[dict[str, tuple[float, float]]], sizes: tuple[int, ...], rows: int) -> str:
    lines = [
        "# Names and addresses encrypted by column",
        "",
        time.strftime("%Y-%m-%d %H:%M UTC, ", time.gmtime())
        + f"{rows:,} people, {len(rounds)} interleaved rounds, medians [min-max]; "
        "`python -m bench.at_rest`.",
        "",
        "| question | clear, us | encrypted, us | times as long |",
        "|---|---|---|---|",
    ]
    for name in _QUESTIONS:
        clear, sealed = ([one[name][n] for one in rounds] for n in (0, 1))
        ratios = [b / a for a, b in zip(clear, sealed, strict=True)]
        lines.append(
            f"| {name} | {statistics.median(clear):,.0f} | {statistics.median(sealed):,.0f} "
            f"| {statistics.median(ratios):,.1f} [{min(ratios):,.1f}-{max(ratios):,.1f}] |"
        )
    table, index = sizes[2] / sizes[0], sizes[3] / sizes[1]
    lines += [
        "",
        f"The table takes {table:.1f} times the room; its indexes {index:.1f} times, "
        "since those for sorting and searching cannot exist.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
