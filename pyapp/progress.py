"""What long work says: one live line per step on a terminal, plain lines elsewhere."""

import os
import shutil
import sys
import time
from typing import Self, TextIO


class Progress:
    """Call it with the step that begins; `done` ends the last one."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._out = stream or sys.stdout
        self._live = self._out.isatty() and os.environ.get("TERM") != "dumb"
        self._tick = "✓" if "utf" in (self._out.encoding or "").lower() else "*"
        self._step = ""
        self._since = 0.0

    def __call__(self, step: str) -> None:
        if step == self._step:
            return
        self.done()
        self._step, self._since = step, time.monotonic()
        if self._live:
            self._write(f"  {step} …" if self._tick == "✓" else f"  {step} ...")
        else:
            self._write(step + "\n")

    def detail(self, text: str) -> None:
        """What the step is busy with: worth a look on a terminal, not a line in a file."""
        if self._live:
            self._write(f"\r\033[K  {self._step}: {text}"[: 3 + shutil.get_terminal_size().columns])

    def done(self) -> None:
        if self._live and self._step:
            took = time.monotonic() - self._since
            self._write(f"\r\033[K{self._tick} {self._step}  \033[2m{took:.1f} s\033[0m\n")
        self._step = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        if not failed:
            self.done()
        elif self._live and self._step:  # the line of the step that failed stays without a tick
            self._write("\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
