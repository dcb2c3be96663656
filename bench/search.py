"""Searching a million messages of one user, and of ten thousand: python -m bench.search

The texts are what is written in Python's own library (docstrings and comments), cut into messages
of about 70 words; words of exact frequencies are put among them. Asked are the function that
answers the route, and the plain statement it would otherwise be: the index, all hits ranked.
"""

import argparse
import os
import random
import re
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from pyapp import engine, migrate
from pyapp.settings import Settings

RESULT = Path(__file__).with_name("results") / "search.md"
ONE = "019e0000-0000-7000-8000-000000000001"
_PLANTED = {
    "thirtypercent": 0.3, "anotherthirty": 0.3, "tenpercent": 0.1, "threepercent": 0.03,
    "onepercent": 0.01, "tenthpercent": 0.001, "hundredth": 0.0001,
}  # fmt: skip
# Kind of query -> the query, and further arguments of search_messages.
KINDS: dict[str, tuple[str, str]] = {
    "a word in 0.01 %": ("hundredth", ""),
    "a word in 0.1 %": ("tenthpercent", ""),
    "a word in 1 %": ("onepercent", ""),
    "a word in 3 %": ("threepercent", ""),
    "a word in 10 %": ("tenpercent", ""),
    "a word in 30 %": ("thirtypercent", ""),
    "a word that is nowhere": ("nowhere", ", p_correct => false"),
    "two words in 30 % each": ("thirtypercent anotherthirty", ""),
    "30 % and 0.1 %": ("thirtypercent tenthpercent", ""),
    "1 % or 0.01 %": ("onepercent or hundredth", ""),
    "a phrase": ('"return value"', ""),
    "30 % without another 30 %": ("thirtypercent -anotherthirty", ""),
    "the beginning of a word": ("hundr", ", p_mode => 'prefix'"),
    "a word, and a beginning": ("return fun", ", p_mode => 'prefix'"),
    "a slip, put right": ("tenthprecent", ""),
    "similar words": ("hundreth", ", p_mode => 'fuzzy'"),
    "10 %, by time": ("tenpercent", ", p_sort => 'time'"),
    "0.1 %, by time": ("tenthpercent", ", p_sort => 'time'"),
    "30 %, of a role in 0.1 %": ("thirtypercent", ", p_role => 'tool'"),
    "1 %, with metadata in 0.1 %": ("onepercent", """, p_metadata => '{"rare": true}'"""),
    "1 %, of one month": (
        "onepercent",
        ", p_from => now() - interval '13 months', p_to => now() - interval '12 months'",
    ),
}
_OWNERS = """
insert into auth.users (id, username, email)
select format('019e0000-0000-7000-8000-%%s', lpad(n::text, 12, '0'))::uuid, 'bench' || n,
       'bench' || n || '@example.org' from generate_series(1, %(users)s + 1) n;
insert into chat.conversations (user_id, title)
select u.id, 'Talk ' || n from auth.users u
 cross join lateral generate_series(1, case u.username when 'bench1' then 20000 else 2 end) n
 where u.username ~ '^bench';
create temp table talks as
  select c.user_id, c.id, (row_number() over (partition by c.user_id) - 1)::integer as n
    from chat.conversations c;
create index on talks (user_id, n);
analyze talks;
"""
# The trigger's own work, without what else happens when messages are written.
_ONE = """
set session_replication_role = replica;
insert into chat.messages
  (user_id, id, conversation_id, role, content, metadata, created_at, search)
select t.user_id, base.id_at(r.at), t.id, r.role, r.content, r.metadata, r.at,
       to_tsvector('english', chat.search_text(r.content))
  from (select t.*, now() - (%(messages)s - t.n) * interval '24 months' / %(messages)s as at
          from texts t) r
  join talks t on t.user_id = %(one)s and t.n = r.n %% 20000
 order by r.at;
"""
_MANY = """
set session_replication_role = replica;
insert into chat.messages
  (user_id, id, conversation_id, role, content, metadata, created_at, search)
select t.user_id, base.id_at(m.created_at), t.id, m.role, m.content, m.metadata, m.created_at,
       m.search
  from (select m.*, row_number() over () as n from chat.messages m where m.user_id = %(one)s) m
  join talks t on t.user_id = format('019e0000-0000-7000-8000-%%s',
                                     lpad((2 + m.n %% %(users)s)::text, 12, '0'))::uuid
              and t.n = m.n / %(users)s %% 2;
"""
_PLAIN = """
select m.id, m.content, ts_headline('english', m.content, q.q), m.rank
  from (select m.id, m.content, ts_rank_cd(m.search, q.q, 1) as rank
          from chat.messages m, websearch_to_tsquery('english', %(query)s) q (q)
         where m.user_id = %(user)s and m.search @@ q.q
         order by rank desc, m.id desc limit 20) m, websearch_to_tsquery('english', %(query)s) q (q)
"""
_SIZES = """
select pg_size_pretty(sum(pg_table_size(i.inhrelid))),
       pg_size_pretty(sum(pg_indexes_size(i.inhrelid))),
       (select pg_size_pretty(sum(pg_relation_size(x.inhrelid))) from pg_inherits x
         where x.inhparent = 'chat.messages_search_idx'::regclass)
  from pg_inherits i where i.inhparent = 'chat.messages'::regclass
"""
# What a message costs when it is written: tables like it, with more and more of what searches need.
_INDEX = "create index on {0} using gin (user_id, role, search, metadata jsonb_path_ops)"
_WRITES = {
    "no search": "alter table {0} drop column search",
    "its words": "{1}",
    "its words and the index": "{1};" + _INDEX,
    "the same, 1 MB waiting at most": "{1};" + _INDEX + " with (gin_pending_list_limit = 1024)",
    "the same, fastupdate off": "{1};" + _INDEX + " with (fastupdate = off)",
}
_WRITE_TABLE = """
create table {0} (like chat.messages including defaults including storage including constraints);
alter table {0} add primary key (user_id, id);
create index on {0} (user_id, conversation_id, id);
"""
_TRIGGER = """create trigger keep before insert on {0}
 for each row execute function chat.tg_messages__keep_search()"""
