"""Mail over real sockets: it arrives once, waits for the server, and outlives a worker."""

import asyncio
import os
import re
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiosmtpd.smtp import AuthResult

from pyapp import mail
from pyapp.db import Database as Layer
from pyapp.settings import Settings
from tests.conftest import Database, Serve, Server, until
from tests.identity.mailbox import Mailbox, link, text
from tests.people import PASSWORD, cheap_passwords

WAITING = "select count(*) from ops.outbox where sent_at is null and given_up_at is null"
DUE_NOW = "update ops.outbox set next_attempt_at = now() where sent_at is null"


@pytest.fixture(autouse=True)
def quick(database: Database) -> None:
    cheap_passwords(database)


@pytest.fixture
def change(database: Database) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with database.connect() as connection:
        yield connection


def register(server: Server, name: str) -> str:
    address = f"{name}@example.org"
    account = {"username": name, "email": address, "password": PASSWORD}
    assert server.client().post("/v1/users", account).status == 201
    return address


def test_a_registration_brings_a_mail_with_a_link(serve: Serve, mailbox: Mailbox) -> None:
    server = serve(
        PLINTH_SMTP_URL=mailbox.url,
        PLINTH_MAIL_FROM="Plinth <no-reply@app.example>",
        PLINTH_PUBLIC_URL="https://app.example/",
    )
    message = mailbox.wait(register(server, "anna"), words=server.words)
    assert message["From"] == "Plinth <no-reply@app.example>"
    assert message["Subject"] == "Confirm your e-mail address"
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f-]{36}@app\.example>", message["Message-ID"])
    assert message["Date"].datetime.tzinfo
    token = link(message, "verify-email")
    assert f"https://app.example/account#verify-email={token}" in text(message)
    until(lambda: server.database.value(WAITING) == 0, 10)
    # The link went out and is nowhere else: not in the log, not in the database.
    assert token not in server.log.read_text()
    found = (
        "select count(*) from ops.outbox o, auth.one_time_tokens t where (o::text || t::text) ~ %s"
    )
    assert server.database.value(found, token[8:]) == 0


def test_a_refused_address_holds_up_no_other(
    serve: Serve, mailbox: Mailbox, change: psycopg.Connection[tuple[object, ...]]
) -> None:
    mailbox.refused.add("walt@example.org")
    server = serve(PLINTH_SMTP_URL=mailbox.url)
    register(server, "walt")
    mailbox.wait(register(server, "anna"))
    until(lambda: server.database.value(WAITING) == 0, 10)
    state = "select attempts, given_up_at is null, last_error, address from ops.outbox order by id"
    refused, sent = change.execute(state).fetchall()
    assert refused[:2] == (1, False)
    assert str(refused[2]).startswith("550 5.1.1")
    assert sent == (1, True, None, "anna@example.org")
    assert "walt@example.org" not in server.log.read_text()


def test_what_could_not_be_sent_waits(
    serve: Serve, change: psycopg.Connection[tuple[object, ...]]
) -> None:
    mailbox = Mailbox()  # not open yet
    server = serve(PLINTH_SMTP_URL=mailbox.url)
    address = register(server, "anna")
    failed = (
        "select count(*) from ops.outbox where attempts = 1 and last_error ~ '^SMTPConnectError'"
    )
    until(lambda: server.database.value(failed) == 1, 15)
    assert server.database.value(
        "select min(next_attempt_at) > now() + interval '10 s' from ops.outbox"
    )
    with mailbox.open():
        change.execute(DUE_NOW)
        mailbox.wait(address)
    until(lambda: server.database.value(WAITING) == 0, 10)


