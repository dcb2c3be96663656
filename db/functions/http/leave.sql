-- http.leave: the way out of a request that may have written. Runs above the function's result and says what the layer
-- has to know besides: the status, a failure that had to be kept, and the cache tags this transaction touched.
--
-- Rules   A failure that must be remembered (a wrong password) is recorded by core.keep_failure and not raised, since
--         raising would undo the record; here it becomes the status of the answer.
--         Where the layer has replicas, a write also touches written:<caller>: what the primary vouched for before is
--         void, and a replica that has not this write yet is not asked what its writer reads next.
-- Errors  NF001 one object was promised and there is none
-- Locks   none
create or replace function http.leave(p_status integer, p_body text)
returns table (status integer, body text, xid text, tags text[])
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_failure text := current_setting('plinth.failure', true);
  v_xid     xid8 := pg_current_xact_id_if_assigned();
begin
  status := p_status;
  body := p_body;

  if v_failure <> '' then
    body := v_failure;
    status := http.status_of(v_failure::json ->> 'code');
  elsif p_body is null and p_status <> 204 then
    perform base.raise('NF001', 'There is no such thing, or it is not yours to see');
  end if;

  if v_xid is not null then
    if current_setting('plinth.replica_max_lag', true) <> '' and current_setting('plinth.caller', true) <> '' then
      perform base.touch_tag('written:' || current_setting('plinth.caller'));
    end if;
    xid := v_xid;
    tags := array(select t.tag from base.touched_tags t where t.xid = v_xid);
  end if;
  return next;
end
$$;

comment on function http.leave(integer, text) is
  'Status, body and touched cache tags of a request that may have written';
grant execute on function http.leave(integer, text) to plinth_web, plinth_operator, plinth_system;
