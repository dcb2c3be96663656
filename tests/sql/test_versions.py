"""What runs only on a PostgreSQL older than the embedded one."""

import re
import time

from pyapp.settings import DB_DIR
from tests.conftest import Database


def test_ids_before_18_are_like_those_of_18(shared_database: Database) -> None:
    schema = (DB_DIR / "schema/010_base.sql").read_text()
    function = re.search(r"else\s+(create function base\.new_id\(\).*?\$\$.*?\$\$;)", schema, re.S)
    assert function
    with shared_database.connect() as admin:
        before = time.time_ns() // 1_000_000
        admin.execute(function[1].replace("base.new_id", "pg_temp.new_id").encode())
        query = b"select n, pg_temp.new_id() from generate_series(1, 5000) n order by n"
        ids = [made for _, made in admin.execute(query)]
        after = time.time_ns() // 1_000_000
    assert {made.version for made in ids} == {7}
    assert {made.variant for made in ids} == {"specified in RFC 4122"}
    assert len({made.int & (1 << 62) - 1 for made in ids}) == 5000, "not only by their time"
    assert before <= ids[0].int >> 80 <= ids[-1].int >> 80 <= after
    assert ids == sorted(ids), "one made later is larger, also within a millisecond"
