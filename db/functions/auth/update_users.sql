-- api.update_users: changes up to 1,000 accounts at once, as an administrator.
--
-- Rules   Each change is an object with id, the fields of api.update_user under its rules, and version where it must be
--         the current.
--         Each succeeds or fails by itself, and items tells which; with p_all_or_nothing the first that fails undoes
--         all, and its number is in the field of the error. No account stands twice in one call.
-- Permission users:write
-- Errors  UN001 nobody is signed in; NP001 permission missing; VL001 not a list of 1 to 1,000, or an account
--         stands in it twice. Per account those of api.update_user, and VL002 there is no such field
-- Locks   the accounts' rows in the order of their ids, then, for another status, the role administrator
-- Touches profile, sessions
-- Owned by plinth_system: it writes for any account.
create or replace function api.update_users(p_users jsonb, p_all_or_nothing boolean default false)
returns table (updated integer, failed integer, items jsonb)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_item    jsonb;
  v_row     bigint;
  v_id      uuid;
  v_code    text;
  v_message text;
  v_field   text;
begin
  perform core.require_permission('users:write');
  if jsonb_typeof(p_users) is distinct from 'array' or jsonb_array_length(p_users) not between 1 and 1000 then
    perform base.raise('VL001', 'users must be a list of 1 to 1,000', 'users');
  end if;

  if exists (
    select from jsonb_array_elements(p_users) e
     group by lower(e ->> 'id') having count(*) > 1 and lower(e ->> 'id') is not null)
  then
    perform base.raise('VL001', 'An account stands in the list twice', 'users');
  end if;
  -- All at once and in one order: two calls over the same accounts wait for each other and never in a circle.
  perform from auth.users u
    where u.id in (select (e ->> 'id')::uuid from jsonb_array_elements(p_users) e
                    where e ->> 'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
    order by u.id for no key update;

  updated := 0;
  failed := 0;
  items := '[]';
  for v_item, v_row in
    select e.item, e.n - 1 from jsonb_array_elements(p_users) with ordinality as e (item, n)
  loop
    begin
      v_id := null;
      if jsonb_typeof(v_item) is distinct from 'object' then
        perform base.raise('VL001', 'Each change must be an object', 'users');
      elsif coalesce(v_item ->> 'id', '') !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        perform base.raise('VL001', 'id must be a UUID', 'id');
      elsif v_item ->> 'version' !~ '^[0-9]{1,9}$' then
        perform base.raise('VL001', 'version must be a number', 'version');
      end if;
      v_id := (v_item ->> 'id')::uuid;
      perform core.change_account(v_id, v_item - '{id,version}'::text[], (v_item ->> 'version')::integer);
      updated := updated + 1;
      items := items || jsonb_build_object('row', v_row, 'id', v_id, 'status', 'updated');
    exception when sqlstate 'VL001' or sqlstate 'VL002' or sqlstate 'KC001' or sqlstate 'KC002' or sqlstate 'KC003'
                or sqlstate 'KC004' or sqlstate 'NF001' or sqlstate 'NP001' then
      get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_field = column_name;
      v_field := nullif(v_field, '');
      if p_all_or_nothing then
        perform base.raise(v_code, v_message, concat_ws('.', format('users[%s]', v_row), nullif(v_field, 'users')));
      end if;
      failed := failed + 1;
      items := items || jsonb_build_object('row', v_row, 'id', v_item -> 'id', 'status', 'failed',
                                           'code', v_code, 'detail', v_message, 'field', v_field);
    end;
  end loop;
  return next;
end
$$;

comment on function api.update_users(jsonb, boolean) is 'Changes up to 1,000 accounts at once, as an administrator';
grant execute on function api.update_users(jsonb, boolean) to plinth_web, plinth_operator;
alter function api.update_users(jsonb, boolean) owner to plinth_system;
select http.expose('PATCH /v1/users/bulk', 'api.update_users', permission => 'users:write');
