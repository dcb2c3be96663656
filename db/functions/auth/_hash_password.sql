-- core.hash_password: a new hash in the current format: p<pepper version>$ and bcrypt at the cost of the setting.
create or replace function core.hash_password(p_password text)
returns text
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select split_part(current_setting('plinth.pepper', true), ':', 1)
      || ext.crypt(core.peppered(p_password),
                   ext.gen_salt('bf', base.setting('password.bcrypt_cost')::integer))
$$;

comment on function core.hash_password(text) is 'A new password hash in the current format';
grant execute on function core.hash_password(text) to plinth_system;
