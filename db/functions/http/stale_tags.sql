-- http.stale_tags: tags that were touched a while ago and that nobody reported as bumped: their writer died, or wrote
-- from psql. Who keeps copies bumps them and clears the record; bumping twice does no harm. No row: nothing is stale.
--
-- Rules   The oldest thousand, each beside its transaction, of which there may be more.
create or replace function http.stale_tags(p_seconds double precision default 2)
returns table (xids text[], tags text[])
language sql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(s.xid::text), array_agg(s.tag)
    from (select t.xid, t.tag
            from base.touched_tags t
           where t.touched_at <= clock_timestamp() - make_interval(secs => p_seconds)
           order by t.touched_at
           limit 1000) s
  having count(*) > 0
$$;

comment on function http.stale_tags(double precision) is 'Cache tags left behind by writers that did not bump them';
grant execute on function http.stale_tags(double precision) to plinth_web;
