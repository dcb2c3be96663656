"""A mail server of the test's own; and one program with two workers for tests that make their own
accounts, whose names never meet."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from tests.conftest import Database, Engine, Server, _start, clone, until
from tests.http_client import Client
from tests.identity.mailbox import Mailbox
from tests.people import PASSWORD, all_loaded, cheap_passwords

WORKERS = 2
_numbers = count(1)


@pytest.fixture(scope="package")
def town_database(engine: Engine) -> Iterator[Database]:
    with clone(engine) as database:
        cheap_passwords(database)
        yield database


@pytest.fixture(scope="package")
def town(
    town_database: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with ExitStack() as stack:
        environment = {
            "PLINTH_WORKERS": str(WORKERS),
            "REDIS_URL": engine.redis_url,
            "PLINTH_STATEMENT_TIMEOUT": "15",  # a thousand accounts at once, on a busy machine
        }
        folder = tmp_path_factory.mktemp("town")
        server = _start(stack, town_database, folder, environment, wait=True)
        until(lambda: all_loaded(server, WORKERS), 10)
        yield server


@pytest.fixture
def name() -> str:
    return f"citizen{next(_numbers)}"


@pytest.fixture
def citizen(town: Server, name: str) -> Client:
    """A new account, called `name`, signed in."""
    client = town.client()
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/v1/users", account).status == 201
    assert client.sign_in(name, PASSWORD).status == 201
    return client


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox().open() as made:
        yield made
