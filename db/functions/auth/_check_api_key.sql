-- core.check_api_key: the rules that name, scopes and limits of an API key must keep; what is NULL is not looked at.
--
-- Rules   A scope is the name of a permission, which one of the account's roles must hold, or '*' for all they hold.
--         Limits are whole numbers as core.check_limits has them: requests_per_minute, requests_per_hour,
--         requests_per_day, tokens_per_day; 0 is none, as is what is not named.
-- Errors  VL001 on name, scopes or limits
create or replace function core.check_api_key(p_user_id uuid, p_name text, p_scopes text[], p_limits jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text;
begin
  if length(p_name) not between 1 and 100 or p_name ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'name must have 1 to 100 characters and no control characters', 'name');
  end if;

  if cardinality(p_scopes) not between 1 and 50 then
    perform base.raise('VL001', 'scopes must name 1 to 50 permissions', 'scopes');
  end if;
  select coalesce(s.name, 'null') into v_wrong
    from unnest(p_scopes) as s (name)
   where s.name is distinct from '*' and not exists (
     select from auth.user_roles r
       join auth.roles d on d.name = r.role
       join auth.permissions m on m.name = s.name
      where r.user_id = p_user_id and d.permissions ?| array[s.name, '*'])
   limit 1;
  if found then
    perform base.raise('VL001', format('scopes must be permissions you have, or *; you do not have %s', left(v_wrong, 50)),
                       'scopes');
  end if;

  if jsonb_typeof(p_limits) <> 'object' then
    perform base.raise('VL001', 'limits must be an object', 'limits');
  end if;
  select l.key into v_wrong
    from jsonb_each(p_limits) as l
   where l.key <> all (array['requests_per_minute', 'requests_per_hour', 'requests_per_day', 'tokens_per_day'])
      or jsonb_typeof(l.value) <> 'number' or l.value::text !~ '^(0|[1-9][0-9]{0,11})$'
   limit 1;
  if found then
    perform base.raise('VL001', 'limits must be whole numbers from 0 to 999,999,999,999, named requests_per_minute, '
                                'requests_per_hour, requests_per_day or tokens_per_day', 'limits');
  end if;
end
$$;

comment on function core.check_api_key(uuid, text, text[], jsonb) is
  'Refuses name, scopes or limits of a key that break a rule';
