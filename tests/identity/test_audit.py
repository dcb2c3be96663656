"""The audit trail over HTTP: who sees it, and that a superuser who changes it is found out."""

from typing import Any

from tests.conftest import Database, Server, until
from tests.people import PASSWORD


def test_the_trail_of_a_sign_in(database: Database, server: Server) -> None:
    client = server.client()
    for name in ("head", "member"):
        account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        assert client.post("/v1/users", account).status == 201
    database.value("select api.assign_role('head', 'administrator')")

    assert client.sign_in("member", PASSWORD).status == 201
    refused = client.get("/v1/audit")
    assert (refused.status, refused.code) == (403, "NP001")
    own = client.get("/v1/me/audit").json()["items"]
    assert (own[0]["action"], own[0]["address"]) == ("sign_in", "127.0.0.1")

    signed = client.sign_in("head", PASSWORD)
    trail = client.get("/v1/audit?action=sign_in").json()["items"]
    assert trail[0]["request_id"] == signed.headers["x-request-id"]
    assert trail[1]["id"] == own[0]["id"]

    def verdict() -> dict[str, Any]:
        answer: dict[str, Any] = client.get("/v1/audit/verification").json()
        return answer

    until(lambda: verdict()["unsealed"] == 0, 10, "the worker seals")
    assert verdict()["ok"] is True

    with database.connect() as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "update ops.audit_logs set acting_role = 'x' where id = %s", [own[0]["id"]]
        )
    assert (verdict()["ok"], verdict()["bad_row"]) == (False, own[0]["id"])
