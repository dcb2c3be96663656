-- core.session_lifetimes: how long a session of a user lives, however much it is used, and how long without a refresh.
--
-- Rules   Read anew at every refresh: who becomes an administrator or adds a second factor gets the shorter times with
--         the sessions there are.
-- Owned by plinth_system: a refresh knows whose session it is only from the token.
create or replace function core.session_lifetimes(p_user_id uuid, out whole interval, out idle interval)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from auth.users u
              where u.id = p_user_id and (u.two_factor_enabled or 'administrator' = any (u.roles)))
  then
    whole := make_interval(hours => base.setting('session.strong_hours')::integer);
    idle := make_interval(mins => base.setting('session.strong_idle_minutes')::integer);
  else
    whole := make_interval(days => base.setting('session.refresh_days')::integer);
    idle := make_interval(days => base.setting('session.idle_days')::integer);
  end if;
end
$$;

comment on function core.session_lifetimes(uuid) is
  'How long a session of a user lives, however much it is used, and how long without a refresh';
alter function core.session_lifetimes(uuid) owner to plinth_system;
