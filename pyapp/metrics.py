"""Counters in Prometheus' text format, summed over all worker processes.

Each worker counts in its own memory and leaves a snapshot in a file once a second; whoever is asked
adds them up. A worker holds its file by a lock that dies with it, and the next one goes on with the
file's counts: a counter never falls, a killed worker loses its last second.
"""

import asyncio
import fcntl
import json
import logging
import os
import resource
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import accumulate, count
from pathlib import Path
from typing import Any

log = logging.getLogger("plinth.metrics")

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SILENT = 3.0  # seconds after which a worker that leaves no snapshot does not count as alive
_REQUESTS = "plinth_http_requests_total"
_BYTES = "plinth_http_response_bytes_total"
_SECONDS = "plinth_http_request_seconds"
_ANSWERS = "plinth_cache_answers_total"
_HELP = {
    _REQUESTS: "Requests answered, by method, route and status",
    _BYTES: "Bytes of answers without their heads",
    _SECONDS: "Time from the complete head of a request to its answer",
    _ANSWERS: "Answers of cacheable routes, by what the cache did",
    "plinth_workers": "Worker processes alive",
}


class Metrics:
    """This worker's counts, and where the workers leave theirs for each other."""

    def __init__(
        self,
        folder: Path,
        stats: Mapping[str, Callable[[], Mapping[str, Any]]],
        answers: Mapping[str, int],
    ) -> None:
        self._stats = stats  # what tells the numbers of this moment; …_total only grow
        # Per method, route and status: seconds, bytes, a slot per bound and one for slower.
        self._requests: dict[tuple[str, str, int], list[float]] = {}
        self._answers = answers  # by what the cache did
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:  # nowhere to write: this worker shows itself only
            folder = Path(tempfile.mkdtemp(prefix="plinth-metrics-"))
        self._own, self._lock = _free_file(folder)
        self._inherited = _read(self._own, alive=False)
        self.save()

    def observe(self, what: tuple[str, str, int], seconds: float, size: int) -> None:
        """Runs once per request."""
        cell = self._requests.get(what)
        if cell is None:
            cell = self._requests[what] = [0] * (len(BOUNDS) + 3)
        cell[0] += seconds
        cell[1] += size
        cell[2 + bisect_left(BOUNDS, seconds)] += 1

    def _series(self) -> Counter[str]:
        """Each number by its name and labels."""
        series = Counter(self._inherited)
        series["plinth_workers"] = 1
        for word, number in self._answers.items():
            series[f'{_ANSWERS}{{result="{word}"}}'] += number
        for (method, route, status), (seconds, size, *slots) in self._requests.items():
            labels = f'method="{method}",route="{route}",status="{status}"'
            found = {f"{_REQUESTS}{{{labels}}}": sum(slots), f"{_BYTES}{{{labels}}}": size}
            for bound, below in zip([*BOUNDS, "+Inf"], accumulate(slots), strict=True):
                found[f'{_SECONDS}_bucket{{{labels},le="{bound}"}}'] = below
            found[f"{_SECONDS}_sum{{{labels}}}"] = seconds
            found[f"{_SECONDS}_count{{{labels}}}"] = sum(slots)
            series.update(found)
        told = {name: tell() for name, tell in self._stats.items()}
        for name, value in _flat("plinth", told | {"process": _process()}):
            series[name] += value  # type: ignore[assignment]
        return series

    def save(self) -> None:
        """A reader sees the old snapshot or the new one, never half of one."""
        draft = self._own.with_suffix(".tmp")
        draft.write_text(json.dumps({"pid": os.getpid(), "series": self._series()}))
        draft.replace(self._own)

    async def keep(self) -> None:
        """Leaves this worker's numbers for the others, once a second."""
        while True:
            await asyncio.sleep(1)
            try:
                self.save()
            except OSError as error:
                log.warning("metrics cannot be saved: %s", error)

    def render(self) -> bytes:
        """All workers there ever were; the gauges of those alive."""
        series = self._series()
        for path in set(self._own.parent.glob("*.json")) - {self._own}:
            with suppress(OSError):
                alive = time.time() - path.stat().st_mtime < _SILENT
                for name, value in _read(path, alive=alive).items():
                    worst = "_lag_seconds" in name  # the rest is counted
                    series[name] = max(series[name], value) if worst else series[name] + value
        families: dict[str, list[str]] = {}
        for name, value in series.items():
            families.setdefault(_family(name), []).append(f"{name} {value:.15g}\n")
        text = ""
        for name, lines in sorted(families.items()):
            kind = "counter" if name.endswith("_total") else "gauge"
            kind = "histogram" if name == _SECONDS else kind
            text += f"# HELP {name} {_HELP[name]}\n" if name in _HELP else ""
            text += f"# TYPE {name} {kind}\n{''.join(lines)}"
        return text.encode()


def answers(folder: Path) -> Counter[str]:
    """What the cache did in all workers there ever were."""
    told: Counter[str] = Counter()
    for path in folder.glob("*.json"):
        told.update(_read(path, alive=False))
    return Counter({
        name.split('"')[1]: int(n) for name, n in told.items() if name.startswith(_ANSWERS)
    })  # fmt: skip


def _read(path: Path, *, alive: bool) -> Counter[str]:
    """What a worker left; of one that is dead, only what it counted."""
    with suppress(OSError, ValueError, KeyError):  # there may be none yet
        series = json.loads(path.read_bytes())["series"]
        return Counter({
            name: value
            for name, value in series.items()
            if alive or _family(name).endswith("_total") or _family(name) == _SECONDS
        })  # fmt: skip
    return Counter()


def _family(name: str) -> str:
    return _SECONDS if name.startswith(_SECONDS) else name.partition("{")[0]


def _free_file(folder: Path) -> tuple[Path, int]:
    """The first file that no living worker holds, and the lock that holds it."""
    for number in count():
        lock = os.open(folder / f"{number}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return folder / f"{number}.json", lock
    raise AssertionError


def _process() -> dict[str, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "memory_peak_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "cpu_seconds_total": usage.ru_utime + usage.ru_stime,
    }


def _flat(name: str, value: Any, label: str = "") -> Iterator[tuple[str, float]]:
    """Nested numbers by names joined with _; a key below "lanes" becomes a label."""
    if not isinstance(value, Mapping):
        yield name + label, float(value)
    elif name.endswith("_lanes"):
        for key, item in value.items():
            yield from _flat(name.removesuffix("s"), item, f'{{lane="{key}"}}')
    else:
        for key, item in value.items():
            yield from _flat(f"{name}_{key}", item, label)