_WRITE = """insert into {0} (user_id, conversation_id, role, content)
 select w.user_id, w.conversation_id, w.role, w.content from bench.written w where w.n"""


def texts(count: int) -> "list[tuple[int, str, str, str]]":
    """Number, role, content and metadata of each message."""
    words: list[str] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
        try:
            source = path.read_text()
        except (OSError, UnicodeDecodeError):
            continue
        for found in re.finditer(r'"""(.*?)"""|#([^\n]*)', source, re.DOTALL):
            words += re.findall(r"[A-Za-z][A-Za-z'-]*[.,;:?]?|\d+", found[1] or found[2] or "")
    dice = random.Random(1)  # the same texts every time
    made = []
    for n in range(count):
        length = min(600, max(5, int(dice.lognormvariate(4, 0.8))))
        begin = dice.randrange(len(words) - length)
        text = words[begin : begin + length]
        for word, share in _PLANTED.items():
            if dice.random() < share:
                text.insert(dice.randrange(len(text)), word)
        role = "tool" if n % 1000 == 500 else ("user", "assistant")[n % 2]
        made.append((n, role, " ".join(text), '{"rare": true}' if n % 1000 == 7 else "{}"))
    return made


def main() -> int:
    parser = argparse.ArgumentParser("bench.search")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=10_000, help="who have as many together")
    parser.add_argument("--calls", type=int, default=40)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plinth-bench-")))
        folder.chmod(0o711)
        settings = Settings(data=folder / "data")
        there = stack.enter_context(engine.servers(settings))
        migrate.up(there.admin_url)
        options = there.apply(settings).key_options
        connection = stack.enter_context(
            psycopg.connect(there.admin_url, options=options, autocommit=True)
        )
        writes = _writes(connection, given.messages // 20, rounds=5)
        _fill(connection, given.messages, given.users)
        dice = random.Random(2)
        one = {kind: _asked(connection, kind, given.calls, lambda: 1) for kind in KINDS}
        many = {
            kind: _asked(connection, kind, given.calls, lambda: dice.randrange(2, given.users + 2))
            for kind in KINDS
        }
        sizes: Any = connection.execute(_SIZES.encode()).fetchone()
    text = _report(given, one, many, writes, sizes)
    RESULT.write_text(text)
    print(f"{text}\nwritten to {RESULT}")
    return 0


def _fill(connection: psycopg.Connection[Any], messages: int, users: int) -> None:
    names = {"messages": messages, "users": users, "one": f"'{ONE}'"}
    print("writing the texts", flush=True)
    connection.execute(
        "create temp table texts (n integer, role text, content text, metadata jsonb)"
    )
    with connection.cursor().copy("copy texts from stdin") as copy:
        for row in texts(messages):
            copy.write_row(row)
    # Made again behind the rows, as an index that grew with them would be, only sooner.
    index = connection.execute(
        "select replace(pg_get_indexdef('chat.messages_search_idx'::regclass), 'ON ONLY', 'ON')"
    ).fetchone()
    connection.execute("drop index chat.messages_search_idx")
    for step in (_OWNERS, _ONE, _MANY):
        print("filling", flush=True)
        connection.execute((step % names).encode())
    connection.execute("set maintenance_work_mem = '512MB'")
    assert index
    connection.execute(index[0].encode())
    connection.execute("reset session_replication_role")
    connection.execute("vacuum analyze chat.messages, chat.conversations")
    connection.execute("checkpoint")


@dataclass
class Asked:
    """One kind of query, asked many times: milliseconds."""

    calls: list[float]
    cpu: float  # of PostgreSQL's process, per call: what a machine of one's own would take
    plain: float | None

    def __str__(self) -> str:
        ordered = sorted(self.calls)
        worst = ordered[int(len(ordered) * 0.95)]
        return f"{self.cpu:.1f} | {statistics.median(ordered):.1f} / {worst:.1f}"


def _asked(
    connection: psycopg.Connection[Any], kind: str, calls: int, whose: Callable[[], int]
) -> Asked:
    query, more = KINDS[kind]
    statement = f"select * from api.search_messages(%s, %s, 20{more})".encode()
    took, plain = [], []
    users = [f"019e0000-0000-7000-8000-{whose():012}" for _ in range(calls + 3)]
    for user in users[calls:]:
        connection.execute(statement, [user, query])
    before = _cpu(connection)
    for user in users[:calls]:
        began = time.perf_counter()
        connection.execute(statement, [user, query]).fetchall()
        took.append((time.perf_counter() - began) * 1000)
    cpu = (_cpu(connection) - before) / calls * 1000
    for user in users[calls:] if not more else ():
        began = time.perf_counter()
        connection.execute(_PLAIN.encode(), {"query": query, "user": user}).fetchall()
        plain.append((time.perf_counter() - began) * 1000)
    return Asked(took, cpu, min(plain, default=None))


def _cpu(connection: psycopg.Connection[Any]) -> float:
    """Seconds that the connection's process has worked."""
    fields = (
        Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    )
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _writes(
    connection: psycopg.Connection[Any], rows: int, rounds: int
) -> dict[str, tuple[list[float], list[float]]]:
    """Microseconds of CPU per message, one by one and thousands at once, in each round."""
    connection.execute(
        b"create schema bench; create table bench.written (n integer primary key, user_id uuid,"
        b" conversation_id uuid, role text, content text);"
        b"insert into auth.users (id, username, email)"
        b" values ('019e0000-0000-7000-8000-00000000ffff', 'writer', 'writer@example.org');"
        b"insert into chat.conversations (user_id) values ('019e0000-0000-7000-8000-00000000ffff')"
    )
    with connection.cursor().copy("copy bench.written (n, role, content) from stdin") as copy:
        for n, role, content, _ in texts(rows):
            copy.write_row((n, role, content))
    connection.execute(
        b"update bench.written set (user_id, conversation_id) ="
        b" (select c.user_id, c.id from chat.conversations c limit 1)"
    )
    found: dict[str, tuple[list[float], list[float]]] = {}
    for number, (name, form) in enumerate(_WRITES.items()):
        table = f"bench.w{number}"
        connection.execute((_WRITE_TABLE + form).format(table, _TRIGGER.format(table)).encode())
        found[name] = ([], [])
    half = rows // rounds // 2
    for first in range(0, 2 * half * rounds, 2 * half):
        for number, name in enumerate(_WRITES):
            write = _WRITE.format(f"bench.w{number}")
            loop = f"for i in {first} .. {first + half - 1} loop {write} = i; end loop"
            at_once = f"{write} between {first + half} and {first + 2 * half - 1}"
            for kept, statement in zip(
                found[name], (f"do $$ begin {loop}; end $$", at_once), strict=True
            ):
                before = _cpu(connection)
                connection.execute(statement.encode())
                kept.append((_cpu(connection) - before) / half * 1e6)
    connection.execute(b"drop schema bench cascade; delete from auth.users")
    return found


def _report(
    given: argparse.Namespace,
    one: dict[str, Asked],
    many: dict[str, Asked],
    writes: dict[str, tuple[list[float], list[float]]],
    sizes: tuple[str, ...],
) -> str:
    lines = [
        "# Searching messages",
        "",
        time.strftime("%Y-%m-%d %H:%M UTC, ", time.gmtime())
        + f"{os.cpu_count()} cores shared with other work, load {os.getloadavg()[0]:.1f}.",
        f"{given.messages:,} messages of one user and as many of {given.users:,} others in one "
        f"table: {sizes[0]} with their words, indexes {sizes[1]}, of which for searching "
        f"{sizes[2]}. Up to 20 hits, the best of the newest 200, highlighted; {given.calls} calls. "
        "CPU is that of PostgreSQL, which other work on the machine does not stretch. "
        "Plain is the index and then a rank for all hits, best of three. "
        "`python -m bench.search`.",
        "",
        "| what is asked for | one user has all: CPU, ms | p50 / p95, ms | plain, ms "
        "| one of many: CPU, ms | p50 / p95, ms |",
        "|---|---|---|---|---|---|",
    ]
    for kind, asked in one.items():
        plain = "" if asked.plain is None else f"{asked.plain:,.1f}"
        lines.append(f"| {kind} | {asked} | {plain} | {many[kind]} |")
    lines += [
        "",
        "What a message of about 440 characters costs when it is written, microseconds of "
        "PostgreSQL's CPU, medians of 5 interleaved rounds, times what it costs without search:",
        "",
        "| table like chat.messages with | one by one | many at once |",
        "|---|---|---|",
    ]
    bare = [statistics.median(values) for values in next(iter(writes.values()))]
    for name, both in writes.items():
        cells = [
            f"{statistics.median(v):,.0f} ({statistics.median(v) / b:.1f}x)"
            for v, b in zip(both, bare, strict=True)
        ]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
