"""Counters in Prometheus' text format, summed over all worker processes.

Each worker counts in its own memory and leaves a snapshot in a file once a second; whoever is asked
adds them up. A worker holds its file by a lock that dies with it, and the next one goes on with the
file's counts: a counter never falls, a killed worker loses its last second.
"""

import fcntl
import json
import os
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import accumulate, count
from pathlib import Path
from typing import Any

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SILENT = 3.0  # seconds after which a worker that leaves no snapshot does not count as alive
_SECONDS = "plinth_http_request_seconds"
_ANSWERS = {
    word: f'plinth_cache_answers_total{{result="{word}"}}' for word in ("hit", "miss", "bypass")
}
_HELP = {
    "plinth_http_requests_total": "Requests answered, by method, route and status",
    "plinth_http_response_bytes_total": "Bytes of answers without their heads",
    _SECONDS: "Time from the complete head of a request to its answer",
    "plinth_cache_answers_total": "Answers of cacheable routes, by what the cache did",
    "plinth_workers": "Worker processes alive",
}


class Counts:
    def __init__(self) -> None:
        # Per method, route and status: count, seconds, bytes, a slot per bound and one for slower.
        self.requests: dict[tuple[str, str, int], list[float]] = {}
        self.totals: Counter[str] = Counter()  # what only grows
        self.gauges: Counter[str] = Counter()

    def add(self, snapshot: Mapping[str, Any], *, alive: bool) -> None:
        for method, route, status, cell in snapshot["requests"]:
            known = self.requests.get((method, route, status), [0] * len(cell))
            self.requests[method, route, status] = [*map(sum, zip(known, cell, strict=True))]
        self.totals.update(snapshot["totals"])
        if alive:
            self.gauges.update(snapshot["gauges"])

    def series(self) -> dict[str, float]:
        found: dict[str, float] = {}
        bounds = [*BOUNDS, "+Inf"]
        for (method, route, status), cell in sorted(self.requests.items()):
            number, seconds, size, *slots = cell
            labels = f'method="{method}",route="{route}",status="{status}"'
            found[f"plinth_http_requests_total{{{labels}}}"] = number
            found[f"plinth_http_response_bytes_total{{{labels}}}"] = size
            for bound, below in zip(bounds, accumulate(slots), strict=True):
                found[f'{_SECONDS}_bucket{{{labels},le="{bound}"}}'] = below
            found[f"{_SECONDS}_sum{{{labels}}}"] = seconds
            found[f"{_SECONDS}_count{{{labels}}}"] = number
        return found | self.totals | self.gauges


class Metrics:
    """This worker's counts, and where the workers leave theirs for each other."""

    def __init__(self, folder: Path, stats: Callable[[], Mapping[str, Any]]) -> None:
        self._stats = stats  # numbers of this moment, nested
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:  # nowhere to write: this worker shows itself only
            folder = Path(tempfile.mkdtemp(prefix="plinth-metrics-"))
        self._own, self._lock = _free_file(folder)
        self._counts = Counts()
        with suppress(OSError, ValueError, KeyError):  # there may be none yet
            self._counts.add(json.loads(self._own.read_bytes()), alive=False)
        self.save()

    def observe(self, method: str, route: str, status: int, seconds: float, size: int) -> None:
        """Runs once per request."""
        requests = self._counts.requests
        cell = requests.get((method, route, status))
        if cell is None:
            cell = requests[method, route, status] = [0] * (len(BOUNDS) + 4)
        cell[0] += 1
        cell[1] += seconds
        cell[2] += size
        cell[3 + bisect_left(BOUNDS, seconds)] += 1

    def cached(self, word: str) -> None:
        self._counts.totals[_ANSWERS[word]] += 1

    def _snapshot(self) -> dict[str, Any]:
        totals, gauges = Counter(self._counts.totals), {"plinth_workers": 1.0}
        for name, value in _flat("plinth", self._stats()):
            if "_total" in name:
                totals[name] += value  # type: ignore[assignment]
            else:
                gauges[name] = value
        requests = [[*key, cell] for key, cell in self._counts.requests.items()]
        return {"pid": os.getpid(), "requests": requests, "totals": totals, "gauges": gauges}

    def save(self) -> None:
        """A reader sees the old snapshot or the new one, never half of one."""
        draft = self._own.with_suffix(".tmp")
        draft.write_text(json.dumps(self._snapshot()))
        draft.replace(self._own)

    def close(self) -> None:
        self.save()
        os.close(self._lock)

    def render(self) -> bytes:
        """All workers there ever were; the gauges of those alive."""
        counts = Counts()
        counts.add(self._snapshot(), alive=True)
        for path in self._own.parent.glob("*.json"):
            if path != self._own:
                with suppress(OSError, ValueError, KeyError):
                    alive = time.time() - path.stat().st_mtime < _SILENT
                    counts.add(json.loads(path.read_bytes()), alive=alive)
        families: dict[str, list[str]] = {}
        for name, value in counts.series().items():
            family = _SECONDS if name.startswith(_SECONDS) else name.partition("{")[0]
            families.setdefault(family, []).append(f"{name} {value:.15g}\n")
        return "".join(_family(name, families[name]) for name in sorted(families)).encode()


def _free_file(folder: Path) -> tuple[Path, int]:
    """The first file that no living worker holds."""
    for number in count():
        lock = os.open(folder / f"{number}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return folder / f"{number}.json", lock
    raise AssertionError


def _family(name: str, lines: list[str]) -> str:
    kind = "gauge"
    if name == _SECONDS:
        kind = "histogram"
    elif name.endswith("_total"):
        kind = "counter"
    told = f"# HELP {name} {_HELP[name]}\n" if name in _HELP else ""
    return f"{told}# TYPE {name} {kind}\n{''.join(lines)}"


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
