"""Metrics, logs and pages: true, whole, and without a secret."""

import json
import os
import re
import signal
from html.parser import HTMLParser
from pathlib import Path

from pyapp import log
from pyapp.problems import LAYER_CODES
from tests.conftest import Database, Serve, Server, until
from tests.http.corpus import token
from tests.http.raw import ask, request
from tests.http_client import Client

# Nobody but the test asks for this one.
ASKED = 'plinth_http_requests_total{method="GET",route="/openapi.json",status="200"}'


def test_metrics_are_the_sum_of_all_workers_dead_ones_too(serve: Serve) -> None:
    server = serve(workers=2)

    def client() -> Client:
        return server.client()  # a connection of its own, so that either worker may take it

    until(lambda: client().samples()["plinth_workers"] == 2, 15)
    for _ in range(40):
        assert client().get("/openapi.json").status == 200
    until(lambda: client().samples().get(ASKED) == 40, 15)

    # A worker that is killed takes its last second with it: wait until what it knows is left.
    until(lambda: sum(left_behind(server).values()) == 40, 15)
    victim = max(left_behind(server))
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in left_behind(server) and len(left_behind(server)) == 2, 15)
    until(lambda: client().samples().get(ASKED) == 40, 20)  # neither lost nor counted twice
    until(lambda: client().samples()["plinth_workers"] == 2, 15)


def left_behind(server: Server) -> dict[int, float]:
    """Answers to that request in the snapshots that the workers left for each other, by process."""
    found = {}
    for path in server.log.parent.glob("data/metrics/*.json"):
        snapshot = json.loads(path.read_bytes())
        found[snapshot["pid"]] = snapshot["series"].get(ASKED, 0)
    return found


def test_metrics_are_valid_prometheus_text(server: Server) -> None:
    client = server.client()
    client.sign_in("alice")
    client.get("/v1/me")
    client.get("/v1/me")
    lines = client.get("/metrics").body.decode().splitlines()
    typed: dict[str, str] = {}
    for line in lines:
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in typed, f"{name} is there twice"
            typed[name] = kind
        elif not line.startswith("#"):
            match = re.fullmatch(r'([a-z_]+)(\{(?:[a-z]+="[^"\\\n]*",?)+\})? (\d\S*|-\d\S*)', line)
            assert match, line
            family = re.sub(r"_(bucket|sum|count)$", "", match[1])
            family = family if typed.get(family) == "histogram" else match[1]
            assert family in typed, line
            assert (typed[family] == "counter") == match[1].endswith("_total"), line
    found = client.samples()
    hist = 'plinth_http_request_seconds_{}{{method="GET",route="/v1/me",status="200"{}}}'
    assert found[hist.format("count", "")] == found[hist.format("bucket", ',le="+Inf"')] >= 2
    assert found['plinth_database_lane_open{lane="read"}'] >= 1
    assert sum(v for k, v in found.items() if k.startswith("plinth_cache_answers_total")) >= 2


def test_routes_not_addresses_are_counted(server: Server) -> None:
    client = server.client()
    for number in range(50):
        client.get(f"/v1/{number}-{token()}")
        ask(server.port, request("GET", f"/x{number}", f"X-Request-Id: {number}"))
    text = client.get("/metrics").body.decode()
    assert token() not in text
    assert text.count("plinth_http_requests_total{") < 40


def test_the_log_has_one_valid_line_per_request_and_no_secret(server: Server) -> None:
    password = "a password that nobody must see 42"
    client = server.client()
    client.post("/v1/users", {"username": "logged", "email": "logged@t.io", "password": password})
    client.sign_in("logged", password)
    secret = str(client.token)
    client.get("/v1/me")
    client.get(f"/v1/{secret}?password={password.replace(' ', '+')}")
    evil = [
        f"a\u2028b {secret}",
        'x","level":"error","forged":"yes',
        "Bearer " + secret,
        "\xff\xfe",
        "A" * 8000,
        "password=hunter22",
        "$2b$12$" + "a" * 53,
    ]
    for number, agent in enumerate(evil):
        lines = (f"User-Agent: {agent.encode().decode('latin-1')}", f"X-Request-Id: evil-{number}")
        assert ask(server.port, request("GET", "/livez", *lines)).status == 200
    ask(server.port, request("GET", "/livez", f"X-Request-Id: {secret}"))
    client.get("/livez", X_Request_Id="the-last")
    until(lambda: "the-last" in server.log.read_text(), 15)

    text = server.log.read_bytes().decode("ascii")
    for word in (password, password.replace(" ", "+"), secret, secret[9:40], "hunter22", "$2b$12"):
        assert word not in text
    written = [json.loads(line) for line in text.split("\n") if line.startswith("{")]
    assert not any("forged" in line for line in written)
    by_id = {line["request_id"]: line for line in written if line["logger"] == "access"}
    assert {f"evil-{number}" for number in range(len(evil))} < set(by_id)
    assert max(map(len, text.splitlines())) < 2000
    last = by_id["the-last"]
    assert (last["method"], last["route"], last["status"]) == ("GET", "/livez", 200)
    assert last["address"] == "127.0.0.1"


