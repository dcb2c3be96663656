"""Demo data: the files of db/seeds/<environment>, in the order of their names."""

from functools import partial

from pyapp.deploy import Say
from pyapp.migrate import LOCK_WAIT, connected
from pyapp.settings import DB_DIR
from pyapp.sqlfile import MigrationError, read


def run(
    dsn: str, environment: str, *, clean: bool = False, on_progress: Say = lambda _line: None
) -> dict[str, int]:
    """Loads the seeds in one transaction; returns the rows of every table they fill."""
    if environment == "production":
        if clean:
            raise MigrationError("production has no seeds: there is nothing that may be cleaned")
        on_progress("production has no seeds: it starts empty")
        return {}
    files = read(DB_DIR, f"seeds/{environment}/*.sql").values()
    text = "\n".join(file.text for file in files)
    with connected(dsn, DB_DIR, on_progress, LOCK_WAIT) as runner:
        if not runner.known:
            raise MigrationError("there are no tables yet; run: plinth migrate up")
        if clean:
            runner.patiently(partial(runner.call, "clear_tables", text))
        runner.open_all = True
        # Together: opening all tables and binding them again takes longer than most files.
        runner.patiently(partial(runner.run_all, [(f, s) for f in files for s in f.statements]))
        counts = runner.conn.execute("select * from deploy.count_rows(%s)", [text]).fetchall()
    for name, rows in counts:
        on_progress(f"{name}: {rows} rows")
    return dict(counts)
