-- core.flag_to_change: a flag that is about to be changed, with its row locked; and why it is changed, for the history.
--
-- Errors  NF001 there is no such flag, or it was put away and that is not asked for; KC002 the version is not the
--         current one; VL001 the reason is too long
-- Locks   the flag's row
create or replace function core.flag_to_change(
  p_key      text,
  p_version  integer,
  p_reason   text,
  p_restores integer default null
)
returns ops.flags
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flag ops.flags;
begin
  select f.* into v_flag from ops.flags f where f.key = p_key for no key update;
  if not found or v_flag.archived_at is not null and p_restores is null then
    perform base.raise('NF001', format('There is no flag %s', left(p_key, 100)), 'key');
  end if;
  if p_version <> v_flag.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_flag.version, p_version), 'version');
  end if;
  perform core.say_why(p_reason, p_restores);
  return v_flag;
end
$$;

comment on function core.flag_to_change(text, integer, text, integer) is
  'A flag that is about to be changed, locked, with the reason noted';
