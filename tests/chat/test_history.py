"""Histories over HTTP and on the command line: out, in, and what of them a model is sent."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pyapp import bulk
from tests.conftest import ROOT, Database, Serve, Server, until
from tests.http_client import Client, Response
from tests.people import cheap_passwords

ALICE = "01900000-0000-7000-8000-000000000005"
HISTORY: list[dict[str, Any]] = [
    {"type": "conversation", "client_id": "tea", "title": "Tea ☕", "metadata": {"a": None},
     "status": "archived", "created_at": "2024-05-01T10:00:00Z"},
    {"type": "message", "client_id": "s", "conversation": "tea", "role": "system",
     "content": "Be brief", "created_at": "2024-05-01T10:00:00Z"},
    {"type": "message", "client_id": "u", "conversation": "tea", "role": "user",
     "content": 'Milk?\n"yes"', "created_at": "2024-05-01T10:00:00Z", "pinned": True,
     "edited_at": "2024-05-02T10:00:00.123456Z", "version": 2},
    {"type": "edit", "message": "u", "version": 1, "content": "Mlik?",
     "written_at": "2024-05-01T10:00:00Z", "edited_at": "2024-05-02T10:00:00.123456Z"},
    {"type": "message", "client_id": "call", "conversation": "tea", "role": "assistant",
     "tool_calls": [{"id": "t1", "n": None}], "completion_tokens": 4, "model": "m",
     "created_at": "2024-05-01T10:00:01Z"},
    {"type": "message", "client_id": "result", "conversation": "tea", "role": "tool",
     "tool_call_id": "t1", "content": "yes", "created_at": "2024-05-01T10:00:02Z"},
    {"type": "message", "client_id": "branch", "conversation": "tea", "parent": "u",
     "role": "assistant", "content": "No", "created_at": "2024-05-03T10:00:00Z"},
    {"type": "summary", "conversation": "tea", "summary": "About tea", "until": "u"},
    {"type": "conversation", "client_id": "empty", "created_at": "2024-06-01T10:00:00Z"},
]  # fmt: skip
COUNTS = {"conversations": 2, "messages": 5, "edits": 1, "summaries": 1, "existing": 0}


def message(number: int) -> dict[str, Any]:
    return {"type": "message", "client_id": f"m{number}", "conversation": "tea", "role": "user",
            "content": f"number {number}", "created_at": "2024-05-01T10:00:00Z"}  # fmt: skip


def lines(items: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def exported(client: Client, path: str = "/v1/conversations/export") -> bytes:
    answer = client.get(path)
    assert answer.status == 200, answer.body
    return answer.body


def imported(client: Client, data: bytes) -> Response:
    kind = {"Content-Type": "application/x-ndjson"}
    return client.request("POST", "/v1/conversations/import", data, kind)


def signed_in(server: Server, name: str) -> Client:
    client = server.client()
    assert client.sign_in(name).status == 201
    return client


@pytest.fixture
def empty(place: Database) -> Database:
    cheap_passwords(place)
    with place.connect() as connection:
        connection.execute("delete from chat.conversations")
    return place


@pytest.fixture
def town(empty: Database, serve_once: Serve) -> Server:
    assert empty
    return serve_once()


def test_what_is_exported_can_be_imported_and_is_equal(town: Server) -> None:
    alice, bob = signed_in(town, "alice"), signed_in(town, "bob")
    assert imported(alice, lines(HISTORY)).json() == COUNTS
    history = exported(alice)
    types = [json.loads(line)["type"] for line in history.splitlines()]
    assert types == [item["type"] for item in HISTORY]
    assert imported(bob, history).json() == COUNTS
    assert exported(bob) == history
    for client in (alice, bob):
        assert imported(client, history).json() == dict.fromkeys(COUNTS, 0) | {"existing": 9}
    assert exported(alice) == history
    # As a list in one object, as any other call has it.
    asked = alice.post("/v1/conversations/import", {"items": HISTORY})
    assert asked.json()["existing"] == len(HISTORY)


def test_one_conversation_and_nobody_elses(town: Server) -> None:
    alice, bob = signed_in(town, "alice"), signed_in(town, "bob")
    imported(alice, lines(HISTORY))
    mine = alice.get("/v1/conversations?status=archived").json()["items"][0]["id"]
    path = f"/v1/conversations/{mine}/export"
    assert exported(alice, path).splitlines() == exported(alice).splitlines()[:-1]
    missing = path.replace(mine, mine[:-4] + "0000")
    refusals = [bob.get(path), bob.get(missing), alice.get(missing)]
    assert {refusal.status for refusal in refusals} == {404}
    told = {re.sub('"request_id":"[^"]*"', "", refusal.body.decode()) for refusal in refusals}
    assert len(told) == 1
    assert alice.get("/v1/conversations/export?after=here").json()["code"] == "VL001"


def test_what_a_model_is_sent(town: Server) -> None:
    alice, bob = signed_in(town, "alice"), signed_in(town, "bob")
    imported(alice, lines(HISTORY))
    talk = alice.get("/v1/conversations?status=archived").json()["items"][0]["id"]
    path = f"/v1/conversations/{talk}"

    window = alice.get(f"{path}/context?max_tokens=100").json()
    assert [m["content"] for m in window["messages"]] == ["Be brief", 'Milk?\n"yes"', "No"]
    assert window["summary"] == "About tea"
    spent = sum(m["tokens"] for m in window["messages"])
    assert window["tokens"] == window["summary_tokens"] + spent
    assert window["left_out"] == 2
    leaf = alice.get(f"{path}/messages?role=tool").json()["items"][0]["id"]
    window = alice.get(f"{path}/context?max_tokens=100&leaf={leaf}").json()
    assert [m["role"] for m in window["messages"]] == ["system", "user", "assistant", "tool"]
    assert alice.get(f"{path}/context?max_tokens=9").json()["errors"][0]["field"] == "max_tokens"

    told = alice.request("PUT", f"{path}/summary", {"summary": "Yes, milk", "until": leaf})
    assert (told.status, told.json()["summary"]) == (200, "Yes, milk")
    assert alice.get(f"{path}/context?leaf={leaf}").json()["summary"] == "Yes, milk"
    for refused in (
        bob.get(f"{path}/context"),
        bob.request("PUT", f"{path}/summary", {"summary": "x", "until": leaf}),
    ):
        assert (refused.status, refused.json()["detail"]) == (404, "There is no such conversation")


def test_a_fault_names_line_and_field_and_whole_pieces_are_in(town: Server) -> None:
    alice = signed_in(town, "alice")
    many = [HISTORY[0], *(message(n) for n in range(1500))]
    many[1200]["role"] = "robot"
    problem = imported(alice, lines(many)).json()
    assert (problem["code"], problem["errors"][0]["field"]) == ("VL001", "lines[1201].role")
    assert problem["detail"].endswith("(what stands before line 1001 is done)")
    assert len(exported(alice).splitlines()) == 1000
    many[1200]["role"] = "user"
    assert imported(alice, lines(many)).json()["existing"] == 1000
    assert len(exported(alice).splitlines()) == 1501


def test_one_import_of_an_account_at_a_time(town: Server, empty: Database) -> None:
    alice, bob = signed_in(town, "alice"), signed_in(town, "bob")
    with empty.connect() as other:
        other.execute("select pg_advisory_lock(hashtextextended('import:' || %s, 0))", [ALICE])
        refused = imported(alice, lines(HISTORY))
        assert (refused.status, refused.code) == (409, "KC009")
        assert "Another import of this account is under way" in refused.json()["detail"]
        assert imported(bob, lines(HISTORY)).json() == COUNTS
    assert imported(alice, lines(HISTORY)).json() == COUNTS


def test_a_fault_that_the_server_sees_names_line_and_field_too(town: Server) -> None:
    alice = signed_in(town, "alice")
    many = lines([HISTORY[0], *(message(n) for n in range(1049))])
    for line, place in (
        (b'{"type": "message", "content": "\\u0000"}', "lines[1051].content"),
        (b'{"type": "message"', "lines[1051]"),
        (b'{"n": 1e999}', "lines[1051]"),
        (b'{"metadata": "' + b"x" * (3 << 19) + b'"}', "lines[1051]"),
    ):
        problem = imported(alice, many + line + b"\n").json()
        assert [error["field"] for error in problem["errors"]] == [place]
    assert imported(alice, b"\n \n\n").json() == dict.fromkeys(COUNTS, 0)
    problem = alice.get("/v1/conversations?metadata=[1").json()
    assert [error["field"] for error in problem["errors"]] == ["metadata"]


def test_the_longest_message_comes_back(town: Server, empty: Database) -> None:
    alice, bob = signed_in(town, "alice"), signed_in(town, "bob")
    imported(alice, lines(HISTORY[:1]))
    talk = alice.get("/v1/conversations?status=archived").json()["items"][0]["id"]
    path = f"/v1/conversations/{talk}/messages"
    long = {"role": "assistant", "content": "€" * 349_000, "metadata": {"n": 1e300}}
    data = json.dumps(long, ensure_ascii=False).encode()
    made = alice.request("POST", path, data, {"Content-Type": "application/json"})
    assert made.status == 201, made.body
    told = made.json()
    changes: list[dict[str, Any]] = [{"tool_calls": [{}] * 65_000}, {"metadata": told["metadata"]}]
    for change in changes:
        assert alice.request("PATCH", f"/v1/messages/{told['id']}", change).status == 200
    with empty.connect() as connection:  # and all that the table lets in
        connection.execute(
            "update chat.messages set content = repeat('\"', 524287), client_id = repeat('€', 200),"
            " tool_call_id = repeat('€', 200), model = repeat('€', 200), tool_calls ="
            " jsonb_build_array(jsonb_build_object('x', repeat('x', 262133))),"
            " metadata = jsonb_build_object('x', repeat('x', 16375))"
            f" where id = '{told['id']}'"
        )
    history = exported(alice)
    assert max(map(len, history.splitlines())) > 1_300_000
    answer = imported(bob, history)
    assert (answer.status, answer.json()["messages"]) == (200, 1), answer.body
    assert answer.json()["edits"] == 2


@pytest.mark.parametrize("size", [5_000, pytest.param(50_000, marks=pytest.mark.soak)])
def test_a_long_history_goes_out_with_constant_memory(
    empty: Database, serve: Serve, size: int
) -> None:
    with empty.connect() as connection:
        # Without triggers and foreign keys, because it is not the writing that is shown.
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into chat.conversations"
            " (user_id, message_count, first_message_id, last_message_id, last_message_at)"
            f" values ('{ALICE}', {size}, core.import_id('2025-01-01', 1),"
            f" core.import_id('2025-01-01', {size}), '2025-01-01')"
        )
        connection.execute(
            "insert into chat.messages (user_id, id, conversation_id, role, content)"
            " select user_id, core.import_id('2025-01-01', n), id, 'user', n || repeat('x', 3000)"
            f"  from chat.conversations, generate_series(1, {size}) n"
        )
    server = serve(on=empty)
    client = signed_in(server, "alice")
    before = server.high_water()
    history = exported(client)
    assert len(history) > 3000 * size
    assert len(history.splitlines()) == size + 1
    assert server.high_water() - before < 6 << 20


# ----------------------------------------------------------------------------- the command line


def test_lines_sent_as_something_else_are_told_what_they_may_be(town: Server) -> None:
    """As by curl where nobody says what the file is, also where it is too large for one body."""
    alice, kind = signed_in(town, "alice"), {"Content-Type": "application/x-www-form-urlencoded"}
    for history in (lines(HISTORY), lines(HISTORY) * 1000):
        answer = alice.request("POST", "/v1/conversations/import", history, kind)
        assert (answer.status, answer.json()["detail"]) == (
            415, "Send the body as application/json or application/x-ndjson in UTF-8.",
        )  # fmt: skip
    answer = alice.request("POST", "/v1/conversations", b"{}", kind)
    assert answer.json()["detail"] == "Send the body as application/json in UTF-8."


@pytest.fixture
def own(empty: Database) -> dict[str, str]:
    ours = ("PLINTH_", "DATABASE_", "REDIS_", "PG", "JWT_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | {
        "PLINTH_ENV": "test",
        "PLINTH_SECRET_KEY": empty.engine.secret_key,
        "DATABASE_ADMIN_URL": empty.admin_url,
        "DATABASE_URL": empty.web_url,
    }


def plinth(
    own: dict[str, str], *words: str, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pyapp", *words]
    return subprocess.run(
        command, cwd=ROOT, env=own, input=given, capture_output=True, timeout=60, check=False
    )


def test_histories_on_the_command_line(own: dict[str, str], tmp_path: Path) -> None:
    file, copy = tmp_path / "history.ndjson", tmp_path / "copy.ndjson"
    file.write_bytes(lines(HISTORY))
    done = plinth(own, "import", "messages", str(file), "--as", "alice")
    counts = "2 conversations, 5 messages, 1 edits, 1 summaries, 0 existing\n"
    assert done.stdout.decode() == counts, done.stderr
    assert re.fullmatch(r"9 lines, [\d,]+ a second, \d\.\d s\n", done.stderr.decode())
    (tmp_path / "copy.ndjson.part").touch(0o644)  # of one that was killed, by hand
    assert plinth(own, "export", str(copy), "--as", "alice").returncode == 0
    assert copy.stat().st_mode & 0o777 == 0o600  # and so from its first byte
    assert {path.name for path in tmp_path.iterdir()} == {"history.ndjson", "copy.ndjson"}
    for where, who in ((tmp_path, "alice"), (tmp_path / "other.ndjson", "nobody")):
        refused = plinth(own, "export", str(where), "--as", who)
        assert refused.returncode != 0
        assert where != tmp_path or refused.stderr == f"plinth: {where}: Is a directory\n".encode()
        assert not Path(f"{where}.part").exists()  # nothing of anybody's lies about
    again = plinth(own, "import", "messages", "-", "--as", "bob", given=copy.read_bytes())
    assert again.stdout == done.stdout
    assert plinth(own, "export", "--as", "bob").stdout == copy.read_bytes()
    rows = plinth(own, "export", "--everything", "--as", "bob").stdout.splitlines()
    told = [
        line["row"]["content"] for line in map(json.loads, rows) if line["table"] == "chat.messages"
    ]
    assert sorted(told) == sorted(
        item.get("content", "") for item in HISTORY if item["type"] == "message"
    )


def test_an_export_leaves_devices_pipes_and_links_what_they_are(
    own: dict[str, str], tmp_path: Path
) -> None:
    plinth(own, "import", "messages", "-", "--as", "alice", given=lines(HISTORY))
    history = plinth(own, "export", "--as", "alice").stdout
    pipe, link, copy = (tmp_path / name for name in ("pipe", "link", "copy"))
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        try:
            assert plinth(own, "export", str(pipe), "--as", "alice").returncode == 0
            assert pipe.is_fifo()
            assert reader.communicate(timeout=5)[0] == history
        finally:
            reader.kill()
    link.symlink_to(copy)
    for _ in ("where nothing was", "over what is there"):
        assert plinth(own, "export", str(link), "--as", "alice").returncode == 0
        assert (link.is_symlink(), copy.read_bytes()) == (True, history)


def test_an_export_into_a_file_that_is_mounted_by_itself_writes_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a container; nothing can take its place, which shows only at the end."""

    def busy(self: Path, _target: Path) -> Path:
        raise OSError(errno.EBUSY, "Device or resource busy", str(self))

    monkeypatch.setattr(Path, "replace", busy)
    mounted = tmp_path / "mounted"
    mounted.write_text("of last time, and longer")
    with bulk._written(str(mounted)) as out:
        out.write(b"new")
    assert mounted.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [mounted]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_full_disk_is_told_in_words(own: dict[str, str]) -> None:
    plinth(own, "import", "messages", "-", "--as", "alice", given=lines(HISTORY))
    command = [sys.executable, "-m", "pyapp", "export", "--as", "alice"]
    for unbuffered in ("", "1"):  # what cannot be written stays in the buffer, and fails again
        with Path("/dev/full").open("wb") as full:
            env = own | {"PYTHONUNBUFFERED": unbuffered}
            ended = subprocess.run(
                command, cwd=ROOT, env=env, check=False, stdout=full, stderr=subprocess.PIPE,
                timeout=60,
            )  # fmt: skip
        assert ended.returncode == 1
        assert ended.stderr.endswith(b"plinth: No space left on device\n")


