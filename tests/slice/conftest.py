"""One program for tests that make their own accounts: names never meet, so they can share it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import Database, Engine, Server, _start, clone
from tests.http_client import Client
from tests.people import cheap_passwords, many_attempts


@pytest.fixture(scope="package")
def crowded_database(engine: Engine) -> Iterator[Database]:
    with clone(engine) as database:
        cheap_passwords(database)
        many_attempts(database)
        yield database


@pytest.fixture(scope="package")
def crowded(
    crowded_database: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("crowded")
        environment = {"PLINTH_WORKERS": "1", "REDIS_URL": engine.redis_url}
        yield _start(stack, crowded_database, folder, environment, wait=True)


@pytest.fixture
def guest(crowded: Server) -> Client:
    """A connection to the shared program; nobody is signed in on it."""
    return crowded.client()
