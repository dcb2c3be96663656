-- api.explain_endpoint: the plan of every query that an endpoint runs, in its function and in those that it calls,
-- under a user's identity.
--
-- Rules   p_endpoint is a route as http.routes has it ('GET /v1/users/{id}') or the name of a function of the contract.
--         p_arguments has the fields of a request to it; what is left out takes its default, or is planned as a value
--         that is not known. So is every secret, and every variable of the function: $1 in a plan.
--         p_user is whose identity it is: the caller, if not said. Row policies are in the plan in any case.
--         Nothing is executed unless p_analyze says so, and then only queries of functions that only read, with nothing
--         volatile in them and all their values known, in a transaction that cannot write, and undone. notes says why
--         a query was not executed, and which large table it reads from one end to the other.
--         The trail tells who asked, and under whose identity.
--         after is the "next" of an earlier answer.
-- Permission endpoints:explain; users:read for the identity of another user; with p_analyze everything ('*'): what is
--         executed runs past the function's own question for permissions, and counts tell what is there
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such endpoint or account;
--         VL001 arguments is no object, or after; VL002 arguments has a field that the endpoint does not take;
--         VL003 no user to analyze as
create or replace function api.explain_endpoint(
  p_endpoint  text,
  p_arguments jsonb default '{}',
  p_user      uuid default null,
  p_analyze   boolean default false,
  p_after     text default null,
  p_limit     integer default 200
)
returns table (
  step      integer,
  depth     integer,
  function  text,
  line      integer,
  statement text,
  notes     text[],
  plan_text text,
  plan      jsonb,
  cursor    text
)
language plpgsql
volatile
security definer
rows 20
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller   text := coalesce(current_setting('plinth.caller', true), '');
  v_user     uuid := coalesce(p_user, nullif(v_caller, '')::uuid, core.user_of_session());
  v_function oid;
  v_unknown  text;
begin
  perform core.require_permission('endpoints:explain');
  if v_user::text <> v_caller then
    perform core.require_permission('users:read');
  end if;
  if p_analyze then
    perform core.require_permission('*');
  end if;

  select p.oid into v_function
    from pg_proc p
   where p.pronamespace = 'api'::regnamespace
     and (p.proname = regexp_replace(p_endpoint, '^api\.', '')
          or p.oid = (select r.function_name::regproc from http.routes r where r.method || ' ' || r.path = p_endpoint));
  if not found then
    perform base.raise('NF001', 'There is no such endpoint: name a route, such as GET /v1/me, or a function', 'endpoint');
  end if;

  if jsonb_typeof(p_arguments) is distinct from 'object' then
    perform base.raise('VL001', 'arguments must be an object: each field of the request with its value', 'arguments');
  end if;
  select k into v_unknown
    from jsonb_object_keys(p_arguments) k where k not in (select a.name from http.arguments(v_function) a) order by k limit 1;
  if found then
    perform base.raise('VL002', format('%s is not a field of this endpoint', left(v_unknown, 100)), 'arguments');
  end if;
  if p_analyze and v_user is null then
    perform base.raise('VL003', 'Name the user to analyze as', 'user');
  end if;
  if p_after !~ '^[0-9]{1,6}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  perform ops.write_audit('endpoint.explained', 'api.functions', v_function::regproc::text, v_user,
                          jsonb_build_object('analyze', jsonb_build_object('after', coalesce(p_analyze, false))));

  -- As that user from here on, also to see whether there is one: row policies show everybody the own account.
  perform set_config('plinth.caller', coalesce(v_user::text, ''), true);
  if v_user is not null then
    if not exists (select from auth.users u where u.id = v_user and u.status <> 'erased') then
      perform base.raise('NF001', 'There is no such account, or it is erased', 'user');
    end if;
  end if;
  return query
    select e.*, e.step::text
      from core.explain_function(v_function, p_arguments, v_user, coalesce(p_analyze, false)) e
     where e.step > coalesce(p_after::integer, 0)
     order by e.step
     limit p_limit;
  perform set_config('plinth.caller', v_caller, true);
end
$$;

comment on function api.explain_endpoint(text, jsonb, uuid, boolean, text, integer) is
  'The plan of every query that an endpoint runs, under a user''s identity';
grant execute on function api.explain_endpoint(text, jsonb, uuid, boolean, text, integer) to plinth_web, plinth_operator;
select http.expose('POST /v1/admin/explain', 'api.explain_endpoint', permission => 'endpoints:explain', once => 'never',
                   lane => 'slow');
