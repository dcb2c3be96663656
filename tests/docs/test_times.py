"""The times the README tells; soak, because a busy machine says nothing about them."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port, until
from tests.http_client import Client
from tests.packaging.test_wheel import answers, environment


def seconds_to_serve(data: Path) -> float:
    port = free_port()
    command = [sys.executable, "-m", "pyapp", "up", "--port", str(port), "--data", str(data)]
    began = time.monotonic()
    with (data.parent / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=log, stderr=log)
    try:
        with Client(port) as client:
            until(lambda: answers(client), 60, (data.parent / "log").read_text)
        return time.monotonic() - began
    finally:
        process.terminate()
        process.wait(15)


@pytest.mark.soak
def test_it_serves_within_the_times_of_the_readme(tmp_path: Path) -> None:
    told = " ".join((ROOT / "README.md").read_text().split())
    assert "within 6 s on an empty folder and 5 s on a full one" in told
    data = [tmp_path / name / "data" for name in ("one", "two", "three")]
    for folder in data:
        folder.parent.mkdir()
    assert min(map(seconds_to_serve, data)) <= 6
    assert min(map(seconds_to_serve, data)) <= 5
