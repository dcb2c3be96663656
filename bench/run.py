"""One interleaved run over everything that is compared: each round measures every point once."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
import redis

from bench import machine, report
from bench.load import Processes, Request, pgbench, wrk
from bench.machine import BenchError
from bench.servers import PACKAGES, Server, commands, environment, install, login, running
from pyapp import engine, migrate
from pyapp.settings import Settings

RESULTS = Path(__file__).with_name("results")
USERS, SIGNED_IN = 2000, 64
PASSWORD = "correct horse battery staple"
# Accounts as a registration leaves them, each signed in once; the tokens of some come back.
_POPULATE = """
with people as (
  insert into auth.users (username, email, full_name, password_hash)
  select n.name, n.name || '@example.org', 'Benjamin Bench',
         case when n.name = 'bench0001' then core.hash_password(%s) end
    from (select 'bench' || to_char(n, 'FM0000') as name from generate_series(1, %s) n) n
  returning id, username),
roles as (insert into auth.user_roles (user_id, role) select id, 'user' from people),
tokens as materialized (select id, username, core.new_token('pls', id) as token from people),
sessions as (
  insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
  select id, sha256(token::bytea), sha256(id::text::bytea), now() + '1 day', now() + '1 day'
    from tokens)
select username, token from tokens order by username desc limit %s
"""
Point = Callable[[], dict[str, float]]


@dataclass
class Bench:
    """Everything a round needs."""

    folder: Path
    cores: tuple[int, int]
    seconds: int
    there: engine.Servers
    statement: str
    people: list[tuple[str, str]]
    env: dict[str, str]
    postgres: int
    redis: int
    servers: dict[str, Server] = field(default_factory=dict)

    def points(self) -> dict[str, Point]:
        """What is measured, by name: over HTTP, then with pgbench in the server's place."""
        people = [(f'"{name}"', {"Authorization": f"Bearer {word}"}) for name, word in self.people]
        me = [Request("/v1/me", *person) for person in people]
        ours = [Request("/v1/me", *person, limited=True) for person in people]
        fresh = [replace(r, headers={**r.headers, "Cache-Control": "no-cache"}) for r in ours]
        words = json.dumps({"login": "bench0001", "password": PASSWORD})
        sign_in = Request("/v1/sessions", '"pls_', {"Content-Type": "application/json"}, words)
        found: dict[str, Point] = {}
        for point, name, requests, clients in (
            ("hello", "hello", [Request("/", "hello", {})], 64),
            ("livez", "plinth", [Request("/livez", '"ok"', {})], 64),
            ("cached", "plinth", ours, 64),
            ("uncached", "plinth", fresh, 64),
            ("pool", "pool", me, 64),
            ("tuned", "tuned", me, 64),
            ("fastapi", "fastapi", me, 64),
            ("fastify", "fastify", me, 64),
            ("sign_in", "plinth", [sign_in], 2),
        ):
            if server := self.servers.get(name):
                found[point] = partial(self.over_http, point, server, requests, clients)
        token = "\\x" + sha256(self.people[0][1].encode()).hexdigest()
        # To pgbench a lone colon begins a variable, also in a text like 'self:read'.
        same = re.sub(r"(?<!:):(?=\w)", "'||chr(58)||'", self.statement)
        same = same.replace("$1", ":token").replace("$2", ":context")
        for clients in (4, 8):
            given = ("-D", f"token={token}", "-D", "context=bench")
            found[f"pgbench{clients}"] = partial(self.direct, same, clients, self.env, *given)
        for way in ("limiting", "lua"):
            found[way] = partial(self.limiting, way)
        bcrypt = "select ext.crypt('password', ext.gen_salt('bf', 12));"
        found["bcrypt"] = partial(self.direct, bcrypt, 1, self.env | login(self.there.admin_url))
        return found

    def over_http(
        self, point: str, server: Server, requests: list[Request], clients: int
    ) -> dict[str, float]:
        who = Processes(server.pid, self.postgres, self.redis, self.cores)
        connection = HTTPConnection("127.0.0.1", server.port)
        for request in requests * 2:  # the first answers differ: nothing is cached for them
            request.ask(connection)
        before, seconds = self.told(), self.seconds * (1 if clients > 8 else 2)
        found = who.measure(lambda: wrk(server.port, requests, clients, seconds, self.folder))
        if point in ("cached", "uncached"):
            hits, asked, metered = (a - b for a, b in zip(self.told(), before, strict=True))
            found["hit_share"] = share = hits / asked
            if not (share > 0.98 if point == "cached" else share < 0.02):
                raise BenchError(f"{point}: {share:.1%} of the answers came from the cache")
            if metered < 0.98 * asked:
                raise BenchError(f"{point}: {metered:,.0f} of {asked:,.0f} calls were metered")
        return found

    def limiting(self, way: str) -> dict[str, float]:
        """A process on the server's core that does nothing but limit calls."""

        def run() -> dict[str, float]:
            command = [sys.executable, "-m", "bench.limits", way, str(self.seconds)]
            ended = subprocess.run(
                command, env=self.env, capture_output=True, text=True, check=False
            )
            if ended.returncode:
                raise BenchError(f"{way}: {ended.stderr[-500:]}")
            told: dict[str, float] = json.loads(ended.stdout)
            return told

        with machine.core(self.cores[0]):
            return Processes(None, self.postgres, self.redis, self.cores).measure(run)

    def told(self) -> tuple[float, float, float]:
        """Answers from the cache, answers that could have been, and calls metered, so far."""
        with urlopen(f"http://127.0.0.1:{self.servers['plinth'].port}/metrics") as answer:
            told = answer.read().decode()
        found = dict(re.findall(r'plinth_cache_answers_total{result="(\w+)"} (\S+)', told))
        metered = re.findall(r"(?m)^plinth_usage_(?:sent_total|waiting) (\S+)", told)
        hits, asked = float(found.get("hit", 0)), sum(map(float, found.values()))
        return hits, asked, sum(map(float, metered))

    def direct(
        self, script: str, clients: int, env: dict[str, str], *more: str
    ) -> dict[str, float]:
        """pgbench in the server's place: on its core, over the same socket."""
        path = self.folder / "script.sql"
        path.write_text(script)
        program = Path(str(self.there.bin_dir)) / "pgbench"
        who = Processes(None, self.postgres, self.redis, self.cores)
        with machine.core(self.cores[0]):
            return who.measure(lambda: pgbench(program, path, clients, self.seconds, env, *more))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="also FastAPI and fastify")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="per point and round")
    parser.add_argument("--only", help="these points, with commas between them; writes no report")
    given = parser.parse_args()
    try:
        cores = machine.cores()
        install(peers=given.peers)
        sys.path.append(str(PACKAGES))
        # Inherited by PostgreSQL, Redis and wrk; only the servers go elsewhere.
        with machine.core(cores[1]), ExitStack() as stack:
            return _run(given, stack, cores)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2


