"""Bodies of lines: answers of any length that go out page by page, requests that come in pieces."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import Any

import pytest

from tests.conftest import Database, Engine, Serve, Server, until
from tests.http.raw import Raw
from tests.http_client import Client, Response
from tests.people import cheap_passwords, plant

NDJSON = "application/x-ndjson"
# Numbers up to p_rows, ten a page with p_size characters each; what is taken is noted.
PLANTED = """
create table ops.stream_notes (
  id bigint generated always as identity primary key, user_id uuid, kind text, n integer);
create function api.count_up(
  p_user_id uuid, p_rows integer, p_size integer default 10, p_fail integer default null,
  p_after text default '0')
returns table (n integer, filling text, cursor text) language plpgsql stable security definer as $$
begin
  p_user_id := core.act_for(p_user_id);
  if p_after::integer = p_fail then
    perform base.raise('KC001', 'No further', 'rows');
  end if;
  return query select i, repeat('x', p_size), i::text
    from generate_series(p_after::integer + 1, least(p_after::integer + 10, p_rows)) i;
end $$;
grant execute on function api.count_up to plinth_web;
select http.expose('GET /v1/planted/count', 'api.count_up', result => 'stream');
create function api.take_lines(p_user_id uuid, p_items jsonb, p_line integer default null)
returns table (taken integer, calls integer, note text)
language plpgsql volatile security definer as $$
declare
  v_bad bigint;
begin
  p_user_id := core.act_for(p_user_id);
  select min(p_line + e.n - 1) into v_bad
    from jsonb_array_elements(p_items) with ordinality as e (item, n)
   where e.item -> 'n' is null;
  if v_bad is not null then
    perform base.raise('VL003', 'n is required', format('lines[%s].n', v_bad));
  end if;
  insert into ops.stream_notes (user_id, kind, n)
  select p_user_id, 'line ' || p_line, (e ->> 'n')::integer from jsonb_array_elements(p_items) e;
  return query select jsonb_array_length(p_items), 1, 'last'::text;
end $$;
grant execute on function api.take_lines to plinth_web;
select http.expose('POST /v1/planted/lines', 'api.take_lines', lines => 'items');
"""


@pytest.fixture(scope="module")
def ground(place: Database) -> Database:
    cheap_passwords(place)
    plant(place, PLANTED)
    return place


@pytest.fixture
def planted(ground: Database) -> Database:
    """Without the notes of earlier tests."""
    with ground.connect() as connection:
        connection.execute("truncate ops.stream_notes")
    return ground


@pytest.fixture
def usual(planted: Database, serve_once: Serve) -> Server:
    return serve_once()


@pytest.fixture
def alice(usual: Server) -> Client:
    client = usual.client()
    assert client.sign_in("alice").status == 201
    return client


@pytest.fixture
def special(planted: Database, serve: Serve, engine: Engine) -> Serve:
    """One with settings of the test's own, beside the usual one and with the same Redis."""
    return partial(serve, on=planted, REDIS_URL=engine.redis_url)


