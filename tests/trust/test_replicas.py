"""A replica answers what only reads, and nobody notices: no read older than an own write, no dead
session, no error when it goes. The replica is a real one, see replica.py."""

import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import count, takewhile
from threading import Event
from typing import Any

import psycopg
import pytest

from pyapp import doctor
from pyapp.engine import Servers
from pyapp.settings import Settings
from tests.conftest import Database, Engine, Serve, Server, _start, clone, until
from tests.http_client import Client
from tests.people import PASSWORD, all_loaded, cheap_passwords
from tests.trust.replica import Copy, copy_of, stranger

LATE = 3.0
# Few, because this server is not the only one on the run's PostgreSQL.
FEW = {
    f"PLINTH_{lane}_CONNECTIONS": "1"
    for lane in ("READ", "WRITE", "SLOW", "HASH", "ASIDE", "REPLICA")
}
_numbers = count(1)


@pytest.fixture(scope="module")
def store(engine: Engine) -> Iterator[Database]:
    with clone(engine) as database:
        cheap_passwords(database)
        yield database


@pytest.fixture(scope="module")
def prompt(engine: Engine, store: Database) -> Iterator[Copy]:
    """A replica that follows at once."""
    with copy_of(engine, engine.admin_url) as copy:
        yield copy


@pytest.fixture(scope="module")
def late(engine: Engine, store: Database) -> Iterator[Copy]:
    """One that is three seconds behind."""
    with copy_of(engine, engine.admin_url) as copy:
        copy.stay_behind(f"{LATE:g}s")
        yield copy


