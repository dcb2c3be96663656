-- core.say_why: notes why the flag that is written next is written; the trigger that writes the history takes it.
--
-- Errors  VL001 the reason has more than 500 characters
create or replace function core.say_why(p_reason text, p_restores integer default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if length(p_reason) > 500 then
    perform base.raise('VL001', 'reason must have at most 500 characters', 'reason');
  end if;
  perform set_config('plinth.change', jsonb_build_object('reason', p_reason, 'restores', p_restores)::text, true);
end
$$;

comment on function core.say_why(text, integer) is 'Notes why the flag that is written next is written';
