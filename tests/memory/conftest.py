"""One program for tests that make their own accounts, so that they can share it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from tests.conftest import Database, Engine, Server, _start, clone
from tests.http_client import Client
from tests.people import PASSWORD, cheap_passwords, many_attempts

_numbers = count(1)


@pytest.fixture(scope="package")
def remembering_database(engine: Engine) -> Iterator[Database]:
    with clone(engine) as database:
        cheap_passwords(database)
        many_attempts(database)
        yield database


@pytest.fixture(scope="package")
def remembering(
    remembering_database: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("remembering")
        environment = {"PLINTH_WORKERS": "1", "REDIS_URL": engine.redis_url}
        yield _start(stack, remembering_database, folder, environment, wait=True)


@pytest.fixture
def join(remembering: Server) -> Callable[[], Client]:
    """Makes an account that nobody else uses, signed in."""

    def new() -> Client:
        client, name = remembering.client(), f"rememberer{next(_numbers)}"
        account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        assert client.post("/v1/users", account).status == 201
        assert client.sign_in(name, PASSWORD).status == 201
        return client

    return new
