-- core.password_is_current: whether a hash has today's format, pepper and cost; if not, the next sign-in renews it.
create or replace function core.password_is_current(p_hash text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p_hash like format('%s$2a$%s$%%', split_part(current_setting('plinth.pepper', true), ':', 1),
                            lpad(base.setting('password.bcrypt_cost'), 2, '0'))
$$;

comment on function core.password_is_current(text) is 'Whether a hash has the current format, pepper and cost';
grant execute on function core.password_is_current(text) to plinth_system;
