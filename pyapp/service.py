"""The pages about the service itself: is it alive, is it ready, how is it doing."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from pyapp import __version__, pages
from pyapp.cache import Cache
from pyapp.call import Caller
from pyapp.db import Database
from pyapp.metrics import Metrics
from pyapp.pipe import DatabaseError, Statement
from pyapp.problems import Problem
from pyapp.replicas import Replicas
from pyapp.settings import DB_DIR
from pyapp.wire import Reply

Page = Callable[[], Awaitable[Reply]]

_HEALTH = Statement("select row_to_json(h)::text from http.health() h")
_CHECKS = ("database", "redis", "migrations")
_PATIENCE = 2.0  # seconds a question about health may take
_NO_STORE = b"Cache-Control: no-store\r\n"
_log = logging.getLogger("plinth.service")


class Service:
    def __init__(
        self,
        database: Database,
        cache: Cache,
        replicas: Replicas,
        caller: Caller,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._cache = cache
        self._replicas = replicas
        self._caller = caller
        self._metrics = metrics
        files = (DB_DIR / "migrations").glob("V*__*.sql")
        self._newest = max(int(re.sub(r"\D.*", "", path.name[1:])) for path in files)
        made = {
            "/": _fixed(Reply(303, extra=b"Location: /docs\r\n")),
            "/livez": _fixed(Reply(200, b'{"status":"ok"}', extra=_NO_STORE)),
            "/readyz": self._readyz,
            "/metrics": self._prometheus,
            "/openapi.json": self._openapi,
            "/docs/errors": self._errors,
        } | {path: _fixed(reply) for path, reply in pages.load().items()}
        # By path and method, as routes are.
        self.pages: dict[str, dict[str, Page]] = {
            path: {"GET": page, "HEAD": page} for path, page in made.items()
        } | {"*": {}}

    async def _readyz(self) -> Reply:
        """How each part does, and what the database says of itself."""
        facts = await self._health()
        failing = {
            name: {"status": status, "reason": reason}
            for name, status, reason in self._failing(facts)
        }
        replicas = self._replicas.told()
        names = (*_CHECKS, "replicas") if replicas else _CHECKS
        checks = {name: failing.get(name, {"status": "ok"}) for name in names}
        found = {check["status"] for check in checks.values()}
        worst = next(status for status in ("unavailable", "degraded", "ok") if status in found)
        told: dict[str, Any] = {"status": worst, "checks": checks, "version": __version__}
        told |= {"database": facts} | ({"replicas": replicas} if replicas else {})
        code = 503 if worst == "unavailable" else 200
        return Reply(code, json.dumps(told, separators=(",", ":")).encode(), extra=_NO_STORE)

    def _failing(self, facts: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        """What is not well: the check, how bad it is, and why."""
        at, newest = int(facts.get("schema_version") or 0), self._newest
        if not facts:
            yield "database", "unavailable", "the database does not answer"
            yield "migrations", "unavailable", "not known while the database is away"
        elif not self._caller.loaded.is_set():
            yield "database", "unavailable", "the routes are not loaded yet"
        elif at < newest:
            reason = f"pending: the database is at {at}, this release brings {newest}"
            yield "migrations", "degraded", reason
        if not self._cache.up:
            yield "redis", "degraded", "no copies while Redis or the database is away"
        if faults := [f"{r['name']} {r['fault']}" for r in self._replicas.told() if not r["up"]]:
            yield "replicas", "degraded", f"the primary answers instead: {'; '.join(faults)}"

    async def _health(self) -> dict[str, Any]:
        """Nothing while the database is away."""
        row = None
        if self._database.ready:
            try:
                row = await asyncio.wait_for(self._database.call("read", _HEALTH, ()), _PATIENCE)
            except (Problem, DatabaseError, TimeoutError) as error:
                _log.warning("the database does not tell its health: %s", error)
        return dict(json.loads(row[0])) if row and row[0] else {}

    async def _prometheus(self) -> Reply:
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Reply(200, self._metrics.render(), kind, _NO_STORE)

    async def _openapi(self) -> Reply:
        document = await self._caller.openapi()
        etag = f'"{hashlib.sha256(document).hexdigest()[:20]}"'.encode()
        return Reply(200, document, extra=b"Cache-Control: no-cache\r\n", etag=etag)

    async def _errors(self) -> Reply:
        return pages.errors(self._caller.registry.errors)


def _fixed(reply: Reply) -> Page:
    async def page() -> Reply:
        return reply

    return page
