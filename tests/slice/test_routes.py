"""Routes as registered: pages, calls by name, and a description that leaves nothing out."""

from itertools import count
from typing import Any

import pytest

from tests.conftest import Database
from tests.http_client import Client
from tests.people import PASSWORD

_numbers = count(1)


@pytest.fixture
def member(guest: Client) -> Client:
    name = f"member{next(_numbers)}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert guest.post("/v1/users", account).status == 201
    assert guest.sign_in(name, PASSWORD).status == 201
    return guest


def test_pages_follow_one_another(member: Client) -> None:
    name = member.get("/v1/me").json()["username"]
    for _ in range(6):
        assert member.sign_in(name, PASSWORD).status == 201
    whole = member.get("/v1/sessions").json()
    assert len(whole["items"]) == 7
    assert whole["next"] is None
    assert [s["current"] for s in whole["items"]] == [True] + [False] * 6
    assert all("cursor" not in item for item in whole["items"])
    for size in (1, 3, 6, 7):
        items: list[Any] = []
        place, pages = "", 0
        while True:
            page = member.get(f"/v1/sessions?limit={size}{place}").json()
            items += page["items"]
            pages += 1
            if page["next"] is None:
                break
            assert len(page["items"]) == size
            place = f"&after={page['next']}"
        assert items == whole["items"]
        assert pages == -(-7 // size)


@pytest.mark.parametrize(
    ("limit", "status"),
    [("1", 200), ("200", 200), ("0", 422), ("201", 422), ("-1", 422), ("x", 422), ("1e3", 422),
     ("99999999999999999999", 422), ("", 422), ("1.5", 422), ("null", 422)],
)  # fmt: skip
def test_limit_is_from_1_to_200(member: Client, limit: str, status: int) -> None:
    answer = member.get(f"/v1/sessions?limit={limit}")
    assert answer.status == status, answer.body
    if status == 422:
        assert answer.json()["errors"][0]["field"] == "limit"


def test_a_cursor_that_is_none_is_refused(member: Client) -> None:
    for after in ("x", "00000000-0000-0000-0000-00000000000g", "%00", "'"):
        assert member.get(f"/v1/sessions?after={after}").status in (400, 422)


def test_every_route_answers_by_name_too(member: Client) -> None:
    me = member.get("/v1/me", cache_control="no-cache")
    named = member.post("/rpc/get_current_user")
    assert (named.status, named.json()) == (200, me.json())
    assert "x-cache" not in named.headers
    assert member.post("/rpc/get_current_user", {}).status == 200
    listed = member.post("/rpc/list_sessions", {"limit": 1})
    assert listed.json() == member.get("/v1/sessions?limit=1").json()
    changed = member.post("/rpc/update_current_user", {"bio": "by name"})
    assert changed.json()["bio"] == "by name"
    assert member.get("/v1/me").json()["bio"] == "by name"
    someone = member.post("/rpc/get_current_user", {"user_id": me.json()["id"]})
    assert someone.code == "VL002"
    assert member.get("/rpc/get_current_user").status == 405
    assert member.post("/rpc/authenticate_user", {"login": "a", "password": "b"}).status == 404
    assert member.post("/rpc/current_user_id").status == 404
    assert member.post("/rpc/end_session").status == 204
    assert member.get("/v1/me").status == 401


def test_what_is_served_is_described(guest: Client, crowded_database: Database) -> None:
    with crowded_database.connect() as connection:
        rows = connection.execute("select method, path, function_name from http.routes").fetchall()
    served = {(method.lower(), path) for method, path, _ in rows}
    served |= {("post", "/rpc/" + function.removeprefix("api.")) for *_, function in rows}
    document = guest.get("/openapi.json").json()
    described = {(m, path) for path, methods in document["paths"].items() for m in methods}
    assert served - described == set()
    assert described - served == set()
    assert document["openapi"].startswith("3.1")
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
    # And each path is really there: anything but "no such route".
    for method, path in described:
        answer = guest.request(method.upper(), path.replace("{", "").replace("}", ""))
        assert answer.status not in (404, 405, 500), (method, path, answer.body)
