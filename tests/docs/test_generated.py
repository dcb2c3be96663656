"""The reference pages say what the database says."""

import difflib
from pathlib import Path

import pytest

from tests.conftest import ROOT, Database
from tools import docs


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


def test_card_is_read_as_written() -> None:
    text = """-- api.f: does it.
--
-- Rules   One rule
--         over two lines. Still the first.
--         A second.
-- Why plan_cache_mode   It is planned with the values of the call. That is for those who
--         read the file.
-- Permission self:write
-- Errors  UN001 nobody; VL001 bad
-- Why the bounds   So few partitions are opened,
--         however old it is.
-- Owned by plinth_system: there is no caller.
create function
-- Errors  not this
"""
    assert docs.card(text) == {
        "Rules": ["One rule over two lines. Still the first.", "A second."],
        "Permission": ["self:write"],
        "Errors": ["UN001 nobody; VL001 bad"],
        "Owned": ["there is no caller."],
    }