def _run(given: argparse.Namespace, stack: ExitStack, cores: tuple[int, int]) -> int:
    bench, facts = _prepare(given, stack, cores)
    wanted = given.only.split(",") if given.only else report.NAMES
    points = [(name, point) for name, point in bench.points().items() if name in wanted]
    for _, point in points:
        point()  # warm: prepared statements, filled cache, JIT-compiled JavaScript
    rounds: report.Rounds = []
    for number in range(given.rounds):
        # Each round begins elsewhere, so that no point always follows the same one.
        first = number * 3 % len(points)
        rounds.append({})
        for name, point in points[first:] + points[:first]:
            rounds[-1][name] = found = point()
            told = f"{found['rate']:10,.1f}/s  {found['server_us']:7,.0f} us"
            print(f"round {number + 1}  {name:9} {told}", flush=True)
    bars = report.bars(rounds)
    if not given.only:
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        RESULTS.mkdir(exist_ok=True)
        text = report.markdown(rounds, facts, given.seconds, when)
        (RESULTS / "latest.md").write_text(text)
        (RESULTS / "latest.svg").write_text(report.picture(rounds))
        kept = {"when": when, "seconds": given.seconds, "facts": facts, "rounds": rounds}
        (RESULTS / "latest.json").write_text(json.dumps(kept, indent=1))
        print(f"\n{text}\nwritten to bench/results: latest.md, latest.svg, latest.json\n")
    for bar in bars:
        floor = f">= {bar.floor}" if bar.floor else ""
        print(f"{bar.verdict:4}  {bar.ratio!s:20} {floor:7}  {bar.what}")
    return any(bar.verdict == "FAIL" for bar in bars)


def _prepare(
    given: argparse.Namespace, stack: ExitStack, cores: tuple[int, int]
) -> tuple[Bench, dict[str, str]]:
    """An installation of our own with people in it, and all servers running."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plinth-bench-")))
    folder.chmod(0o711)
    # Limits are looked up and counted as for everybody, and never reached.
    high = dict.fromkeys((f"rate_limit_requests_per_{t}" for t in ("minute", "hour", "day")), 10**9)
    settings = Settings(data=folder / "data").with_(**high)
    there = stack.enter_context(engine.servers(settings))
    migrate.up(there.admin_url)
    engine.settle(there, settings)
    options = there.apply(settings).key_options
    with psycopg.connect(there.admin_url, options=options, autocommit=True) as connection:
        people = connection.execute(_POPULATE, (PASSWORD, USERS, SIGNED_IN)).fetchall()
        connection.execute("select api.remove_route_limit('POST /v1/sessions')")
        connection.execute("vacuum analyze")
        asked = "select http.catalog(), version(), current_setting('fsync')"
        told: Any = connection.execute(asked).fetchone()
    routes = {(row["method"], row["path"]): row["statement"] for row in told[0]["routes"]}
    statement = routes["GET", "/v1/me"].replace("{args}", "")
    with redis.Redis.from_url(str(there.redis_url)) as keeper:
        about: Any = keeper.info("server")
    postgres = int((settings.data / "pgdata/postmaster.pid").read_text().split()[0])
    env = environment(there, settings, statement)
    bench = Bench(
        folder, cores, given.seconds, there, statement, people, env, postgres, about["process_id"]
    )
    for name, command in commands(peers=given.peers).items():
        server = running(name, command, cores[0], env, folder)
        bench.servers[name] = stack.enter_context(server)
    version = f"{told[1].split()[1]}, fsync {told[2]}"
    return bench, machine.facts(version, about["redis_version"], peers=given.peers)
