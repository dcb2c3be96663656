"""The tour of the README is walked: its commands on a real server, against the answers it shows."""

import fnmatch
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Serve, Server
from tests.docs.texts import blocks, rows, section

MARK = "\x1e"  # between the outputs of two blocks
README = (ROOT / "README.md").read_text()
ELLIPSIS = "…"


def walk(server: Server, scripts: list[str]) -> list[str]:
    """Runs the blocks in one shell, as a reader does, and returns what each of them printed."""
    engine = server.database.engine
    tools = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{tools}:{engine.bin_dir}:{os.environ['PATH']}",
        "PLINTH_ENV": "test",
        "PLINTH_SECRET_KEY": engine.secret_key,
        "DATABASE_URL": server.database.web_url,
        "DATABASE_ADMIN_URL": server.database.admin_url,
        "REDIS_URL": server.redis_url,
        "PSQLRC": "/dev/null",
        "PGOPTIONS": "-c client_min_messages=warning",
    }
    text = f"printf '{MARK}'\n".join(scripts).replace("http://127.0.0.1:8080", server.url)
    command = ["bash", "-e", "-c", text]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return ended.stdout.split(MARK)


def same_json(shown: Any, real: Any) -> bool:
    """An ellipsis stands for any part of a text; as a key, for the fields that are left out."""
    if isinstance(shown, dict) and isinstance(real, dict):
        open_end = shown.keys() & {ELLIPSIS}
        wanted = shown.keys() - open_end
        enough = wanted <= real.keys() if open_end else wanted == real.keys()
        return enough and all(same_json(shown[key], real[key]) for key in wanted)
    if isinstance(shown, str) and isinstance(real, str):
        return same_text(shown, real)
    return type(shown) is type(real) and bool(shown == real)


def same_text(shown: str, real: str) -> bool:
    pattern = re.sub(r"([\[*?])", r"[\1]", shown).replace(ELLIPSIS, "*")
    return fnmatch.fnmatchcase(real, pattern)


def lines(text: str) -> list[str]:
    """What counts of an output: not the blanks at the ends of lines, not the last empty lines."""
    return [line.rstrip() for line in text.rstrip().splitlines()]


@pytest.mark.embed
def test_the_tour(serve: Serve) -> None:
    server = serve(RATE_LIMIT_REQUESTS_PER_MINUTE="60")
    found = blocks(section(README, "## Five minutes"))
    steps = [n for n, block in enumerate(found) if block.kind == "sh"]
    printed = walk(server, [found[n].text for n in steps])
    compared = 0
    for n, real in zip(steps, printed, strict=True):
        after = found[n + 1] if n + 1 < len(found) else None
        if after is None or after.kind == "sh":
            continue
        compared += 1
        shown = after.text
        if after.kind == "json":
            matches = same_json(json.loads(shown), json.loads(real))
        else:
            matches = same_text("\n".join(lines(shown)), "\n".join(lines(real)))
        assert matches, f"{found[n].text}shows\n{shown}but gives\n{real}"
    assert compared >= 7


def test_the_sample_accounts_sign_in(server: Server) -> None:
    accounts = rows(section(README, "### Sample accounts"))
    assert len(accounts) == 6
    for account, password, role in ([cell.strip("`") for cell in row] for row in accounts):
        answer = server.client().sign_in(account, password)
        assert (answer.status, answer.json()["user"]["roles"]) == (201, [role])


def test_an_ellipsis_stands_for_what_is_left_out_and_nothing_else() -> None:
    assert same_json({"a": "x…", ELLIPSIS: ""}, {"a": "xyz", "b": 1})
    assert not same_json({"a": "x…"}, {"a": "xyz", "b": 1})
    assert not same_json({"a": "x…"}, {"a": "yxz"})
    assert not same_json({"a": None}, {"a": False})
    assert same_text("[1] a…", "[1] abc")
    assert not same_text("a*", "abc")
