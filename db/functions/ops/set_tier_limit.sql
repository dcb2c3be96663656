-- api.set_tier_limit: how many times the usual limits hold for a tier, or for callers without a token (anonymous).
--
-- Rules   A factor is no limit: 0 times would leave nobody without limits, so it is refused. No limits are said of a
--         single user (api.set_user_quota), or of everybody.
-- Permission limits:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 no such tier; VL001 factor
-- Locks   the tier's row
create or replace function api.set_tier_limit(p_tier text, p_factor integer)
returns setof core.limit_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('limits:manage');
  if p_tier is distinct from 'anonymous' and not exists (select from auth.tiers t where t.name = p_tier) then
    perform base.raise('NF001', format('There is no tier %s', p_tier), 'tier');
  end if;
  if p_factor is null or p_factor not between 1 and 1000000 then
    perform base.raise('VL001', 'factor must be from 1 to 1,000,000; it is no limit, it multiplies the usual ones', 'factor');
  end if;

  insert into ops.tier_limits (tier, factor) values (p_tier, p_factor)
  on conflict (tier) do update set factor = excluded.factor;

  return query select l.* from core.limit_details l where l.kind = 'tier' and l.name = p_tier;
end
$$;

comment on function api.set_tier_limit(text, integer) is 'How many times the usual limits hold for a tier';
grant execute on function api.set_tier_limit(text, integer) to plinth_web, plinth_operator;
select http.expose('PUT /v1/admin/limits/tiers/{tier}', 'api.set_tier_limit', permission => 'limits:manage');
