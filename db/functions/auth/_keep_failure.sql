-- core.keep_failure: fails without undoing. What the function wrote (a failed attempt, an audit row) stays; http.leave
-- turns the failure into the answer. In psql the function simply returns no row.
--
-- Rules   p_retry_after, in seconds, becomes the Retry-After of the answer; else the error's row says how long.
create or replace function core.keep_failure(
  p_code        text,
  p_message     text,
  p_field       text default null,
  p_retry_after integer default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('plinth.failure',
    (jsonb_build_object('code', p_code, 'message', p_message, 'field', p_field)
       || case when p_retry_after is null then '{}' else jsonb_build_object('retry_after', p_retry_after) end)::text, true);
end
$$;

comment on function core.keep_failure(text, text, text, integer) is
  'Fails the request without undoing what was written';
grant execute on function core.keep_failure(text, text, text, integer) to plinth_system;
