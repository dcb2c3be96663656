"""Clients that go away in the middle: nothing is left behind, nobody gets their answer."""

import asyncio
import json
import random

from tests.conftest import Database, Serve, Server, until
from tests.people import Crowd, cheap_passwords


async def vanish(server: Server, token: str, dice: random.Random) -> None:
    """Half a request, a whole one, or one that is under way, and then no client any more."""
    body = json.dumps({"bio": "gone"}).encode()
    method = dice.choice([b"GET", b"PATCH"])
    data = b"%b /v1/me HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %b\r\n" % (
        method,
        token.encode(),
    )
    data += b"Cache-Control: no-cache\r\n"
    if method == b"PATCH":
        data += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
            len(body),
            body,
        )
    else:
        data += b"\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    cut = len(data) if dice.random() < 0.7 else dice.randrange(len(data))
    writer.write(data[:cut])
    await writer.drain()
    # At some moment between now and after the answer.
    await asyncio.sleep(dice.random() * 0.004)
    if dice.random() < 0.5:
        writer.transport.abort()
    writer.close()
    del reader


async def test_two_hundred_disconnects_leave_nothing_behind(
    serve: Serve, database: Database
) -> None:
    cheap_passwords(database)
    server = serve(
        PLINTH_READ_CONNECTIONS="1", PLINTH_WRITE_CONNECTIONS="1", PLINTH_HASH_CONNECTIONS="1"
    )
    dice = random.Random(11)
    async with Crowd(server.url, 2) as crowd, Crowd(server.url, 2) as gone:
        async with crowd.busy():
            for _ in range(20):
                await asyncio.gather(
                    *(vanish(server, dice.choice(gone.people).token, dice) for _ in range(10))
                )
            await crowd.more(100)
        assert crowd.record.wrong == []
        assert {c.rpartition(" ")[2] for c in crowd.record.counts} == {"200"}
        # Those who went away find their accounts as they left them, but for the change they sent.
        for person in gone.people:
            assert await person.look(fresh=True) == 200
            assert await person.change() == 200
        assert gone.record.wrong == []

    client = server.client()

    def quiet() -> bool:
        assert client.lanes("lost_total") == {0}
        return client.lanes("in_flight") == client.lanes("waiting") == {0}

    until(quiet, 10, "calls that nobody waits for are still under way")
    left = "select count(*) from pg_stat_activity where state ~ 'transaction' and datname = %s"
    assert database.value(left, database.name) == 0
    until(lambda: client.samples()["plinth_http_connections"] == 1, 15)
    assert '"level":"error"' not in server.log.read_text()
