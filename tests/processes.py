"""The processes of the machine: from /proc, else from ps, which a small Linux lacks."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    pid: int
    parent: int
    line: str  # as it was called; nothing where it ended and nobody has collected it yet


def table() -> Iterator[Process]:
    """All of them."""
    if not Path("/proc/self/stat").exists():
        ps = ["ps", "-axo", "pid=,ppid=,stat=,args="]
        for row in subprocess.check_output(ps, text=True).splitlines():
            pid, parent, state, line = row.split(None, 3)
            yield Process(int(pid), int(parent), "" if state.startswith("Z") else line)
        return
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("latin-1")
            # Behind the name, which may hold anything: the state, then the parent.
            state, parent = (folder / "stat").read_text("latin-1").rpartition(")")[2].split()[:2]
            yield Process(int(folder.name), int(parent), "" if state == "Z" else words)


def children(parent: int, word: str = "") -> list[int]:
    """Those of this parent that have this word in their command line, also ended ones without."""
    return [pid for pid, of, line in table() if of == parent and word in line]


def gone(pids: list[int]) -> bool:
    """Whether none of them runs; one that nobody has collected yet does not run either."""
    return not {process.pid for process in table() if process.line} & set(pids)