def lines_of(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def notes(database: Database, query: str) -> Any:
    return database.value(f"select {query} from ops.stream_notes")


# --------------------------------------------------------------------------------- answers


def test_an_answer_of_pages_is_one_body(alice: Client) -> None:
    answer = alice.get("/v1/planted/count?rows=25")
    assert (answer.status, answer.headers["content-type"]) == (200, NDJSON)
    assert answer.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in answer.headers
    assert [line["n"] for line in lines_of(answer.body)] == list(range(1, 26))
    assert lines_of(answer.body)[0].keys() == {"n", "filling"}

    rest = alice.get("/v1/planted/count?rows=25&after=23")
    assert [line["n"] for line in lines_of(rest.body)] == [24, 25]
    assert alice.get("/v1/planted/count?rows=0").body == b""
    # The same connection goes on, and by name it is the same.
    assert len(lines_of(alice.post("/rpc/count_up", {"rows": 12}).body)) == 12
    assert alice.request("HEAD", "/v1/planted/count?rows=25").body == b""
    assert alice.get("/v1/me").status == 200


def test_what_is_refused_at_once_is_refused_like_any_call(alice: Client) -> None:
    assert alice.get("/v1/planted/count?rows=25&fail=0").json()["code"] == "KC001"
    assert alice.get("/v1/planted/count?rows=many").status == 422
    assert alice.get("/v1/planted/count").status == 422
    alice.token = ""
    assert alice.get("/v1/planted/count?rows=25").status == 401


@contextmanager
def asked(server: Server, client: Client, query: str) -> Iterator[HTTPResponse]:
    """The answer as far as its head."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    path = f"/v1/planted/count?{query}"
    connection.request("GET", path, headers={"Authorization": f"Bearer {client.token}"})
    with closing(connection), connection.getresponse() as answer:
        yield answer


def broken_off(answer: HTTPResponse) -> dict[str, Any]:
    """The last line of an answer that does not end as a whole one does."""
    with pytest.raises(IncompleteRead) as caught:
        answer.read()
    *_, last = caught.value.partial.splitlines()
    return dict(json.loads(last))


def logged(server: Server) -> list[int]:
    """The bytes of each answer of pages, as the log has them: it is written when one has ended."""
    told = [line for line in server.words().splitlines() if "/v1/planted/count" in line]
    return [int(m[1]) for line in told if (m := re.search(r'"bytes":(\d+)', line))]


def test_what_fails_in_the_middle_is_seen(usual: Server, alice: Client) -> None:
    with asked(usual, alice, "rows=25&fail=10") as answer:
        last = broken_off(answer)
    assert last["after"] == "10"
    assert (last["error"]["code"], last["error"]["detail"]) == ("KC001", "No further")

    # Who is signed out meanwhile gets no further page. Pages are large: most are not sent yet.
    with asked(usual, alice, "rows=10000&size=100000") as answer:
        answer.read(1000)
        assert alice.delete("/v1/sessions/current").status == 204
        last = broken_off(answer)
    assert last["error"]["code"] == "UN001"
    assert 10 <= int(last["after"]) < 10000


def test_before_http_1_1_the_end_is_that_of_the_connection(usual: Server, alice: Client) -> None:
    with Raw(usual.port) as raw:
        head = f"GET /v1/planted/count?rows=25 HTTP/1.0\r\nAuthorization: Bearer {alice.token}\r\n"
        raw.send(head.encode() + b"Connection: keep-alive\r\n\r\n")
        said = b"".join(iter(lambda: raw.socket.recv(1 << 16), b""))
    begin, _, body = said.partition(b"\r\n\r\n")
    assert b"Connection: close" in begin
    assert b"Transfer-Encoding" not in begin
    assert len(lines_of(body)) == 25


def test_who_does_not_read_holds_up_nothing(special: Serve) -> None:
    server = special(PLINTH_BODY_TIMEOUT="1")
    client = server.client()
    client.sign_in("alice")
    before = server.high_water()
    with asked(server, client, "rows=20000&size=100000") as answer:  # 2 GB, a page is 1 MB
        answer.read(1)
        assert client.get("/v1/me").status == 200
        until(lambda: len(logged(server)) == 1, 20, server.words)
    assert logged(server)[0] < 50 << 20
    assert server.high_water() - before < 30 << 20

    # Nor who goes away.
    with asked(server, client, "rows=20000&size=100000") as answer:
        answer.read(1)
    until(lambda: len(logged(server)) == 2, 20, server.words)
    assert logged(server)[1] < 50 << 20


def test_a_stop_does_not_wait_for_the_end_of_a_history(special: Serve) -> None:
    server = special(PLINTH_STOP_TIMEOUT="2")
    client = server.client()
    client.sign_in("alice")
    with asked(server, client, "rows=100000000") as answer:
        answer.read(1)
        server.process.send_signal(signal.SIGTERM)
        last = broken_off(answer)
    assert last["error"]["code"] == "SV503"
    assert int(last["after"]) % 10 == 0
    assert server.process.wait(15) == 0


# -------------------------------------------------------------------------------- requests


def numbers(count: int) -> bytes:
    return b"".join(b'{"n": %d}\n' % n for n in range(1, count + 1))


def take(client: Client, data: bytes, **more: str) -> Response:
    headers = {"Content-Type": NDJSON} | {k.replace("_", "-"): v for k, v in more.items()}
    return client.request("POST", "/v1/planted/lines", data, headers)


def chunks(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), 777):
        part = data[at : at + 777]
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def test_a_body_of_lines_is_taken_piece_by_piece(alice: Client, planted: Database) -> None:
    answer = take(alice, numbers(2500))
    assert (answer.status, answer.json()) == (200, {"taken": 2500, "calls": 3, "note": "last"})
    assert notes(planted, "array_agg(distinct kind)") == ["line 1", "line 1001", "line 2001"]
    assert notes(planted, "array_agg(n order by id) = array(select generate_series(1, 2500))")

    # Larger than a body may be, and as chunks.
    wide = b"".join(b'{"n": %d, "text": "%b"}\n' % (n, b"x" * 2000) for n in range(1500))
    assert len(wide) > 1 << 20
    assert take(alice, wide).json()["taken"] == 1500
    assert take(alice, b"".join(chunks(wide)), Transfer_Encoding="chunked").json()["taken"] == 1500
    # As one object, as ever; and with one line, without its end.
    assert alice.post("/v1/planted/lines", {"items": [{"n": 1}]}).json()["taken"] == 1
    assert take(alice, b'{"n": 1}').json()["taken"] == 1
    assert take(alice, b"\n\r\n" + numbers(2) + b"\r\n\n" + numbers(1)).json()["calls"] == 2


FAULTS = [
    (b'{"m": 1}', "VL003", "n is required"),
    (b'{"n": 1', "BR001", "This is not JSON: Expecting ',' delimiter at column 8."),
    (b'{"n": 1},{"n": 2}', "BR001", "This is not JSON: Extra data at column 9."),
    (b'{"n": "\t"}', "BR001", "This is not JSON: Invalid control character at column 8."),
    (b"[1]", "BR001", "This is not a JSON object."),
    (b'{"n": 1, "n": 2}', "BR001", "n: is given twice"),
    (b'{"n": "\xff"}', "BR001", "This is not UTF-8 at byte 7."),
    (b'{"n": "%b"}' % (b"x" * 3 * (1 << 19)), "BR002", "A line may have 1572864 bytes."),
]


def test_a_faulty_line_is_named(alice: Client, planted: Database) -> None:
    for line, code, said in FAULTS:
        answer = take(alice, numbers(1499) + line + b"\n" + numbers(1000))
        problem = answer.json()
        assert problem["code"] == code
        done = "(what stands before line 1001 is done)"
        assert problem["detail"] == f"Line 1500: {said} {done}"
        (error,) = problem["errors"]
        assert error["field"].startswith("lines[1500]")
        assert said.endswith(error["detail"])
    assert notes(planted, "array_agg(distinct kind)") == ["line 1"]
    assert notes(planted, "count(*)") == 1000 * len(FAULTS)


def test_each_piece_costs_what_a_call_costs(planted: Database, special: Serve) -> None:
    client = special(RATE_LIMIT_REQUESTS_PER_MINUTE="3").client()
    client.sign_in("testuser")
    answer = take(client, numbers(5000))
    assert answer.status == 429
    assert answer.json()["detail"].endswith("(what stands before line 3001 is done)")
    assert int(answer.headers["retry-after"]) > 0
    assert notes(planted, "count(*)") == 3000


def test_nobody_is_nobody_and_nothing_is_nothing(alice: Client, planted: Database) -> None:
    assert take(alice, b"").json()["taken"] == 0  # a call, so whoever may not learns it
    alice.token = ""
    assert take(alice, numbers(5)).status == 401
    assert take(alice, b"").status == 401
    assert notes(planted, "count(*)") == 0


def test_a_body_that_does_not_come_on_is_given_up(planted: Database, special: Serve) -> None:
    server = special(PLINTH_BODY_TIMEOUT="0.5")
    client = server.client()
    client.sign_in("alice")
    with Raw(server.port) as raw:
        raw.send(
            b"POST /v1/planted/lines HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
            b"Authorization: Bearer "
            + str(client.token).encode()
            + b"\r\nContent-Length: 100000\r\n\r\n"
        )
        raw.send(numbers(1500))
        answer = raw.read()
    assert answer.status == 408
    assert answer.json()["detail"].endswith("(what stands before line 1001 is done)")
    assert notes(planted, "count(*)") == 1000
