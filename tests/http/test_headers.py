"""Headers: CORS, proxies, caching, and what every answer carries."""

import pytest

from tests.conftest import Serve, Server
from tests.http.raw import ask, request
from tests.http_client import Client

OURS = "https://app.example"
PREFLIGHT = (
    "Access-Control-Request-Method: PATCH",
    "Access-Control-Request-Headers: authorization",
)
TRICKS = [
    "null", "https://evil.example", "https://app.example.evil.example", "https://evilapp.example",
    "http://app.example", "https://app.example:444", "https://APP.example", "https://app.example/",
    "https://app.example https://evil.example", "*",
]  # fmt: skip


@pytest.fixture(scope="module")
def allowed() -> str:
    return OURS


def cors(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.startswith("access-control-")}


def test_cors_is_a_list_and_nothing_else(serve: Serve) -> None:
    server = serve(PLINTH_CORS_ORIGINS=f"{OURS},http://localhost:3000")
    preflight = ask(server.port, request("OPTIONS", "/v1/me", f"Origin: {OURS}", *PREFLIGHT))
    told = cors(preflight.headers)
    assert preflight.status == 204
    assert told["access-control-allow-origin"] == OURS
    assert set(told["access-control-allow-methods"].split(", ")) == {
        "DELETE",
        "GET",
        "HEAD",
        "PATCH",
    }
    assert "Authorization" in told["access-control-allow-headers"]
    assert preflight.header("vary") == "Origin"

    for path, status in (("/v1/me", 401), ("/livez", 200), ("/nothing", 404)):
        answer = ask(server.port, request("GET", path, f"Origin: {OURS}"))
        assert answer.status == status
        assert (
            cors(answer.headers)["access-control-allow-origin"] == OURS
        )  # refusals can be read too
        assert "X-Request-Id" in cors(answer.headers)["access-control-expose-headers"]

    for origin in TRICKS:
        for data in (
            request("OPTIONS", "/v1/me", f"Origin: {origin}", *PREFLIGHT),
            request("GET", "/livez", f"Origin: {origin}"),
        ):
            answer = ask(server.port, data)
            assert answer.status in (200, 204)
            assert cors(answer.headers) == {}, origin
            assert answer.header("vary") == "Origin"
    assert "access-control-allow-credentials" not in cors(preflight.headers)


def test_without_a_list_no_origin_is_allowed(server: Server) -> None:
    for data in (
        request("OPTIONS", "/v1/me", f"Origin: {OURS}", *PREFLIGHT),
        request("GET", "/livez", f"Origin: {OURS}"),
    ):
        assert cors(ask(server.port, data).headers) == {}


def test_options_tells_the_methods(server: Server) -> None:
    for path, methods in (
        ("/v1/me", {"DELETE", "GET", "HEAD", "PATCH", "OPTIONS"}),
        ("/rpc/get_current_user", {"POST", "OPTIONS"}),
        ("/livez", {"GET", "HEAD", "OPTIONS"}),
    ):
        answer = ask(server.port, request("OPTIONS", path))
        assert answer.status == 204
        assert set((answer.header("allow") or "").split(", ")) == methods
    anything = ask(server.port, request("OPTIONS", "*"))
    assert (anything.status, anything.header("allow")) == (204, "OPTIONS")
    assert ask(server.port, request("OPTIONS", "/nothing")).status == 404


def test_a_target_may_name_a_host(server: Server) -> None:
    """RFC 9112, 3.2.2: a server accepts what clients send to proxies."""
    client = server.client()
    assert client.sign_in("alice").status == 201
    for host in ("http://plinth.example", "HTTP://[::1]:8080", "https://alice@plinth.example:443"):
        assert client.get(f"{host}/v1/me").json()["username"] == "alice"
        assert len(client.get(f"{host}/v1/sessions?limit=1").json()["items"]) == 1
        assert client.request("OPTIONS", f"{host}/v1/me").status == 204
        assert client.get(f"{host}/nothing").code == "NF404"
    for target in ("http://plinth.example", "http://plinth.example?x=1"):
        assert client.get(target).status == client.get("/").status
    for target in ("ftp://plinth.example/v1/me", "//plinth.example/v1/me"):
        assert ask(server.port, request("GET", target)).status == 404


def address_of_last_session(client: Client) -> str:
    return str(client.get("/v1/me/sessions").json()["items"][-1]["address"])


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        ("", "203.0.113.9", "127.0.0.1"),  # nobody is trusted: a header is only a claim
        ("10.0.0.0/8", "203.0.113.9", "127.0.0.1"),  # somebody else is
        ("127.0.0.0/8", "203.0.113.9", "203.0.113.9"),
        (
            "127.0.0.0/8",
            "6.6.6.6, 203.0.113.9",
            "203.0.113.9",
        ),  # what the client claimed is left of it
        ("127.0.0.0/8,10.0.0.0/8", "203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("127.0.0.0/8", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.0/8", "<script>", "127.0.0.1"),
        ("127.0.0.0/8", "1.2.3.4; drop table users", "127.0.0.1"),
        ("127.0.0.0/8", "", "127.0.0.1"),
        ("127.0.0.0/8", "203.0.113.9" + ", 127.0.0.1" * 33, "127.0.0.1"),  # nobody has so many
        ("127.0.0.0/8", "203.0.113.9" + ", 127.0.0.1" * 32, "203.0.113.9"),
    ],
)
def test_the_address_is_the_one_a_trusted_proxy_saw(
    serve_once: Serve, trusted: str, forwarded: str, seen: str
) -> None:
    server = serve_once(PLINTH_TRUSTED_PROXIES=trusted)
    body = {"login": "alice", "password": "Dev@12345"}
    answer = server.client().post("/v1/sessions", body, X_Forwarded_For=forwarded)
    assert answer.status == 201
    found = server.database.value(
        "select host(address) from auth.sessions order by created_at desc limit 1"
    )
    assert found == seen


def test_answers_to_a_caller_are_private(server: Server) -> None:
    client = server.client()
    signed_in = client.sign_in("alice")
    assert signed_in.headers["cache-control"] == "private, no-store"
    me = client.get("/v1/me")
    assert me.headers["cache-control"] == "private, no-cache"
    assert me.headers["vary"] == "Authorization"
    for answer in (signed_in, me, client.get("/nothing"), client.get("/console")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["date"].endswith(" GMT")
        assert "server" not in answer.headers


def test_an_answer_that_is_known_is_not_sent_again(server: Server) -> None:
    client = server.client()
    client.sign_in("alice")
    for path in ("/v1/me", "/openapi.json", "/console", "/docs/assets/swagger-ui.css"):
        first = client.get(path)
        etag = first.headers["etag"]
        assert (first.status, etag[0], etag[-1]) == (200, '"', '"')
        for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            again = client.get(path, If_None_Match=known)
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
            assert "content-type" not in again.headers
        assert client.get(path, If_None_Match='"x"').body == first.body
    client.patch("/v1/me", {"full_name": "Changed"})
    assert client.get("/v1/me", If_None_Match=etag).status == 200


def test_no_content_has_no_body(server: Server) -> None:
    client = server.client()
    client.sign_in("bob")
    ended = client.delete("/v1/sessions/current")
    assert (ended.status, ended.body) == (204, b"")
    assert "content-length" not in ended.headers
    assert "content-type" not in ended.headers
    assert client.get("/v1/me").status == 401  # over the same connection
