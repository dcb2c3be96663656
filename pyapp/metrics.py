"""Counters in Prometheus' text format, summed over all worker processes.

Each worker counts in its own memory and leaves a snapshot in a shared folder once a second; whoever
is asked adds them up. A worker that has died keeps its counts (a counter must never fall) but loses
its gauges; the lock that it holds while it lives tells the two apart.
"""

import fcntl
import json
import os
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_HELP = {
    "plinth_http_requests_total": "Requests answered, by method, route and status",
    "plinth_http_request_seconds": "Time from the complete head of a request to its answer",
    "plinth_http_response_bytes_total": "Bytes of answers without their heads",
    "plinth_cache_answers_total": "Answers of routes, by what the cache did",
    "plinth_workers": "Worker processes alive",
}


class Counts:
    """What only grows. observe() runs once per request, so it is a dictionary and three sums."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, str, int], list[float]] = {}
        self.cache: Counter[str] = Counter()
        self.bytes = 0

    def observe(self, method: str, route: str, status: int, seconds: float, size: int) -> None:
        cell = self.requests.get((method, route, status))
        if cell is None:
            # Count, sum of seconds, then one slot per bound and one for what is slower.
            cell = self.requests[method, route, status] = [0.0] * (len(BOUNDS) + 3)
        cell[0] += 1
        cell[1] += seconds
        cell[2 + bisect_left(BOUNDS, seconds)] += 1
        self.bytes += size

    def dump(self) -> dict[str, Any]:
        requests = [[*key, cell] for key, cell in self.requests.items()]
        return {"requests": requests, "cache": dict(self.cache), "bytes": self.bytes}

    def add(self, dumped: Mapping[str, Any]) -> None:
        for method, route, status, cell in dumped["requests"]:
            known = self.requests.setdefault((method, route, status), [0.0] * len(cell))
            known[:] = [a + b for a, b in zip(known, cell, strict=True)]
        self.cache.update(dumped["cache"])
        self.bytes += dumped["bytes"]

    def lines(self) -> Iterator[str]:
        counts, times = [], []
        for (method, route, status), cell in sorted(self.requests.items()):
            labels = f'method="{method}",route="{route}",status="{status}"'
            counts.append((f"{{{labels}}}", cell[0]))
            below = 0.0
            for bound, slot in zip((*map(str, BOUNDS), "+Inf"), cell[2:], strict=True):
                below += slot
                times.append((f'_bucket{{{labels},le="{bound}"}}', below))
            times += [(f"_sum{{{labels}}}", cell[1]), (f"_count{{{labels}}}", cell[0])]
        answers = [(f'{{result="{word}"}}', count) for word, count in sorted(self.cache.items())]
        yield from _family("plinth_http_requests_total", "counter", counts)
        yield from _family("plinth_http_request_seconds", "histogram", times)
        yield from _family("plinth_http_response_bytes_total", "counter", [("", self.bytes)])
        yield from _family("plinth_cache_answers_total", "counter", answers)


class Metrics:
    """This worker's counts, and where the other workers leave theirs."""

    def __init__(self, folder: Path, gauges: Callable[[], Mapping[str, Any]]) -> None:
        self.counts = Counts()
        self.gauges = gauges
        self._folder = folder
        self._name = f"{os.getpid()}-{time.time_ns()}"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(folder / f"{self._name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def snapshot(self) -> dict[str, Any]:
        return {"counts": self.counts.dump(), "gauges": self.gauges()}

    def save(self) -> None:
        """A reader sees the old snapshot or the new one, never half of one."""
        draft = self._folder / f"{self._name}.tmp"
        draft.write_text(json.dumps(self.snapshot()))
        draft.replace(self._folder / f"{self._name}.json")

    def close(self) -> None:
        self.save()
        os.close(self._lock)

    def gather(self) -> tuple[Counts, list[dict[str, Any]]]:
        """The counts of all workers there ever were, and the gauges of those alive."""
        total, gauges = Counts(), [dict(self.gauges())]
        total.add(self.counts.dump())
        for path in self._folder.glob("*.json"):
            if path.stem == self._name:
                continue
            with suppress(OSError, ValueError, KeyError):
                found = json.loads(path.read_bytes())
                total.add(found["counts"])
                if _alive(path.with_suffix(".lock")):
                    gauges.append(found["gauges"])
        return total, gauges

    def render(self) -> bytes:
        counts, gauges = self.gather()
        sums: dict[str, dict[str, float]] = {}
        for found in gauges:
            for name, label, value in _flatten("plinth", found):
                family = sums.setdefault(name, {})
                family[label] = family.get(label, 0.0) + value
        lines = [*counts.lines(), *_family("plinth_workers", "gauge", [("", len(gauges))])]
        for name, family in sorted(sums.items()):
            lines += _family(name, "gauge", sorted(family.items()))
        return ("\n".join(lines) + "\n").encode()


def clear(folder: Path) -> None:
    """Before the first worker starts: what an earlier run left would be counted again."""
    for path in folder.glob("*-*.*"):
        if path.suffix == ".json" and not _alive(path.with_suffix(".lock")):
            for suffix in (".json", ".lock", ".tmp"):
                path.with_suffix(suffix).unlink(missing_ok=True)


def _alive(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR)
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


def _family(name: str, kind: str, rows: Iterable[tuple[str, float]]) -> Iterator[str]:
    if name in _HELP:
        yield f"# HELP {name} {_HELP[name]}"
    yield f"# TYPE {name} {kind}"
    for series, value in rows:
        yield f"{name}{series} {int(value) if value == int(value) else value}"


def _flatten(name: str, value: object, label: str = "") -> Iterator[tuple[str, str, float]]:
    """Numbers in nested dictionaries: the names are joined, a key below "lanes" is a label."""
    if isinstance(value, bool | int | float):
        yield name, label, float(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if name.endswith("_lanes"):
                yield from _flatten(name.removesuffix("s"), item, f'{{lane="{key}"}}')
            else:
                yield from _flatten(f"{name}_{key}", item, label)
