-- api.undo_flag: makes a flag what it was, as a new version: before its last change, or at the version that is named.
--
-- Rules   The whole definition comes back, with the slots of its variants: everybody has the variant he had then.
--         An undo is in the history like any change, and can itself be undone. It brings an archived flag back.
-- Permission flags:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such flag, or it had no such version;
--         KC002 the version is not the current one; KC004 there is nothing to undo; KC007 another flag needs it;
--         KC008 there are too many; VL001 a rule names what is gone by now, or the reason is too long
-- Locks   the flag's row; for other prerequisites also the row of the setting flags.limit
-- Touches all:flags
create or replace function api.undo_flag(
  p_key        text,
  p_to_version integer default null,
  p_reason     text default null,
  p_version    integer default null
)
returns setof core.flag_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flag   ops.flags;
  v_target integer;
  v_former ops.flags;
begin
  perform core.require_permission('flags:manage');
  select f.version into v_target from ops.flags f where f.key = p_key for no key update;
  v_target := coalesce(p_to_version, v_target - 1);
  v_flag := core.flag_to_change(p_key, p_version, p_reason, v_target);
  if v_target = 0 and p_to_version is null then
    perform base.raise('KC004', 'The flag has not changed since it was made: there is nothing to undo', 'key');
  end if;

  select (jsonb_populate_record(null::ops.flags, h.definition)).* into v_former
    from ops.flag_history h where h.key = p_key and h.version = v_target and h.version < v_flag.version;
  if not found then
    perform base.raise('NF001', format('The flag had no version %s before this one', v_target), 'to_version');
  end if;

  update ops.flags f
     set description = v_former.description, enabled = v_former.enabled, percentage = v_former.percentage,
         rules = v_former.rules, variants = v_former.variants, slots = v_former.slots, off_value = v_former.off_value,
         prerequisites = v_former.prerequisites, starts_at = v_former.starts_at, ends_at = v_former.ends_at,
         salt = v_former.salt, archived_at = v_former.archived_at
   where f.key = p_key;

  return query select d.* from core.flag_details d where d.key = p_key;
end
$$;

comment on function api.undo_flag(text, integer, text, integer) is
  'Makes a feature flag what it was before its last change, or at a version';
grant execute on function api.undo_flag(text, integer, text, integer) to plinth_web, plinth_operator;
select http.expose('POST /v1/admin/flags/{key}/undo', 'api.undo_flag', permission => 'flags:manage');
