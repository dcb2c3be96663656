"""Processes that are kept alive, and finding those an earlier life left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

Say = Callable[[str], None]
UNKNOWN = 1 << 16  # how a process ended that was not our child


class Found:
    """A server that outlived the plinth which started it: not our child, yet ours to keep."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        return None if _command(self.pid) else UNKNOWN

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
        if self.process is not None:
            if (code := self.process.poll()) is None:
                return
            self.process = None
            self.young = 0 if now - self._born > 2 else self.young + 1
            # A death is answered at once; a crash loop with up to five seconds of rest.
            rest = 0.0 if self.young < 3 else min(5.0, 0.05 * 2**self.young)
            self._due = now + rest
            again = f" in {rest:.1f} s" if rest else ""
            self._say(f"{self.name} ended{_how(code)}; starting it again{again}")
        if now >= self._due:
            self._born = now
            try:
                self.process = self._spawn()
            except OSError as error:  # no memory, no disk, no more processes: that may pass
                self._due = now + 1
                self._say(f"{self.name} cannot be started: {error}")

    def signal(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def stop(self, *signals: tuple[int, float]) -> None:
        """Ask ever less politely: each signal with the seconds it is given."""
        for number, seconds in (*signals, (signal.SIGKILL, 5.0)):
            if self.process is None or not self.alive:
                break
            self.process.send_signal(number)
            until(lambda: not self.alive, seconds)
        self.process = None

    def leave(self) -> None:
        """Somebody else uses it: from here on it is not ours to wait for."""
        if isinstance(self.process, subprocess.Popen) and self.alive:
            self.process.returncode = 0
        self.process = None


def having(*marks: str) -> list[int]:
    """The processes whose command line contains all of these."""
    return [pid for pid, command in _processes() if all(mark in command for mark in marks)]


def _processes() -> Iterator[tuple[int, str]]:
    if Path("/proc/self/cmdline").exists():
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (command := _command(int(entry.name))):
                yield int(entry.name), command
    else:
        for line in subprocess.check_output(["ps", "-axo", "pid=,args="], text=True).splitlines():
            pid, _, command = line.strip().partition(" ")
            yield int(pid), command + " "


def _command(pid: int) -> str:
    """Its command line; empty for a process that ended, even where nobody collected it."""
    if Path("/proc/self/cmdline").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("latin-1")
        return ""
    return next((command for number, command in _processes() if number == pid), "")


def _how(code: int) -> str:
    if code == UNKNOWN:
        return ""
    return f" ({signal.Signals(-code).name})" if code < 0 else f" with exit code {code}"


def until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
