"""The reference pages say what the database says, and every code that is raised is in the table."""

import difflib
import re
from pathlib import Path

import pytest

from pyapp.problems import LAYER_CODES
from tests.conftest import ROOT, Database
from tools import docs

RAISED = re.compile(r"(?:base\.raise|core\.keep_failure)\(\s*'(\w{5})'")
ERRCODE = re.compile(r"errcode\s*=\s*'(\w{5})'")
# Raised for whoever deploys, never for a caller: 22023 stops a deploy.
DEPLOY_ONLY = {"22023"}
# In the table before its first use, because clients have to be ready for it.
RESERVED = {"RL001"}


def sources() -> dict[Path, str]:
    files = [
        p
        for folder in ("schema", "functions", "views")
        for p in (ROOT / "db" / folder).rglob("*.sql")
    ]
    return {path: path.read_text() for path in files}


def table(database: Database) -> set[str]:
    with database.connect() as connection:
        return {row[0] for row in connection.execute("select code from base.errors")}


@pytest.mark.parametrize("page", ["docs/functions.md", "docs/errors.md"])
def test_page_is_what_make_docs_writes(shared_database: Database, page: str) -> None:
    with shared_database.connect() as connection:
        made = docs.pages(connection)[Path(page)]
    there = (ROOT / page).read_text()
    changes = difflib.unified_diff(
        there.splitlines(), made.splitlines(), "committed", "made", lineterm="", n=1
    )
    assert there == made, f"{page} is old; run make docs\n" + "\n".join(changes)


def test_page_tells_of_every_function_and_view(shared_database: Database) -> None:
    text = (ROOT / "docs/functions.md").read_text()
    with shared_database.connect() as connection:
        rows = connection.execute(
            "select proname::text from pg_proc where pronamespace = 'api'::regnamespace union all"
            " select relname::text from pg_class"
            " where relnamespace = 'api'::regnamespace and relkind = 'v'"
        ).fetchall()
    assert len(rows) >= 10
    assert [name for (name,) in rows if f"\n## {name}\n" not in text] == []


def test_every_code_that_is_raised_is_in_the_table(shared_database: Database) -> None:
    known = table(shared_database)
    missing = {
        f"{path.relative_to(ROOT)}: {code}"
        for path, text in sources().items()
        for code in RAISED.findall(text) + ERRCODE.findall(text)
        if not any(code[:n] in known for n in (5, 3, 2)) and code not in DEPLOY_ONLY
    }
    assert missing == set()
    assert set(LAYER_CODES) - known == set()


def test_every_code_of_our_own_is_raised_somewhere(shared_database: Database) -> None:
    """And what is reserved is not: a code in use leaves the list above."""
    own = {code for code in table(shared_database) if re.fullmatch(r"[A-Z]{2}\d{3}", code)}
    raised = {code for text in sources().values() for code in RAISED.findall(text)} | set(
        LAYER_CODES
    )
    assert own - raised == RESERVED


def test_the_layer_gives_a_code_the_status_of_the_table(shared_database: Database) -> None:
    with shared_database.connect() as connection:
        table = dict(connection.execute("select code, http_status from base.errors").fetchall())
    assert {
        code: status for code, (status, _) in LAYER_CODES.items() if table[code] != status
    } == {}


def test_card_is_read_as_written() -> None:
    text = """-- api.f: does it.
--
-- Rules   One rule
--         over two lines. Still the first.
--         A second.
-- Errors  UN001 nobody; VL001 bad
-- Owned by plinth_system: there is no caller.
create function
-- Errors  not this
"""
    assert docs.card(text) == {
        "Rules": ["One rule over two lines. Still the first.", "A second."],
        "Errors": ["UN001 nobody; VL001 bad"],
        "Owned": ["there is no caller."],
    }
