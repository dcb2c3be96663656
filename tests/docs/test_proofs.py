"""docs/proofs.md names commands that exist."""

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.docs.texts import TARGETS, rows

PROOFS = rows((ROOT / "docs/proofs.md").read_text())

TESTS = {
    command.strip("`").split(" ")[-1]: promise
    for promise, command in PROOFS
    if command.startswith("`pytest ")
}


@pytest.mark.parametrize("row", PROOFS, ids=lambda row: row[0][:40])
def test_a_promise_has_one_command(row: list[str]) -> None:
    promise, command = row
    assert promise
    assert re.fullmatch(r"`(pytest|plinth test|make) [^` ]+`", command)
    tool, _, what = command.strip("`").rpartition(" ")
    if tool == "make":
        assert what in TARGETS
    else:
        assert (ROOT / what.partition("::")[0]).exists()


def collected(*marks: str) -> set[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *marks, *TESTS]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr[-2000:]
    return set(re.findall(r"^(tests/\S.*::.*)$", found.stdout, re.M))


def test_every_test_is_there_and_runs_where_the_page_says() -> None:
    """In make test, unless the promise is marked soak."""
    there, long = collected(), collected("-m", "soak")
    assert len(TESTS) > 20
    for test, promise in TESTS.items():
        below = {one for one in there if re.match(rf"{re.escape(test)}($|::|\[)", one)}
        assert below, test
        assert (below <= long) == ("*soak*" in promise), test
