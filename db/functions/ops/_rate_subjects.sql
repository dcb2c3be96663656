-- core.rate_subjects: whom a call counts for, and the four limits of each (0: none): the user, the API key it comes by,
-- the address of who has no token, and where the route has limits of its own, that user or address on that route.
--
-- Rules   A user has what ops.user_quotas says for him, else the usual limits times the factor of the tier. An API key
--         has its own limits besides those of its owner. A route's limits hold only where the usual one is not 0.
--         A subject without any limit is left out, and nothing is counted for it.
create or replace function core.rate_subjects(
  p_user_id uuid,
  p_key_id  uuid,
  p_address text,
  p_route   text,
  p_usual   bigint[],
  out subjects text[],
  out limits bigint[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_whose  text;
  v_limits bigint[];
begin
  subjects := '{}';
  limits := '{}';

  if p_user_id is null then
    v_whose := 'address:' || core.network_of(p_address);
    select array[p_usual[1] * t.factor, p_usual[2] * t.factor, p_usual[3] * t.factor, 0] into v_limits
      from ops.tier_limits t where t.tier = 'anonymous';
  else
    v_whose := 'user:' || p_user_id;
    select array[coalesce(q.requests_per_minute, p_usual[1] * coalesce(t.factor, 1)),
                 coalesce(q.requests_per_hour, p_usual[2] * coalesce(t.factor, 1)),
                 coalesce(q.requests_per_day, p_usual[3] * coalesce(t.factor, 1)),
                 coalesce(q.tokens_per_day, p_usual[4] * coalesce(t.factor, 1))]
      into v_limits
      from auth.users u
      left join ops.user_quotas q on q.user_id = u.id
      left join ops.tier_limits t on t.tier = u.tier
     where u.id = p_user_id;
  end if;
  if v_limits <> '{0,0,0,0}' then
    subjects := subjects || v_whose;
    limits := limits || v_limits;
  end if;

  if p_key_id is not null then
    select array[coalesce((k.limits ->> 'requests_per_minute')::bigint, 0),
                 coalesce((k.limits ->> 'requests_per_hour')::bigint, 0),
                 coalesce((k.limits ->> 'requests_per_day')::bigint, 0),
                 coalesce((k.limits ->> 'tokens_per_day')::bigint, 0)]
      into v_limits
      from auth.api_keys k where k.user_id = p_user_id and k.id = p_key_id;
    if v_limits <> '{0,0,0,0}' then
      subjects := subjects || ('key:' || p_key_id);
      limits := limits || v_limits;
    end if;
  end if;

  if p_route <> '' then
    select array[case when p_usual[1] = 0 then 0 else coalesce(r.requests_per_minute, 0) end,
                 case when p_usual[2] = 0 then 0 else coalesce(r.requests_per_hour, 0) end,
                 case when p_usual[3] = 0 then 0 else coalesce(r.requests_per_day, 0) end, 0]
      into v_limits
      from ops.route_limits r where r.route = p_route;
    if found then
      if v_limits <> '{0,0,0,0}' then
        subjects := subjects || format('route:%s:%s', v_whose, p_route);
        limits := limits || v_limits;
      end if;
    end if;
  end if;
end
$$;

comment on function core.rate_subjects(uuid, uuid, text, text, bigint[]) is
  'Whom a call counts for, and the four limits of each';
grant execute on function core.rate_subjects(uuid, uuid, text, text, bigint[]) to plinth_system;
