"""The least an aiohttp server can do, on the same loop as Plinth's: what every ratio is against."""

import sys

import uvloop
from aiohttp import web

BODY = b'{"hello":"world"}'


async def hello(_: web.Request) -> web.Response:
    return web.Response(body=BODY, content_type="application/json")


loop = uvloop.new_event_loop()
app = web.Application()
app.router.add_get("/", hello)
port = int(sys.argv[1])
web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=loop)
