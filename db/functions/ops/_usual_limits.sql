-- core.usual_limits: the limits of a user of the lowest tier: requests a minute, an hour and a day, tokens a day.
--
-- Rules   What the environment of the service says (RATE_LIMIT_…) wins over base.settings; 0 is no limit. It reaches
--         the
--         database with each connection, as the setting plinth.limits: four numbers, empty where nothing is said.
create or replace function core.usual_limits()
returns bigint[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(coalesce(nullif(split_part(current_setting('plinth.limits', true), ',', n.place::integer), '')::bigint,
                            base.setting('limits.' || n.name)::bigint) order by n.place)
    from unnest(array['requests_per_minute', 'requests_per_hour', 'requests_per_day', 'tokens_per_day'])
         with ordinality as n (name, place)
$$;

comment on function core.usual_limits() is
  'Limits of the lowest tier: requests a minute, an hour and a day, tokens a day';
grant execute on function core.usual_limits() to plinth_system;
