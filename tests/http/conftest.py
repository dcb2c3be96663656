"""One server for all tests of a file that need nothing special; refusals leave nothing behind."""

import pytest

from tests.conftest import Serve, Server


@pytest.fixture(scope="module")
def server(serve_once: Serve) -> Server:
    return serve_once()
