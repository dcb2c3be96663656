"""The routes about the service itself: is it alive, is it ready, how is it doing."""

import asyncio
import hashlib
import json
import logging
import re
import resource
import sys
from typing import Any

from pyapp import __version__, pages, problems
from pyapp.cache import Cache
from pyapp.call import Caller
from pyapp.db import Database
from pyapp.log import Sink
from pyapp.metrics import Metrics
from pyapp.pipe import DatabaseError, Statement
from pyapp.problems import Problem
from pyapp.routes import Registry
from pyapp.settings import DB_DIR, Settings
from pyapp.wire import Listener, Reply

_HEALTH = Statement("select row_to_json(h)::text from http.health() h")
_PATIENCE = 2.0  # seconds a question about health may take
_NO_STORE = b"Cache-Control: no-store\r\n"
_log = logging.getLogger("plinth.service")


class Service:
    def __init__(
        self, settings: Settings, database: Database, cache: Cache, listener: Listener, sink: Sink
    ) -> None:
        self._settings = settings
        self._database = database
        self._cache = cache
        self._listener = listener
        self._sink = sink
        self.caller = Caller(database, cache)
        self.metrics = Metrics(settings.data / "metrics", self._stats)
        files = (DB_DIR / "migrations").glob("V*__*.sql")
        self._newest = max(int(re.sub(r"\D.*", "", path.name[1:])) for path in files)
        self.routes = {
            "/": self._home,
            "/livez": self._livez,
            "/readyz": self._readyz,
            "/metrics": self._prometheus,
            "/openapi.json": self._openapi,
            "/docs/errors": self._errors,
        }

    @property
    def registry(self) -> Registry:
        if self.caller.registry is None:
            raise problems.unavailable("The database cannot be reached yet.")
        return self.caller.registry

    async def keep(self) -> None:
        """Leaves this worker's numbers for the others, once a second."""
        while True:
            await asyncio.sleep(1)
            try:
                self.metrics.save()
            except OSError as error:
                _log.warning("metrics cannot be saved: %s", error)

    def _stats(self) -> dict[str, Any]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "http": self._listener.stats(),
            "process": {
                "memory_peak_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
                "cpu_seconds_total": usage.ru_utime + usage.ru_stime,
            },
            "log": {"dropped_total": self._sink.dropped},
            "database": self._database.stats(),
            "cache": self._cache.stats(),
        }

    async def _home(self) -> Reply:
        return Reply(303, extra=b"Location: /docs\r\n")

    async def _livez(self) -> Reply:
        return Reply(200, b'{"status":"ok"}', extra=_NO_STORE)

    async def _readyz(self) -> Reply:
        """How each part does, and what the database says of itself."""
        facts = await self._health()
        at = int(facts.get("schema_version") or 0)
        database = redis = migrations = _check("ok")
        if not facts:
            database = _check("unavailable", "the database does not answer")
            migrations = _check("unavailable", "not known while the database is away")
        elif self.caller.registry is None:
            database = _check("unavailable", "the routes are not loaded yet")
        elif at < self._newest:
            reason = f"pending: the database is at {at}, this release brings {self._newest}"
            migrations = _check("degraded", reason)
        if self._settings.redis_url is None:
            redis = _check("degraded", "no Redis is set; every answer is computed")
        elif not self._cache.up:
            redis = _check("degraded", "Redis does not answer; answers are slower")
        checks = {"database": database, "redis": redis, "migrations": migrations}
        found = {check["status"] for check in checks.values()}
        status = next(s for s in ("unavailable", "degraded", "ok") if s in found)
        told = {"status": status, "checks": checks, "version": __version__, "database": facts}
        code = 503 if status == "unavailable" else 200
        return Reply(code, json.dumps(told, separators=(",", ":")).encode(), extra=_NO_STORE)

    async def _health(self) -> dict[str, Any]:
        """Nothing while the database is away."""
        row = None
        if self._database.ready:
            try:
                call = self._database.call("read", _HEALTH, ())
                row = await asyncio.wait_for(call, _PATIENCE)
            except (Problem, DatabaseError, TimeoutError, OSError) as error:
                _log.warning("the database does not tell its health: %s", error)
        facts: dict[str, Any] = json.loads(row[0]) if row and row[0] else {}
        return facts

    async def _prometheus(self) -> Reply:
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Reply(200, self.metrics.render(), kind, _NO_STORE)

    async def _openapi(self) -> Reply:
        document = self.registry.openapi
        etag = f'"{hashlib.sha256(document).hexdigest()[:20]}"'.encode()
        return Reply(200, document, extra=b"Cache-Control: no-cache\r\n", etag=etag)

    async def _errors(self) -> Reply:
        return pages.errors(self.registry.errors)


def _check(status: str, reason: str = "") -> dict[str, str]:
    return {"status": status, "reason": reason} if reason else {"status": status}
