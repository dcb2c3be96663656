"""Users with 1,000, 100,000 and a million messages in one database: python -m bench.messages

What a call of the function behind each route costs inside the database, asked for each of them in
turn, with the plans that ran for the largest; then loading much at once with `plinth import`,
beside COPY into the same tables and into equal ones without triggers and foreign keys. Writes
bench/results/messages.md.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg

from bench.search import texts
from pyapp import bulk, engine, migrate
from pyapp.settings import Settings

RESULT = Path(__file__).with_name("results") / "messages.md"
FLAT = 1.5  # how much more a list may cost at the largest size
_TEXTS = 20_000
_OWNERS = """
insert into auth.users (id, username, email)
select format('019e0000-0000-7000-8000-%%s', lpad(n::text, 12, '0'))::uuid, 'bench' || n,
       'bench' || n || '@example.org' from generate_series(1, 9) n;
create temp table texts (n integer, role text, content text, metadata jsonb);
"""
# Half of the messages are in one conversation, the others in conversations of ten, over two
# years. Past the triggers, which do what is written here by hand.
_FILL = """
set session_replication_role = replica;
create temp table talks on commit drop as
  select n, base.id_at(now() - interval '2 years' + n * interval '1 second') as id
    from generate_series(0, %(messages)s / 20) n;
insert into chat.conversations (user_id, id, title)
select %(one)s, t.id, 'Talk ' || t.n from talks t;
insert into chat.messages
  (user_id, id, conversation_id, role, content, created_at, updated_at, search, prompt_tokens)
select %(one)s, base.id_at(r.at), t.id, x.role, x.content, r.at, r.at, x.search,
       length(x.content) / 4
  from (select n, now() - (%(messages)s - n) * (interval '2 years' / %(messages)s) as at,
               case when n %% 2 = 0 then 0 else 1 + n / 20 end as talk
          from generate_series(0, %(messages)s - 1) n) r
  join talks t on t.n = r.talk
  join words x on x.n = r.n %% %(texts)s;
update chat.conversations c
   set message_count = m.messages, first_message_id = m.first_id::uuid,
       last_message_id = m.last_id::uuid, last_message_at = m.last_at, updated_at = m.last_at
  from (select n.conversation_id, count(*) as messages, min(n.id::text) as first_id,
               max(n.id::text) as last_id, max(n.created_at) as last_at
          from chat.messages n where n.user_id = %(one)s group by 1) m
 where c.user_id = %(one)s and c.id = m.conversation_id;
