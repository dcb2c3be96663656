-- http.enter: the way in. The first thing that happens in the one statement of every request: finds whose token it is
-- and fixes that user as the caller of this transaction.
--
-- Rules   p_auth 'user' and 'session' need a live session; 'step_up' needs one whose holder showed all the account asks
--         for within session.step_up_minutes; 'none' takes any caller and looks at no token.
--         p_permission, where a route names one, must be among the permissions of the caller's roles.
--         The caller is set with set_config(…, true): it is gone with the transaction.
--         The row it returns is what the function under it hangs on: the planner cannot call that one first.
-- Errors  UN001 no such live session; UN003 a step-up is needed; NP001 permission missing
-- Locks   none
-- Owned by plinth_system: it reads sessions of every user, by the hash of the presented token only.
create or replace function http.enter(
  p_auth       text,
  p_permission text,
  p_token      bytea,
  p_context    text
)
returns table (proceed boolean, user_id uuid, expires_in integer)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_session    uuid;
  v_stepped_up timestamptz;
  v_set        text;
begin
  if p_auth <> 'none' then
    select s.user_id, s.id, extract(epoch from s.expires_at - now())::integer, s.stepped_up_at
      into enter.user_id, v_session, enter.expires_in, v_stepped_up
      from auth.sessions s
     where s.token_hash = p_token and s.ended_at is null and s.expires_at > now();

    if not found then
      perform base.raise('UN001', 'The token is unknown, expired or ended; sign in again');
    end if;

    if p_auth = 'step_up' then
      if coalesce(v_stepped_up, '-infinity')
         <= now() - make_interval(mins => base.setting('session.step_up_minutes')::integer)
      then
        perform base.raise('UN003', 'Confirm that it is you: POST /v1/sessions/current/step-up');
      end if;
    end if;

    -- Two ifs: as one expression, PL/pgSQL would plan the query anew at every call, even where none is needed.
    if p_permission is not null then
      if not exists (
        select from auth.user_roles r
          join auth.roles d on d.name = r.role
         where r.user_id = enter.user_id and d.permissions ?| array[p_permission, '*'])
      then
        perform base.raise('NP001', format('This needs the permission %s', p_permission));
      end if;
    end if;
  end if;

  -- Also for nobody: whoever an earlier request of this transaction was for, it is not this one's caller.
  v_set := set_config('plinth.caller', coalesce(enter.user_id::text, ''), true);
  v_set := set_config('plinth.context', concat(v_session, E'\x1f', p_context), true);
  proceed := true;
  return next;
end
$$;

comment on function http.enter(text, text, bytea, text) is
  'Finds whose token it is and fixes that user as the caller of this transaction';
grant execute on function http.enter(text, text, bytea, text) to plinth_web, plinth_operator;
alter function http.enter(text, text, bytea, text) owner to plinth_system;
