"""Vector search on real texts, beside what runs in its caller's own process.

python -m bench.vectors [--quick] [--only 10k-768,...] [--rounds N]; bench.corpus has the texts.

Everything is called as its users call it: Plinth through api.search_similar_embeddings and over
HTTP, the others through their Python packages. Each looks as hard as it has to for a recall@10 of
0.95, and in every round each is asked the same questions in turn.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # before numpy: its threads would take both cores

import numpy as np
import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types.json import Jsonb
from psycopg.types.numeric import Int4

from bench import corpus, machine, vectors_report
from bench.load import pgbench
from bench.machine import BenchError
from bench.servers import HERE, PEERS, environment, login, packages, running
from pyapp import engine, migrate
from pyapp.settings import Settings

K, WANTED = 10, 0.95
LADDER = (
    10, 12, 15, 18, 20, 22, 25, 28, 30, 35, 40, 45, 50, 55,
    60, 65, 70, 75, 80, 85, 90, 95, 100, 120, 150, 200, 300, 400,
)  # fmt: skip
CALLS = 300  # of each point in each round: every question once
M, EF_CONSTRUCTION = 16, 128  # of every graph, whosever it is; what a model is made with
CLIENTS, SECONDS = 8, 5
BIG, SMALL = (UUID(f"01900000-0000-7000-8000-00000000000{n}") for n in (1, 2))
# The indexes have to fit; the others hold theirs in memory, too.
_MEMORY: LiteralString = "alter system set shared_buffers = '1GB'"
_HUGE_PAGES = 600  # of 2 MB: those buffers and what else is shared
_PEOPLE: LiteralString = """
insert into auth.users (id, username, email)
select n.id, n.name, n.name || '@example.org'
  from (values (%s::uuid, 'benchbig'), (%s::uuid, 'benchsmall')) as n (id, name)
"""
_ROLE: LiteralString = "insert into auth.user_roles (user_id, role) values (%s, 'user')"
_SESSION: LiteralString = """
with token as materialized (select core.new_token('pls', %(user)s) as token),
kept as (
  insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
  select %(user)s, sha256(t.token::bytea), sha256('bench'::bytea), now() + '1 day', now() + '1 day'
    from token t)
select t.token from token t
"""
_MODEL: LiteralString = """
select c.name from api.create_embedding_model(
  p_name => %s, p_dimensions => %s, p_storage => %s, p_hnsw_m => %s, p_hnsw_ef_construction => %s) c
"""
_MADE: LiteralString = """
select m.id, m.hnsw_ef_search, x.relname, pg_get_indexdef(i.indexrelid)
  from memory.embedding_models m
  join pg_index i on i.indrelid = format('memory.embeddings_%%s', m.id)::regclass
  join pg_class x on x.oid = i.indexrelid
  join pg_am a on a.oid = x.relam and a.amname = 'hnsw'
 where m.name = %s
"""
_COPY: LiteralString = """
copy memory.embeddings (user_id, id, model_id, content, metadata, embedding)
  from stdin (format binary)
"""
_COUNT: LiteralString = """
insert into memory.embedding_counts (user_id, model_id, embeddings)
select e.user_id, e.model_id, count(*) from memory.embeddings e where e.model_id = %s
 group by e.user_id, e.model_id
"""
_SEARCH: LiteralString = """
select s.id, s.distance, s.content, s.metadata from api.search_similar_embeddings(
  p_user_id => %s, p_embedding => %s, p_model => %s, p_exact => %s, p_metadata => %s,
  p_ef_search => %s, p_limit => 10) s
"""
_SAME: LiteralString = """\\set n random(1, {questions})
select count(*) from api.search_similar_embeddings(p_user_id => '{user}', p_model => '{model}',
  p_embedding => (select q.question from bench.questions q where q.n = :n),
  p_ef_search => {effort}) s;