@pytest.fixture(scope="module")
def late_server(
    late: Copy, store: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Four workers before it."""
    with ExitStack() as stack:
        environment = {
            "PLINTH_WORKERS": "4",
            "REDIS_URL": engine.redis_url,
            "DATABASE_REPLICA_URLS": late.web_url(store),
            **FEW,
        }
        server = _start(stack, store, tmp_path_factory.mktemp("late"), environment, wait=True)
        until(lambda: told(server, "up") == 4, 20, server.words)
        yield server


@pytest.fixture
def behind(serve: Serve, store: Database) -> Callable[..., Server]:
    """The program with these replicas, found to be well by every worker."""

    def start(*copies: Copy, workers: int = 1, well: bool = True, **environment: str) -> Server:
        urls = ",".join(copy.web_url(store) for copy in copies)
        given = FEW | {"REDIS_URL": store.engine.redis_url, "DATABASE_REPLICA_URLS": urls}
        server = serve(workers=workers, wait=True, on=store, **given | environment)
        until(lambda: all_loaded(server, workers), 10)
        if well:
            until(lambda: told(server, "up") == workers * len(copies), 20, server.words)
        return server

    return start


def told(server: Server, name: str) -> float:
    """A number of /metrics, over all workers and replicas."""
    client = server.client()
    try:
        samples = client.samples().items()
        return sum(
            value for series, value in samples if series.startswith(f"plinth_replica_lane_{name}{{")
        )
    finally:
        client.close()


def asked_of_primary(server: Server) -> float:
    """How often the program asked the primary for anything."""
    return server.client().samples()["plinth_database_calls_total"]


def replicas_told(server: Server) -> str:
    """Of one worker, whichever answers."""
    return str(server.client().get("/readyz").json()["checks"]["replicas"]["status"])


def asked(copy: Copy, database: Database) -> Counter[str]:
    """Which functions ran on a server, and how often."""
    listed = "select schemaname || '.' || funcname, calls from pg_stat_user_functions"
    with copy.connect(database) as connection:
        return Counter(dict(connection.execute(listed).fetchall()))


def person(server: Server, store: Database, role: str = "developer") -> Client:
    client = server.client()
    name = f"far{next(_numbers)}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/v1/users", account).status == 201
    store.value("select assign_role(%s, %s)", name, role)
    assert client.sign_in(name, PASSWORD).status == 201
    return client


def team_of(client: Client, name: str = "first") -> str:
    answer = client.post("/v1/teams", {"name": name})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def word_for_somebody(store: Database) -> str:
    """What the primary says of whoever signed in last, as of now."""
    store.value("select http.beat()")
    last = store.value("select token_hash from auth.sessions order by created_at desc limit 1")
    with store.connect("plinth_web") as primary:
        primary.execute("set plinth.replica_max_lag = '5'")
        vouch = "select http.vouch('user', null, %s, '', 'self:read')"
        (word,) = primary.execute(vouch, [last]).fetchone() or (None,)
    assert word
    return str(word)


def at_replica(server: Server, read: Callable[[], Any], times: int = 1) -> None:
    """Reads until a replica has answered so often."""
    before = told(server, "answers_total")

    def more() -> bool:
        for _ in range(times):
            read()
        return told(server, "answers_total") - before >= times

    until(more, 15, lambda: f"no replica answers: {server.client().get('/readyz').body!r}")


# ------------------------------------------------------------------- what is written is read


@pytest.mark.parametrize("seconds", [0.3, LATE])
def test_no_read_is_older_than_an_own_write(
    late_server: Server, late: Copy, store: Database, seconds: float
) -> None:
    """So little behind, it has the primary's last beat, and only the position tells; so far behind,
    it has neither."""
    server = late_server
    late.stay_behind(f"{seconds:g}s")
    refused = told(server, "refused_total")

    def write_and_read(number: int) -> list[str]:
        """Writes over one connection, reads over others: whichever workers they reach."""
        writer = person(server, store)
        readers = [writer, *(server.client() for _ in range(3))]
        for reader in readers:
            reader.token = writer.token
        team = team_of(writer)
        stale = []
        # For longer than a word of the primary's is good, which the replica reaches before that.
        enough = time.monotonic() + seconds + 4
        for n in takewhile(lambda n: n < 60 or time.monotonic() < enough, count()):
            name = f"team {number} at {n}"
            assert writer.patch(f"/v1/teams/{team}", {"name": name}).status == 200
            found = readers[n % 4].get(f"/v1/teams/{team}").json()["name"]
            if found != name:
                stale.append(f"{name}: {found}")
        # And then the replica has it as well, before anything else is written.
        late_answers = told(server, "answers_total")
        until(
            lambda: (
                all(reader.get(f"/v1/teams/{team}").json()["name"] == name for reader in readers)
                and told(server, "answers_total") >= late_answers + 4
            ),
            20,
            "the replica never answered",
        )
        return stale

    with ThreadPoolExecutor(8) as pool:
        assert [line for lines in pool.map(write_and_read, range(8)) for line in lines] == []
    assert told(server, "refused_total") > refused, "it was asked too early, and said so"


def test_what_others_wrote_is_missing_for_no_longer_than_the_setting_says(
    late_server: Server, late: Copy, store: Database
) -> None:
    server = late_server
    owner, member = person(server, store, "administrator"), person(server, store)
    team = team_of(owner)
    name = member.get("/v1/me").json()["username"]
    assert (
        owner.post(f"/v1/teams/{team}/members", {"username": name, "role": "member"}).status == 204
    )
    at_replica(server, lambda: member.get(f"/v1/teams/{team}"))
    assert owner.patch(f"/v1/teams/{team}", {"name": "second"}).status == 200
    written = time.monotonic()
    until(lambda: member.get(f"/v1/teams/{team}").json()["name"] == "second", 10)
    assert time.monotonic() - written < 5 + 1


# ------------------------------------------------------------------- what a replica never decides


def test_a_replica_decides_about_no_session_and_no_right(
    late_server: Server, late: Copy, store: Database
) -> None:
    server = late_server
    client, admin = person(server, store), person(server, store, "administrator")
    others = [server.client() for _ in range(4)]
    for other in others:
        other.token = client.token
    path = f"/v1/teams/{team_of(client)}"
    live = "select count(*) from auth.sessions s where s.ended_at is null and s.user_id = %s"
    user = client.get("/v1/me").json()["id"]
    with late.connect(store) as replica:

        def lives_there() -> bool:
            return replica.execute(live, [user]).fetchone() == (1,)

        until(lives_there, 10)
        at_replica(server, lambda: [c.get(path) for c in (client, *others)], 4)
        # By somebody else: an own write would be enough to ask the primary.
        assert admin.delete(f"/v1/users/{user}").status == 204
        answers = [c.get(path).status for _ in range(20) for c in others]
        assert lives_there(), "it has not heard of the end yet"
    assert set(answers) == {401}


def test_a_key_and_a_role_end_at_once(
    behind: Callable[..., Server], prompt: Copy, store: Database
) -> None:
    server = behind(prompt)
    admin = person(server, store, "administrator")
    key = admin.post("/v1/api-keys", {"name": "a key", "scopes": ["*"]}).json()
    program = server.client()
    program.token = key["secret"]
    at_replica(server, lambda: (program.get("/v1/roles"), admin.get("/v1/roles")), 2)
    # From psql: nobody's own write over HTTP, so only what hangs on sessions makes it void.
    user = admin.get("/v1/me").json()["id"]
    store.value("select revoke_api_key(%s, %s)", user, key["id"])
    until(lambda: program.get("/v1/roles").status == 401, 0.5, "the key still works")
    at_replica(server, lambda: admin.get("/v1/roles"), 2)
    store.value("select unassign_role(%s, 'administrator')", user)
    until(lambda: admin.get("/v1/roles").status == 403, 0.5, "the role still counts")


def test_only_what_may_go_there_goes_there(
    behind: Callable[..., Server], prompt: Copy, store: Database
) -> None:
    server = behind(prompt)
    client = person(server, store)
    team = team_of(client)
    for path in ("/v1/me", "/v1/sessions", "/v1/api-keys", "/v1/provider-keys", "/v1/quotas"):
        assert client.get(path).status == 200
    before = asked(prompt, store)["api.get_team"]
    at_replica(server, lambda: client.get(f"/v1/teams/{team}"))
    # One connection tells in its own order what ran.
    until(lambda: asked(prompt, store)["api.get_team"] > before, 15)
    ran = {name for name in asked(prompt, store) if name.startswith(("http.", "api."))}
    assert ran >= {"http.present_vouch", "http.assume", "http.replica_state", "api.get_team"}
    assert not ran & {
        "http.enter",
        "http.vouch",
        "http.leave",
        "api.get_current_user",
        "api.get_quotas",
        "api.list_api_keys",
        "api.list_provider_keys",
        "api.list_sessions",
    }


def test_a_statement_that_would_not_see_what_came_meanwhile_is_not_asked(
    behind: Callable[..., Server], prompt: Copy, store: Database
) -> None:
    person(behind(prompt), store)
    with prompt.connect(store, "plinth_web") as replica:
        word = word_for_somebody(store)

        def presented() -> bool:
            with suppress(psycopg.errors.Error):
                replica.execute("select http.present_vouch(%s)", [word])
                return True
            return False

        until(presented, 15)
        replica.execute("set default_transaction_isolation = 'repeatable read'")
        with pytest.raises(psycopg.Error, match="sees what was there when it began"):
            replica.execute("select http.present_vouch(%s)", [word])


def test_routes_about_credentials_stay_at_home(store: Database) -> None:
    with store.connect() as connection:
        listed = connection.execute(
            "select path from http.routes"
            " where replica and path ~ 'session|-key|totp|recovery|quota|limits'"
        ).fetchall()
    assert listed == []


def test_without_redis_the_primary_answers_alone(
    behind: Callable[..., Server], prompt: Copy, store: Database
) -> None:
    server = behind(prompt, REDIS_URL="unix:///nowhere/redis.sock?db=0")
    client = person(server, store)
    team = team_of(client)
    assert {client.get(f"/v1/teams/{team}").status for _ in range(20)} == {200}
    assert told(server, "answers_total") == 0


# ------------------------------------------------------------------- the primary has less to do


def test_a_replica_that_follows_takes_most_of_the_reads(
    behind: Callable[..., Server], prompt: Copy, store: Database
) -> None:
    server = behind(prompt)
    people = [person(server, store) for _ in range(4)]
    teams = [team_of(client) for client in people]
    for client, team in zip(people, teams, strict=True):
        at_replica(server, lambda client=client, team=team: client.get(f"/v1/teams/{team}"))  # type: ignore[misc]
    began, answered = asked_of_primary(server), told(server, "answers_total")
    for _ in range(100):
        for client, team in zip(people, teams, strict=True):
            assert client.get(f"/v1/teams/{team}").status == 200
    assert told(server, "answers_total") - answered >= 0.9 * 400
    # Words for four people, beats, and what usage and the like note: not the reads.
    assert asked_of_primary(server) - began <= 0.3 * 400


# ------------------------------------------------------------------- it goes, and comes back


def reading(
    server: Server, client: Client, path: str, seconds: Event
) -> tuple[Counter[int], float]:
    counted: Counter[int] = Counter()
    slowest = 0.0
    mine = server.client()
    mine.token = client.token
    while not seconds.is_set():
        began = time.monotonic()
        counted[mine.get(path).status] += 1
        slowest = max(slowest, time.monotonic() - began)
    return counted, slowest


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_replica_goes_under_load_and_nobody_notices(
    behind: Callable[..., Server], prompt: Copy, engine: Engine, store: Database, how: str
) -> None:
    with copy_of(engine, engine.admin_url) as copy, ThreadPoolExecutor(8) as pool:
        others = [prompt] if how == "killed" else []
        server = behind(copy, *others, workers=2)
        client = person(server, store)
        path = f"/v1/teams/{team_of(client)}"
        over = Event()
        crowd = [pool.submit(reading, server, client, path, over) for _ in range(8)]
        try:
            until(lambda: told(server, "answers_total") > 200, 20, server.words)
            if how == "killed":
                copy.stop(signal.SIGKILL)
            else:
                copy.freeze(signal.SIGSTOP)
            until(lambda: told(server, "up") == 2 * len(others), 10, server.words)
            if others:  # which answers then
                answered = told(server, "answers_total")
                until(lambda: told(server, "answers_total") > answered + 200, 20, server.words)
            until(lambda: replicas_told(server) == "degraded", 10, server.words)
            if how == "killed":
                copy.start()
            else:
                copy.freeze(signal.SIGCONT)
            until(lambda: told(server, "up") == 2 + 2 * len(others), 20, server.words)
            answered = told(server, "answers_total")
            until(lambda: told(server, "answers_total") > answered + 200, 20, server.words)
        finally:
            if how == "frozen":
                copy.freeze(signal.SIGCONT)
            over.set()
        ended = [future.result() for future in crowd]
    assert sum((counted for counted, _ in ended), Counter()).keys() == {200}
    assert max(slowest for _, slowest in ended) < 2


def write_beyond(promoted: Copy, engine: Engine, follower: Copy) -> None:
    """Further than the primary has come and will soon come, whatever others write there."""
    with (
        psycopg.connect(promoted.admin_url, autocommit=True) as writing,
        psycopg.connect(engine.admin_url, autocommit=True) as primary,
        psycopg.connect(follower.admin_url, autocommit=True) as following,
    ):
        writing.execute("create table bulk (line text)")
        (aim,) = primary.execute("select pg_current_wal_insert_lsn() + 25000000").fetchone()  # type: ignore[misc]
        beyond = "select pg_current_wal_insert_lsn() > %s::pg_lsn"
        while writing.execute(beyond, [aim]).fetchone() == (False,):
            writing.execute(
                "insert into bulk select repeat('x', 100) from generate_series(1, 50000)"
            )
        replayed = "select pg_last_wal_replay_lsn() > %s::pg_lsn"
        until(lambda: following.execute(replayed, [aim]).fetchone() == (True,), 15)


def test_no_other_server_is_believed(
    behind: Callable[..., Server], engine: Engine, store: Database
) -> None:
    """A replica that was promoted, and one that follows it, further on than the primary."""
    with ExitStack() as stack:
        first = stack.enter_context(copy_of(engine, engine.admin_url))
        server = behind(first)
        client = person(server, store)
        path = f"/v1/teams/{team_of(client)}"
        at_replica(server, lambda: client.get(path))
        with psycopg.connect(first.admin_url, autocommit=True) as connection:
            connection.execute("select pg_promote()")
        answered = told(server, "answers_total")
        assert {client.get(path).status for _ in range(50)} == {200}
        assert told(server, "answers_total") == answered
        until(lambda: told(server, "up") == 0, 15)
        fault = server.client().get("/readyz").json()["replicas"][0]["fault"]
        assert fault == "is no replica"
        assert examined(store, first.web_url(store)) == [(
            "FAIL",
            "replica1: takes writes beside the primary, as none may; stop it, and make it a"
            " replica again",
        )]  # fmt: skip

        second = stack.enter_context(copy_of(engine, first.admin_url))
        vouch = word_for_somebody(store)
        write_beyond(first, engine, second)
        with (
            second.connect(store, "plinth_web") as other,
            pytest.raises(psycopg.Error, match="This replica follows another server"),
        ):
            other.execute("select http.present_vouch(%s)", [vouch])
        assert server.stop() == 0
        wrong = behind(second, well=False)
        answered = told(wrong, "answers_total")
        until(lambda: "replicas" in wrong.client().get("/readyz").json()["checks"], 15)
        client = person(wrong, store)
        path = f"/v1/teams/{team_of(client)}"
        assert {client.get(path).status for _ in range(50)} == {200}
        assert told(wrong, "answers_total") == answered


@pytest.mark.parametrize("wanted", ["", "&target_session_attrs=read-write"], ids=["any", "writes"])
def test_a_replica_that_the_address_names_is_not_taken_for_the_primary(
    behind: Callable[..., Server], prompt: Copy, store: Database, wanted: str
) -> None:
    """Named first, and whatever libpq would be content with; also by the lane that only reads."""
    hosts = f"host={prompt.folder},\\1&port=5432,5432{wanted}"
    address = re.sub("host=(.*)&port=5432", hosts, store.web_url)
    server = behind(prompt, DATABASE_URL=address)
    client = person(server, store)
    path = f"/v1/teams/{team_of(client)}"
    at_replica(server, lambda: client.get(path))
    with prompt.connect(store) as replica:
        listed = "select distinct application_name from pg_stat_activity where datname = %s"

        def there() -> set[str]:
            names = {name for (name,) in replica.execute(listed, [store.name])}
            return {name for name in names if name.startswith("plinth")}

        # Somebody may be about to find out that it is none.
        until(lambda: there() == {"plinth replica1"}, 15, lambda: str(there()))


# ------------------------------------------------------------------- who runs it is told


def examined(store: Database, *urls: str, most: int = 5) -> list[tuple[str, str]]:
    there = Servers(store.admin_url, store.web_url, None, store.engine.secret_key)
    given = Settings(replica_urls=urls, replica_max_lag=most, secret_key=store.engine.secret_key)
    return list(doctor._replicas(there, given))


def test_the_doctor_tells_how_each_replica_does(
    prompt: Copy, late: Copy, engine: Engine, store: Database
) -> None:
    follows = prompt.web_url(store)
    until(lambda: examined(store, follows) == [("ok", "replica1: follows")], 10)

    def falls_behind() -> bool:
        store.value("select http.beat()")
        return examined(store, late.web_url(store), most=1)[0][0] == "warn"

    until(falls_behind, 15)
    with stranger(engine) as foreign:
        nowhere = follows.replace("host=", "host=/nowhere")
        found = examined(store, foreign, nowhere, store.web_url)
    assert [level for level, _ in found] == ["FAIL", "warn", "FAIL"]
    assert found[0][1] == "replica1: belongs to another server; it is never believed"
    assert found[1][1].endswith("; the primary answers instead")
    assert found[2][1] == (
        "replica3: is the primary itself, since a failover perhaps; name replicas that follow it"
    )
    assert examined(store) == []
