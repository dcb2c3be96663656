-- core.check_limits: the rule that limits must keep: whole numbers from 0, which is none; NULL says nothing.
--
-- Errors  VL001 on the limit
create or replace function core.check_limits(p_minute bigint, p_hour bigint, p_day bigint, p_tokens bigint default null)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
begin
  select l.name into v_name
    from (values ('requests_per_minute', p_minute), ('requests_per_hour', p_hour), ('requests_per_day', p_day),
                 ('tokens_per_day', p_tokens)) as l (name, value)
   where l.value not between 0 and 999999999999
   limit 1;
  if found then
    perform base.raise('VL001', format('%s must be from 0 to 999,999,999,999', v_name), v_name);
  end if;
end
$$;

comment on function core.check_limits(bigint, bigint, bigint, bigint) is 'Refuses limits that break a rule';
grant execute on function core.check_limits(bigint, bigint, bigint, bigint) to plinth_system;
