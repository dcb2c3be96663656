"""The routes about the service itself: is it alive, is it ready, how is it doing."""

import asyncio
import hashlib
import json
import logging
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from pyapp import __version__, pages, problems
from pyapp.cache import Cache
from pyapp.call import Caller
from pyapp.db import Database
from pyapp.log import Sink
from pyapp.metrics import Counts, Metrics
from pyapp.pipe import DatabaseError, Statement
from pyapp.problems import Problem
from pyapp.routes import Registry
from pyapp.settings import DB_DIR, Settings
from pyapp.wire import Listener, Phase, Reply

_HEALTH = Statement("select row_to_json(h)::text from http.health() h")
_PATIENCE = 2.0  # seconds a question about health may take
_NO_STORE = b"Cache-Control: no-store\r\n"
_log = logging.getLogger("plinth.service")
Check = dict[str, str]


class Service:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        cache: Cache,
        caller: Caller,
        listener: Listener,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._database = database
        self._cache = cache
        self._caller = caller
        self._listener = listener
        self._metrics = metrics
        self.sink: Sink | None = None
        metrics.stats = self.stats
        metrics.inherit()
        found = [re.match(r"V(\d+)__", path.name) for path in (DB_DIR / "migrations").glob("V*")]
        self._newest = max((int(match[1]) for match in found if match), default=0)
        self.routes: dict[str, Callable[[], Awaitable[Reply]]] = {
            "/livez": self._livez,
            "/readyz": self._readyz,
            "/metrics": self._prometheus,
            "/openapi.json": self._openapi,
            "/docs/errors": self._errors,
            "/console/state": self._state,
        }

    @property
    def registry(self) -> Registry:
        if self._caller.registry is None:
            raise problems.unavailable("The database cannot be reached yet.")
        return self._caller.registry

    async def keep(self) -> None:
        """Leaves this worker's numbers for the others, once a second."""
        while True:
            try:
                self._metrics.save()
            except OSError as error:
                _log.warning("metrics cannot be saved: %s", error)
            await asyncio.sleep(1)

    def stats(self) -> dict[str, Any]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        phases = [client.phase for client in self._listener.clients]
        return {
            "http": {
                "connections": len(phases),
                "in_flight": sum(phase in (Phase.BUSY, Phase.BODY) for phase in phases),
            },
            "process": {
                "memory_peak_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
                "cpu_seconds_total": usage.ru_utime + usage.ru_stime,
            },
            "log": {"dropped_total": self.sink.dropped if self.sink else 0},
            "database": self._database.stats(),
            "cache": self._cache.stats(),
        }

    async def _livez(self) -> Reply:
        return Reply(200, b'{"status":"ok"}', extra=_NO_STORE)

    async def _readyz(self) -> Reply:
        ready, _ = await self._ready()
        return _json(ready, 503 if ready["status"] == "unavailable" else 200)

    async def _prometheus(self) -> Reply:
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Reply(200, self._metrics.render(), kind, _NO_STORE)

    async def _openapi(self) -> Reply:
        document = self.registry.openapi
        etag = f'"{hashlib.sha256(document).hexdigest()[:20]}"'.encode()
        return Reply(200, document, extra=b"Cache-Control: no-cache\r\n", etag=etag)

    async def _errors(self) -> Reply:
        return pages.errors(self.registry.errors)

    async def _state(self) -> Reply:
        """Everything the console shows, of all workers."""
        ready, facts = await self._ready()
        counts, alive = self._metrics.gather()
        registry = self._caller.registry
        return _json(
            {
                "time": time.time(),
                "version": __version__,
                "ready": ready,
                "database_facts": facts,
                "traffic": _traffic(counts),
                "database": _sum([found["stats"]["database"] for found in alive]),
                "cache": _sum([found["stats"]["cache"] for found in alive]),
                "cache_answers": {
                    name.split('"')[1]: value
                    for name, value in counts.totals.items()
                    if name.startswith("plinth_cache_answers_total")
                },
                "workers": [
                    {
                        "pid": found["pid"],
                        "uptime_seconds": time.time() - found["started"],
                        **found["stats"]["http"],
                        **found["stats"]["process"],
                    }
                    for found in sorted(alive, key=lambda found: found["started"])
                ],
                "routes": _routes(registry, counts) if registry else [],
            }
        )

    async def _ready(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """How each part does, and what the database says of itself."""
        facts: dict[str, Any] = {}
        try:
            facts = await asyncio.wait_for(self._health(), _PATIENCE)
            database = _check("ok")
        except (Problem, DatabaseError, TimeoutError, OSError):
            database = _check("unavailable", "the database does not answer")
        else:
            if self._caller.registry is None:
                database = _check("unavailable", "the routes are not loaded yet")
        checks = {"database": database, "redis": _check("ok"), "migrations": _check("ok")}
        if self._settings.redis_url is None:
            checks["redis"] = _check("degraded", "no Redis is set; every answer is computed")
        elif not self._cache.up:
            checks["redis"] = _check("degraded", "Redis does not answer; answers are slower")
        at = int(facts.get("schema_version") or 0)
        if not facts:
            checks["migrations"] = _check("unavailable", "not known while the database is away")
        elif at < self._newest:
            reason = f"the database is at {at}, this release brings {self._newest}"
            checks["migrations"] = _check("degraded", f"pending: {reason}")
        found = {check["status"] for check in checks.values()}
        status = next(s for s in ("unavailable", "degraded", "ok") if s in found)
        return {"status": status, "checks": checks}, facts

    async def _health(self) -> dict[str, Any]:
        if not self._database.ready:
            raise problems.unavailable()
        row = await self._database.call("read", _HEALTH, ())
        assert row is not None and row[0] is not None
        found: dict[str, Any] = json.loads(row[0])
        return found


def _check(status: str, reason: str = "") -> Check:
    return {"status": status, "reason": reason} if reason else {"status": status}


def _json(value: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value, separators=(",", ":")).encode(), extra=_NO_STORE)


def _traffic(counts: Counts) -> dict[str, float]:
    totals: Counter[str] = Counter()
    for (_, _, status), (number, seconds, *_) in counts.requests.items():
        totals["requests"] += number  # type: ignore[assignment]
        totals["seconds"] += seconds  # type: ignore[assignment]
        totals[f"{status // 100}xx"] += number  # type: ignore[assignment]
    return {
        "requests": totals["requests"],
        "refused": totals["4xx"],
        "failed": totals["5xx"],
        "mean_ms": 1000 * totals["seconds"] / max(1, totals["requests"]),
    }


def _routes(registry: Registry, counts: Counts) -> list[dict[str, Any]]:
    rows = []
    for route in registry.routes:
        cells = [
            cell
            for (method, path, _), cell in counts.requests.items()
            if path == route.path and method == route.method
        ]
        requests, seconds = sum(cell[0] for cell in cells), sum(cell[1] for cell in cells)
        rows.append(
            {
                "method": route.method,
                "path": route.path,
                "function": route.function,
                "auth": route.auth,
                "lane": route.lane,
                "cache_seconds": route.cache_seconds,
                "requests": requests,
                "mean_ms": 1000 * seconds / requests if requests else None,
            }
        )
    return rows


def _sum(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Nested numbers, added up; a flag holds if it holds everywhere."""
    total: dict[str, Any] = {}
    for key, first in parts[0].items():
        values = [part[key] for part in parts]
        if isinstance(first, dict):
            total[key] = _sum(values)
        else:
            total[key] = all(values) if isinstance(first, bool) else sum(values)
    return total
