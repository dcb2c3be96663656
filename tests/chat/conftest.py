"""One program with two workers and two skills; each test has people of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from tests.conftest import Database, Engine, Server, _start, clone, until
from tests.http_client import Client
from tests.people import PASSWORD, all_loaded, cheap_passwords, many_attempts

WORKERS = 2
_numbers = count(1)
SKILLS = """
insert into chat.skills (name, version, description, parameters, current) values
  ('Echo', '1.0.0', 'Says it again', '{"type": "object", "properties": {"text": {"type": "string"},
    "n": {"type": "integer"}}, "required": ["text"], "additionalProperties": false}', true),
  ('Anything', '1.0.0', 'Takes anything', '{"type": "object"}', true)
"""


@pytest.fixture(scope="package")
def workshop_database(engine: Engine) -> Iterator[Database]:
    with clone(engine) as database:
        cheap_passwords(database)
        many_attempts(database)
        with database.connect() as connection:
            connection.execute(SKILLS.encode())
        yield database


@pytest.fixture(scope="package")
def workshop(
    workshop_database: Database, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with ExitStack() as stack:
        environment = {"PLINTH_WORKERS": str(WORKERS), "REDIS_URL": engine.redis_url}
        folder = tmp_path_factory.mktemp("workshop")
        server = _start(stack, workshop_database, folder, environment, wait=True)
        until(lambda: all_loaded(server, WORKERS), 10)
        yield server


@pytest.fixture
def join(workshop: Server) -> Callable[[], Client]:
    """Makes an account that nobody else uses, signed in."""

    def new() -> Client:
        client, name = workshop.client(), f"worker{next(_numbers)}"
        account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        assert client.post("/v1/users", account).status == 201
        assert client.sign_in(name, PASSWORD).status == 201
        return client

    return new


@pytest.fixture
def worker(join: Callable[[], Client]) -> Client:
    return join()


@pytest.fixture
def anna(join: Callable[[], Client]) -> Client:
    return join()


@pytest.fixture
def ben(join: Callable[[], Client]) -> Client:
    return join()
