-- api.create_flag: makes a flag. It is off unless it is said to be on.
--
-- Rules   Who gets it is told by core.judge_flags. Rules, variants and prerequisites may come now or later.
--         There are at most flags.limit flags that are not archived. Prerequisites exist and form no circle.
-- Permission flags:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; VL003 no key; VL001 a field breaks a rule, named down to
--         rules[1].percentage; KC001 the key is taken, also by an archived flag; KC008 there are too many
-- Locks   the row of the setting flags.limit
-- Touches all:flags
create or replace function api.create_flag(
  p_key           text,
  p_description   text default '',
  p_enabled       boolean default false,
  p_percentage    numeric default 100,
  p_rules         jsonb default '[]',
  p_variants      jsonb default '[]',
  p_off_value     jsonb default 'false',
  p_prerequisites text[] default '{}',
  p_starts_at     timestamptz default null,
  p_ends_at       timestamptz default null,
  p_salt          text default null,
  p_reason        text default null
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
  if p_key is null then
    perform base.raise('VL003', 'A flag needs a key', 'key');
  end if;
  perform core.say_why(p_reason);

  begin
    insert into ops.flags (key, description, enabled, percentage, rules, variants, off_value, prerequisites, starts_at,
                           ends_at, salt)
    values (p_key, coalesce(btrim(p_description), ''), coalesce(p_enabled, false), coalesce(p_percentage, 100),
            coalesce(p_rules, '[]'), coalesce(p_variants, '[]'), coalesce(p_off_value, 'false'),
            coalesce(p_prerequisites, '{}'), nullif(p_starts_at, '-infinity'), nullif(p_ends_at, 'infinity'), p_salt);
  exception when unique_violation then
    perform base.raise('KC001', 'The key is taken', 'key');
  end;

  return query select d.* from core.flag_details d where d.key = p_key;
end
$$;

comment on function
  api.create_flag(text, text, boolean, numeric, jsonb, jsonb, jsonb, text[], timestamptz, timestamptz, text, text) is
  'Makes a feature flag';
grant execute on function
  api.create_flag(text, text, boolean, numeric, jsonb, jsonb, jsonb, text[], timestamptz, timestamptz, text, text)
  to plinth_web, plinth_operator;
select http.expose('POST /v1/admin/flags', 'api.create_flag', permission => 'flags:manage', status => 201);
