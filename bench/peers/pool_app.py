"""GET /v1/me the usual way: one connection of a pool per request, the same statement.

"plain" as the pool's documentation has it, a transaction per request; "tuned" as good as that way
gets: autocommit and prepared from the first call. Both pass the JSON on as text.
"""

import hashlib
import os
import sys
from collections.abc import AsyncIterator

import uvloop
from aiohttp import web
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

# psycopg's placeholders in the order of the parameters.
STATEMENT = os.environ["BENCH_STATEMENT"].replace("%", "%%").replace("$1", "%s").replace("$2", "%s")
TUNED = sys.argv[1] == "tuned"
Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]
POOL: web.AppKey[Pool] = web.AppKey("pool")


async def me(request: web.Request) -> web.Response:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    digest = hashlib.sha256(token.encode()).digest()
    async with request.app[POOL].connection() as connection:
        cursor = await connection.execute(
            STATEMENT.encode(), (digest, "bench"), prepare=TUNED or None
        )
        row = await cursor.fetchone()
    assert row is not None
    return web.Response(text=row[1], content_type="application/json")


async def pool(app: web.Application) -> AsyncIterator[None]:
    size, dsn = int(os.environ["BENCH_POOL"]), os.environ["DATABASE_URL"]
    connect = {"autocommit": TUNED}
    async with AsyncConnectionPool(dsn, min_size=size, max_size=size, kwargs=connect) as made:
        app[POOL] = made
        yield


loop = uvloop.new_event_loop()
app = web.Application()
app.cleanup_ctx.append(pool)
app.router.add_get("/v1/me", me)
port = int(sys.argv[2])
web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=loop)
