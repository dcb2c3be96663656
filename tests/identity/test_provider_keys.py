"""Users' keys of other services: kept encrypted, shown to nobody, read by their owner only."""

import redis

from tests.conftest import Database, Serve
from tests.http_client import Client
from tests.people import cheap_passwords

SECRET = "sk-0123456789abcdefCANARY-wXyZ"


def test_the_whole_way(serve: Serve, database: Database) -> None:
    cheap_passwords(database)
    server = serve()
    alice, bob = server.client(), server.client()
    assert alice.sign_in("alice").status == bob.sign_in("bob").status == 201
    given = {"provider": "openai", "secret": SECRET}
    kept = alice.request("PUT", "/v1/provider-keys", given)
    assert kept.status == 200, kept.body
    assert SECRET.encode() not in kept.body
    assert (kept.json()["last_four"], kept.json()["name"]) == ("wXyZ", "default")
    path = f"/v1/provider-keys/{kept.json()['id']}"
    shown = alice.get("/v1/provider-keys")
    assert [k["id"] for k in shown.json()["items"]] == [kept.json()["id"]]
    assert SECRET.encode() not in shown.body

    used = alice.post(f"{path}/use")
    assert used.json()["secret"] == SECRET
    assert used.headers["cache-control"] == "private, no-store"

    # Another user: as if there were none.
    assert bob.get("/v1/provider-keys").json()["items"] == []
    assert bob.post(f"{path}/use").code == bob.delete(path).code == "NF001"

    # A program may use it with the scope for that, and never put another in its place.
    for scopes, status in ((["self:read", "self:write"], 403), (["provider_keys:use"], 200)):
        key = bob.post("/v1/api-keys", {"name": "x", "scopes": scopes}).json()
        program = server.client()
        program.token = key["secret"]
        bobs = bob.request("PUT", "/v1/provider-keys", given | {"provider": "other"}).json()
        answer = program.post(f"/v1/provider-keys/{bobs['id']}/use")
        assert answer.status == status, answer.body
        assert program.request("PUT", "/v1/provider-keys", given).status == 403
        assert program.delete(f"/v1/provider-keys/{bobs['id']}").status == 403

    assert alice.delete(path).status == 204
    assert alice.post(f"{path}/use").status == 404
    assert database.value(_USES) == 2

    # Neither a log, nor the statistics, nor Redis, nor any table has it.
    assert SECRET not in server.log.read_text()
    assert database.value(_SEEN, f"%{SECRET}%") == 0
    with redis.Redis.from_url(server.redis_url) as copies:
        for found in copies.scan_iter("*"):
            assert SECRET.encode() not in found + (copies.get(found) or b"")
    with database.connect() as connection:
        tables = connection.execute(
            "select oid::regclass::text from pg_class"
            " where relkind = 'r' and relnamespace not in"
            " ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
        ).fetchall()
        for (table,) in tables:
            query = f"select count(*) from {table} t where t::text like %s or t::text like %s"
            row = connection.execute(
                query.encode(), [f"%{SECRET}%", f"%{SECRET.encode().hex()}%"]
            ).fetchone()
            assert row == (0,), table


_USES = "select count(*) from ops.audit_logs where action = 'provider_key.used'"
_SEEN = "select count(*) from pg_stat_activity where query like %s"


def test_a_bad_key_is_refused_without_repeating_it(client: Client) -> None:
    client.sign_in("testuser")
    answer = client.request(
        "PUT", "/v1/provider-keys", {"provider": "x", "secret": "two words CANARY"}
    )
    assert answer.status == 422
    assert b"CANARY" not in answer.body
