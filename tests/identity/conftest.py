"""A mail server of the test's own."""

from collections.abc import Iterator

import pytest

from tests.identity.mailbox import Mailbox


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox().open() as made:
        yield made
