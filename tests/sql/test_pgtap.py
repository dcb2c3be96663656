"""Every pgTAP file is one test here: pytest -k test_create_user runs that of api.create_user."""

from pathlib import Path

import pytest

from pyapp import pgtap
from pyapp.settings import DB_DIR
from tests.conftest import Database

FILES = pgtap.find()


@pytest.mark.parametrize("path", FILES, ids=[str(p.relative_to(DB_DIR)) for p in FILES])
def test_file(path: Path, shared_database: Database) -> None:
    """It rolls back, so all files of one process share a database."""
    engine = shared_database.engine
    result = pgtap.run(engine.psql, shared_database.admin_url, engine.keys, path)
    if result.problems or not result.passed:
        pytest.fail("\n".join(result.problems), pytrace=False)
