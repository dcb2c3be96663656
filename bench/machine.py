"""What the machine says: which core runs what, who used how much of it, and what it is made of."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """One line that says why there is nothing to report."""


def cores() -> tuple[int, int]:
    """The core of the server under test, and the core of everything else."""
    if not hasattr(os, "sched_setaffinity"):
        raise BenchError("the benchmarks pin processes to cores and read /proc: run them on Linux")
    found = sorted(os.sched_getaffinity(0))
    if len(found) < 2:
        raise BenchError("the benchmarks need two cores: one for the server, one for the rest")
    return found[0], found[1]


@contextmanager
def core(number: int) -> Iterator[None]:
    """What is started inside runs on this core, with everything that it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def huge_pages(count: int) -> Iterator[None]:
    """The kernel keeps so many for who asks meanwhile; without the right to ask it, nothing."""
    kept = Path("/proc/sys/vm/nr_hugepages")
    before = kept.read_text()
    try:
        kept.write_text(f"{max(count, int(before))}")
    except OSError:
        yield
        return
    try:
        yield
    finally:
        kept.write_text(before)


def used(roots: Mapping[str, int | None]) -> dict[str, float]:
    """CPU seconds of processes, each with all below it, also of those that have ended."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        spent[pid] = sum(map(int, fields[11:15])) * _TICK
    names = {pid: name for name, pid in roots.items() if pid is not None}
    total = dict.fromkeys(roots, 0.0)
    for pid, seconds in spent.items():
        at = pid
        while at and at not in names:
            at = parents.get(at, 0)
        if at:
            total[names[at]] += seconds
    return total


def busy(number: int) -> float:
    """Seconds this core has worked, for whomever."""
    line = re.search(rf"^cpu{number} (.*)$", Path("/proc/stat").read_text(), re.MULTILINE)
    user, nice, system, _idle, _wait, *irq = map(int, line[1].split()[:7]) if line else [0] * 7
    return (user + nice + system + sum(irq)) * _TICK


def hardware() -> dict[str, str]:
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "processor": f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }


def facts(postgres: str, redis: str, *, peers: bool) -> dict[str, str]:
    found = hardware() | {"PostgreSQL": postgres, "Redis": redis, "wrk": _says("wrk", "-v")}
    packages = ["aiohttp", "uvloop", "psycopg", "psycopg-pool", "hiredis"]
    if peers:
        packages += ["fastapi", "uvicorn", "sqlalchemy", "asyncpg"]
        lock = json.loads((Path(__file__).parent / "peers/package-lock.json").read_text())
        found["Node"] = _says("node", "--version")
        for name in ("fastify", "pg"):
            found[name] = lock["packages"][f"node_modules/{name}"]["version"]
    return found | {name: version(name) for name in packages}


def _says(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d[\w.]+", ended.stdout + ended.stderr)
    return found[0] if found else "?"