"""


@dataclass(frozen=True)
class Case:
    rows: int
    dimensions: int
    peers: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.rows // 1000}k-{self.dimensions}"


CASES = (
    Case(10_000, 768, ("hnswlib", "chromadb", "qdrant")),
    Case(10_000, 1536, ("hnswlib", "chromadb", "qdrant")),
    Case(100_000, 768, ("hnswlib",)),
)


class Vector(bytes):
    """A vector in the form pgvector sends and takes; its Python package does the same."""

    @classmethod
    def of(cls, numbers: Any) -> "Vector":
        return cls(len(numbers).to_bytes(2, "big") + b"\0\0" + numbers.astype(">f4").tobytes())


def percentiles(took: list[float], times: float) -> dict[str, float]:
    return {f"p{n}_ms": float(np.percentile(took, n)) * times for n in (50, 95)}


@dataclass
class Point:
    """Something that answers questions; what the answers ought to be; how often it is asked."""

    name: str
    ask: Callable[[int], list[int]]
    true: Any
    calls: int = CALLS
    effort: int | None = None
    recall: float = 0.0
    fewest: int = 0

    def look(self) -> float:
        """How many of the true answers it finds, over all questions. Makes it warm, too."""
        answers = [self.ask(n) for n in range(len(self.true))]
        hits = (len(set(a) & set(t)) for a, t in zip(answers, self.true.tolist(), strict=True))
        self.recall, self.fewest = sum(hits) / self.true.size, min(map(len, answers))
        return self.recall

    def measure(self, number: int) -> dict[str, float]:
        """The milliseconds that half of a round's calls took at most, and 95 % of them."""
        took = []
        for call in range(self.calls):
            n = (number * self.calls + call) % len(self.true)
            began = time.perf_counter()
            self.ask(n)
            took.append(time.perf_counter() - began)
        return percentiles(took, 1000)


@dataclass
class Bench:
    """One installation for all cases."""

    folder: Path
    there: engine.Servers
    settings: Settings
    texts: corpus.Corpus
    owner: psycopg.Connection[Any]
    operator: psycopg.Connection[Any]
    token: str


class Plinth:
    """One model with its rows; `effort` is how many candidates its index looks at."""

    def __init__(self, bench: Bench, case: Case, vectors: Any, questions: Any) -> None:
        self.bench, self.case, self.model = bench, case, f"bench-{case.name}"
        self.questions = [Vector.of(one) for one in questions]
        self.effort: int | None = None
        given = (self.model, case.dimensions, None, M, EF_CONSTRUCTION)
        bench.owner.execute(_MODEL, given)
        row: Any = bench.owner.execute(_MADE, (self.model,)).fetchone()
        self.id, self.default, index, definition = row
        # As a superuser past the triggers: the rows are what counts here, not how they came.
        run = bench.owner.execute
        run(f"drop index memory.{index}".encode())
        run("set session_replication_role = replica")
        began = time.perf_counter()
        with bench.owner.cursor().copy(_COPY) as copy:
            for n, one in enumerate(vectors):
                copy.write_row(self._row(n, one))
        run(_COUNT, (self.id,))
        run("reset session_replication_role")
        self.copied = time.perf_counter() - began
        began = time.perf_counter()
        run(definition.encode())
        self.seconds = time.perf_counter() - began
        run(f"vacuum analyze memory.embeddings_{self.id}".encode())
        asked = "select pg_relation_size(%s) / 1e6, pg_table_size(%s) / 1e6"
        sizes: Any = run(
            asked.encode(), (f"memory.{index}", f"memory.embeddings_{self.id}")
        ).fetchone()
        self.megabytes, self.table = map(float, sizes)

    def _row(self, n: int, numbers: Any) -> tuple[Any, ...]:
        user = BIG if n < self.case.rows else SMALL
        text = self.bench.texts.text(n)
        return user, UUID(int=n), Int4(self.id), text, Jsonb({"shelf": n % 100}), Vector.of(numbers)

    def ask(
        self, n: int, *, user: UUID = BIG, shelf: Jsonb | None = None, exact: bool = False
    ) -> list[int]:
        given = (user, self.questions[n], self.model, exact, shelf, self.effort)
        found = self.bench.operator.execute(_SEARCH, given, prepare=True).fetchall()
        return [one[0].int for one in found]


class Http:
    """The same search, asked of `plinth serve` over one connection that stays."""

    def __init__(self, plinth: Plinth, port: int, questions: Any) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=30)
        token = plinth.bench.token
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        same = {"model": plinth.model, "ef_search": plinth.effort, "limit": K}
        rounded = questions.astype(float).round(7).tolist()
        self.bodies = [json.dumps({**same, "embedding": one}) for one in rounded]

    def ask(self, n: int) -> list[int]:
        path = "/v1/embeddings/search"
        try:
            self.connection.request("POST", path, self.bodies[n], self.headers)
            answer = self.connection.getresponse()
        except ConnectionError:  # idle for long, as between tuning and the first round
            self.connection.close()
            self.connection.request("POST", path, self.bodies[n], self.headers)
            answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BenchError(f"{path} answered {answer.status}: {body[:300]!r}")
        return [UUID(item["id"]).int for item in json.loads(body)["items"]]


