-- core.keep_failure: fails without undoing. What the function wrote (a failed attempt, an audit row) stays; http.leave
-- turns the failure into the answer. In psql the function simply returns no row.
create or replace function core.keep_failure(p_code text, p_message text, p_field text default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('plinth.failure',
    json_build_object('code', p_code, 'message', p_message, 'field', p_field)::text, true);
end
$$;

comment on function core.keep_failure(text, text, text) is 'Fails the request without undoing what was written';
grant execute on function core.keep_failure(text, text, text) to plinth_system;
