-- core.count_tokens: counts tokens of models that were used, whether or not they fit: they are spent already.
--
-- Rules   They count for the user, and for the API key if one is named. Whoever counts for several users in one
--         transaction takes them in the order of their ids.
-- Locks   the subjects' rows in ops.rate_limit_tracking
create or replace function core.count_tokens(p_user_id uuid, p_tokens bigint, p_key_id uuid default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_subjects text[] := array['user:' || p_user_id];
  v_now      bigint;
begin
  if p_tokens > 0 then
    if p_key_id is not null then
      v_subjects := v_subjects || ('key:' || p_key_id);
    end if;
    perform core.lock_rate_limits(v_subjects, array_fill(p_user_id, array[cardinality(v_subjects)]));
    v_now := floor(extract(epoch from clock_timestamp()));
    update ops.rate_limit_tracking t
       set tokens_day = core.window_plus(core.window_at(t.tokens_day, 1440, v_now), p_tokens), last_used_on = current_date
     where t.subject = any (v_subjects);
  end if;
end
$$;

comment on function core.count_tokens(uuid, bigint, uuid) is 'Counts tokens that were used, whether or not they fit';
grant execute on function core.count_tokens(uuid, bigint, uuid) to plinth_system;
