"""What an extra needs is skipped by hand where it is not installed, and never in make test."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

# pytest in a process that finds no numpy.
WITHOUT = (
    "import sys; sys.modules['numpy'] = None; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
)
TEST = "tests/memory/test_embed.py::test_words_are_cut_as_the_model_learned_them"


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    ours = {name: text for name, text in os.environ.items() if name != "REQUIRE_EMBED"}
    command = [sys.executable, "-c", WITHOUT, "-q", TEST]
    return subprocess.run(
        command, cwd=ROOT, env=ours | environment, capture_output=True, text=True, check=False
    )


def test_without_an_embedding_model_its_tests_are_skipped_and_say_why() -> None:
    ended = run()
    assert (ended.returncode, "1 skipped" in ended.stdout) == (0, True), ended.stdout
    assert "needs an embedding model: make embed" in ended.stdout


def test_where_it_has_to_be_there_they_fail() -> None:
    ended = run(REQUIRE_EMBED="1")
    assert ended.returncode == 1, ended.stdout
    assert "numpy" in ended.stdout


@pytest.mark.parametrize("target", ["test", "soak"])
def test_make_says_that_it_has_to_be_there(target: str) -> None:
    told = subprocess.check_output(["make", "-n", target], cwd=ROOT, text=True)
    (line,) = [line for line in told.splitlines() if "-m pytest" in line]
    assert line.startswith("REQUIRE_EMBED=1 ")
