-- core.void_one_time_tokens: makes a user's open tokens of some kinds void, because a newer one was issued or because
-- the account changed in a way that they must not survive.
--
-- Locks   those tokens
-- Owned by plinth_system: also before there is a caller.
create or replace function core.void_one_time_tokens(p_user_id uuid, variadic p_kinds text[])
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  update auth.one_time_tokens t
     set voided_at = clock_timestamp()
   where t.user_id = p_user_id and t.kind = any (p_kinds) and t.used_at is null and t.voided_at is null
$$;

comment on function core.void_one_time_tokens(uuid, text[]) is
  'Makes a user''s open one-time tokens of some kinds void';
alter function core.void_one_time_tokens(uuid, text[]) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.void_one_time_tokens(uuid, text[]) to plinth_owner;
set local role plinth_owner;
