"""The layer without HTTP around it, and code planted to be slow, to fail, to wait."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from pyapp.cache import Cache
from pyapp.call import Caller
from pyapp.db import Database as Layer
from pyapp.problems import Problem
from pyapp.replicas import Replicas
from pyapp.settings import Settings
from tests.conftest import Database
from tests.people import PASSWORD, cheap_passwords, eventually, plant

CONTEXT = ("request", "192.0.2.1", "pytest")

PLANTED = """
create table ops.planted (
  n        integer not null,
  sum      integer not null default 0,
  promised integer,
  constraint planted_pkey primary key (n),
  constraint planted_promised_fkey foreign key (promised) references ops.planted (n)
    deferrable initially deferred
);

-- The number it was given; every 20th fails, in one of four ways.
create function core.number(p_n integer) returns integer language plpgsql as $$
begin
  if p_n % 20 = 0 then
    case p_n / 20 % 4
      when 0 then perform base.raise('KC002', 'as asked');
      when 1 then return 1 / (p_n - p_n);
      when 2 then return ('x' || p_n)::integer;
      else raise exception using errcode = 'ZZ999', message = 'unheard of';
    end case;
  end if;
  return p_n;
end $$;

create function api.echo_read(p_user_id uuid, p_n integer)
returns table (n integer, who uuid)
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp as $$
begin
  return query select core.number(p_n), base.current_user_id();
end $$;

create function api.echo_write(p_user_id uuid, p_n integer)
returns table (n integer, who uuid)
language plpgsql volatile security definer rows 1 set search_path = pg_catalog, pg_temp as $$
begin
  insert into ops.planted (n) values (p_n) on conflict do nothing;
  return query select core.number(p_n), base.current_user_id();
end $$;

create function api.nap(p_ms integer)
returns integer
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_sleep(p_ms / 1000.0);
  return p_ms;
end $$;

-- The 7th of them takes its time.
create function api.doze(p_user_id uuid, p_n integer)
returns table (n integer, who uuid)
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_sleep(1.5) where p_n = 7;
  return query select p_n, base.current_user_id();
end $$;

create function api.self()
returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return base.current_user_id();
end $$;

create function api.promise(p_n integer, p_promised integer)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into ops.planted (n, promised) values (p_n, p_promised);
  return p_n;
end $$;

-- Who waits for a deploy: until his lock times out; then to its end, when a row type has changed.
create sequence ops.stumbles;
create function api.stumble()
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_n integer := nextval('ops.stumbles');
begin
  if v_n <= 2 then
    raise exception using errcode = ('{55P03,42804}'::text[])[v_n], message = 'a deploy';
  end if;
  return v_n;
end $$;

-- Two rows, one after another: with another call in the opposite order, a deadlock.
create function api.cross_rows(p_first integer, p_second integer)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  update ops.planted t set sum = t.sum + 1 where t.n = p_first;
  perform pg_sleep(0.02);
  update ops.planted t set sum = t.sum + 1 where t.n = p_second;
  return p_first;
end $$;

grant execute on function api.echo_read(uuid, integer), api.echo_write(uuid, integer),
  api.nap(integer), api.doze(uuid, integer), api.self(), api.promise(integer, integer),
  api.cross_rows(integer, integer), api.stumble() to plinth_web;
select http.expose('GET /v1/echo', 'api.echo_read');
select http.expose('POST /v1/echo', 'api.echo_write');
select http.expose('GET /v1/doze', 'api.doze');
select http.expose('GET /v1/self', 'api.self');
select http.expose('GET /v1/nap', 'api.nap', auth => 'none');
select http.expose('POST /v1/promises', 'api.promise', auth => 'none', status => 201);
select http.expose('POST /v1/stumbles', 'api.stumble', auth => 'none');
select http.expose('POST /v1/crossings', 'api.cross_rows', auth => 'none');
"""


@pytest.fixture
def planted(database: Database) -> Database:
    cheap_passwords(database)
    plant(database, PLANTED)
    with database.connect() as connection:
        # Found before lock_timeout gives up; one second, as by default, is a draw.
        change = f"alter role plinth_web in database {database.name} set deadlock_timeout = '50ms'"
        connection.execute(change.encode())
    return database


@dataclass
class Member:
    id: str
    token: bytes


class Calls:
    """Calls by route, as HTTP would make them."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self.database = Layer(settings, dsn)
        self.cache = Cache(settings)
        self.caller = Caller(
            self.database, self.cache, Replicas(settings, self.database, self.cache)
        )

    async def start(self) -> None:
        await self.database.start()
        await self.cache.start()
        await eventually(lambda: self.database.ready, 10, "connected")
        await self.caller.load()

    async def __call__(self, route: str, who: Member | None = None, **arguments: object) -> Any:
        """What the body says, or the problem's code."""
        method, path = route.split()
        methods, _ = self.caller.registry.find(path)
        token = who.token if who else None
        try:
            answer = await self.caller.answer(
                methods[method], token=token, context=CONTEXT, args=arguments, no_cache=True
            )
        except Problem as problem:
            return problem.code
        return json.loads(answer.body) if answer.body else None

    async def join(self, name: str) -> Member:
        user = await self(
            "POST /v1/users", username=name, email=f"{name}@example.org", password=PASSWORD
        )
        signed = await self("POST /v1/sessions", login=name, password=PASSWORD)
        return Member(user["id"], hashlib.sha256(signed["token"].encode()).digest())

    async def close(self) -> None:
        await self.cache.close()
        await self.database.close()


@pytest.fixture
async def calls(planted: Database, redis_url: str) -> AsyncIterator[Calls]:
    settings = Settings(env="test", secret_key=planted.engine.secret_key, redis_url=redis_url)
    made = Calls(settings, planted.web_url)
    await made.start()
    yield made
    await made.close()
