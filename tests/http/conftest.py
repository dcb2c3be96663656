"""One server for all tests of a file that need nothing special; refusals leave nothing behind."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import Engine, Server, _start, clone


@pytest.fixture(scope="module")
def server(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ExitStack() as stack:
        database = stack.enter_context(clone(engine))
        folder = tmp_path_factory.mktemp("server")
        settings = {"PLINTH_WORKERS": "1", "REDIS_URL": engine.redis_url}
        yield _start(stack, database, folder, settings, wait=True)
