-- core.new_token: a new random secret that is shown once, in the form of core.token_text.
create or replace function core.new_token(p_prefix text, p_user_id uuid)
returns text
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select core.token_text(p_prefix, p_user_id, ext.gen_random_bytes(32))
$$;

comment on function core.new_token(text, uuid) is 'A new secret token with prefix, routing part and checksum';
grant execute on function core.new_token(text, uuid) to plinth_system;
