"""GET /v1/me with FastAPI and SQLAlchemy over asyncpg: the same statement, its JSON passed on."""

import hashlib
import os
import sys
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header, Response
from sqlalchemy import LargeBinary, String, bindparam, text
from sqlalchemy.ext.asyncio import create_async_engine

STATEMENT = text(
    os.environ["BENCH_STATEMENT"].replace("$1", ":token ").replace("$2", ":context ")
).bindparams(bindparam("token", type_=LargeBinary), bindparam("context", type_=String))
engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1),
    pool_size=int(os.environ["BENCH_POOL"]),
    max_overflow=0,
)
app = FastAPI()


@app.get("/v1/me")
async def me(authorization: Annotated[str, Header()]) -> Response:
    digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).digest()
    async with engine.connect() as connection:
        rows = await connection.execute(STATEMENT, {"token": digest, "context": "bench"})
        row = rows.one()
    return Response(row[1], media_type="application/json")


uvicorn.run(
    app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools",
    access_log=False, log_level="warning",
)  # fmt: skip
