"""Connections: kept, pipelined, half closed, slow, too many."""

import time
from contextlib import ExitStack

import pytest

from tests.conftest import Serve, Server
from tests.http.corpus import sign_in
from tests.http.raw import Raw, post, request

LIVE = request("GET", "/livez")


def numbered(method: str, target: str, number: int) -> bytes:
    return request(method, target, f"X-Request-Id: n{number}")


def test_a_connection_serves_many_requests(server: Server) -> None:
    with Raw(server.port) as raw:
        for number in range(20):
            answer = raw.send(numbered("GET", "/livez", number)).read()
            assert (answer.status, answer.body) == (200, b'{"status":"ok"}')
            assert answer.header("x-request-id") == f"n{number}"
            assert answer.header("connection") is None


@pytest.mark.parametrize("many", [3, 200])
def test_pipelined_requests_are_answered_in_order(server: Server, many: int) -> None:
    paths = ["/livez", "/v1/me", "/nothing", "/readyz"]
    statuses = [200, 401, 404, 200]
    with Raw(server.port) as raw:
        raw.send(b"".join(numbered("GET", paths[n % 4], n) for n in range(many)))
        for number in range(many):
            answer = raw.read()
            assert answer.header("x-request-id") == f"n{number}"
            assert answer.status == statuses[number % 4]


def test_pipelined_bodies_are_kept_apart(server: Server) -> None:
    with Raw(server.port) as raw:
        raw.send(sign_in(b'{"login":1}') + LIVE + sign_in(b"{}{}") + LIVE)
        assert [raw.read().status for _ in range(4)] == [422, 200, 400, 200]


def test_a_request_may_come_byte_by_byte(server: Server) -> None:
    with Raw(server.port) as raw:
        for byte in sign_in(b'{"login":1,"password":"x"}'):
            raw.send(bytes([byte]))
        assert raw.read().status == 422


def test_a_body_may_come_in_chunks(server: Server) -> None:
    head = request(
        "POST", "/v1/sessions", "Content-Type: application/json", "Transfer-Encoding: chunked"
    )
    with Raw(server.port) as raw:
        raw.send(head + b'3\r\n{"l\r\n9;x=y\r\nogin":1, \r\n12\r\n  "password": "x"}\r\n')
        raw.send(b"0\r\nTrailer: 1\r\n\r\n")
        answer = raw.read()
        assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "login")
        assert raw.send(LIVE).read().status == 200


def test_bodies_of_many_chunks_are_kept_apart(server: Server) -> None:
    """More chunks than the parser takes in one go, and the next request right behind."""
    head = request(
        "POST", "/v1/sessions", "Content-Type: application/json", "Transfer-Encoding: chunked"
    )
    for many in (4094, 4095, 4096, 4097, 4098, 20_000):
        body = b'{"login":1' + b" " * (many - 11) + b"}"
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        with Raw(server.port) as raw:
            raw.send((head + chunks) * 3 + LIVE)
            assert [raw.read().status for _ in range(4)] == [422, 422, 422, 200]


@pytest.mark.parametrize("size", [200_000, 10_000_000])
def test_a_refusal_arrives_while_the_body_is_still_sent(server: Server, size: int) -> None:
    """Its sender reads the answer when all is sent: what nobody wants is swallowed meanwhile, also
    where the answer came so late that reading had stopped."""
    with Raw(server.port) as raw:
        raw.socket.sendall(request("GET", "/readyz") + post("/v1/nothing", b"x" * size))
        assert [raw.read().status, raw.read().status] == [200, 404]
        assert raw.ended()


def test_the_last_of_a_large_body_is_no_head(server: Server) -> None:
    """However large the piece that ends a body: it is answered once, and the connection stays."""
    large = post("/v1/sessions", b'{"login":1,"password":"' + b"x" * 200_000 + b'"}',
                 "Expect: 100-continue")  # fmt: skip
    head, _, body = large.partition(b"\r\n\r\n")
    with Raw(server.port) as raw:
        for _ in range(10):
            raw.send(head + b"\r\n\r\n")
            assert raw.socket.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
            answer = raw.send(body).read()
            assert (answer.status, answer.header("connection")) == (422, None)
        assert raw.send(LIVE).read().status == 200


def test_connection_close_is_honoured(server: Server) -> None:
    with Raw(server.port) as raw:
        answer = raw.send(request("GET", "/livez", "Connection: close")).read()
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert raw.ended()


