"""JWTs for other services, checked as such a service would: by a library that is not ours."""

import base64
import json
import time
from typing import Any

import jwt
import pytest

from tests.conftest import Database
from tests.http_client import Client


def issued(client: Client, **more: object) -> str:
    answer = client.post("/v1/sessions/jwt", {"audience": "billing", **more})
    assert answer.status == 201, answer.body
    assert answer.headers["cache-control"] == "private, no-store"
    return str(answer.json()["token"])


def key(database: Database, kid: str) -> bytes:
    with database.connect("plinth_operator") as connection:
        row = connection.execute("select key from api.get_signing_key(%s)", [kid]).fetchone()
    assert row is not None
    return base64.urlsafe_b64decode(row[0] + "=")


def check(token: str, secret: bytes, **more: Any) -> dict[str, Any]:
    required = ["iss", "sub", "aud", "iat", "exp", "jti", "sid"]
    return jwt.decode(
        token,
        secret,
        **{"algorithms": ["HS256"], "audience": "billing", "issuer": "plinth"} | more,
        options={"require": required},
    )


def test_a_service_checks_who_is_signed_in(citizen: Client, town_database: Database) -> None:
    token = issued(citizen)
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "HS256"
    secret = key(town_database, header["kid"])
    claims = check(token, secret)
    me = citizen.get("/v1/me").json()
    session = citizen.get("/v1/sessions").json()["items"][0]["id"]
    assert (claims["sub"], claims["sid"], claims["roles"]) == (me["id"], session, me["roles"])
    assert "self:read" in claims["scope"].split()
    assert 0 < claims["exp"] - time.time() <= 300

    with pytest.raises(jwt.InvalidAudienceError):
        check(token, secret, audience="another service")
    with pytest.raises(jwt.InvalidIssuerError):
        check(token, secret, issuer="somebody else")
    with pytest.raises(jwt.InvalidSignatureError):
        check(token, bytes(32))
    head, body, signature = token.split(".")
    changed = json.loads(base64.urlsafe_b64decode(body + "==")) | {"roles": ["administrator"]}
    forged = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
    with pytest.raises(jwt.InvalidSignatureError):
        check(f"{head}.{forged}.{signature}", secret)
    unsigned = jwt.encode(claims, None, algorithm="none")
    with pytest.raises(jwt.InvalidAlgorithmError):
        check(unsigned, secret)
    with pytest.raises(jwt.ExpiredSignatureError):
        check(jwt.encode(claims | {"exp": int(time.time()) - 1}, secret, "HS256"), secret)
    # It is for others: here it opens nothing.
    citizen.token = token
    assert citizen.get("/v1/me").code == "UN001"


def test_keys_overlap(citizen: Client, town_database: Database) -> None:
    old = issued(citizen)
    with town_database.connect("plinth_operator") as connection:
        row = connection.execute("select api.rotate_signing_key()").fetchone()
    assert row is not None
    new = issued(citizen)
    kids = [jwt.get_unverified_header(token)["kid"] for token in (old, new)]
    assert kids[0] != kids[1] == row[0]
    # What the old key signed is good until it expires; neither key does for the other.
    secrets = [key(town_database, kid) for kid in kids]
    assert check(old, secrets[0])["sub"] == check(new, secrets[1])["sub"]
    with pytest.raises(jwt.InvalidSignatureError):
        check(new, secrets[0])


def test_what_it_does_not_issue(citizen: Client) -> None:
    path = "/v1/sessions/jwt"
    assert citizen.post(path, {}).code == "VL003"
    assert citizen.post(path, {"audience": ""}).code == "VL001"
    assert citizen.post(path, {"audience": "x", "lifetime": 86400}).code == "VL001"
    citizen.token = None
    assert citizen.post(path, {"audience": "x"}).status == 401