def truth(vectors: Any, questions: Any, among: range) -> Any:
    """The K nearest of some of the rows, by comparing with each."""
    near = questions @ vectors[among.start : among.stop : among.step].T
    return np.asarray(among)[np.argpartition(-near, K, axis=1)[:, :K]]


def tune(point: Point, effort: Callable[[int], None]) -> list[tuple[int, float]]:
    """Looks harder until enough is found; what each step found comes back."""
    steps = []
    for ef in LADDER:
        effort(ef)
        point.effort = ef
        steps.append((ef, point.look()))
        if point.recall >= WANTED:
            break
    return steps


def prepare(
    bench: Bench, stack: ExitStack, case: Case
) -> tuple[list[Point], dict[str, dict[str, Any]]]:
    """The points of a case, each tuned, and what was told of each store."""
    windows = bench.texts.windows(case.dimensions)
    questions, base = windows[: corpus.QUERIES], windows[corpus.QUERIES :]
    few = case.rows // 100 if case.rows > len(base) else 0
    vectors = corpus.grown(base, case.rows + few)
    mine = range(case.rows)
    true = truth(vectors, questions, mine)
    said: dict[str, dict[str, Any]] = {}

    def tell(name: str, store: Any, steps: list[tuple[int, float]]) -> None:
        said[name] = {"seconds": store.seconds, "megabytes": store.megabytes, "steps": steps}
        print(
            f"{case.name:9} {name:12} built in {store.seconds:5.1f} s, recall {steps}", flush=True
        )

    plinth = Plinth(bench, case, vectors, questions)
    default = Point("default", plinth.ask, true, effort=plinth.default)
    default.look()

    def effort(ef: int) -> None:
        plinth.effort = ef

    tuned = Point("plinth", plinth.ask, true)
    tell("plinth", plinth, tune(tuned, effort))
    points = [tuned, Point("exact", lambda n: plinth.ask(n, exact=True), true, calls=20)]
    if few:
        shelf, shelves = Jsonb({"shelf": 7}), range(7, case.rows, 100)
        small = truth(vectors, questions, range(case.rows, case.rows + few))
        points += [
            Point("user", lambda n: plinth.ask(n, user=SMALL), small),
            Point(
                "metadata", lambda n: plinth.ask(n, shelf=shelf), truth(vectors, questions, shelves)
            ),
        ]
    if case is CASES[0]:
        env = environment(bench.there, bench.settings, "")
        command = [sys.executable, "-m", "pyapp", "serve", "--workers", "1", "--port"]
        server = stack.enter_context(
            running("plinth", command, machine.cores()[0], env, bench.folder)
        )
        points.append(Point("http", Http(plinth, server.port, questions).ask, true))
    for point in points[1:]:
        point.look()

    stores = import_module("vector_stores").STORES  # in bench/peers, with packages of its own
    asked = [one.tolist() for one in questions]
    texts = [bench.texts.text(n) for n in range(case.rows)]
    for name in case.peers:
        store = stores[name](vectors[: case.rows], texts, M, EF_CONSTRUCTION)
        given = questions if name == "hnswlib" else asked
        point = Point(name, lambda n, s=store, q=given: s.search(q[n], K), true)  # type: ignore[misc]
        point.calls = CALLS if store.tunable else 20
        tell(name, store, tune(point, store.effort))
        points.append(point)
    said["default"] = {
        "seconds": 0.0,
        "megabytes": 0.0,
        "steps": [(plinth.default, default.recall)],
    }
    said["plinth"]["table"] = plinth.table
    said["plinth"]["callers"] = callers(bench, plinth, questions)
    return points, said


