"""Passwords over HTTP: judged, made, changed, and brought along from other systems."""

import random
import time
from itertools import count

import pytest

from tests.conftest import Database, Serve, Server
from tests.http_client import Client
from tests.people import PASSWORD, cheap_passwords, many_attempts

NEW = "purple monkey dishwasher"
_numbers = count(1)


@pytest.fixture
def desk(serve: Serve, database: Database) -> Server:
    cheap_passwords(database)
    many_attempts(database)
    return serve()


def join(server: Server) -> tuple[str, Client]:
    name, client = f"changer{next(_numbers)}", server.client()
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/v1/users", account).status == 201
    assert client.sign_in(name, PASSWORD).status == 201
    return name, client


def test_a_change_leaves_one_session_with_new_tokens(desk: Server, database: Database) -> None:
    name, client = join(desk)
    elsewhere = desk.client()
    assert elsewhere.sign_in(name, PASSWORD).status == 201
    assert elsewhere.get("/v1/me").status == client.get("/v1/me").status == 200
    old = client.token

    body = {"current_password": PASSWORD, "new_password": NEW}
    answer = client.request("PUT", "/v1/me/password", body)
    assert answer.status == 200, answer.body
    assert set(answer.json()) == {"token", "refresh_token", "expires_at"}
    # From the very answer on: cached copies of the old sessions are void, too.
    assert (elsewhere.get("/v1/me").status, client.get("/v1/me").status) == (401, 401)
    client.token = answer.json()["token"]
    assert client.get("/v1/me").json()["username"] == name
    assert client.token != old
    assert [s["current"] for s in client.get("/v1/sessions").json()["items"]] == [True]

    fresh = desk.client()
    assert fresh.sign_in(name, PASSWORD).status == 401
    assert fresh.sign_in(name, NEW).status == 201
    mails = "select bool_or(o.kind = 'password_changed') from ops.outbox o where o.address like %s"
    assert database.value(mails, f"{name}@%")
    for secret in (PASSWORD, NEW, str(answer.json()["token"])):
        assert secret not in desk.log.read_text()


def test_a_change_asks_for_the_password_in_force(desk: Server, database: Database) -> None:
    name, client = join(desk)

    def change(current: str, new: str = NEW) -> tuple[int, str, list[str]]:
        body = {"current_password": current, "new_password": new}
        answer = client.request("PUT", "/v1/me/password", body)
        told = answer.json()
        return answer.status, told["code"], [e["field"] for e in told["errors"]]

    assert change("not the password") == (422, "VL001", ["current_password"])
    assert change(PASSWORD, "short") == (422, "VL001", ["new_password"])
    assert change(PASSWORD, name + "1234567890") == (422, "VL001", ["new_password"])
    assert change(PASSWORD, PASSWORD) == (422, "VL001", ["new_password"])
    with database.connect() as connection:
        connection.execute("select base.set_setting('attempts.free', '5')")
    assert [change("not the password")[0] for _ in range(6)] == [422] * 4 + [429] * 2
    assert client.get("/v1/me").status == 200
    assert desk.client().request("PUT", "/v1/me/password", {}).status in (401, 422)


def test_strength_and_generator(desk: Server) -> None:
    guest = desk.client()
    weak = guest.post("/v1/password-strength", {"password": "P@ssw0rd"}).json()
    assert weak == {
        "score": 7,
        "acceptable": False,
        "reasons": ["a common password", "fewer than 15 characters"],
    }
    body = {"password": "Anna Karenina, 1977", "context": ["Anna", "Karenina"]}
    assert guest.post("/v1/password-strength", body).json()["acceptable"] is False
    made = guest.post("/v1/password-generator", {"length": 24}).json()["value"]
    assert len(made) == 24
    # Of random ones, a few hold three letters in a row by chance, which is told and costs nothing.
    good = guest.post("/v1/password-strength", {"password": made}).json()
    assert (good["score"], good["acceptable"]) == (100, True)
    fixed = guest.post("/v1/password-strength", {"password": "tR7vQ2mZ9kXw4JpL6nHs"}).json()
    assert fixed == {"score": 100, "acceptable": True, "reasons": []}
    words = guest.post("/v1/password-generator", {"words": True}).json()["value"]
    assert [len(word) for word in words.split("-")] == [5] * 4
    assert guest.post("/v1/password-generator", {"length": 4}).code == "VL001"
    assert "Karenina" not in desk.log.read_text()
    assert made not in desk.log.read_text()


# Made by Django 5 and passlib 1.7.
BROUGHT = {
    "django": "pbkdf2_sha256$1000$seasalt$J9S4VPpfNS4LBdgnZVB6CpEZCcyXkEYrjpWeApOer/8=",
    "passlib": "$pbkdf2-sha256$1000$c2VhIHNhbHQh$7d1H1xUzzw5YevF7NrBePfi.CcAMxWiKTOSTEcDmbys",
    "bcrypt": "$2b$04$hILE9WQmCbA3N0PxNtoUTOdIDAaHGNqwDdY527acfg4kjegg60djm",
    "bcrypt-sha256": "bcrypt_sha256$$2b$04$wBYplU/PGQLaCR4rQh8uuO9y3gjfFzC3TQBpaWfp.gDG1y2ILq1ym",
}


def test_hashes_of_other_systems_sign_in_and_are_renewed(desk: Server, database: Database) -> None:
    for name, brought in BROUGHT.items():
        with database.connect() as connection:
            connection.execute(
                "insert into auth.users (username, email, password_hash) values (%s, %s, %s)",
                [name, f"{name}@example.org", brought],
            )
        client = desk.client()
        held = "select password_hash from auth.users where username = %s"
        assert client.sign_in(name, "correct horse battery").status == 401
        assert database.value(held, name) == brought
        for _ in range(2):
            assert client.sign_in(name, "correct horse báttery").status == 201
            renewed = database.value(held, name)
            assert renewed.startswith("p")
            assert "$2a$04$" in renewed


@pytest.mark.soak
def test_the_clock_does_not_tell_who_exists(serve: Serve, database: Database) -> None:
    """1,000 refusals each, in random order: unknown, known here, elsewhere, suspended, no password.

    A sixteenth of the hashing that production asks for, so that the rest counts all the more; and
    with 200 each, chance alone leaves 0.45 to 0.55 once in twelve times.
    """
    many_attempts(database)
    cheap_passwords(database, 8)
    server = serve()
    name, client = join(server)
    accounts = (("away", "active", "x"), ("gone", "suspended", "x"), ("empty", "active", None))
    with database.connect() as connection:
        for other, status, word in accounts:
            connection.execute(
                "insert into auth.users (username, email, status, password_hash)"
                " values (%s, %s, %s, core.hash_password(%s))",
                [other, f"{other}@example.org", status, word],
            )
    logins = ["nobody-of-that-name", name, "away", "gone", "empty"]
    times: dict[str, list[float]] = {login: [] for login in logins}
    turns = logins * 1000
    random.Random(7).shuffle(turns)
    for login in turns:
        began = time.perf_counter()
        answer = client.post("/v1/sessions", {"login": login, "password": "not the password"})
        times[login].append(time.perf_counter() - began)
        assert answer.status == 401
    unknown = times.pop("nobody-of-that-name")
    areas = {
        login: sum((b > a) + (b == a) / 2 for a in known for b in unknown) / len(known) ** 2
        for login, known in times.items()
    }
    print(areas)
    assert all(0.45 < area < 0.55 for area in areas.values()), areas
