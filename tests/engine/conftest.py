"""A DATA folder of the test's own, reachable by the account that root lends to PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pyapp.engine import Engine, Servers
from pyapp.processes import having
from pyapp.settings import Settings

MEMORY = Path("/dev/shm")


def folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="plinth-t-", dir=MEMORY if MEMORY.is_dir() else None))
    made.chmod(0o711)
    return made


@pytest.fixture
def data() -> Iterator[Path]:
    made = folder()
    yield made
    left = processes(made)
    for pid in left:
        os.kill(pid, 9)
    shutil.rmtree(made)
    assert not left, "the test left servers behind"


@pytest.fixture
def settings(data: Path) -> Settings:
    return Settings(data=data, env="test")


def name_of(data: Path) -> str:
    return Engine(Settings(data=data), lambda _text: None).name


def processes(data: Path) -> list[int]:
    """Every server process of this DATA: their command lines carry its name or its sockets."""
    mark = name_of(data).removeprefix("plinth-")
    return having(mark)


def postmaster(data: Path) -> int:
    return int((data / "pgdata/postmaster.pid").read_text().split("\n")[0])


def value(there: Servers, query: str) -> object:
    with psycopg.connect(there.admin_url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None
