-- http.enter: the way in. The first thing that happens in the one statement of every request: finds whose token it is
-- and fixes that user as the caller of this transaction.
--
-- Rules   p_auth 'user' needs a live session or API key; 'session' a session; 'step_up' one whose holder showed all the
--         account asks for within session.step_up_minutes; 'none' takes any caller and looks at no token.
--         A key is looked up only where no session is found. Its scopes must hold p_permission, or where the route
--         names none p_scope (self:read for what reads, self:write for the rest), or '*'. Scopes bound, roles grant:
--         what the roles of its owner do not allow, no key does.
--         p_permission, where a route names one, must be among the permissions of the caller's roles.
--         The caller is set with set_config(…, true): it is gone with the transaction.
--         expires_in is whole seconds, never one too many: an answer is kept so long.
--         The row it returns is what the function under it hangs on: the planner cannot call that one first.
-- Why offset 0, and enable_seqscan   The hash alone chooses the index. A connection may have planned while there were
--         few sessions or keys, when to read all of them is as good, or the index of those in force, and would go on
--         doing so.
-- Errors  UN001 no such live session or key; UN003 a step-up is needed; NP001 permission or scope missing, or a key
--         where a session is needed
-- Locks   none
-- Owned by plinth_system: it reads sessions and keys of every user, by the hash of the presented token only.
create or replace function http.enter(
  p_auth       text,
  p_permission text,
  p_token      bytea,
  p_context    text,
  p_scope      text default null
)
returns table (proceed boolean, user_id uuid, expires_in integer)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  v_session    uuid;
  v_stepped_up timestamptz;
  v_key        uuid;
  v_scopes     text[];
  v_set        text;
begin
  if p_auth <> 'none' then
    select s.user_id, s.id, floor(extract(epoch from s.expires_at - now()))::integer, s.stepped_up_at
      into enter.user_id, v_session, enter.expires_in, v_stepped_up
      from (select * from auth.sessions t where t.token_hash = p_token offset 0) s
     where s.ended_at is null and s.expires_at > now();

    if not found then
      -- Two queries rather than one with OR: each is one look into one index.
      select k.user_id, k.id, k.scopes, least(floor(extract(epoch from k.expires_at - now())), 3600)::integer
        into enter.user_id, v_key, v_scopes, enter.expires_in
        from (select * from auth.api_keys a where a.secret_hash = p_token offset 0) k
       where k.revoked_at is null and coalesce(k.expires_at, 'infinity') > now();
      if not found then
        select k.user_id, k.id, k.scopes,
               least(floor(extract(epoch from least(k.previous_expires_at, k.expires_at) - now())), 3600)::integer
          into enter.user_id, v_key, v_scopes, enter.expires_in
          from (select * from auth.api_keys a where a.previous_hash = p_token offset 0) k
         where k.previous_expires_at > now() and k.revoked_at is null and coalesce(k.expires_at, 'infinity') > now();
        if not found then
          perform base.raise('UN001', 'The token is unknown, expired or ended; sign in again');
        end if;
      end if;

      if p_auth <> 'user' then
        perform base.raise('NP001', 'This needs a session; an API key is not enough');
      elsif not v_scopes && array[coalesce(p_permission, p_scope), '*'] then
        perform base.raise('NP001', format('The API key lacks the scope %s', coalesce(p_permission, p_scope, '*')));
      end if;
      -- The key goes behind the three parts the layer knows.
      p_context := concat(split_part(p_context, E'\x1f', 1), E'\x1f', split_part(p_context, E'\x1f', 2), E'\x1f',
                          split_part(p_context, E'\x1f', 3), E'\x1f', v_key);
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

comment on function http.enter(text, text, bytea, text, text) is
  'Finds whose token it is and fixes that user as the caller of this transaction';
grant execute on function http.enter(text, text, bytea, text, text) to plinth_web, plinth_operator;
alter function http.enter(text, text, bytea, text, text) owner to plinth_system;