def callers(bench: Bench, plinth: Plinth, questions: Any) -> dict[str, float]:
    """Several at once, in pgbench: rate, p50 and p95."""
    run = bench.owner.execute
    run("create schema if not exists bench")
    run("grant usage on schema bench to plinth_operator")
    run("drop table if exists bench.questions")
    run("create table bench.questions (n integer primary key, question ext.vector)")
    run("grant select on bench.questions to plinth_operator")
    with bench.owner.cursor() as cursor:
        rows = [(n + 1, Vector.of(one)) for n, one in enumerate(questions)]
        cursor.executemany("insert into bench.questions values (%s, %s)", rows)
    words = {"questions": len(questions), "user": BIG, "model": plinth.model}
    script, log = bench.folder / "search.sql", bench.folder / "took"
    script.write_text(_SAME.format(effort=plinth.effort, **words).replace("\n  ", " "))
    env = {**os.environ, **login(bench.there.admin_url), "PGOPTIONS": "-c role=plinth_operator"}
    program = Path(str(bench.there.bin_dir)) / "pgbench"
    found = pgbench(program, script, CLIENTS, SECONDS, env, "-l", f"--log-prefix={log}")
    took = [int(line.split()[2]) / 1000 for path in bench.folder.glob("took.*")
            for line in path.read_text().splitlines()]  # fmt: skip
    for path in bench.folder.glob("took.*"):
        path.unlink()
    return {"rate": found["count"] / found["seconds"], **percentiles(took, 1)}


def install(stack: ExitStack, texts: corpus.Corpus) -> tuple[Bench, dict[str, str]]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plinth-bench-")))
    folder.chmod(0o711)
    high = dict.fromkeys((f"rate_limit_requests_per_{t}" for t in ("minute", "hour", "day")), 10**9)
    settings = Settings(data=folder / "data").with_(**high)
    with engine.servers(settings) as there:
        migrate.up(there.admin_url)
        engine.settle(there, settings)
        with psycopg.connect(there.admin_url, autocommit=True) as connection:
            connection.execute(_MEMORY)
    stack.enter_context(machine.huge_pages(_HUGE_PAGES))
    there = stack.enter_context(engine.servers(settings))
    options = there.apply(settings).key_options
    connections = []
    for more in ("", " -c role=plinth_operator"):
        connection = stack.enter_context(
            psycopg.connect(there.admin_url, options=options + more, autocommit=True)
        )
        oid: Any = connection.execute("select 'ext.vector'::regtype::oid").fetchone()

        class Binary(Dumper):
            format, oid_ = Format.BINARY, oid[0]

            def dump(self, given: Any) -> bytes:
                return bytes(given)

        Binary.oid = oid[0]
        connection.adapters.register_dumper(Vector, Binary)
        connections.append(connection)
    owner, operator = connections
    owner.execute(_PEOPLE, (BIG, SMALL))
    owner.execute(_ROLE, (BIG,))
    token: Any = owner.execute(_SESSION, {"user": BIG}).fetchone()
    # What an operator gives a large build; the smallest server would take twice as long.
    owner.execute("set maintenance_work_mem = '1GB'")
    told: Any = owner.execute(
        "select version(), x.extversion, current_setting('shared_buffers'),"
        "       current_setting('huge_pages_status')"
        "  from pg_extension x where x.extname = 'vector'"
    ).fetchone()
    version = f"{told[0].split()[1]}, shared_buffers {told[2]}, huge pages {told[3]}, "
    version += f"pgvector {told[1]}"
    facts = machine.hardware() | {"PostgreSQL": version}
    return Bench(folder, there, settings, texts, owner, operator, token[0]), facts


def rounds(points: list[Point], number: int) -> Iterator[dict[str, dict[str, float]]]:
    """Each begins elsewhere, so that no point always follows the same one."""
    for at in range(number):
        first = at * 3 % len(points)
        yield {p.name: p.measure(at) for p in points[first:] + points[:first]}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.vectors", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help=f"of {', '.join(c.name for c in CASES)}; writes no report")
    parser.add_argument("--quick", action="store_true", help="10k-768, 2 rounds; writes no report")
    given = parser.parse_args()
    only = given.only.split(",") if given.only else ["10k-768"] if given.quick else []
    before = os.getloadavg()[0]
    try:
        packages(PEERS / "vectors", "requirements-vectors.txt")
        sys.path += [str(PEERS / "vectors"), str(HERE / "peers")]
        texts, about = corpus.load()
        with ExitStack() as stack:
            bench, facts = install(stack, texts)
            found = []
            for case in CASES:
                if only and case.name not in only:
                    continue
                with ExitStack() as short:
                    points, said = prepare(bench, short, case)
                    told = list(rounds(points, 2 if given.quick else given.rounds))
                found.append(vectors_report.Found(case.name, points, said, told))
                vectors_report.show(found[-1])
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    versions = import_module("vector_stores").versions
    load = f"{before:.1f} before, {os.getloadavg()[0]:.1f} after; 1 to 2 is what this needs itself"
    facts = {"texts": about, "load average": load, **facts, **versions()}
    return vectors_report.write(found, facts, whole=not only)


if __name__ == "__main__":
    raise SystemExit(main())
