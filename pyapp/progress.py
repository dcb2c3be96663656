"""What long work says: one live line per step on a terminal, plain lines elsewhere."""

import os
import shutil
import sys
import time
from typing import Self


class Progress:
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

    def bar(self, done: int, total: int) -> None:
        """How far the step is, and how fast it goes."""
        full = 24 * min(done, total) // max(total, 1)
        rate = done / max(time.monotonic() - self._since, 0.001)
        self.detail(f"{'█' * full}{'░' * (24 - full)} {done:,} of {total:,}, {rate:,.0f}/s")

    def done(self) -> None:
        if self._live and self._step:
            took = time.monotonic() - self._since
            print(f"\r\033[K  {self._step}  \033[2m{took:.1f} s\033[0m", flush=True)
        self._step = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.done()
