"""The main key: a wrong one is noticed, a new one takes over under requests, and it can move."""

import json
import os
import secrets
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pyapp.settings import Settings
from tests.conftest import ROOT, Database, Serve, until
from tests.people import PASSWORD, cheap_passwords

SECRET = "sk-0123456789abcdef-rotate"


def plinth(
    *arguments: str, words: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    ours = ("PLINTH_", "DATABASE_", "REDIS_", "PG")
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        [sys.executable, "-m", "pyapp", *arguments],
        cwd=ROOT, env=inherited | environment, input=words, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture
def own(database: Database, tmp_path: Path) -> dict[str, str]:
    """As with servers of one's own."""
    return {
        "DATABASE_URL": database.web_url,
        "DATABASE_ADMIN_URL": database.admin_url,
        "REDIS_URL": database.engine.redis_url,
        "PLINTH_SECRET_KEY": database.engine.secret_key,
        "PLINTH_DATA": str(tmp_path / "own"),
        "PLINTH_ENV": "test",
    }


def adopt(database: Database) -> None:
    database.value("select core.adopt_secret_key()")


def test_a_key_that_does_not_fit_is_noticed(
    serve: Serve, database: Database, own: dict[str, str]
) -> None:
    adopt(database)
    wrong = secrets.token_hex(32)
    server = serve(wait=False, PLINTH_SECRET_KEY=wrong)
    assert server.process.wait(20) == 1
    told = server.words().strip().splitlines()
    assert len(told) == 1
    assert "refused to serve: PLINTH_SECRET_KEY is not the key of this database" in told[0]
    assert wrong not in told[0]
    for key, level in ((wrong, "FAIL"), (own["PLINTH_SECRET_KEY"], "ok")):
        asked = plinth("doctor", **own | {"PLINTH_SECRET_KEY": key})
        lines = [line for line in asked.stdout.splitlines() if "login of the server" in line]
        assert lines[0].startswith(level), asked.stdout
        assert ("is not the key" in lines[0]) == (level == "FAIL")


def test_a_new_key_takes_over_while_requests_run(
    serve: Serve, database: Database, own: dict[str, str]
) -> None:
    """Two services on one database, restarted one after another as the runbook says."""
    cheap_passwords(database)
    old, new = database.engine.secret_key, secrets.token_hex(32)
    first = serve()
    client = first.client()
    account = {"username": "roller", "email": "roller@example.org", "password": PASSWORD}
    assert client.post("/v1/users", account).status == 201
    assert client.sign_in("roller", PASSWORD).status == 201
    given = {"provider": "openai", "secret": SECRET}
    path = f"/v1/provider-keys/{client.request('PUT', '/v1/provider-keys', given).json()['id']}/use"
    until(lambda: database.value("select count(*) from ops.secret_keys") == 1, 10)

    # The first can read already what the second writes, and the second what the first wrote.
    first.stop()
    first = serve(PLINTH_SECRET_KEY=old, PLINTH_SECRET_KEY_PREVIOUS=new)
    second = serve(PLINTH_SECRET_KEY=new, PLINTH_SECRET_KEY_PREVIOUS=old)
    clients = [first.client(), second.client()]
    for one in clients * 2:  # the second hashes the password anew, the first still knows it
        assert one.sign_in("roller", PASSWORD).status == 201
    for one in clients:
        one.token = client.token
        assert one.post(path).json()["secret"] == SECRET
    first.stop()
    key = Settings(secret_key=new).keys["plinth.secret_keys"][:8]
    database.value(
        "update ops.job_runs set next_run_at = now() where name = 'core.reencrypt_secrets'"
        " returning name"
    )  # instead of waiting for its time
    count = (
        "select count(*) from auth.provider_keys"
        " where encode(substr(secret_encrypted, 2, 4), 'hex') = %s"
    )
    until(lambda: database.value(count, key) == 1, 10)
    assert clients[1].post(path).json()["secret"] == SECRET

    # Without the old key at hand nothing is missing.
    second.stop()
    status = {**own, "PLINTH_SECRET_KEY": new}
    asked = plinth("secret", "status", **status)
    lines = asked.stdout.splitlines()
    assert lines[0].startswith(f"{key}  in force: "), asked.stdout
    assert "1 passwords" in lines[0]
    assert "NOT AT HAND: 0 secrets, 0 passwords" in lines[1]
    third = serve(PLINTH_SECRET_KEY=new)
    last = third.client()
    assert last.sign_in("roller", PASSWORD).status == 201
    assert last.post(path).json()["secret"] == SECRET


def test_own_servers_are_told_how(own: dict[str, str]) -> None:
    told = plinth("secret", "rotate", **own)
    assert told.returncode == 0
    assert own["PLINTH_SECRET_KEY"] not in told.stdout
    assert told.stdout.count("PLINTH_SECRET_KEY_PREVIOUS=") == 2
    assert plinth("secret", "rotate", **own).stdout != told.stdout


def test_a_key_kept_in_data_is_replaced_there(
    database: Database, own: dict[str, str], tmp_path: Path
) -> None:
    """Servers of one's own, and a key that Plinth made and keeps."""
    data = tmp_path / "own"
    kept = data / "secrets.json"
    del own["PLINTH_SECRET_KEY"]
    nothing = plinth("secret", "rotate", **own)
    assert (nothing.returncode, nothing.stderr.count("\n")) == (2, 1)
    assert plinth("env", **own).returncode == 0  # makes it
    before = json.loads(kept.read_text())
    with database.connect(keys=Settings(secret_key=before["secret_key"])) as connection:
        connection.execute("truncate ops.secret_keys")  # it was used with another one before
        for number in range(3):
            connection.execute(
                "select set_provider_key(id, 'openai', %s, %s) from auth.users"
                " where username = 'alice'",
                [SECRET, f"key {number}"],
            )
    told = plinth("secret", "rotate", **own)
    assert told.returncode == 0, told.stderr
    assert "3 secrets were written anew" in told.stdout
    after = json.loads(kept.read_text())
    assert after["secret_key"] != before["secret_key"]
    assert after["previous_keys"] == [before["secret_key"]]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    lines = plinth("secret", "status", **own).stdout.splitlines()
    assert "in force: 3 secrets" in lines[0]
    assert "at hand: 0 secrets" in lines[1]
    # Both reach psql, by plinth and by the environment that it prints.
    both = "select cardinality(string_to_array(current_setting('plinth.secret_keys'), ','))"
    assert plinth("psql", "-At", "-c", both, **own).stdout == "2\n"
    assert before["secret_key"] in plinth("env", **own).stdout


def test_secrets_move_in_a_file_that_a_passphrase_opens(
    own: dict[str, str], tmp_path: Path
) -> None:
    del own["PLINTH_SECRET_KEY"]
    plinth("env", **own)
    made = json.loads((tmp_path / "own" / "secrets.json").read_text())
    file, word = tmp_path / "moved", "a passphrase of some length\n"
    export = ("secret", "export", str(file), "--password-stdin")
    assert plinth(*export, words="short\n", **own).returncode == 2
    told = plinth(*export, words=word, **own)
    assert told.returncode == 0, told.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert made["secret_key"] not in text + told.stdout
    assert plinth(*export, words=word, **own).returncode == 2  # never over a file that is there

    there = {**own, "PLINTH_DATA": str(tmp_path / "there")}
    take = ("secret", "import", str(file), "--password-stdin")
    wrong = plinth(*take, words="another passphrase\n", **there)
    assert wrong.returncode == 2
    assert "the passphrase is not that of" in wrong.stderr
    sealed = json.loads(text)
    sealed["body"] = ("0" if sealed["body"][0] != "0" else "1") + sealed["body"][1:]
    file.write_text(json.dumps(sealed))
    assert plinth(*take, words=word, **there).returncode == 2
    file.write_text("{}")
    assert "was not written by plinth secret export" in plinth(*take, words=word, **there).stderr
    file.write_text(text)
    assert plinth(*take, words=word, **there).returncode == 0
    kept = tmp_path / "there" / "secrets.json"
    taken = json.loads(kept.read_text())
    assert taken["secret_key"] == made["secret_key"]
    assert taken["admin"]  # so that embedded servers can start on it
    assert taken["web"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert plinth(*take, words=word, **there).returncode == 2  # nor over secrets that are there
