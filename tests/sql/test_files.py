"""What only the files can show: each function has its test, each error code its place."""

import re
from pathlib import Path

from pyapp.settings import DB_DIR
from tests.conftest import ROOT, Database

CODE = re.compile(r"['\"]([0-9A-Z]{5})['\"]")

# Codes whose functions come with a later domain; one that is used has no place here.
RESERVED = {"RL001"}
# What takes two sessions at once, and who shows it.
ELSEWHERE = {("import_conversations", "KC009"): "chat/test_history.py"}


def functions() -> list[Path]:
    found = (DB_DIR / "functions").rglob("*.sql")
    return [
        f for f in found if re.search(r"^create or replace function api\.", f.read_text(), re.M)
    ]


def test_every_function_of_the_contract_has_a_test() -> None:
    """db/functions/<room>/<function>.sql has db/tests/<room>/test_<function>.sql."""
    assert functions()
    without = [
        str(path.relative_to(DB_DIR))
        for path in functions()
        if not (DB_DIR / "tests" / path.parent.name / f"test_{path.stem}.sql").exists()
    ]
    assert not without, f"without a pgTAP file: {', '.join(without)}"


def test_every_error_of_a_card_is_tested() -> None:
    """The card promises codes; the function's own test shows each of them.

    Except UN001, which surface/test_callers.sql shows for all of them at once.
    """
    missing = []
    for path in functions():
        test = DB_DIR / "tests" / path.parent.name / f"test_{path.stem}.sql"
        card = path.read_text().split("\ncreate ")[0]
        promised = re.findall(r"^-- Errors (.*(?:\n--  .*)*)", card, re.M)
        codes = set(re.findall(r"\b[A-Z]{2}\d{3}\b", " ".join(promised)))
        shown = set(CODE.findall(test.read_text())) if test.exists() else set()
        for (function, code), other in ELSEWHERE.items():
            if function == path.stem:
                shown |= {code} & set(CODE.findall((ROOT / "tests" / other).read_text()))
        missing += [f"{path.stem}: {code}" for code in sorted(codes - shown - {"UN001"})]
    assert not missing, f"promised on the card, not shown by the test: {', '.join(missing)}"


def test_every_error_code_is_used(database: Database) -> None:
    """A row of base.errors that nothing raises is a promise nobody keeps."""
    sources = [*(ROOT / "pyapp").glob("*.py"), *(DB_DIR / "functions").rglob("*.sql")]
    sources += [*(DB_DIR / "schema").glob("*.sql"), *(DB_DIR / "bootstrap").glob("*.sql")]
    text = "\n".join(path.read_text() for path in sources)
    rows = set(re.findall(r"^\s*\('([A-Z]{2}\d{3})',\s*\d{3},", text, re.M))
    with database.connect() as connection:
        table = {
            row[0]
            for row in connection.execute(
                "select code from base.errors where code ~ '^[A-Z]{2}[0-9]{3}$'"
            )
        }
    assert table == rows, "the table is written by db/schema only"
    # The row itself is one mention.
    unused = sorted(code for code in table if len(re.findall(rf"['\"]{code}['\"]", text)) < 2)
    assert set(unused) <= RESERVED, f"raised nowhere: {', '.join(unused)}"
