"""Who is calling, at a million sessions: python -m bench.identity [--sessions 1000000].

Measures http.enter inside the database, with a session and with an API key, in a small and in a
large database of the same run, and shows the plans. Writes bench/results/identity.md.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from pyapp import engine, migrate
from pyapp.settings import Settings

RESULT = Path(__file__).resolve().parent / "results" / "identity.md"
CALLS = 20_000

# As a superuser past the triggers: the rows are what counts here, not how they came.
FILL: LiteralString = """
set session_replication_role = replica;
insert into auth.users (id, username, email)
select md5('u' || n)::uuid, 'bench' || n, 'bench' || n || '@example.org'
  from generate_series(%(have)s / 20 + 1, %(want)s / 20) n;
insert into auth.user_roles (user_id, role)
select md5('u' || n)::uuid, 'user' from generate_series(%(have)s / 20 + 1, %(want)s / 20) n;
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select md5('u' || (n - 1) / 20 + 1)::uuid, sha256(('s' || n)::bytea), sha256(('r' || n)::bytea),
       now() + interval '1 day', now() + interval '1 day'
  from generate_series(%(have)s + 1, %(want)s) n;
insert into auth.api_keys (user_id, name, prefix, secret_hash, scopes)
select md5('u' || (n - 1) / 2 + 1)::uuid, 'bench', 'plk_', sha256(('k' || n)::bytea), '{*}'
  from generate_series(%(have)s / 10 + 1, %(want)s / 10) n;
reset session_replication_role;
"""
# What it costs to loop and to make the digest is measured beside it and taken off.
LOOP: LiteralString = """
do $$
declare
  v_begun timestamptz;
  v_bare  interval;
  v_token bytea;
begin
  v_begun := clock_timestamp();
  for n in 1 .. {calls} loop
    v_token := sha256(({kind} || 1 + (n * 7919::bigint) % {range})::bytea);
  end loop;
  v_bare := clock_timestamp() - v_begun;
  v_begun := clock_timestamp();
  for n in 1 .. {calls} loop
    v_token := sha256(({kind} || 1 + (n * 7919::bigint) % {range})::bytea);
    perform e.user_id from http.enter('user', null, v_token, '') e;
  end loop;
  perform set_config('bench.seconds',
                     extract(epoch from clock_timestamp() - v_begun - v_bare)::text, false);
end $$
"""
EXPLAIN: LiteralString = """
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set auto_explain.log_buffers = on;
set client_min_messages = log;
"""


def measure(connection: psycopg.Connection[Any], sessions: int) -> dict[str, float]:
    """Microseconds per check; the best of five loops."""
    found = {}
    for name, kind, rows in (("session", "'s'", sessions), ("API key", "'k'", sessions // 10)):
        loop = LOOP.replace("{calls}", str(CALLS)).replace("{kind}", kind)
        seconds = []
        for _ in range(5):
            connection.execute(loop.replace("{range}", str(rows)).encode())
            row = connection.execute("select current_setting('bench.seconds')::float").fetchone()
            assert row
            seconds.append(float(row[0]))
        found[name] = min(seconds) / CALLS * 1e6
        spread = statistics.pstdev(seconds) / CALLS * 1e6
        print(f"{sessions:9,} sessions  {name:8} {found[name]:6.1f} us (spread {spread:.1f})")
    return found


def plans(connection: psycopg.Connection[Any], kind: str) -> str:
    """What one check runs, as PostgreSQL tells it."""
    told: list[str] = []
    connection.execute(EXPLAIN)
    connection.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    token = f"sha256('{kind}77'::bytea)"
    connection.execute(f"select e.user_id from http.enter('user', null, {token}, '') e".encode())
    connection.execute("reset client_min_messages; set auto_explain.log_min_duration = -1")
    return "\n".join(text for text in told if "Index Scan" in text or "Seq Scan" in text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.identity", description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    want = parser.parse_args().sessions
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(env="test", data=Path(folder) / "data")
        with engine.servers(settings) as there:
            migrate.up(there.admin_url)
            with psycopg.connect(there.admin_url, autocommit=True) as connection:
                figures, have = [], 0
                for size in (1_000, want):
                    begun = time.monotonic()
                    connection.execute(
                        psycopg.ClientCursor(connection).mogrify(FILL, {"have": have, "want": size})
                    )
                    connection.execute("vacuum analyze auth.users, auth.sessions, auth.api_keys")
                    print(f"{size:9,} sessions  made in {time.monotonic() - begun:.0f} s")
                    figures.append(measure(connection, size))
                    have = size
                shown = {kind: plans(connection, kind) for kind in ("s", "k")}
    small, large = figures
    lines = [
        "# Who is calling",
        "",
        f"`python -m bench.identity --sessions {want}`: `http.enter` inside the database, over "
        f"{CALLS:,} calls, a digest that is another each time.",
        "",
        f"| | at 1,000 sessions | at {want:,} | ratio |",
        "|---|---|---|---|",
        *(
            f"| {name} | {small[name]:.1f} us | {large[name]:.1f} us "
            f"| {large[name] / small[name]:.2f} |"
            for name in small
        ),
        "",
        f"API keys: a tenth of the sessions. At {want:,} the statements in it run like this:",
        "",
    ]
    for name, kind in (("A session", "s"), ("An API key", "k")):
        lines += [f"{name}:", "", "```", shown[kind], "```", ""]
    RESULT.write_text("\n".join(lines).rstrip() + "\n")
    print(f"written to {RESULT}")
    return 0 if max(large.values()) < 1000 and "Seq Scan" not in "".join(shown.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
