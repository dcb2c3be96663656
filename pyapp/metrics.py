"""Counters in Prometheus' text format, summed over all worker processes.

Each worker counts in its own memory and leaves a snapshot in a shared folder once a second; whoever
is asked adds them up. A dead worker's counts stay (a counter must never fall), all but its last
second, and the next worker that starts takes them over; its gauges go. The lock that each worker
holds tells who is alive.
"""

import fcntl
import json
import os
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BYTES = "plinth_http_response_bytes_total"
_ANSWERS = {
    word: f'plinth_cache_answers_total{{result="{word}"}}' for word in ("hit", "miss", "bypass")
}
_HELP = {
    "plinth_http_requests_total": "Requests answered, by method, route and status",
    "plinth_http_request_seconds": "Time from the complete head of a request to its answer",
    "plinth_cache_answers_total": "Answers of cacheable routes, by what the cache did",
    "plinth_workers": "Worker processes alive",
    _BYTES: "Bytes of answers without their heads",
}


class Counts:
    """What only grows."""

    def __init__(self) -> None:
        # Per method, route and status: count, sum of seconds, a slot per bound and one for slower.
        self.requests: dict[tuple[str, str, int], list[float]] = {}
        self.totals: Counter[str] = Counter()

    def observe(self, method: str, route: str, status: int, seconds: float, size: int) -> None:
        """Runs once per request."""
        cell = self.requests.get((method, route, status))
        if cell is None:
            cell = self.requests[method, route, status] = [0] * (len(BOUNDS) + 3)
        cell[0] += 1
        cell[1] += seconds
        cell[2 + bisect_left(BOUNDS, seconds)] += 1
        self.totals[_BYTES] += size

    def cached(self, word: str) -> None:
        self.totals[_ANSWERS[word]] += 1

    def add(self, snapshot: Mapping[str, Any]) -> None:
        for method, route, status, cell in snapshot["requests"]:
            known = self.requests.setdefault((method, route, status), [0] * len(cell))
            known[:] = [a + b for a, b in zip(known, cell, strict=True)]
        self.totals.update(snapshot["totals"])
        self.totals.update(dict(_series(snapshot["stats"], grows=True)))

    def lines(self) -> Iterator[str]:
        counts, times = {}, {}
        name = "plinth_http_request_seconds"
        for (method, route, status), cell in sorted(self.requests.items()):
            labels = f'method="{method}",route="{route}",status="{status}"'
            counts[f"plinth_http_requests_total{{{labels}}}"] = cell[0]
            below = 0.0
            for bound, slot in zip((*map(str, BOUNDS), "+Inf"), cell[2:], strict=True):
                below += slot
                times[f'{name}_bucket{{{labels},le="{bound}"}}'] = below
            times[f"{name}_sum{{{labels}}}"] = cell[1]
            times[f"{name}_count{{{labels}}}"] = cell[0]
        yield from _families("counter", counts | self.totals)
        yield f"# HELP {name} {_HELP[name]}\n# TYPE {name} histogram"
        yield from (f"{series} {value:.10g}" for series, value in times.items())


class Metrics:
    """This worker's counts, and where the other workers leave theirs."""

    def __init__(self, folder: Path) -> None:
        self.counts = Counts()
        self.stats: Callable[[], Mapping[str, Any]] = dict  # numbers of this moment, nested
        self._started = time.time()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:  # nowhere to write: this worker shows itself only
            folder = Path(tempfile.mkdtemp(prefix="plinth-metrics-"))
        self._folder = folder
        self._own = folder / f"{os.getpid()}-{time.time_ns()}.json"
        self._lock = os.open(self._own.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def inherit(self) -> None:
        """Takes over what dead workers counted; nobody adds up meanwhile, so none is seen twice."""
        with self._folder_locked(fcntl.LOCK_EX):
            dead = [path for path in self._folder.glob("*.json") if not _alive(path)]
            for path in dead:
                with suppress(OSError, ValueError, KeyError):
                    self.counts.add(json.loads(path.read_bytes()))
            self.save()
            for path in dead:
                path.unlink()
                path.with_suffix(".lock").unlink(missing_ok=True)

    @contextmanager
    def _folder_locked(self, how: int) -> Iterator[None]:
        descriptor = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def snapshot(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "started": self._started,
            "requests": [[*key, cell] for key, cell in self.counts.requests.items()],
            "totals": dict(self.counts.totals),
            "stats": self.stats(),
        }

    def save(self) -> None:
        """A reader sees the old snapshot or the new one, never half of one."""
        draft = self._own.with_suffix(".tmp")
        draft.write_text(json.dumps(self.snapshot()))
        draft.replace(self._own)

    def close(self) -> None:
        self.save()
        os.close(self._lock)

    def gather(self) -> tuple[Counts, list[dict[str, Any]]]:
        """The counts of all workers there ever were, and the snapshots of those alive."""
        counts, alive = Counts(), [self.snapshot()]
        counts.add(alive[0])
        with self._folder_locked(fcntl.LOCK_SH):
            for path in self._folder.glob("*.json"):
                if path == self._own:
                    continue
                with suppress(OSError, ValueError, KeyError):
                    found = json.loads(path.read_bytes())
                    counts.add(found)
                    if _alive(path):
                        alive.append(found)
        return counts, alive

    def render(self) -> bytes:
        counts, alive = self.gather()
        gauges: Counter[str] = Counter({"plinth_workers": len(alive)})
        for found in alive:
            gauges.update(dict(_series(found["stats"], grows=False)))
        return "\n".join([*counts.lines(), *_families("gauge", gauges), ""]).encode()


def _alive(snapshot: Path) -> bool:
    try:
        descriptor = os.open(snapshot.with_suffix(".lock"), os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _families(kind: str, series: Mapping[str, float]) -> Iterator[str]:
    known = ""
    for name, value in sorted(series.items(), key=lambda item: item[0].partition("{")):
        family = name.partition("{")[0]
        if family != known:
            known = family
            if family in _HELP:
                yield f"# HELP {family} {_HELP[family]}"
            yield f"# TYPE {family} {kind}"
        yield f"{name} {value:.15g}"


def _series(stats: Mapping[str, Any], *, grows: bool) -> Iterator[tuple[str, float]]:
    """The numbers in nested dictionaries that are counters (…_total), or those that are not."""
    for name, label, value in _flatten("plinth", stats):
        if name.endswith("_total") == grows:
            yield name + label, value


def _flatten(name: str, value: object, label: str = "") -> Iterable[tuple[str, str, float]]:
    """Names are joined by _; a key below "lanes" becomes a label."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if name.endswith("_lanes"):
                yield from _flatten(name.removesuffix("s"), item, f'{{lane="{key}"}}')
            else:
                yield from _flatten(f"{name}_{key}", item, label)
    elif isinstance(value, bool | int | float):
        yield name, label, float(value)
