"""A route of the tests' own whose effects can be counted, and clients that come back with a key."""

import asyncio
import itertools
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.http_client import Client
from tests.people import PASSWORD

PLANTED = """
create table ops.planted (user_id uuid not null, n integer generated always as identity,
                          word text not null);
create table ops.planted_stop (reason text);

create function api.note_word(p_user_id uuid, p_word text, p_ms integer default 0)
returns table (n integer, word text, made_at timestamptz)
language plpgsql volatile security definer rows 1 set search_path = pg_catalog, pg_temp as $$
declare
  v_reason text := (select s.reason from ops.planted_stop s);
begin
  p_user_id := core.act_for(p_user_id);
  if v_reason = 'raised' then
    perform base.raise('KC004', 'Not today');
  elsif v_reason = 'kept' then
    perform core.keep_failure('KC004', 'Not today');
    return;
  end if;
  perform base.touch_tag('planted:' || p_user_id);
  perform pg_sleep(p_ms / 2000.0);
  return query insert into ops.planted (user_id, word) values (p_user_id, p_word)
               returning planted.n, planted.word, clock_timestamp();
  perform pg_sleep(p_ms / 2000.0);
end $$;

create function api.last_word(p_user_id uuid)
returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  p_user_id := core.act_for(p_user_id);
  return (select p.word from ops.planted p where p.user_id = p_user_id order by p.n desc limit 1);
end $$;

grant execute on function api.note_word(uuid, text, integer), api.last_word(uuid) to plinth_web;
select http.expose('POST /v1/words', 'api.note_word', status => 201, result => 'one');
select http.expose('PUT /v1/words', 'api.note_word', result => 'one');
select http.expose('PATCH /v1/words', 'api.note_word', result => 'one', once => 'must');
select http.expose('GET /v1/words/last', 'api.last_word', cache => 60, tags => '{planted}');
"""

_numbers = itertools.count(1)


def new_key() -> str:
    return f"key of the test {next(_numbers)}"


def member(client: Client) -> Client:
    """The same connection, as somebody new."""
    name = f"member{next(_numbers)}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/v1/users", account).status == 201
    assert client.sign_in(name, PASSWORD).status == 201
    return client


@dataclass(frozen=True)
class Said:
    status: int
    body: bytes
    replayed: bool


class Stubborn:
    """Sends one and the same call, from a connection of its own each time, until it is answered."""

    def __init__(self, url: str, token: str | None, key: str, path: str, body: Any) -> None:
        self.url = url + path
        self.body = body
        self.headers = {"Idempotency-Key": key, "Connection": "close"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        self.refused: list[int] = []

    async def once(self, session: aiohttp.ClientSession) -> Said:
        async with session.post(self.url, json=self.body, headers=self.headers) as answer:
            replayed = answer.headers.get("Idempotency-Replayed") == "true"
            return Said(answer.status, await answer.read(), replayed)

    async def insist(self, session: aiohttp.ClientSession, within: float = 20.0) -> Said:
        async with asyncio.timeout(within):
            while True:
                try:
                    said = await self.once(session)
                except aiohttp.ClientError:
                    self.refused.append(0)
                else:
                    if said.status not in (409, 503):
                        return said
                    self.refused.append(said.status)
                await asyncio.sleep(0.05)
