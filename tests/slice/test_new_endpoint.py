"""The worked example of CONTRIBUTING.md, taken from its text: two SQL files, no Python."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pyapp import migrate, pgtap
from pyapp.settings import DB_DIR
from tests.conftest import ROOT, Database, Serve, Server, until

# A line that is a file's name in backticks, then the block with what stands in it.
EXAMPLE = re.compile(r"^`(db/[\w/.]+\.sql)`\n+```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FUNCTION, TEST = "db/functions/ops/echo_text.sql", "db/tests/ops/test_echo_text.sql"


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    found = dict(EXAMPLE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    assert {FUNCTION, TEST} <= found.keys(), f"the worked example is not there: {list(found)}"
    return found


@pytest.fixture
def db(example: dict[str, str], tmp_path: Path) -> Path:
    """The project's db folder with the example's files in it."""
    copied = shutil.copytree(DB_DIR, tmp_path / "db")
    for name, text in example.items():
        file = tmp_path / name
        assert not file.exists(), f"{name} is there already: an example has to be new"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return copied


@pytest.fixture
def renewed(database: Database, db: Path) -> Iterator[Database]:
    with ExitStack():
        report = migrate.up(database.admin_url, db_dir=db)
        assert FUNCTION in report.code
        yield database


def test_it_is_an_endpoint_after_a_restart(renewed: Database, serve: Serve) -> None:
    client = serve().client()
    answer = client.get("/v1/echo?text=hello%20there")
    assert (answer.status, answer.json()) == (200, {"value": "hello there"})
    by_name = client.post("/rpc/echo_text", {"text": "hello"})
    assert (by_name.status, by_name.json()) == (200, {"value": "hello"})
    for refused in ("/v1/echo", "/v1/echo?text=", "/v1/echo?text=x&more=1"):
        assert client.get(refused).status == 422
    # Documented: path, argument, summary and answer stand in the description.
    paths = client.get("/openapi.json").json()["paths"]
    echo = paths["/v1/echo"]["get"]
    assert echo["summary"] == "Gives back the text it was given"
    assert echo["parameters"] == [
        {"name": "text", "in": "query", "required": True, "schema": {"type": "string"}}
    ]
    assert "200" in echo["responses"]
    assert "/rpc/echo_text" in paths
    assert "/v1/echo" in {r["path"] for r in client.get("/console/state").json()["routes"]}


def test_a_running_server_takes_it_up(server: Server, db: Path) -> None:
    client = server.client()
    assert client.get("/v1/echo?text=hello").status == 404
    migrate.up(server.database.admin_url, db_dir=db)
    until(lambda: client.get("/v1/echo?text=hello").status == 200, 5)


def test_its_test_passes_and_so_do_the_rules_of_the_house(renewed: Database, db: Path) -> None:
    """Its own pgTAP file, and every surface test over a database that has it."""
    files = [db / "tests/ops/test_echo_text.sql", *sorted((db / "tests/surface").glob("*.sql"))]
    for file in files:
        result = pgtap.run(renewed.engine.psql, renewed.admin_url, renewed.engine.pepper, file)
        assert not result.problems, "\n".join(result.problems)
        assert result.passed


def test_its_test_can_fail(renewed: Database, db: Path) -> None:
    with renewed.connect() as connection:
        connection.execute(
            "create or replace function api.echo_text(p_text text) returns text language sql stable"
            " as $$ select 'something else' $$"
        )
    file = db / "tests/ops/test_echo_text.sql"
    assert pgtap.run(renewed.engine.psql, renewed.admin_url, renewed.engine.pepper, file).problems
