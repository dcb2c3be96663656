"""Register, sign in, look, change, list, sign out: what each answers and what it gives away."""

import time
import uuid
from itertools import count

import pytest

from tests.conftest import Database, Serve, Server, until
from tests.http_client import Client, Response
from tests.people import PASSWORD, cheap_passwords, many_attempts, plant

USER = {
    "id", "username", "email", "full_name", "avatar_url", "bio", "status", "tier", "roles",
    "email_verified", "metadata", "created_at", "version",
}  # fmt: skip
PROBLEM = ["type", "title", "status", "detail", "code", "request_id", "errors"]


_numbers = count(1)


@pytest.fixture
def name() -> str:
    return f"visitor{next(_numbers)}"


def account(name: str, **more: object) -> dict[str, object]:
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD} | more


def test_the_whole_way(guest: Client, name: str, crowded_database: Database) -> None:
    made = guest.post("/v1/users", account(name, full_name=" Carol Cook "))
    assert made.status == 201, made.body
    carol = made.json()
    assert set(carol) == USER
    assert (carol["username"], carol["full_name"], carol["roles"]) == (name, "Carol Cook", ["user"])
    assert (carol["status"], carol["tier"], carol["version"]) == ("active", "free", 1)
    assert uuid.UUID(carol["id"]).version == 7

    signed = guest.sign_in(f"{name.upper()}@example.org", PASSWORD)
    assert signed.status == 201, signed.body
    answer = signed.json()
    assert set(answer) == {"token", "refresh_token", "expires_at", "user"}
    assert answer["token"].startswith("pls_")
    assert answer["refresh_token"].startswith("plr_")
    assert answer["user"]["id"] == carol["id"]
    assert signed.headers["cache-control"] == "private, no-store"

    me = guest.get("/v1/me").json()
    assert me["id"] == carol["id"]
    changed = guest.patch("/v1/me", {"bio": "cooks", "version": me["version"]})
    assert changed.status == 200, changed.body
    assert changed.json()["bio"] == "cooks"
    assert changed.json()["version"] == me["version"] + 1
    assert guest.patch("/v1/me", {"bio": "x", "version": me["version"]}).code == "KC002"
    assert guest.get("/v1/me").json() == changed.json()

    sessions = guest.get("/v1/sessions").json()
    assert [s["current"] for s in sessions["items"]] == [True]
    assert sessions["next"] is None
    assert sessions["items"][0]["address"] == "127.0.0.1"

    ended = guest.delete("/v1/sessions/current")
    assert (ended.status, ended.body) == (204, b"")
    after = guest.get("/v1/me")
    assert (after.status, after.code) == (401, "UN001")
    assert after.headers["www-authenticate"] == "Bearer"
    # Neither token is in the database, in the log or anywhere else but with its owner.
    held = crowded_database.value("select string_agg(s::text, ' ') from auth.sessions s")
    assert answer["token"] not in held
    assert answer["refresh_token"] not in held


def test_a_token_appears_in_no_log(crowded: Server, guest: Client, name: str) -> None:
    guest.post("/v1/users", account(name))
    token = guest.sign_in(name, PASSWORD).json()["token"]
    guest.get("/v1/me")
    guest.get(f"/v1/me?token={token}")
    guest.request("GET", "/v1/me", headers={"X-Request-Id": token, "User-Agent": f"{name} {token}"})
    until(lambda: f'"{name} ' in crowded.log.read_text(), 15)
    log = crowded.log.read_text()
    assert token not in log
    assert PASSWORD not in log


def test_wrong_password_and_unknown_user_are_alike(guest: Client, name: str) -> None:
    guest.post("/v1/users", account(name))

    def refused(login: str) -> Response:
        return guest.post(
            "/v1/sessions",
            {"login": login, "password": "not the password at all"},
            x_request_id="the-same",
        )

    answers = [
        refused(login) for login in (name, "nobody-of-that-name", f"{name}@example.org", "no@where")
    ]
    assert {a.status for a in answers} == {401}
    assert len({a.body for a in answers}) == 1, [a.body for a in answers]
    heads = [{n: v for n, v in a.headers.items() if n != "date"} for a in answers]
    assert all(list(head.items()) == list(heads[0].items()) for head in heads)
    problem = answers[0].json()
    assert list(problem) == PROBLEM
    assert (problem["code"], problem["request_id"]) == ("UN002", "the-same")
    assert answers[0].headers["content-type"] == "application/problem+json"


def test_an_account_that_is_suspended_is_refused_like_an_unknown_one(
    guest: Client, name: str, crowded_database: Database
) -> None:
    guest.post("/v1/users", account(name))
    with crowded_database.connect() as connection:
        connection.execute("update auth.users set status = 'suspended' where username = %s", [name])
    right, unknown = (
        guest.post("/v1/sessions", {"login": login, "password": PASSWORD}, x_request_id="same")
        for login in (name, "nobody-of-that-name")
    )
    assert right.status == 401
    assert right.body == unknown.body


NO_DUMMY_WORK = """
create or replace function core.password_matches(p_password text, p_hash text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when p_hash is null then false
         else ext.crypt(core.peppered(p_password), substr(p_hash, strpos(p_hash, '$')))
            = substr(p_hash, strpos(p_hash, '$')) end
$$
"""


def advantage(client: Client, pairs: int) -> float:
    """How often an unknown user is refused later than a wrong password; 0.5 tells nothing."""
    times: dict[str, list[float]] = {"carol": [], "nobody": []}
    for turn in range(2 * pairs):
        login = "carol" if turn % 2 else "nobody"
        began = time.perf_counter()
        answer = client.post("/v1/sessions", {"login": login, "password": "not the password"})
        times[login].append(time.perf_counter() - began)
        assert answer.status == 401
    known, unknown = times.values()
    return sum((b > a) + (b == a) / 2 for a in known for b in unknown) / len(known) / len(unknown)


