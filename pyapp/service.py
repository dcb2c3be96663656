"""The pages about the service itself: is it alive, is it ready, how is it doing."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from pyapp import __version__, pages
from pyapp.cache import Cache
from pyapp.call import Caller
from pyapp.db import Database
from pyapp.metrics import Metrics
from pyapp.pipe import DatabaseError, Statement
from pyapp.problems import Problem
from pyapp.settings import DB_DIR, Settings
from pyapp.wire import Reply

Page = Callable[[], Awaitable[Reply]]

_HEALTH = Statement("select row_to_json(h)::text from http.health() h")
_PATIENCE = 2.0  # seconds a question about health may take
_NO_STORE = b"Cache-Control: no-store\r\n"
_log = logging.getLogger("plinth.service")


class Service:
    def __init__(
        self, settings: Settings, database: Database, cache: Cache, caller: Caller, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._database = database
        self._cache = cache
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
        at = int(facts.get("schema_version") or 0)
        worst = "ok"
        checks: dict[str, dict[str, str]] = {}
        for name, status, failed, reason in (
            ("migrations", "degraded", at < self._newest, f"at {at}, this is for {self._newest}"),
            ("redis", "degraded", not self._cache.up, "Redis does not answer, or none is set"),
            ("database", "unavailable", not self._caller.loaded.is_set(), "no routes loaded yet"),
            ("database", "unavailable", not facts, "the database does not answer"),
        ):
            checks.setdefault(name, {"status": "ok"})
            if failed:
                checks[name] = {"status": status, "reason": reason}
                worst = status
        told = {"status": worst, "checks": checks, "version": __version__, "database": facts}
        code = 503 if worst == "unavailable" else 200
        return Reply(code, json.dumps(told, separators=(",", ":")).encode(), extra=_NO_STORE)

    async def _health(self) -> dict[str, Any]:
        """Nothing while the database is away."""
        row = None
        if self._database.ready:
            try:
                call = self._database.call("read", _HEALTH, ())
                row = await asyncio.wait_for(call, _PATIENCE)
            except (Problem, DatabaseError, TimeoutError) as error:
                _log.warning("the database does not tell its health: %s", error)
        facts: dict[str, Any] = json.loads(row[0]) if row and row[0] else {}
        return facts

    async def _prometheus(self) -> Reply:
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Reply(200, self._metrics.render(), kind, _NO_STORE)

    async def _openapi(self) -> Reply:
        document = self._caller.registry.openapi
        etag = f'"{hashlib.sha256(document).hexdigest()[:20]}"'.encode()
        return Reply(200, document, extra=b"Cache-Control: no-cache\r\n", etag=etag)

    async def _errors(self) -> Reply:
        return pages.errors(self._caller.registry.errors)


def _fixed(reply: Reply) -> Page:
    async def page() -> Reply:
        return reply

    return page
