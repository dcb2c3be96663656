"""Which Python tools/install takes: the one that is named, else that of .venv, else the first."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Stands for one Python: says who it is, and makes environments that know what they were made from.
PYTHON = """\
#!/bin/sh
base=$(cat "$0.base")
case "$*" in
  *_base_executable*) [ -e "$base" ] && echo "$base" ;;
  *sys.version*) cat "$base.version" ;;
  *venv*) rm -rf .venv; mkdir -p .venv/bin
    cp "$0" .venv/bin/python; echo "$base" >.venv/bin/python.base ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/install", tmp_path / "tools")
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    for name in ("bin/python3", "other/python"):
        python(tmp_path / name, f"{name} 3.12.1")
    return tmp_path


def python(file: Path, version: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(PYTHON)
    file.chmod(0o755)
    Path(f"{file}.base").write_text(f"{file}\n")
    Path(f"{file}.version").write_text(f"{version}\n")
    return file


def install(place: Path, **named: str) -> tuple[int, str, str]:
    """Exit code, what was said, and from what .venv is made."""
    ended = subprocess.run(
        [place / "tools/install"], env={"PATH": f"{place}/bin:/usr/bin:/bin"} | named,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    base = place / ".venv/bin/python.base"
    made = str(Path(base.read_text().strip()).relative_to(place)) if base.exists() else ""
    return ended.returncode, ended.stdout + ended.stderr, made


def test_the_first_python_will_do(place: Path) -> None:
    assert install(place)[::2] == (0, "bin/python3")
    assert install(place) == (0, "", "bin/python3")


def test_a_python_that_was_named_stays(place: Path) -> None:
    """Whoever names it once does not get another one from the next make target."""
    assert install(place, PYTHON=f"{place}/other/python")[::2] == (0, "other/python")
    assert install(place) == (0, "", "other/python")
    (place / "requirements.lock").write_text("more\n")
    assert install(place)[::2] == (0, "other/python")
    code, said, made = install(place, PYTHON="python3")
    assert (code, made) == (0, "bin/python3")
    assert "bin/python3" in said


def test_a_python_that_went_is_replaced(place: Path) -> None:
    install(place, PYTHON=f"{place}/other/python")
    (place / "other/python").unlink()
    assert install(place)[::2] == (0, "bin/python3")


def test_a_newer_python_at_the_same_place_is_taken_up(place: Path) -> None:
    install(place)
    python(place / "bin/python3", "bin/python3 3.12.2")
    code, said, _ = install(place)
    assert (code, bool(said)) == (0, True)
    assert "3.12.2" in (place / ".venv/.home").read_text()


def test_a_python_that_is_none_is_refused(place: Path) -> None:
    """Not another one in its place."""
    nowhere = f"{place}/nowhere"
    code, said, made = install(place, PYTHON=nowhere)
    assert (code, made) == (1, "")
    assert said == f"plinth: PYTHON={nowhere} is no Python 3.11 or newer\n"
