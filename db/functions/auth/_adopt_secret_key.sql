-- core.adopt_secret_key: notes that this database is used with the key in force, if that key belongs to it: if it is
-- the first, or if one that was used before is at hand beside it. What is noted is a word encrypted with the key, and
-- in the trail who brought it: the job writes every secret anew with the key that came last.
--
-- Errors  SV510 no key that was used with this database is at hand; SV503 the connection brought no keys
-- Owned by plinth_system: what is noted is nobody's.
create or replace function core.adopt_secret_key()
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text := core.wrong_secret_key();
begin
  if v_wrong is not null then
    perform base.raise('SV510', v_wrong);
  end if;
  insert into ops.secret_keys (key_id, check_encrypted)
  values (left(current_setting('plinth.secret_keys'), 8), core.encrypt_secret('plinth', 'secret key check'))
  on conflict do nothing;
  if found then
    perform ops.write_audit('secret_key.adopted', 'ops.secret_keys', left(current_setting('plinth.secret_keys'), 8));
  end if;
end
$$;

comment on function core.adopt_secret_key() is 'Notes that this database is used with the key in force';
grant execute on function core.adopt_secret_key() to plinth_operator;
alter function core.adopt_secret_key() owner to plinth_system;
