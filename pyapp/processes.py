"""Processes that are kept alive, and finding those an earlier life left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

Say = Callable[[str], None]


class Found:
    """A server that outlived the plinth which started it: not our child, yet ours to keep."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        return None if any(_processes(self.pid)) else 0

    def send_signal(self, sig: int, /) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, sig)


Process = subprocess.Popen[bytes] | Found


class Child:
    """A process that is started again when it dies, and ever later when it keeps dying young."""

    def __init__(self, name: str, spawn: Callable[[], Process | None], say: Say) -> None:
        self.name, self._spawn, self._say = name, spawn, say
        self.process: Process | None = None
        self._born = self._due = 0.0
        self.young = 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tend(self) -> None:
        now = time.monotonic()
        if self.alive:
            return
        if self.process:
            code = self.process.poll() or 0
            how = f" ({signal.Signals(-code).name})" if code < 0 else f" with exit code {code}"
            self.process = None
            self.young = 0 if now - self._born > 2 else self.young + 1
            # A death is answered at once; a crash loop with up to five seconds of rest.
            self._due = now + (0 if self.young < 3 else min(5.0, 0.05 * 2**self.young))
            self._say(f"{self.name} ended{how if code else ''}; starting it again")
        if now >= self._due:
            self._born = now
            try:
                self.process = self._spawn()
            except OSError as error:  # no memory, no disk, no more processes: that may pass
                self._due = now + 1
                self._say(f"{self.name} cannot be started: {error}")

    def leave(self) -> None:
        """Somebody else uses it: from here on it is not ours to wait for."""
        if isinstance(self.process, subprocess.Popen) and self.alive:
            self.process.returncode = 0
        self.process = None


def stop(children: list[Child], *signals: tuple[int, float]) -> None:
    """Ask ever less politely: each signal with the seconds it is given."""
    for number, seconds in (*signals, (signal.SIGKILL, 5.0)):
        for child in children:
            if child.process and child.alive:
                child.process.send_signal(number)
        until(lambda: not any(child.alive for child in children), seconds)


def having(*marks: str) -> list[int]:
    """The processes whose command line contains all of these."""
    return [pid for pid, command in _processes() if all(mark in command for mark in marks)]


def _processes(only: int | None = None) -> Iterator[tuple[int, str]]:
    """Number and command line; one that ended has none, even where nobody collected it."""
    if Path("/proc/self/cmdline").exists():
        for file in Path("/proc").glob(f"{only or '[0-9]*'}/cmdline"):
            with suppress(OSError):
                if words := file.read_bytes():
                    yield int(file.parent.name), words.replace(b"\0", b" ").decode("latin-1")
    else:
        which = ["-p", str(only)] if only else ["-ax"]
        ps = ["ps", *which, "-o", "pid=,args="]
        for line in subprocess.run(ps, capture_output=True, text=True).stdout.splitlines():  # noqa: PLW1510
            pid, _, command = line.strip().partition(" ")
            yield int(pid), command + " "


def until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
