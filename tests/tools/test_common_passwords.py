"""The list of common passwords in db/schema is the one the package has."""

from tests.conftest import Database
from tools import common_passwords


def test_the_schema_is_as_the_tool_writes_it() -> None:
    assert common_passwords.PATH.read_text(encoding="utf-8") == common_passwords.text()


def test_they_are_in_the_database(shared_database: Database) -> None:
    known = 'select array_agg(c.value order by c.value collate "C") from auth.common_passwords c'
    assert shared_database.value(known) == common_passwords.passwords()
    assert len(common_passwords.passwords()) > 10_000