reset session_replication_role;
"""
_LONG = "(select id from chat.conversations where user_id = '{one}' order by id limit 1)"
# What is called, and how; {talk} is the long conversation, {after} a message somewhere in it.
CALLS = {
    "list messages, newest": "select count(*) from api.get_messages('{one}', '{talk}')",
    "list messages, anywhere": (
        "select count(*) from api.get_messages('{one}', '{talk}', p_after => '{after}')"
    ),
    "list conversations": "select count(*) from api.get_user_conversations('{one}')",
    "context window, 4,000 tokens": (
        "select tokens from api.get_context_window('{one}', '{talk}', 4000)"
    ),
    "export, a page": (
        "select count(*) from api.export_conversations('{one}', '{talk}', '{talk}/{after}')"
    ),
    "search, a rare word": "select count(*) from api.search_messages('{one}', 'hundredth', 20)",
    "search, a word in 10 %": "select count(*) from api.search_messages('{one}', 'tenpercent', 20)",
    "insert a message": "select id from api.create_message('{one}', '{talk}', 'user', '{text}')",
}
_LISTS = ("list messages, newest", "list messages, anywhere", "list conversations")
_EXPLAIN = """
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set auto_explain.log_buffers = on;
set client_min_messages = log;
"""


def main() -> int:
    parser = argparse.ArgumentParser("bench.messages")
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--messages", type=int, default=100_000, help="to load at once")
    parser.add_argument("--vectors", type=int, default=100_000, help="to load at once")
    parser.add_argument("--indexed", type=int, default=3_000, help="of these with an HNSW index")
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
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
        connection.execute(_OWNERS.replace("%%", "%").encode())
        made = texts(_TEXTS)
        with connection.cursor().copy("copy texts from stdin") as copy:
            for row in made:
                copy.write_row(row)
        connection.execute(
            "create temp table words as select n, case role when 'tool' then 'user' else role end,"
            " content, to_tsvector('english', content) as search from texts"
        )
        # The second one is who loads much at once.
        owners = [f"019e0000-0000-7000-8000-{n:012}" for n in range(3, 3 + len(sizes))]
        for owner, size in zip(owners, sizes, strict=True):
            _fill(connection, owner, size)
        for table in ("messages", "conversations", "message_client_ids"):
            connection.execute(f"vacuum (analyze) chat.{table}".encode())
        costs = _measure(connection, owners, given.calls)
        plans = _plans(connection, owners[-1])
        loads = list(_loads(connection, settings, folder, given, [text[2] for text in made]))
    text = _report(sizes, costs, plans, loads, given)
    RESULT.write_text(text)
    print(f"{text}\nwritten to {RESULT}")
    flat = all(costs[name][-1] <= FLAT * costs[name][0] for name in _LISTS)
    return 0 if flat else 1


def _fill(connection: psycopg.Connection[Any], owner: str, messages: int) -> None:
    print(f"{messages:,} messages", flush=True)
    names = {"one": owner, "messages": messages, "texts": _TEXTS}
    with connection.transaction():
        for statement in _FILL.split(";\n"):
            if statement.strip():
                wanted = {name: names[name] for name in names if f"%({name})s" in statement}
                connection.execute(statement.encode(), wanted or None)


def _calls(connection: psycopg.Connection[Any], owner: str) -> Callable[[str], bytes]:
    """Makes a statement of one of the calls, each time with another place."""
    dice = random.Random(1)
    row: Any = connection.execute(_LONG.format(one=owner).strip("()").encode()).fetchone()
    talk = row[0]
    ids = [
        str(row[0])
        for row in connection.execute(
            "select id from chat.messages where conversation_id = %s order by id"
            " offset 50 limit 100000",
            [talk],
        )
    ]

    def make(call: str) -> bytes:
        filled = call.format(one=owner, talk=talk, after=dice.choice(ids), text="hello " * 20)
        return filled.encode()

    return make


def _measure(
    connection: psycopg.Connection[Any], owners: list[str], calls: int
) -> dict[str, list[float]]:
    """The middle one of the milliseconds that a call took for each owner, each a transaction of its
    own. They take turns, so that a slow moment of the machine is everybody's."""
    makes, found = [_calls(connection, owner) for owner in owners], {}
    for name, call in CALLS.items():
        seconds: list[list[float]] = [[] for _ in owners]
        for number in range(calls + 10):
            for make, took in zip(makes, seconds, strict=True):
                statement = make(call)
                begun = time.perf_counter()
                connection.execute(statement)
                if number >= 10:  # by then every plan is made
                    took.append(time.perf_counter() - begun)
        found[name] = [statistics.median(took) * 1000 for took in seconds]
        print(f"  {name}: {', '.join(f'{ms:.2f}' for ms in found[name])} ms", flush=True)
    return found


def _plans(connection: psycopg.Connection[Any], owner: str) -> dict[str, list[str]]:
    """What auto_explain tells of each call when its plans have settled."""
    heard: list[str] = []
    make, found = _calls(connection, owner), {}

    def listen(diagnostic: psycopg.errors.Diagnostic) -> None:
        heard.append(diagnostic.message_primary or "")

    connection.add_notice_handler(listen)
    connection.execute(_EXPLAIN.encode())
    for name, call in CALLS.items():
        for _ in range(7):
            heard.clear()
            connection.execute(make(call))
        # The statements that read messages or conversations; not those that ask for a setting.
        found[name] = [plan for plan in heard if "chat." in plan and "Scan" in plan]
    connection.remove_notice_handler(listen)
    connection.execute("set client_min_messages = warning; set auto_explain.log_min_duration = -1")
    return found