def test_http_1_0_closes_unless_it_asks(server: Server) -> None:
    with Raw(server.port) as raw:
        answer = raw.send(b"GET /livez HTTP/1.0\r\n\r\n").read()
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert raw.ended()
    with Raw(server.port) as raw:
        for _ in range(2):
            raw.send(b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert raw.read().header("connection") == "keep-alive"


def test_half_closing_clients_get_their_answers(server: Server) -> None:
    with Raw(server.port) as raw:
        raw.send(LIVE + request("GET", "/readyz"))
        raw.socket.shutdown(1)
        assert [raw.read().status, raw.read().status] == [200, 200]
        assert raw.ended()


def test_head_is_get_without_a_body(server: Server) -> None:
    for path in ("/livez", "/console", "/nothing", "/v1/me"):
        with Raw(server.port) as raw:
            full = raw.send(numbered("GET", path, 1)).read()
            bare = raw.send(numbered("HEAD", path, 1)).read(head=True)
            assert bare.status == full.status
            assert bare.header("content-length") == str(len(full.body))
            assert raw.send(LIVE).read().status == 200  # nothing of the body was left behind


def test_an_upgrade_is_not_taken_up(server: Server) -> None:
    lines = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    with Raw(server.port) as raw:
        assert raw.send(request("GET", "/livez", *lines)).read().status == 200
        assert raw.send(b"\x81\x05hello").ended()


def test_expect_continue_is_answered_before_the_body(server: Server) -> None:
    body = b'{"login":1,"password":"x"}'
    data = post("/v1/sessions", body, "Expect: 100-continue")
    with Raw(server.port) as raw:
        raw.send(data[: -len(body)])
        assert raw.socket.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert raw.send(body).read().status == 422
    with Raw(server.port) as raw:  # a refusal comes instead of the go-ahead
        raw.send(post("/v1/nothing", body, "Expect: 100-continue")[: -len(body)])
        assert raw.read().status == 404


def test_request_ids(server: Server) -> None:
    with Raw(server.port) as raw:
        seen = set()
        for given in ("a.B-9_", "x" * 128):
            answer = raw.send(request("GET", "/livez", f"X-Request-Id: {given}")).read()
            assert answer.header("x-request-id") == given
        for given in ("", "a b", "x" * 129, "\u00e9", "<script>", "pls_0a1b" + "A" * 49):
            answer = raw.send(request("GET", "/livez", f"X-Request-Id: {given}")).read()
            made = answer.header("x-request-id")
            assert made
            assert made != given
            seen.add(made)
        assert len(seen) == 6


def test_the_head_of_a_request_has_a_deadline(serve: Serve) -> None:
    server = serve(PLINTH_HEADER_TIMEOUT="1")
    with ExitStack() as stack:
        silent = stack.enter_context(Raw(server.port))
        slow = [stack.enter_context(Raw(server.port)) for _ in range(50)]
        for raw in slow:
            raw.send(b"GET /livez HTTP/1.1\r\nHost: t\r\nX-A: ")
        second = stack.enter_context(Raw(server.port))
        second.send(LIVE).read()
        second.send(b"GET /liv")
        started = time.monotonic()
        trickling = stack.enter_context(Raw(server.port, 0.1))
        trickling.send(b"GET /livez HTTP/1.1\r\nX-A: ")
        while time.monotonic() < started + 5:
            try:
                answer = trickling.send(b"a").read()
                break
            except TimeoutError:
                # One byte after another does not buy time; and others are served meanwhile.
                with Raw(server.port) as other:
                    assert other.send(LIVE).read().status == 200
        assert answer.status == 408
        assert 0.5 < time.monotonic() - started < 3
        for raw in (silent, second, *slow):
            answer = raw.read()
            assert (answer.status, answer.json()["code"]) == (408, "BR408")
            assert answer.header("connection") == "close"
            assert raw.ended()


def test_the_body_has_a_deadline(serve_once: Serve) -> None:
    server = serve_once(PLINTH_BODY_TIMEOUT="1")
    with Raw(server.port) as raw:
        answer = raw.send(sign_in(b'{"login":"a","password":"b"}')[:-5]).read()
        assert (answer.status, answer.json()["code"]) == (408, "BR408")
        assert raw.ended()


def test_an_idle_connection_is_closed_without_a_word(serve: Serve) -> None:
    server = serve(PLINTH_KEEPALIVE_TIMEOUT="1")
    with Raw(server.port) as raw:
        assert raw.send(LIVE).read().status == 200
        assert raw.ended()


def test_who_does_not_read_his_answers_is_cut_off(serve_once: Serve) -> None:
    server = serve_once(PLINTH_BODY_TIMEOUT="1")
    client = server.client()
    with Raw(server.port, 1) as raw:
        wanted = request("GET", "/docs/assets/swagger-ui-bundle.js") * 30
        raw.send(wanted)
        deadline = time.monotonic() + 8
        while client.samples()["plinth_http_connections"] > 1:
            assert time.monotonic() < deadline, "still there"
    assert client.samples()["plinth_process_memory_peak_bytes"] < 300e6


def test_connections_of_one_address_are_limited(serve: Serve) -> None:
    server = serve(PLINTH_MAX_CONNECTIONS_PER_ADDRESS="5")
    with ExitStack() as stack:
        held: list[Raw] = []
        deadline = time.monotonic() + 20
        while len(held) < 5:  # the fixture's own connections may not be gone from its books yet
            raw = Raw(server.port)
            stack.callback(raw.socket.close)
            if raw.send(LIVE).read().status == 200:
                held.append(raw)
            else:  # kept, it would count as one of the five
                raw.socket.close()
            assert time.monotonic() < deadline
        with Raw(server.port) as sixth:
            answer = sixth.read()
            assert (answer.status, answer.header("retry-after")) == (503, "1")
            assert sixth.ended()
        held[0].socket.close()
        deadline = time.monotonic() + 20
        while True:  # a place is free again as soon as one has left
            with Raw(server.port) as next_:
                if next_.send(LIVE).read().status == 200:
                    break
            assert time.monotonic() < deadline
