-- core.require_flag: puts a function behind a flag: for who does not have it, it is not there. It stands behind
-- core.act_for.
--
-- Rules   Not NF001: that answer may be kept for a while, and a schedule may end it sooner.
-- Errors  NF002 the user does not have the flag
create or replace function core.require_flag(p_user_id uuid, p_key text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not core.has_flag(p_user_id, p_key) then
    perform base.raise('NF002', 'This is not switched on for you');
  end if;
end
$$;

comment on function core.require_flag(uuid, text) is 'Refuses who does not have a flag, as if there were nothing';
grant execute on function core.require_flag(uuid, text) to plinth_system;
