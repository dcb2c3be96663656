"""The worked example of CONTRIBUTING.md, taken from its text: two SQL files, no Python."""

import re
import shutil
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


def test_it_is_a_documented_endpoint(server: Server, db: Path, serve: Serve) -> None:
    client = server.client()
    assert client.get("/v1/echo?text=hello").status == 404
    report = migrate.up(server.database.admin_url, db_dir=db)
    assert FUNCTION in report.code
    until(lambda: client.get("/v1/echo?text=hello").status == 200, 20)  # and nothing is restarted

    for again in (client, serve().client()):
        answer = again.get("/v1/echo?text=hello%20there")
        assert (answer.status, answer.json()) == (200, {"value": "hello there"})
        by_name = again.post("/rpc/echo_text", {"text": "hello"})
        assert (by_name.status, by_name.json()) == (200, {"value": "hello"})
        for refused in ("/v1/echo", "/v1/echo?text=", "/v1/echo?text=x&more=1"):
            assert again.get(refused).status == 422
        # Path, argument, summary and answer stand in the description.
        paths = again.get("/openapi.json").json()["paths"]
        echo = paths["/v1/echo"]["get"]
        assert echo["summary"] == "Gives back the text it was given"
        rule = {"type": "string", "minLength": 1, "maxLength": 1000}
        assert echo["parameters"] == [
            {"name": "text", "in": "query", "required": True, "schema": rule}
        ]
        assert "200" in echo["responses"]
        assert "/rpc/echo_text" in paths


def test_its_test_passes_and_so_do_the_rules_of_the_house(database: Database, db: Path) -> None:
    """Its own pgTAP file, and every surface test over a database that has it; it can fail, too."""
    migrate.up(database.admin_url, db_dir=db)

    def tried(file: Path) -> pgtap.Result:
        return pgtap.run(database.engine.psql, database.admin_url, database.engine.keys, file)

    own = db / "tests/ops/test_echo_text.sql"
    for file in (own, *sorted((db / "tests/surface").glob("*.sql"))):
        result = tried(file)
        assert not result.problems, "\n".join(result.problems)
        assert result.passed
    with database.connect() as connection:
        connection.execute(
            "create or replace function api.echo_text(p_text text) returns text language sql stable"
            " as $$ select 'something else' $$"
        )
    assert tried(own).problems
