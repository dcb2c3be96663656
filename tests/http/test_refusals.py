"""What is not right is refused as a problem, with nothing of our insides, and the worker lives."""

import itertools
import json
import re
import uuid
from typing import Any

import pytest

from tests.conftest import Serve, Server, until
from tests.http import corpus
from tests.http.raw import Answer, Raw, ask, post, request

FIELDS = {"type", "title", "status", "detail", "code", "request_id", "errors"}
INSIDES = (b"Traceback", b"pyapp", b"psycopg", b"SELECT", b"select ", b"/usr/", b"aiohttp")


def is_problem(answer: Answer) -> None:
    assert answer.header("content-type") == "application/problem+json"
    problem = answer.json()
    assert set(problem) == FIELDS
    assert problem["status"] == answer.status
    assert problem["type"] == f"/docs/errors#{problem['code']}"
    assert problem["request_id"] == answer.header("x-request-id")
    assert problem["title"]
    assert problem["detail"]
    assert not any(word in answer.body for word in INSIDES)
    assert answer.header("server") is None


def lines(server: Server) -> list[dict[str, Any]]:
    """What the workers have logged so far; the last line may be on its way to the disk."""
    whole = server.log.read_text().split("\n")[:-1]
    return [json.loads(line) for line in whole if line[:1] == "{"]


def state(server: Server) -> tuple[set[int], float]:
    """The worker processes, and how many requests failed."""
    left = server.log.parent.glob("data/metrics/*.json")
    samples = server.client().samples().items()
    failed = sum(n for name, n in samples if re.search(r'requests_total.*status="5', name))
    return {json.loads(path.read_bytes())["pid"] for path in left}, failed


def test_a_number_is_told_its_rule(server: Server) -> None:
    client = server.client()
    assert client.sign_in("alice").status == 201
    page = "limit: must be a whole number from 1 to 200"
    told = {
        limit: client.get(f"/v1/sessions?limit={limit}").json()["detail"]
        for limit in ("abc", "1.5", "", "99999999999", "201")
    }
    assert told == dict.fromkeys(told, page) | {"201": "limit must be from 1 to 200"}
    for version in ("x", 1.5, 2**31):
        refused = client.patch(f"/v1/api-keys/{uuid.uuid4()}", {"version": version})
        assert refused.json()["detail"] == "version: must be a whole number of at most 32 bits"


def test_every_bad_request_is_refused_and_the_workers_live_on(server: Server) -> None:
    assert len({name for name, _, _ in corpus.ALL}) == len(corpus.ALL) >= 100
    before = state(server)
    wrong = []
    for name, data, statuses in corpus.ALL:
        try:
            with Raw(server.port) as raw:
                answer = raw.send(data).read()
                assert answer.status in statuses, answer.status
                is_problem(answer)
                # Either the connection ends here, or what follows is understood as a new request.
                if answer.header("connection") == "close":
                    assert raw.ended(), "said close, stayed open"
                else:
                    assert raw.send(request("GET", "/livez")).read().status == 200
        except (AssertionError, EOFError, OSError, ValueError) as error:
            wrong.append(f"{name}: {type(error).__name__} {error}")
    assert not wrong, "\n".join(wrong)

    assert state(server) == before
    until(lambda: len(lines(server)) >= len(corpus.ALL), 15)
    assert not [line for line in lines(server) if line["level"] == "error"]


BYTES = [bytes(range(0x80, 0x100)), b"a\xff", b"\xed\xa0\x80", "é€😀".encode()]
BEFORE = [b"", b"a" * 12, b"Bearer ", b"application/json; charset=", b'"x", ']
HEADERS = [
    "Accept", "Authorization", "Cache-Control", "Content-Encoding", "Content-Type", "Cookie",
    "Expect", "Host", "Idempotency-Key", "If-None-Match", "Origin", "User-Agent",
    "X-Forwarded-For", "X-Request-Id",
]  # fmt: skip
TARGETS = ["/v1/%b", "/v1/conversations/%%41%b", "/v1/me?x=%%41%b", "/v1/me?%%41%b=1"]


def test_no_byte_of_a_head_makes_a_request_fail(serve: Serve) -> None:
    server = serve(PLINTH_TRUSTED_PROXIES="127.0.0.0/8", PLINTH_CORS_ORIGINS="https://a.example")
    before = state(server)
    plain = [
        corpus.sign_in(b'{"login":"a"}'),
        post("/v1/password-strength", b'{"password":"x"}'),
        request("GET", "/openapi.json"),
        corpus.me(),
    ]
    asked = [
        data.replace(b"\r\n", b"\r\n%b: %b\r\n" % (name.encode(), value + sent), 1)
        for data, name, value, sent in itertools.product(plain, HEADERS, BEFORE, BYTES)
    ]
    for target, sent in itertools.product(TARGETS, BYTES):
        data = request("GET", "/at", corpus.BEARER)
        asked.append(data.replace(b"/at", target.encode() % sent, 1))
    assert [data for data in asked if ask(server.port, data).status >= 429] == []
    assert state(server) == before
    assert not [line for line in lines(server) if line["level"] == "error"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (b'{"login":1,"password":"b"}', "login", "VL001"),
        (b'{"login":"a","password":"b","x":1}', "x", "VL002"),
        (b'{"login":"a"}', "password", "VL003"),
        (b'{"login":"a","login":"b"}', "login", "BR001"),
        (b'{"login":"\\u0000"}', "login", "BR001"),
    ],
)
def test_the_field_is_named(server: Server, body: bytes, field: str, code: str) -> None:
    problem = ask(server.port, corpus.sign_in(body)).json()
    assert problem["code"] == code
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]
    assert problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        (b"9" * 401, "A number has more than 400 digits, written out."),
        (b"9" * 390, f"A number is larger than 1.7e308: {'9' * 40}."),
    ],
)
def test_the_rule_for_numbers_is_told(server: Server, number: bytes, rule: str) -> None:
    problem = ask(server.port, corpus.sign_in(b'{"login":"a","password":%b}' % number)).json()
    assert (problem["code"], problem["detail"]) == ("BR001", rule)


def test_a_smuggled_request_is_never_answered(server: Server) -> None:
    hidden = request("GET", "/livez", "X-Request-Id: hidden")
    for lines in (
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 0"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding: chunked", "Transfer-encoding: identity"),
    ):
        with Raw(server.port) as raw:
            raw.send(corpus.framed(*lines, body=b"0\r\n\r\n" + hidden))
            assert raw.read().status == 400, lines
            assert raw.ended(), lines


def test_what_follows_an_unread_body_is_no_request(server: Server) -> None:
    """A route that refuses before it reads must not take the body for the next request."""
    inner = request("GET", "/livez")
    outer = request("POST", "/v1/nothing", body=inner)
    with Raw(server.port) as raw:
        assert raw.send(outer).read().status == 404
        answer = raw.send(request("GET", "/readyz", "X-Request-Id: mine")).read()
        assert answer.header("x-request-id") == "mine"

    with Raw(server.port) as raw:  # and one whose body never comes ends the connection
        half = outer[: -len(inner) // 2]
        answer = raw.send(half).read()
        assert (answer.status, answer.header("connection")) == (404, "close")
        assert raw.ended()
