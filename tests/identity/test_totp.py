"""The second factor over HTTP, with an authenticator that is not ours."""

import base64
import hashlib
import hmac
import io
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import segno

from tests.conftest import Database, Server, until
from tests.http_client import Client, Response
from tests.people import PASSWORD


def code(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows (RFC 6238), so many steps from now."""
    step = int(time.time()) // 30 + steps
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def at_ease() -> None:
    """Far enough from the next step that a code stays what it is for a while."""
    until(lambda: time.time() % 30 < 24, 10)


def put(client: Client, path: str, body: Any) -> Response:
    return client.request("PUT", path, body)


def enrol(client: Client) -> tuple[str, list[str]]:
    at_ease()
    secret = client.post("/v1/me/totp").json()["secret"]
    # The code of the step before is as good, and leaves this step's for the test.
    answer = put(client, "/v1/me/totp", {"code": code(secret, -1)})
    assert answer.status == 200, answer.body
    return secret, answer.json()["recovery_codes"]


def sign_in(client: Client, name: str, totp: str | None, password: str = PASSWORD) -> Response:
    body = {"login": name, "password": password} | ({"totp": totp} if totp is not None else {})
    return client.request("POST", "/v1/sessions", body, {"X-Request-Id": "the-same"})


def age_step_up(database: Database, name: str) -> None:
    with database.connect() as connection:
        connection.execute(
            "update auth.sessions s set stepped_up_at = now() - interval '10 min 1 s'"
            " from auth.users u where u.id = s.user_id and u.username = %s",
            [name],
        )


def test_the_whole_way(town: Server, citizen: Client, name: str, town_database: Database) -> None:
    other = town.client()
    assert other.sign_in(name, PASSWORD).status == 201
    begun = citizen.post("/v1/me/totp")
    assert begun.status == 201, begun.body
    secret, uri = begun.json()["secret"], begun.json()["otpauth_uri"]
    told = urlsplit(uri)
    assert (told.scheme, told.netloc, told.path) == ("otpauth", "totp", f"/Plinth:{name}")
    assert parse_qs(told.query)["secret"] == [secret]

    picture = citizen.get("/v1/me/totp/qr")
    assert picture.status == 200, picture.body
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["cache-control"] == "private, no-store"
    drawn = io.BytesIO()
    segno.make_qr(uri).save(drawn, kind="svg", scale=4, light="#fff", xmldecl=False)
    assert picture.body == drawn.getvalue()

    # Until a code shows that it arrived, nobody is asked for one.
    assert sign_in(town.client(), name, None).status == 201
    wrong = put(citizen, "/v1/me/totp", {"code": "12345x"})
    assert (wrong.status, wrong.code) == (422, "VL001")
    at_ease()
    confirmed = put(citizen, "/v1/me/totp", {"code": code(secret, -1)})
    assert confirmed.status == 200, confirmed.body
    codes = confirmed.json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert other.get("/v1/me").status == 401
    assert citizen.get("/v1/me").status == 200
    assert citizen.get("/v1/me/totp/qr").status == 404

    guest = town.client()
    needed = sign_in(guest, name, None)
    assert (needed.status, needed.code) == (401, "UN004")
    assert needed.json()["errors"][0]["field"] == "totp"
    unlike = sign_in(guest, name, code(secret), password="not the password at all")
    refused = sign_in(guest, name, "000000")
    assert (refused.status, refused.body) == (401, unlike.body)
    assert sign_in(guest, name, code(secret)).status == 201
    assert sign_in(guest, name, code(secret)).status == 401
    assert sign_in(guest, name, codes[3].upper()).status == 201
    assert sign_in(guest, name, codes[3]).status == 401
    assert citizen.get("/v1/me/recovery-codes").json()["remaining"] == 9

    renewed = citizen.post("/v1/me/recovery-codes").json()["recovery_codes"]
    assert not set(renewed) & set(codes)
    assert citizen.get("/v1/me/recovery-codes").json()["remaining"] == 10
    assert sign_in(guest, name, codes[0]).status == 401
    assert sign_in(guest, name, renewed[0]).status == 201

    assert citizen.delete("/v1/me/totp").status == 204
    assert citizen.get("/v1/me/recovery-codes").status == 404
    assert sign_in(guest, name, None).status == 201
    mails = town_database.value(
        "select string_agg(o.kind, ' ' order by o.id) from ops.outbox o"
        " join auth.users u on u.id = o.user_id where u.username = %s and o.kind <> 'verify_email'",
        name,
    )
    assert mails == "second_factor_added recovery_codes_renewed second_factor_removed"


def test_neither_seed_nor_codes_lie_anywhere(
    town: Server, citizen: Client, name: str, town_database: Database
) -> None:
    secret, codes = enrol(citizen)
    held = town_database.value(
        "select concat((select string_agg(t::text, ' ') from auth.totp t),"
        " (select string_agg(r::text, ' ') from auth.recovery_codes r),"
        " (select string_agg(d::text, ' ') from ops.audit_details d),"
        " (select string_agg(o::text, ' ') from ops.outbox o))"
    )
    log = town.log.read_text()
    raw = base64.b32decode(secret)
    for shown in (secret, raw.hex(), secret.encode().hex(), *codes):
        assert shown.lower() not in held.lower()
        assert shown.lower() not in log.lower()


def test_a_code_used_twenty_times_at_once_opens_one_session(
    town: Server, citizen: Client, name: str
) -> None:
    secret, _ = enrol(citizen)
    start = Barrier(20)
    at_ease()
    now = code(secret)

    def use(_: int) -> int:
        client = town.client()
        start.wait(30)
        return sign_in(client, name, now).status

    with ThreadPoolExecutor(20) as pool:
        counted = Counter(pool.map(use, range(20)))
    assert counted[201] == 1
    assert set(counted) <= {201, 401, 429, 503}
    assert len(citizen.get("/v1/sessions").json()["items"]) == 2


def test_five_wrong_codes_make_wait(town: Server, citizen: Client, name: str) -> None:
    secret, codes = enrol(citizen)
    guest = town.client()
    statuses = [sign_in(guest, name, f"00000{n}").status for n in range(5)]
    assert statuses == [401] * 5
    late = sign_in(guest, name, code(secret))
    assert (late.status, late.code) == (429, "RL002")
    assert 800 < int(late.headers["retry-after"]) <= 900
    # Who lost the generator, or is kept from it, has the codes on paper.
    assert sign_in(guest, name, codes[0]).status == 201
    assert citizen.get("/v1/me").status == 200


@pytest.mark.parametrize("factor", ["password", "totp"])
def test_a_stolen_session_changes_no_credential(
    town: Server, citizen: Client, name: str, town_database: Database, factor: str
) -> None:
    secret = ""
    if factor == "totp":
        secret, _ = enrol(citizen)
    age_step_up(town_database, name)
    routes = [
        ("POST", "/v1/me/totp", None),
        ("GET", "/v1/me/totp/qr", None),
        ("PUT", "/v1/me/totp", {"code": "123456"}),
        ("DELETE", "/v1/me/totp", None),
        ("POST", "/v1/me/recovery-codes", None),
    ]
    for method, path, body in routes:
        answer = citizen.request(method, path, body)
        assert (answer.status, answer.code) == (401, "UN003"), path
        assert answer.headers["www-authenticate"] == "Bearer"
    # Nor by way of the function's name.
    assert citizen.post("/rpc/remove_totp").code == "UN003"

    step_up = "/v1/sessions/current/step-up"
    assert citizen.post(step_up, {}).code == ("UN004" if secret else "VL003")
    wrong = {"password": "not the password at all"} if not secret else {"totp": "000000"}
    assert citizen.post(step_up, wrong).code == "UN002"
    at_ease()
    right = {"password": PASSWORD} if not secret else {"totp": code(secret)}
    assert [citizen.get("/v1/me").status for _ in range(3)] == [200] * 3
    answer = citizen.post(step_up, right)
    assert answer.status == 200, answer.body
    assert set(answer.json()) == {"token", "expires_at"}
    # The token from before is dead, so that nobody else holds what was stepped up.
    assert citizen.get("/v1/me").code == "UN001"
    citizen.token = answer.json()["token"]
    if secret:
        assert citizen.delete("/v1/me/totp").status == 204
    assert citizen.post("/v1/me/totp").status == 201


def test_a_refresh_does_not_carry_a_step_up_over(town: Server, citizen: Client, name: str) -> None:
    signed = citizen.sign_in(name, PASSWORD).json()
    assert citizen.post("/v1/me/totp").status == 201
    answer = citizen.post("/v1/sessions/refresh", {"refresh_token": signed["refresh_token"]})
    citizen.token = answer.json()["token"]
    assert citizen.post("/v1/me/totp").code == "UN003"
    assert citizen.get("/v1/me").status == 200