# ---------------------------------------------------------------------------- much at once


@contextmanager
def _timed(found: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    found[name] = time.perf_counter() - begun


def _loads(
    connection: psycopg.Connection[Any], settings: Settings, folder: Path,
    given: argparse.Namespace, contents: list[str],
) -> Iterator[tuple[str, int, dict[str, float]]]:  # fmt: skip
    file = folder / "lines.ndjson"
    yield (
        "messages",
        given.messages,
        _load_messages(connection, settings, file, given.messages, contents),
    )
    for what, count, kind in (
        ("vectors of 768, index made afterwards", given.vectors, "none"),
        ("vectors of 768, into an HNSW index", given.indexed, "hnsw"),
    ):
        yield what, count, _load_vectors(connection, settings, file, count, kind)


def _quietly(load: Callable[[], None]) -> None:
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        load()


def _load_messages(
    connection: psycopg.Connection[Any], settings: Settings, file: Path, count: int,
    contents: list[str],
) -> dict[str, float]:  # fmt: skip
    print(f"loading {count:,} messages", flush=True)
    with file.open("w") as out:
        for n in range(count):
            if n % 100 == 0:
                line: dict[str, Any] = {"type": "conversation", "client_id": f"talk {n // 100}"}
                out.write(json.dumps(line) + "\n")
            line = {
                "type": "message", "client_id": f"message {n}", "conversation": f"talk {n // 100}",
                "role": ("user", "assistant")[n % 2], "content": contents[n % len(contents)],
                "created_at": f"2026-01-{1 + n // 5000 % 28:02}T{n // 200 % 24:02}:00:00Z",
            }  # fmt: skip
            out.write(json.dumps(line) + "\n")
    found: dict[str, float] = {}
    with _timed(found, "plinth import"):
        _quietly(lambda: bulk.import_messages(settings, str(file), "bench2"))
    tables = ("chat.conversations", "chat.messages", "chat.message_client_ids")
    return found | _copied(connection, tables, "bench2", file.parent)


def _load_vectors(
    connection: psycopg.Connection[Any], settings: Settings, file: Path, count: int, kind: str
) -> dict[str, float]:
    print(f"loading {count:,} vectors, index: {kind}", flush=True)
    connection.execute(
        "select api.create_embedding_model(%s, 768, p_index_kind => %s)", [f"bench-{kind}", kind]
    )
    dice = random.Random(3)
    with file.open("w") as out:
        for n in range(count):
            vector = ",".join(f"{dice.gauss(0, 1):.5f}" for _ in range(768))
            out.write(f'{{"content": "text {n}", "embedding": [{vector}]}}\n')
    found: dict[str, float] = {}
    with _timed(found, "plinth import"):
        _quietly(lambda: bulk.import_embeddings(settings, str(file), "bench2", f"bench-{kind}", ""))
    return found | _copied(connection, ("memory.embeddings",), "bench2", file.parent)


def _copied(
    connection: psycopg.Connection[Any], tables: tuple[str, ...], user: str, folder: Path
) -> dict[str, float]:
    """The same rows by COPY: once into the tables themselves, in place of those that were loaded,
    once into tables that are equal but for triggers and foreign keys. Removes them in the end."""
    found: dict[str, float] = {}
    row: Any = connection.execute(
        "select id from auth.users where username = %s", [user]
    ).fetchone()
    mine = f"where user_id = '{row[0]}'"
    columns = [_columns(connection, table) for table in tables]
    files = [folder / f"{number}.copy" for number in range(len(tables))]
    for table, listed, file in zip(tables, columns, files, strict=True):
        call = f"copy (select {listed} from {table} {mine}) to stdout"
        with file.open("wb") as out, connection.cursor().copy(call.encode()) as rows:
            for data in rows:
                out.write(data)
    connection.execute("create schema bench")
    equal = tuple(f"bench.t{number}" for number in range(len(tables)))
    for copy_of, table in zip(tables, equal, strict=True):
        like = f"create table {table} (like {_leaf(connection, copy_of, mine)} including all)"
        connection.execute(like.encode())
    _remove(connection, tables, mine)
    for name, made in (("COPY into the same tables", tables), ("COPY into equal ones", equal)):
        with _timed(found, name), connection.transaction():
            for table, listed, file in zip(made, columns, files, strict=True):
                call = f"copy {table} ({listed}) from stdin"
                with file.open("rb") as source, connection.cursor().copy(call.encode()) as rows:
                    while data := source.read(1 << 20):
                        rows.write(data)
    _remove(connection, tables, mine)
    connection.execute("drop schema bench cascade")
    return found


def _remove(connection: psycopg.Connection[Any], tables: tuple[str, ...], mine: str) -> None:
    for table in reversed(tables):
        connection.execute(f"delete from {table} {mine}".encode())
        connection.execute(f"vacuum {table}".encode())


def _columns(connection: psycopg.Connection[Any], table: str) -> str:
    row: Any = connection.execute(
        "select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a"
        " where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped"
        "   and a.attgenerated = ''",
        [table],
    ).fetchone()
    return str(row[0])


def _leaf(connection: psycopg.Connection[Any], table: str, mine: str) -> str:
    """The table of the most rows: a partition, which has all that its table has, or itself."""
    asked = f"select tableoid::regclass::text from {table} {mine} group by 1 order by count(*) desc"
    row: Any = connection.execute(asked.encode()).fetchone()
    return str(row[0]) if row else table


# ---------------------------------------------------------------------------------- report


def _report(
    sizes: list[int], costs: dict[str, list[float]], plans: dict[str, list[str]],
    loads: list[tuple[str, int, dict[str, float]]], given: argparse.Namespace,
) -> str:  # fmt: skip
    names = [f"{size:,}" for size in sizes]
    lines = [
        "# Few messages and many",
        "",
        "`make bench-messages`, in one run over one database with a user for each size. Half of a",
        "user's messages are in one conversation, the others in conversations of ten, over two",
        f"years. Milliseconds per call in the database, the middle one of {given.calls}, each a",
        "transaction of its own; the users take turns. A list may cost the user with most",
        f"{FLAT} times as much.",
        "",
        f"| call | {' | '.join(names)} | largest to smallest |",
        f"|---|{'---|' * (len(sizes) + 1)}",
    ]
    for name, found in costs.items():
        figures = " | ".join(f"{ms:.2f}" for ms in found)
        lines.append(f"| {name} | {figures} | {found[-1] / found[0]:.2f} |")
    lines += [
        "",
        "## Much at once",
        "",
        "`plinth import` reads a file of JSON lines, checks each, and calls the function behind",
        "the route, batch by batch, each a transaction. COPY gets finished rows, ids, search",
        "words and all, in one transaction: once into the same tables with their triggers and",
        "foreign keys, once into tables that are equal but for those.",
        "",
        "| what | rows | plinth import, rows/s | COPY into the same tables | ratio"
        " | COPY into equal ones | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for what, rows, took in loads:
        ours, same, equal = (rows / took[name] for name in took)
        lines.append(
            f"| {what} | {rows:,} | {ours:,.0f} | {same:,.0f} | {ours / same:.2f}"
            f" | {equal:,.0f} | {ours / equal:.2f} |"
        )
    lines += ["", f"## The plans, at {names[-1]}", ""]
    for name, found_plans in plans.items():
        lines += [f"### {name}", "", "```"]
        for plan in found_plans:
            begin = plan.find("\n", plan.find("Query Text:"))
            body = plan[begin:].strip() if begin > 0 else plan
            lines += [line[:160].rstrip() for line in body.splitlines() if "never exec" not in line]
            lines.append("")
        lines += ["```", ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
