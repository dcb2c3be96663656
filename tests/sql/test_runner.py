"""The pgTAP runner says no where it must: most of a test runner's value is in what it refuses."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest

from pyapp import pgtap
from tests.conftest import Database

HEAD = "begin;\nselect plan(2);\nselect ok(true, 'one');\n"
TAIL = "select * from finish();\nrollback;\n"
GOOD = HEAD + "select ok(true, 'two');\n" + TAIL

BAD = {
    "a failed test": (
        HEAD + "select is(1, 2, 'two');\n" + TAIL,
        "test 2 - two",
        "#         want: 2",
    ),
    "too few tests": (HEAD + TAIL, "planned 2 tests, ran 1"),
    "too many tests": (HEAD + "select pass('two'), pass('three');\n" * 2 + TAIL, "planned 2 tests"),
    "no plan": ("select 1;\n", "printed no plan"),
    "an error": (HEAD + "select nothing;\n" + TAIL, ":4: ERROR", 'column "nothing" does not exist'),
    "an error after the last test": (GOOD + "select 1 / 0;\n", "division by zero"),
    "giving up": (HEAD + "select 'Bail out! no luck';\n", "Bail out! no luck"),
    "an empty file": ("", "printed no plan"),
    "letters in another encoding": (GOOD + "\\zw\udce9i\n", "invalid command \\zw\ufffdi"),
}


def run(text: str, database: Database, folder: Path) -> pgtap.Result:
    file = folder / "test_it.sql"
    file.write_text(text, errors="surrogateescape")
    engine = database.engine
    return pgtap.run(engine.psql, database.admin_url, engine.keys, file)


def test_a_good_file_passes(shared_database: Database, tmp_path: Path) -> None:
    result = run(GOOD, shared_database, tmp_path)
    assert (result.problems, result.passed) == ([], 2)


def test_todo_is_no_failure(shared_database: Database, tmp_path: Path) -> None:
    text = HEAD + "select todo('later', 1);\nselect is(1, 2, 'two');\n" + TAIL
    assert not run(text, shared_database, tmp_path).problems


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_fails_and_says_why(
    name: str, shared_database: Database, tmp_path: Path
) -> None:
    text, *expected = BAD[name]
    problems = "\n".join(run(text, shared_database, tmp_path).problems)
    assert problems
    for words in expected:
        assert words in problems


def test_no_password_on_the_command_line(
    shared_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    real = subprocess.run

    def watch(command: list[str], **options: object) -> object:
        seen.extend(command)
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", watch)
    run(GOOD, shared_database, tmp_path)
    secrets = [shared_database.engine.secret_key, shared_database.engine.keys, "postgresql://"]
    assert seen
    assert not [word for word in map(str, seen) for secret in secrets if secret in word]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(pgtap.PgtapError, match="no such file"):
        pgtap.find([tmp_path / "none.sql"])


def test_pgtap_script_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that somebody changed is not run; without Debian's tools it says what to do."""
    kept = tmp_path / "plinth" / "pgtap.sql"
    kept.parent.mkdir()
    kept.write_text("select 'not pgTAP';")
    monkeypatch.delenv("PGTAP_SQL", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pgtap.PgtapError, match="PGTAP_SQL="):
        pgtap.script()


SCRIPT = "select 'pgTAP';\n"
APT = {
    "apt-cache": "echo postgresql-14-pgtap; echo postgresql-99-pgtap; echo postgresql-99-pgtap-doc",
    "apt-get": '[ "$1" = download ] && echo "$2" >"$2.deb"',
    "dpkg": r"""[ "$1" = -x ] && read -r name <"$2" && mkdir -p "$3/usr" && cd "$3/usr"
for file in pgtap--0.9--1.3.9 pgtap--1.3.9 uninstall_pgtap; do
  echo "select '$name, $file'" >$file.sql
done
[ "$name" = postgresql-14-pgtap ] || printf "select 'pgTAP';\\n" >pgtap--1.3.9.sql""",
}


@pytest.mark.parametrize("known", [True, False])
def test_pgtap_script_of_any_distribution(
    known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has the package of another PostgreSQL, with another release of pgTAP."""
    for name, words in APT.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{words}\n")
        (tmp_path / name).chmod(0o755)
    digest = hashlib.sha256(SCRIPT.encode() if known else b"another").hexdigest()
    text = Path(pgtap.__file__).with_name("pgtap.sh").read_text()
    (tmp_path / "pgtap.sh").write_text(re.sub("^[0-9a-f]{64}", digest, text, flags=re.MULTILINE))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    kept = tmp_path / "kept/pgtap.sql"
    code = subprocess.call(["/bin/sh", tmp_path / "pgtap.sh", kept])
    assert (code == 0, kept.exists() and kept.read_text()) == (known, known and SCRIPT)
