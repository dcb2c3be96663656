"""Demo data: the files of db/seeds/<environment>, in the order of their names."""

import re
from functools import partial
from pathlib import Path

from pyapp.deploy import Say
from pyapp.migrate import LOCK_WAIT, Runner
from pyapp.settings import DB_DIR
from pyapp.sqlfile import MigrationError, read

_FILLS = re.compile(r"\binsert\s+into\s+(\w+\.\w+)", re.IGNORECASE)


def run(
    dsn: str,
    environment: str,
    *,
    clean: bool = False,
    on_progress: Say | None = None,
    db_dir: Path = DB_DIR,
    lock_wait: float = LOCK_WAIT,
) -> dict[str, int]:
    """Loads the seeds, each file in one transaction; returns the rows of every table they fill."""
    runner = Runner(say=on_progress, lock_wait=lock_wait)
    files = read(db_dir, f"seeds/{environment}/*.sql")
    if environment == "production":
        if clean:
            raise MigrationError("production has no seeds: there is nothing that may be cleaned")
        runner.say("production has no seeds: it starts empty")
        return {}
    tables = sorted({name.lower() for file in files for name in _FILLS.findall(file.text)})
    with runner.at(dsn):
        if not runner.applied():
            raise MigrationError("there are no tables yet; run: plinth migrate up")
        if clean:
            clear = partial(runner.conn.execute, "select deploy.clear_tables(%s)", [tables])
            runner.patiently(clear)
        for file in files:
            runner.patiently(partial(runner.run_file, file, file.statements, open_all=True))
        counts = runner.conn.execute("select * from deploy.count_rows(%s)", [tables]).fetchall()
    for name, rows in counts:
        runner.say(f"{name}: {rows} rows")
    return dict(counts)
