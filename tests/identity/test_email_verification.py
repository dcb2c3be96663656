"""An address is proved by its link, and another one takes over by its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.conftest import Database, Serve, Server
from tests.http_client import Client, Response
from tests.identity.mailbox import Mailbox, link
from tests.people import PASSWORD, cheap_passwords, many_attempts


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox().open() as made:
        yield made


@pytest.fixture(scope="module")
def server(serve_once: Serve, place: Database, mailbox: Mailbox) -> Server:
    cheap_passwords(place)
    many_attempts(place)
    return serve_once(PLINTH_SMTP_URL=mailbox.url)


def register(client: Client, name: str) -> str:
    address = f"{name}@example.org"
    account = {"username": name, "email": address, "password": PASSWORD}
    assert client.post("/v1/users", account).status == 201
    return address


def verify(client: Client, token: str) -> Response:
    return client.post("/v1/email-verifications", {"token": token})


def set_to(database: Database, name: str, value: str) -> None:
    with database.connect() as connection:
        connection.execute("select base.set_setting(%s, %s)", [name, value])


@contextmanager
def asking_for_it(database: Database) -> Iterator[None]:
    set_to(database, "auth.require_verified_email", "true")
    try:
        yield
    finally:
        set_to(database, "auth.require_verified_email", "false")


def alike(one: Response, other: Response) -> bool:
    """Byte for byte, but for what names the request and the moment."""
    named = {"date", "x-request-id"}
    return (one.status, {n: v for n, v in one.headers.items() if n not in named}) == (
        other.status,
        {n: v for n, v in other.headers.items() if n not in named},
    ) and without_request_id(one) == without_request_id(other)


def without_request_id(answer: Response) -> dict[str, object]:
    return {n: v for n, v in (answer.json() if answer.body else {}).items() if n != "request_id"}


def test_the_link_verifies_once_even_at_once(server: Server, mailbox: Mailbox) -> None:
    client = server.client()
    token = link(mailbox.wait(register(client, "anna")), "verify-email")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: verify(server.client(), token), range(8)))
    assert sorted(answer.status for answer in answers) == [204] + [422] * 7
    refused = [answer for answer in answers if answer.status == 422]
    # Used, unknown and junk are one answer.
    refused += [verify(client, token[:-1] + "0"), verify(client, "junk"), verify(client, "")]
    assert {answer.code for answer in refused} == {"VL004"}
    assert all(alike(refused[0], answer) for answer in refused)
    client.sign_in("anna", PASSWORD)
    assert server.database.value("select email_verified from auth.users where username = 'anna'")


def test_only_verified_accounts_sign_in_where_that_is_asked_for(
    server: Server, mailbox: Mailbox
) -> None:
    client = server.client()
    message = mailbox.wait(register(client, "berta"))
    wrong = {"login": "berta", "password": "not at all the one"}
    right = {"login": "berta", "password": PASSWORD}
    with asking_for_it(server.database):
        assert alike(client.post("/v1/sessions", right), client.post("/v1/sessions", wrong))
        assert verify(client, link(message, "verify-email")).status == 204
        assert client.post("/v1/sessions", right).status == 201
        assert client.post("/v1/sessions", wrong).status == 401


def test_a_new_address_takes_over_when_its_link_is_opened(server: Server, mailbox: Mailbox) -> None:
    client = server.client()
    old = register(client, "clara")
    verify(client, link(mailbox.wait(old), "verify-email"))
    client.sign_in("clara", PASSWORD)
    wanted = {"email": "clara@new.example", "password": PASSWORD}
    assert client.post("/v1/me/email", wanted | {"password": "wrong"}).code == "UN002"
    assert client.post("/v1/me/email", wanted).status == 204
    assert client.get("/v1/me").json()["email"] == old
    assert verify(client, link(mailbox.wait("clara@new.example"), "verify-email")).status == 204
    assert client.get("/v1/me").json()["email"] == "clara@new.example"
    # The former address takes it back, and with it the account.
    notice = mailbox.wait(old, 2)
    token = link(notice, "revert-email")
    assert client.post("/v1/email-reversions", {"token": token}).status == 204
    assert client.get("/v1/me").status == 401
    assert client.sign_in("clara", PASSWORD).status == 401
    chosen = {"token": link(mailbox.wait(old, 3), "reset-password"), "new_password": PASSWORD[::-1]}
    assert client.request("PUT", "/v1/password-resets", chosen).status == 204
    assert client.sign_in(old, PASSWORD[::-1]).status == 201
    assert client.get("/v1/me").json()["email"] == old


def test_a_taken_address_answers_like_a_free_one(server: Server, mailbox: Mailbox) -> None:
    client = server.client()
    register(client, "dora")
    taken = register(client, "dan")
    client.sign_in("dora", PASSWORD)
    free, other = (
        client.post("/v1/me/email", {"email": email, "password": PASSWORD})
        for email in ("free@example.org", taken.upper())
    )
    assert free.status == 204
    assert alike(free, other)
    assert mailbox.wait(taken, 2)["Subject"] == "This address belongs to your account"
    assert mailbox.wait("free@example.org")["Subject"] == "Confirm your e-mail address"


def test_two_who_want_one_address_get_it_once(server: Server, mailbox: Mailbox) -> None:
    clients = []
    for name in ("emma", "emil"):
        client = server.client()
        register(client, name)
        client.sign_in(name, PASSWORD)
        wanted = {"email": "both@example.org", "password": PASSWORD}
        assert client.post("/v1/me/email", wanted).status == 204
        clients.append(client)
    mailbox.wait("both@example.org", 2)
    tokens = [link(message, "verify-email") for message in mailbox.to("both@example.org")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda token: verify(server.client(), token), tokens))
    assert sorted(answer.status for answer in answers) == [204, 409]
    owners = [client.get("/v1/me").json()["email"] for client in clients]
    assert owners.count("both@example.org") == 1


def test_another_link_for_the_asking(server: Server, mailbox: Mailbox) -> None:
    client = server.client()
    address = register(client, "frieda")
    first = link(mailbox.wait(address), "verify-email")
    client.sign_in("frieda", PASSWORD)
    assert client.post("/v1/me/email-verification").status == 204
    second = link(mailbox.wait(address, 2), "verify-email")
    assert verify(client, first).code == "VL004"
    assert verify(client, second).status == 204
    assert client.post("/v1/me/email-verification").status == 204  # nothing left to do
