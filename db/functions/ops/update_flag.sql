-- api.update_flag: changes a flag. It counts on the next call after the commit, for everybody, in every worker.
--
-- Rules   What is not named stays. Rules, variants and prerequisites are replaced whole.
--         starts_at '-infinity' takes the beginning away, ends_at 'infinity' the end.
--         A larger percentage only adds users, a smaller one only takes some. Other weights move no more users from
--         variant to variant than they ask for. Another salt draws everybody anew.
--         With p_version the change is made only while that is the current version (optimistic). Every change, with
--         who, when and why, is in the history.
-- Permission flags:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such flag; VL001 a field breaks a
--         rule;
--         KC002 the version is not the current one
-- Locks   the flag's row; for other prerequisites also the row of the setting flags.limit
-- Touches all:flags
create or replace function api.update_flag(
  p_key           text,
  p_description   text default null,
  p_enabled       boolean default null,
  p_percentage    numeric default null,
  p_rules         jsonb default null,
  p_variants      jsonb default null,
  p_off_value     jsonb default null,
  p_prerequisites text[] default null,
  p_starts_at     timestamptz default null,
  p_ends_at       timestamptz default null,
  p_salt          text default null,
  p_reason        text default null,
  p_version       integer default null
)
returns setof core.flag_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('flags:manage');
  perform core.flag_to_change(p_key, p_version, p_reason);

  update ops.flags f
     set description = coalesce(btrim(p_description), f.description),
         enabled = coalesce(p_enabled, f.enabled),
         percentage = coalesce(p_percentage, f.percentage),
         rules = coalesce(p_rules, f.rules),
         variants = coalesce(p_variants, f.variants),
         off_value = coalesce(p_off_value, f.off_value),
         prerequisites = coalesce(p_prerequisites, f.prerequisites),
         starts_at = nullif(coalesce(p_starts_at, f.starts_at), '-infinity'),
         ends_at = nullif(coalesce(p_ends_at, f.ends_at), 'infinity'),
         salt = coalesce(p_salt, f.salt)
   where f.key = p_key;

  return query select d.* from core.flag_details d where d.key = p_key;
end
$$;

comment on function api.update_flag(
  text, text, boolean, numeric, jsonb, jsonb, jsonb, text[], timestamptz, timestamptz, text, text, integer) is
  'Changes a feature flag; what is not named stays';
grant execute on function api.update_flag(
  text, text, boolean, numeric, jsonb, jsonb, jsonb, text[], timestamptz, timestamptz, text, text, integer)
  to plinth_web, plinth_operator;
select http.expose('PATCH /v1/admin/flags/{key}', 'api.update_flag', permission => 'flags:manage');
