"""Preferences over HTTP: choices over defaults, kept and void again."""

from tests.conftest import Server
from tests.http_client import Client


def test_choices_are_laid_over_defaults(server: Server) -> None:
    alice, other = server.client(), server.client()
    assert alice.sign_in("alice").status == 201
    assert other.sign_in("alice").status == 201
    before = alice.get("/v1/me/preferences").json()
    assert (before["version"], before["preferences"]["theme"]) == (0, "system")
    alice.get("/v1/me/preferences")
    assert alice.get("/v1/me/preferences").headers["x-cache"] == "hit"

    patch = {"preferences": {"theme": "dark", "notifications": {"email": False}}, "version": 0}
    changed = alice.patch("/v1/me/preferences", patch)
    assert changed.status == 200, changed.body
    assert changed.json()["preferences"]["notifications"] == {"email": False, "product": False}
    # Where else she is signed in, it holds at once.
    assert other.get("/v1/me/preferences").json() == changed.json()
    assert alice.patch("/v1/me/preferences", patch).code == "KC002"

    back = alice.patch("/v1/me/preferences", {"preferences": {"theme": None}})
    assert back.json()["preferences"]["theme"] == "system", back.body
    assert alice.delete("/v1/me/preferences").status == 204
    assert alice.get("/v1/me/preferences").json()["preferences"] == before["preferences"]


def test_what_cannot_be_preferred_is_named(server: Server) -> None:
    alice, reader = server.client(), server.client()
    alice.sign_in("alice")
    refusals = {
        "VL002 colour": {"colour": "red"},
        "VL002 notifications.fax": {"notifications": {"fax": True}},
        "VL001 theme": {"theme": "pink"},
        "VL001 page_size": {"page_size": "50"},
        "VL001 notifications.email": {"notifications": {"email": 1}},
        "VL001 notifications": {"notifications": True},
        "VL001 preferences": ["theme"],
    }
    for refusal, patch in refusals.items():
        answer = alice.patch("/v1/me/preferences", {"preferences": patch})
        assert answer.status == 422, answer.body
        field = answer.json()["errors"][0]["field"]
        assert f"{answer.code} {field}" == refusal
    reader.sign_in("readonly")
    assert reader.get("/v1/me/preferences").status == 200
    assert _refused(reader, {"theme": "dark"})


def _refused(client: Client, patch: dict[str, object]) -> bool:
    return client.patch("/v1/me/preferences", {"preferences": patch}).code == "NP001"