def test_unknown_users_take_as_long(serve: Serve, database: Database) -> None:
    cheap_passwords(database, cost=7)
    many_attempts(database)
    client = serve().client()
    assert client.post("/v1/users", account("carol")).status == 201
    # Of 200 each, chance alone moves it by 0.03; closer bounds are those of the soak test.
    assert 0.38 < advantage(client, 200) < 0.62


def test_the_clock_would_show_skipped_work(serve: Serve, database: Database) -> None:
    """The control of the test above: without the work for unknown users it fails."""
    cheap_passwords(database, cost=6)
    many_attempts(database)
    plant(database, NO_DUMMY_WORK)
    client = serve().client()
    assert client.post("/v1/users", account("carol")).status == 201
    assert advantage(client, 30) < 0.25


def test_a_taken_address_answers_like_a_fresh_one(
    guest: Client, name: str, crowded_database: Database
) -> None:
    guest.post("/v1/users", account(name))
    fresh = guest.post("/v1/users", account(f"{name}-d", full_name="D"), x_request_id="same")
    taken = guest.post(
        "/v1/users",
        account(f"{name}-e", full_name="D", email=f"{name}@Example.org"),
        x_request_id="same",
    )
    assert (fresh.status, taken.status) == (201, 201)
    mine = ("id", "username", "email", "created_at")
    alike = [{k: v for k, v in a.json().items() if k not in mine} for a in (fresh, taken)]
    assert alike[0] == alike[1]
    assert list(fresh.json()) == list(taken.json())
    assert [type(v) for v in fresh.json().values()] == [type(v) for v in taken.json().values()]
    lengths = {"date", "content-length"}
    assert {k: v for k, v in fresh.headers.items() if k not in lengths} == {
        k: v for k, v in taken.headers.items() if k not in lengths
    }
    assert taken.json()["email"] == f"{name}@Example.org"
    # Nobody was made, and the owner of the address is told.
    assert guest.post("/v1/sessions", {"login": f"{name}-e", "password": PASSWORD}).status == 401
    told = (
        "select array_agg(kind order by o.id) from ops.outbox o join auth.users u"
        " on u.id = o.user_id where u.username = %s"
    )
    assert crowded_database.value(told, name) == ["verify_email", "registration_with_your_address"]


def test_a_taken_username_is_told(guest: Client, name: str) -> None:
    guest.post("/v1/users", account(name))
    answer = guest.post("/v1/users", account(name.upper(), email=f"other-{name}@example.org"))
    assert (answer.status, answer.code) == (409, "KC001")
    assert [e["field"] for e in answer.json()["errors"]] == ["username"]


def test_a_caller_brings_the_id(guest: Client, name: str) -> None:
    """The same request twice is one account; the id of another account is refused."""
    given = str(uuid.uuid4())
    first, again = (guest.post("/v1/users", account(name, id=given)) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.json()["id"] == given
    assert again.json() == first.json()
    other = guest.post("/v1/users", account(f"{name}-d", id=given))
    assert (other.status, other.code) == (409, "KC001")
    wrong = guest.post("/v1/users", account(name, id=given) | {"password": PASSWORD + "!"})
    assert wrong.status == 409
    assert guest.post("/v1/users", account(f"{name}-f", id="7")).status in (400, 422)


@pytest.mark.parametrize(
    "more",
    [
        {"role": "administrator"},
        {"roles": ["administrator"]},
        {"is_admin": True},
        {"tier": "pro"},
        {"user_id": str(uuid.uuid4())},
        {"created_at": "2020-01-01"},
        {"version": 7},
    ],
    ids=lambda more: next(iter(more)),
)
def test_unknown_fields_are_refused(guest: Client, name: str, more: dict[str, object]) -> None:
    answer = guest.post("/v1/users", account(name, **more))
    assert (answer.status, answer.code) == (422, "VL002")
    assert [e["field"] for e in answer.json()["errors"]] == list(more)
    guest.post("/v1/users", account(name))
    guest.sign_in(name, PASSWORD)
    if "version" not in more:
        assert guest.patch("/v1/me", more).code == "VL002"
    # As a query of a read and by name it is no different.
    assert guest.get("/v1/me?" + "&".join(f"{k}=1" for k in more)).status == 422
    assert guest.post("/rpc/get_current_user", more).code == "VL002"


def test_missing_and_broken_fields_are_named(guest: Client, name: str) -> None:
    without = guest.post("/v1/users", {"username": name, "email": f"{name}@example.org"})
    assert (without.status, without.code) == (422, "VL003")
    assert without.json()["errors"][0]["field"] == "password"
    for field, value in {
        "username": "c",
        "email": "nowhere",
        "password": "short",
        "full_name": "a\u0000",
    }.items():
        answer = guest.post("/v1/users", account(name) | {field: value})
        assert answer.status in (400, 422), answer.body
        assert value not in answer.body.decode() or field != "password"


def test_a_registration_sent_again_is_counted_like_a_sign_in(serve: Serve) -> None:
    """Else it would tell, for a known id, whether a password is right, as often as one likes."""
    client = serve().client()
    once = account("carol", id="01900000-0000-7000-8000-0000000000aa")
    assert client.post("/v1/users", once).status == 201
    assert client.post("/v1/users", once).json()["id"] == once["id"]
    wrong = once | {"password": "not the one it was made with"}
    codes = [client.post("/v1/users", wrong).code for _ in range(7)]
    assert codes[:5] == ["KC001"] * 5
    assert codes[5:] == ["RL002"] * 2
    assert client.post("/v1/users", once).code == "RL002"