def test_a_worker_that_dies_after_sending_sends_the_same_again(
    serve: Serve, mailbox: Mailbox, change: psycopg.Connection[tuple[object, ...]]
) -> None:
    server = serve(PLINTH_SMTP_URL=mailbox.url)

    def kill_the_worker() -> None:
        mailbox.before_reply = lambda: None
        for child in server.children("_jobs"):
            os.kill(child, signal.SIGKILL)

    mailbox.before_reply = kill_the_worker
    address = register(server, "anna")
    first = mailbox.wait(address)
    assert server.database.value(WAITING) == 1  # nobody knows that it went out
    change.execute(DUE_NOW)
    second = mailbox.wait(address, 2)
    assert first["Message-ID"] == second["Message-ID"]
    assert text(first) == text(second)
    until(lambda: server.database.value(WAITING) == 0, 10)


async def test_two_workers_send_each_message_once(
    database: Database, mailbox: Mailbox, change: psycopg.Connection[tuple[object, ...]]
) -> None:
    change.execute(
        "select core.send_mail(u.id, 'password_changed', '{}', n || '@example.org')"
        " from auth.users u, generate_series(1, 50) n where u.username = 'alice'"
    )
    settings = Settings(
        env="test",
        secret_key=database.engine.secret_key,
        smtp_url=mailbox.url,
        public_url="http://x",
    )
    layers = [Layer(settings, database.web_url) for _ in range(3)]
    for layer in layers:
        await layer.start()
    try:
        await asyncio.gather(*(mail.deliver(each, settings, asyncio.Event()) for each in layers))
    finally:
        for layer in layers:
            await layer.close()
    assert sorted(int(m["To"].partition("@")[0]) for m in mailbox.arrived) == list(range(1, 51))
    assert (
        database.value("select count(*) from ops.outbox where attempts = 1 and sent_at is not null")
        == 50
    )


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of 127.0.0.1, made by itself; key and certificate in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    file = tmp_path / "server.pem"
    made = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=mail -addext subjectAltName=IP:127.0.0.1 -keyout server.pem -out crt.pem"
    )
    subprocess.run(made.split(), cwd=tmp_path, check=True, capture_output=True)
    file.write_text(file.read_text() + (tmp_path / "crt.pem").read_text())
    return file


def test_over_tls_and_with_a_password(serve: Serve, certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    logins: list[tuple[bytes, bytes]] = []

    def authenticate(*told: Any) -> AuthResult:
        logins.append((told[-1].login, told[-1].password))
        return AuthResult(success=logins[-1] == (b"plinth", b"p@ss word"))

    mailbox = Mailbox(
        tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate
    )
    url = mailbox.url.replace("//", "//plinth:p%40ss%20word@") + "?starttls=always"
    with mailbox.open():
        # A certificate that nobody vouches for: the password does not go out.
        distrusting = serve(PLINTH_SMTP_URL=url)
        address = register(distrusting, "anna")
        refused = "select count(*) from ops.outbox where last_error ~ 'certificate'"
        until(lambda: distrusting.database.value(refused) == 1, 15)
        distrusting.stop()
        assert logins == []
        with distrusting.database.connect() as connection:
            connection.execute(DUE_NOW)
        serve(PLINTH_SMTP_URL=url, SSL_CERT_FILE=str(certificate))
        mailbox.wait(address)
        assert logins == [(b"plinth", b"p@ss word")]


def test_no_password_without_the_tls_that_was_asked_for(serve: Serve, mailbox: Mailbox) -> None:
    server = serve(
        PLINTH_SMTP_URL=mailbox.url.replace("//", "//plinth:secret@") + "?starttls=always"
    )
    register(server, "anna")
    until(lambda: server.database.value("select count(last_error) from ops.outbox") == 1, 15)
    assert mailbox.arrived == []
    assert "secret" not in server.log.read_text()


def test_without_a_mail_server_development_shows_it_and_others_wait(serve: Serve) -> None:
    tested = serve()
    register(tested, "anna")
    shown = serve(PLINTH_ENV="development", PLINTH_SEED="test", PLINTH_PUBLIC_URL="http://here")
    until(lambda: "http://here/account#verify-email=plo_" in shown.log.read_text(), 15, shown.words)
    assert "Mail to anna@example.org" in shown.log.read_text()
    assert "Mail to" not in tested.log.read_text()