def test_a_place_that_cannot_be_written_is_refused_before_anything_else(
    own: dict[str, str], tmp_path: Path
) -> None:
    away = own | {"DATABASE_ADMIN_URL": "postgresql://nobody@127.0.0.1:1/none"}
    for where, said in ((tmp_path, ""), (tmp_path / "missing" / "file", ".part")):
        refused = plinth(away, "export", str(where), "--as", "alice")
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"plinth: {where}{said}: ".encode())
        assert refused.stderr.count(b"\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_is_wrong_with_a_file_is_told_with_its_line(
    own: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "history.ndjson"
    many = [HISTORY[0], *(message(n) for n in range(2500))]
    odd = message(9) | {"client_id": "x"}
    for line, said, done in (
        (
            b'{"type": "message"\n',
            "line 2401: This is not JSON: Expecting ',' delimiter at column 19;",
            2400,
        ),
        (lines([odd | {"role": "robot"}]), "line 2401, role: role must be ", 2000),
        (lines([odd | {"conversation": "y"}]), "line 2401, conversation: There is no such", 2000),
    ):
        file.write_bytes(lines(many[:2400]) + line + lines(many[2400:]))
        ended = plinth(own, "import", "messages", str(file), "--as", "alice")
        assert ended.returncode == 1
        words = ended.stderr.decode().splitlines()[-1]
        assert words.startswith(f"plinth: {file}, {said}")
        assert words.endswith(f"; lines 1 to {done} are in, and the same command goes on")
    file.write_bytes(b"[]\n")
    ended = plinth(own, "import", "messages", str(file), "--as", "alice")
    assert ended.stderr.decode() == f"plinth: {file}, line 1: This is not a JSON object\n"
    nobody = plinth(own, "import", "messages", "-", "--as", "nobody", given=lines(HISTORY))
    assert nobody.returncode == 1
    assert b"nobody" in nobody.stderr


def test_ctrl_c_leaves_whole_batches(own: dict[str, str], empty: Database) -> None:
    count = "select count(*) from chat.messages"
    many = lines([HISTORY[0], *(message(n) for n in range(3000))])
    command = [sys.executable, "-m", "pyapp", "import", "messages", "-", "--as", "alice"]
    with subprocess.Popen(
        command, cwd=ROOT, env=own, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(many)
        process.stdin.flush()
        until(lambda: bool(empty.value(count) == 1999), 20)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        words = process.stderr.read().decode()
    assert "interrupted; lines 1 to 2000 are in, and the same command goes on" in words
    assert "Traceback" not in words
    assert empty.value(count) == 1999
    done = plinth(own, "import", "messages", "-", "--as", "alice", given=many)
    assert done.stdout.endswith(b"1001 messages, 0 edits, 0 summaries, 2000 existing\n")


def test_vectors_on_the_command_line(own: dict[str, str], empty: Database) -> None:
    with empty.connect("plinth_operator") as connection:
        connection.execute("select api.create_embedding_model('tiny', 3)")
    rows: list[dict[str, Any]] = [
        {"content": f"text {n}", "embedding": [n, 1, 0.5], "metadata": {"n": n}}
        for n in range(1200)
    ]
    words = ("import", "embeddings", "-", "--as", "alice", "--model", "tiny", "--collection", "c")
    done = plinth(own, *words, given=lines(rows))
    assert done.stdout == b"1200 made, 0 kept\n", done.stderr
    assert plinth(own, *words, given=lines(rows)).stdout == b"0 made, 1200 kept\n"
    told = (
        "select concat_ws(' ', content, embedding, metadata, collection) from memory.embeddings"
        " where content = 'text 7'"
    )
    assert empty.value(told) == 'text 7 [7,1,0.5] {"n": 7} c'
    for wrong, said in (
        ({"embedding": [1, 2]}, "line 1100, embedding: "),
        ({"vector": [1, 2, 3]}, "line 1100: vector is not a field of it;"),
        ({"content": None}, "line 1100, content: "),
        ({"metadata": []}, "line 1100, metadata: "),
        ({"content": 5}, "line 1100: content: must be a string"),
        ({"message_id": "x"}, "line 1100: message_id: must be a UUID"),
    ):
        faulty = [*rows[:1099], rows[1099] | {"content": "new"} | wrong]
        done = plinth(own, *words, given=lines(faulty))
        assert done.returncode == 1
        assert f"standard input, {said}" in done.stderr.decode(), done.stderr
