"""Erasing accounts of any size: no piece is larger for it, and nobody waits behind it."""

import threading
from typing import Any

import psycopg
import pytest

from tests.conftest import Database, until

LARGE = "019e0000-0000-7000-8000-0000000e0001"
SMALL = "019e0000-0000-7000-8000-0000000e0002"
_RUN = "select http.run_job('core.erase_deleted_users')"


def due(database: Database) -> None:
    database.value(
        "update ops.job_runs set next_run_at = now() where name = 'core.erase_deleted_users'"
        " returning 1"
    )


def messages(database: Database, user: str) -> int:
    return int(database.value("select count(*) from chat.messages where user_id = %s", user))


@pytest.fixture
def deleted(database: Database) -> Database:
    """Two accounts whose time is over; the one that waited longest has 20,000 messages."""
    with database.connect() as connection:
        for user, count, waited in ((LARGE, 20_000, 2), (SMALL, 3, 1)):
            connection.execute(
                "insert into auth.users (id, username, email) values (%s, %s, %s)",
                [user, f"erasure-{waited}", f"erasure-{waited}@example.org"],
            )
            connection.execute(
                "insert into chat.conversations (user_id, id) values (%s, %s)", [user, user]
            )
            connection.execute(
                "insert into chat.messages (user_id, conversation_id, role, content)"
                " select %s, %s, 'user', 'word' from generate_series(1, %s)",
                [user, user, count],
            )
            connection.execute(
                "update auth.users set status = 'deleted', deleted_at = now() - interval '31 days',"
                " erase_after = now() - make_interval(days => %s) where id = %s",
                [waited, user],
            )
    due(database)
    return database


def test_a_large_account_goes_in_pieces_and_holds_up_nobody(deleted: Database) -> None:
    left = [messages(deleted, LARGE)]
    small_gone_at = None
    with deleted.connect("plinth_web") as worker:
        while left[-1] or small_gone_at is None:
            row = worker.execute(_RUN).fetchone()
            assert row
            assert row[0] is not None, "while anything is left, the job is due at once"
            assert deleted.value("select status from auth.users where id = %s", LARGE) == "erased"
            left.append(messages(deleted, LARGE))
            if small_gone_at is None and not messages(deleted, SMALL):
                small_gone_at = len(left)
            assert left[-2] - left[-1] <= 1000
    assert len(left) > 20
    assert small_gone_at is not None
    assert small_gone_at < 6


def test_a_piece_reads_what_it_takes_and_no_more(deleted: Database) -> None:
    """Of a table with 100,000 rows of one user, whatever the planner believes of him."""
    with deleted.connect() as connection:
        connection.execute(
            "insert into chat.messages (user_id, conversation_id, role, content)"
            " select %s, %s, 'user', 'word' from generate_series(1, 100000)",
            [LARGE, LARGE],
        )
        connection.execute("analyze chat.messages")
    with deleted.connect("plinth_web") as worker:
        worker.execute(_RUN)
    # What is read is counted by the table: rows that scans of it and of its key brought up.
    counted = (
        "select sum(t.seq_tup_read + t.idx_tup_fetch)::bigint"
        "  from pg_stat_xact_user_tables t where t.relname ~ '^messages_'"
    )
    with deleted.connect() as connection:
        connection.execute("select set_config('plinth.caller', %s, true)", [LARGE])
        with connection.transaction():
            connection.execute("select set_config('plinth.caller', %s, true)", [LARGE])
            row = connection.execute("select core.erase_rows(%s, 1000)", [LARGE]).fetchone()
            assert row == (1000,)
            read: Any = connection.execute(counted).fetchone()
    assert 1000 <= read[0] <= 10_000


def test_killed_in_the_middle_of_a_piece_it_goes_on(deleted: Database) -> None:
    with deleted.connect("plinth_web") as worker:
        worker.execute(_RUN)
    before = messages(deleted, LARGE)
    victim = deleted.connect("plinth_web")
    with deleted.connect() as holder, holder.transaction():
        # Somebody holds a row the piece needs: there it stands when it is killed.
        holder.execute("select from chat.conversations where user_id = %s for update", [LARGE])
        pid = victim.info.backend_pid
        failed: list[psycopg.Error] = []

        def run() -> None:
            try:
                victim.execute(_RUN)
            except psycopg.Error as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        waits = "select count(*) from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
        until(lambda: deleted.value(waits, pid) == 1, 30)
        deleted.value("select pg_terminate_backend(%s)", pid)
        thread.join()
    assert failed
    assert messages(deleted, LARGE) == before
    due(deleted)
    with deleted.connect("plinth_web") as worker:
        while deleted.value("select count(*) from auth.erasures"):
            assert worker.execute(_RUN).fetchone() != (None,)
    assert messages(deleted, LARGE) == messages(deleted, SMALL) == 0
    ends = "select count(*) from ops.audit_logs where action = 'user.erased'"
    assert deleted.value(ends) == 2
