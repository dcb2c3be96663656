-- http.announce_deploy: ends a deploy that changed something: new version, and the layers are told at the commit.
--
-- Rules   The version is random, so no older cached answer can ever carry it again.
-- Locks   the one row of http.registry
-- Used by deploys only; granted to nobody else.
create or replace function http.announce_deploy()
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_version uuid;
begin
  update http.registry g
     set version = gen_random_uuid(), deployed_at = now()
  returning g.version into v_version;

  perform pg_notify('plinth_deploy', v_version::text);
  return v_version;
end
$$;

comment on function http.announce_deploy() is 'Gives code and routes a new version and tells the layers';
