"""A new password by mail: for the asking, once, and nobody learns who has an account."""

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Database, Serve, Server
from tests.http_client import Client, Response
from tests.identity.mailbox import Mailbox, link
from tests.identity.test_email_verification import alike, register, set_to
from tests.people import PASSWORD, cheap_passwords

NEW = "a horse of another colour"


@pytest.fixture
def server(serve: Serve, database: Database, mailbox: Mailbox) -> Server:
    cheap_passwords(database)
    return serve(PLINTH_SMTP_URL=mailbox.url)


def ask(client: Client, login: str) -> Response:
    return client.post("/v1/password-resets", {"login": login})


def choose(client: Client, token: str, password: str = NEW) -> Response:
    chosen = {"token": token, "new_password": password}
    return client.request("PUT", "/v1/password-resets", chosen)


def test_a_new_password_ends_what_was_open(server: Server, mailbox: Mailbox) -> None:
    client, thief = server.client(), server.client()
    address = register(client, "anna")
    thief.sign_in("anna", PASSWORD)
    assert thief.get("/v1/me").status == 200  # kept in Redis by now
    # Too many wrong passwords: nobody gets in from here any more, until the reset.
    refused = [client.sign_in("anna", "wrong").status for _ in range(6)]
    assert 429 in refused
    assert client.sign_in("anna", PASSWORD).status == 429

    assert ask(client, "ANNA").status == 204
    token = link(mailbox.wait(address, 2), "reset-password")
    assert choose(client, token, "short").code == "VL001"
    assert choose(client, token).status == 204
    assert choose(client, token).code == "VL004"
    assert thief.get("/v1/me").status == 401
    assert client.sign_in("anna", NEW).status == 201
    assert server.client().sign_in("anna", PASSWORD).status == 401
    assert mailbox.wait(address, 3)["Subject"] == "Your password was changed"
    everything = server.log.read_text()
    assert token not in everything
    assert NEW not in everything


def test_of_many_at_once_one_sets_it(server: Server, mailbox: Mailbox) -> None:
    client = server.client()
    address = register(client, "anna")
    ask(client, "anna")
    token = link(mailbox.wait(address, 2), "reset-password")
    words = [f"{NEW} number {n}" for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda word: choose(server.client(), token, word), words))
    assert sorted(answer.status for answer in answers) == [204] + [422] * 5
    won = next(w for w, answer in zip(words, answers, strict=True) if answer.status == 204)
    assert client.sign_in("anna", won).status == 201


def test_an_unknown_login_gets_the_same_answer(server: Server, mailbox: Mailbox) -> None:
    client = server.client()
    address = register(client, "anna")
    set_to(server.database, "attempts.free", "0")  # nothing is counted
    answers = [ask(client, login) for login in ("anna", "anna", address, "nobody", "a@b", "")]
    assert {answer.status for answer in answers} == {204}
    assert all(alike(answers[0], answer) for answer in answers)
    mailbox.wait(address, 2)
    assert len(mailbox.to(address)) == 2  # one for the registration, one in five minutes
    assert {str(message["To"]) for message in mailbox.arrived} == {address}


def test_an_unknown_login_takes_as_long(server: Server) -> None:
    client = server.client()
    set_to(server.database, "attempts.free", "0")
    logins = [f"{kind}{n:02}" for n in range(60) for kind in ("known", "other")]
    for login in logins:
        if login.startswith("known"):
            register(client, login)
    ask(client, "to get warm")
    times: dict[str, list[float]] = {"known": [], "other": []}
    for login in random.Random(1).sample(logins, len(logins)):
        began = time.perf_counter()
        ask(client, login)
        times[login[:5]].append(time.perf_counter() - began)
    later = [one > other for one in times["known"] for other in times["other"]]
    # Of 60 each, chance alone moves it by 0.05.
    assert 0.3 < sum(later) / len(later) < 0.7


def test_who_asks_too_often_waits(server: Server) -> None:
    client = server.client()
    answers = [ask(client, f"nobody{n}") for n in range(6)]
    assert [answer.status for answer in answers] == [204] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_good_link_works_although_the_address_asked_too_often(
    server: Server, mailbox: Mailbox
) -> None:
    client = server.client()
    set_to(server.database, "attempts.free", "1")
    address = register(client, "patient")
    asked = [ask(client, "patient").status for _ in range(4)]
    assert (asked[0], asked[-1]) == (204, 429)
    assert choose(client, link(mailbox.wait(address, 2), "reset-password")).status == 204
