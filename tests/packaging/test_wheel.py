"""The wheel is the whole product: installed alone in an empty folder elsewhere, plinth up works."""

import os
import re
import signal
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port, until
from tests.http_client import Client

OURS = ("PLINTH_", "DATABASE_", "REDIS_", "PG", "MAKE")


def environment(**more: str) -> dict[str, str]:
    clean = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    return clean | more


@contextmanager
def running(command: list[str], folder: Path, log: Path, env: dict[str, str]) -> Iterator[None]:
    """A command in a session of its own; afterwards Ctrl-C, and all of it has to be gone."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        until(lambda: "http" in log.read_text() or process.poll() is not None, 90, log.read_text)
        assert process.poll() is None, log.read_text()
        yield
        assert process.poll() is None, log.read_text()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(15)


def check_service(port: int, log: Path) -> None:
    with Client(port) as client:
        until(lambda: answers(client), 60, log.read_text)
        assert client.sign_in("alice").status == 201
        assert client.get("/v1/me").json()["username"] == "alice"
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
        assert b"<html" in client.get("/docs").body


def answers(client: Client) -> bool:
    try:
        return client.get("/readyz").status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], check=True, cwd=folder)
    return next(folder.glob("*.whl"))


def test_it_holds_the_database(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"pyapp/_db/{p.relative_to(ROOT / 'db')}" for p in (ROOT / "db").rglob("*sql")}
    expected |= {
        str(p.relative_to(ROOT)) for p in (ROOT / "pyapp").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }  # fmt: skip
    expected.add("pyapp/_deploy/redis.conf")
    assert expected <= held
    strange = {name for name in held - expected if ".dist-info/" not in name}
    assert not strange


def test_it_works_elsewhere(wheel: Path, tmp_path: Path) -> None:
    """In a fresh virtual environment, home and folder, with nothing of the checkout."""
    place, empty, port = tmp_path / "venv", tmp_path / "empty", free_port()
    empty.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    python = place / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True, cwd=empty)
    # The packages it needs are those of the lock file, which this environment has installed: a
    # plain line in a .pth file brings them without the checkout itself.
    inside = Path(sysconfig.get_path("purelib", vars={"base": str(place)}))
    (inside / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    code = "from pyapp.settings import DB_DIR; print(DB_DIR)"
    told = subprocess.run(
        [python, "-c", code], cwd=empty, check=True, capture_output=True, text=True
    )
    assert Path(told.stdout.strip()) == inside / "pyapp" / "_db"

    env = environment(HOME=str(tmp_path), PATH=f"{place / 'bin'}:{os.environ['PATH']}")
    with running(["plinth", "up", "--port", str(port)], empty, tmp_path / "log", env):
        check_service(port, tmp_path / "log")
    assert (empty / ".plinth").is_dir()
    assert (tmp_path / "log").read_text().count("Traceback") == 0


def test_make_up(tmp_path: Path) -> None:
    """PORT and DATA are honoured; the second start finds what the first one kept."""
    port, data = free_port(), tmp_path / "data"
    command = ["make", "up", f"PORT={port}", f"DATA={data}"]
    with running(command, ROOT, tmp_path / "first", environment()):
        check_service(port, tmp_path / "first")
        word = "correct horse battery staple"
        person = {"username": "kept", "email": "kept@example.org", "password": word}
        with Client(port) as client:
            assert client.post("/v1/users", person).status == 201
    first = (tmp_path / "first").read_text()
    assert f"http://127.0.0.1:{port}" in first
    assert "/docs" in first
    assert re.search(r"Dev@12345|Admin@123", first), "a sample login is shown"
    with running(command, ROOT, tmp_path / "second", environment()), Client(port) as client:
        until(lambda: answers(client), 60, (tmp_path / "second").read_text)
        assert client.sign_in("kept", word).status == 201


@pytest.mark.soak
def test_fresh_clone_and_fresh_home(tmp_path: Path) -> None:
    clone, port = tmp_path / "clone", free_port()
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    env = environment(HOME=str(tmp_path))
    command = ["make", "up", f"PORT={port}"]
    with running(command, clone, tmp_path / "log", env):
        check_service(port, tmp_path / "log")


def test_the_lock_names_everything_and_no_place() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert not re.search(r"(^|\s)(--[a-z]*index|--find-links|-f|/)", lock)
    pinned = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", lock, re.M))
    for entry in re.split(r"\n(?=[a-z0-9])", lock):
        assert "--hash=sha256:" in entry, entry.split("\n", 1)[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.match(r"[a-z0-9-]+", line)[0] for line in wanted}  # type: ignore[index]
    assert names <= set(pinned)


def test_installing_again_does_nothing() -> None:
    make("install")
    assert make("install") == ""


def test_help_lists_every_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)) - {"install"}
    listed = set(re.findall(r"^  make ([a-z-]+) ", make("help"), re.M))
    assert targets == listed
    assert {"up", "test", "check", "bench", "bench-peers", "soak", "docs", "help"} <= listed


def make(target: str) -> str:
    command = ["make", target]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    return done.stdout