def test_redaction_by_shape() -> None:
    for secret in (
        token(),
        token("plr"),
        "plk_" + "a" * 40,
        "$2a$12$" + "a" * 53,
        "pbkdf2:sha256:600000$salt$abc",
    ):
        assert secret not in log.redact(f"before {secret} after")
        assert log.redact(f"before {secret} after").startswith("before [redacted]")
    for text, secret in (
        ("postgresql://plinth_web:s3cr3t@/plinth", "s3cr3t"),
        ("redis://:s3cr3t@localhost:6379/0", "s3cr3t"),
        ("host=x password=s3cr3t dbname=y", "s3cr3t"),
        ('{"password": "s3cr3t pw", "a": 1}', "s3cr3t"),
        ("Authorization: Bearer s3cr3t", "s3cr3t"),
    ):
        assert secret not in log.redact(text), text
    assert log.redact("the table of passwords has 3 rows") == "the table of passwords has 3 rows"


def test_nothing_is_lost_when_the_log_ends(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+b") as file:
        sink = log.Sink(file.fileno())
        for number in range(5000):
            sink.write(f"{number}\n")
        sink.close()
        assert sink.dropped == 0
        assert file.seek(0) == 0
        assert file.read().split() == [b"%d" % number for number in range(5000)]


def test_a_person_reads_text_in_which_nothing_can_begin_a_line(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+b") as file:
        sink = log.Sink(file.fileno(), text=True)
        sink.access(
            1.5, "id1", ("GET", "/v1/me", 200), 0.0012, 34, ("127.0.0.1", "a\x1b[2J\n00:00 forged")
        )
        sink.close()
        file.seek(0)
        first, *others = file.read().decode("ascii").splitlines()
        assert re.fullmatch(
            r"\d\d:\d\d:\d\d\.\d{3} info access id1 GET /v1/me 200 1.2 34 .*", first
        )
        assert others == ["  00:00 forged"]
        assert "\x1b" not in first


def test_codes_of_the_layer_are_rows_of_the_table(shared_database: Database) -> None:
    with shared_database.connect() as connection:
        rows = connection.execute("select code, http_status, title from base.errors").fetchall()
    table = {code: (status, title) for code, status, title in rows}
    assert {code: table.get(code) for code in LAYER_CODES} == LAYER_CODES


# --- pages ---------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page loads and links to, and what a strict policy would forbid."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: set[str] = set()
        self.links: set[str] = set()
        self.inline: list[str] = []
        self.ids: set[str] = set()
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        self.ids.add(given.get("id", ""))
        if tag in ("script", "img"):
            self.loads.add(given.get("src", ""))
        elif tag == "link":
            self.loads.add(given["href"])
        elif tag == "a":
            self.links.add(given["href"])
        self._script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)


def test_pages_load_only_from_here_and_under_a_strict_policy(server: Server) -> None:
    client = server.client()
    for path in ("/docs", "/docs/errors", "/console", "/account"):
        answer = client.get(path)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe-eval" not in policy
        assert "script-src 'self' " not in policy
        page = Page(answer.body.decode())
        assert page.inline == []
        for target in page.loads | page.links:
            assert target.startswith("/"), target
            assert client.get(target).status == 200, target


def test_every_error_can_be_linked_to(server: Server) -> None:
    client = server.client()
    page = Page(client.get("/docs/errors").body.decode())
    assert set(LAYER_CODES) < page.ids
    type_ = client.get("/nothing").json()["type"]
    path, _, anchor = type_.partition("#")
    assert path == "/docs/errors"
    assert anchor in page.ids


def test_the_api_description_is_the_registry(server: Server) -> None:
    client = server.client()
    described = client.get("/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    with server.database.connect() as connection:
        shown = set(connection.execute("select lower(method), path from http.routes").fetchall())
    told = {(m, p) for p, methods in described["paths"].items() for m in methods}
    assert shown
    assert {pair for pair in told if not pair[1].startswith("/rpc/")} == shown
    for path in (p for p in described["paths"] if p.startswith("/rpc/")):
        assert client.request("OPTIONS", path).status == 204


def test_the_console_has_facts_and_no_secrets(server: Server) -> None:
    client = server.client()
    client.sign_in("alice")
    client.get("/v1/me")
    ready = client.get("/readyz")
    assert ready.json()["status"] == "ok"
    assert ready.json()["version"]
    assert int(ready.json()["database"]["connections_limit"]) > 0
    shown = client.samples()
    assert shown["plinth_http_connections"] >= 1
    assert shown['plinth_http_requests_total{method="GET",route="/v1/me",status="200"}'] >= 1
    for body in (ready.body, client.get("/metrics").body):
        engine = server.database.engine
        for secret in (client.token, engine.secret_key, server.database.web_url, "password"):
            assert str(secret) not in body.decode()
