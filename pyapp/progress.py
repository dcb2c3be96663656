"""What long work says: one live line per step on a terminal, plain lines elsewhere."""

import os
import shutil
import sys
import time
from contextlib import AbstractContextManager


class Progress(AbstractContextManager["Progress"]):
    """Call it with the step that begins; `done` ends the last one."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._step, self._since = "", 0.0

    def __call__(self, step: str) -> None:
        self.done()
        self._step, self._since = step, time.monotonic()
        print(f"  {step} ..." if self._live else step, end="" if self._live else "\n", flush=True)

    def detail(self, text: str) -> None:
        """What the step is busy with: worth a look on a terminal, not a line in a file."""
        if self._live:
            line = f"  {self._step}: {text}"[: shutil.get_terminal_size().columns - 1]
            print(f"\r\033[K{line}", end="", flush=True)

    def done(self) -> None:
        if self._live and self._step:
            took = time.monotonic() - self._since
            print(f"\r\033[K  {self._step}  \033[2m{took:.1f} s\033[0m", flush=True)
        self._step = ""

    def __exit__(self, *_: object) -> None:
        self.done()


class Bar(AbstractContextManager["Bar"]):
    """How far many rows are: a bar on a terminal, elsewhere a plain line now and then. On standard
    error, because the rows themselves may go to standard output."""

    _WIDTH, _LIVE_SECONDS, _PLAIN_SECONDS = 24, 0.1, 10.0

    def __init__(self, what: str, size: int | None = None) -> None:
        self._what, self._size = what, size
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._begun = self._told = time.monotonic()
        self.rows = self._read = 0

    def add(self, rows: int, read: int = 0) -> None:
        """So many rows more, and so much of the size is behind: of bytes, else of rows."""
        self.rows += rows
        self._read = read or self.rows
        pause = self._LIVE_SECONDS if self._live else self._PLAIN_SECONDS
        if time.monotonic() - self._told >= pause:
            self._tell()

    def _tell(self, end: str = "") -> None:
        self._told = time.monotonic()
        took = self._told - self._begun
        text = f"{self.rows:,} {self._what}, {self.rows / max(took, 0.001):,.0f} a second"
        if self._size and not end:
            share = min(self._read / self._size, 1.0)
            left = f"{took / share - took:.0f} s left" if share else ""
            full = round(share * self._WIDTH)
            bar = f"[{'#' * full}{'.' * (self._WIDTH - full)}] " if self._live else ""
            text = f"{bar}{share:4.0%}  {text}, {left}"
        elif end:
            text = f"{text}, {took:.1f} s"
        if self._live:
            text = f"\r\033[K  {text}"[: shutil.get_terminal_size().columns + 3]
        print(text, end=end if self._live else "\n", file=sys.stderr, flush=True)

    def __exit__(self, failed: object, *_: object) -> None:
        if self.rows or not failed:
            self._tell("\n")
