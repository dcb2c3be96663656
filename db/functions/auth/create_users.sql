-- api.create_users: makes up to 1,000 accounts at once, as an administrator: an import.
--
-- Rules   Each account is an object with username, email, and where known id, full_name, avatar_url, bio, metadata,
--         tier, email_verified, password_hash (a bcrypt hash or one of ours; without one its owner asks for a new
--         password). Nobody gets mail. Whether an address is verified is the word of whoever imports, as in
--         api.update_user. It takes nothing from anybody: an address that an account has is refused as taken, nothing
--         is let in for an address alone, and whoever owns it may ask for a new password.
--         An id is the key of a repetition: a second time it is told as taken.
--         Each account succeeds or fails by itself, and items tells which; with p_all_or_nothing the first that fails
--         undoes all, and its number is in the field of the error.
-- Permission users:write
-- Errors  UN001 nobody is signed in; NP001 permission missing; VL001 not a list of 1 to 1,000. Per account: VL001 a
--         field breaks a rule; VL002 there is no such field; KC001 id, username or email is taken; NP001 limits:manage
--         is
--         missing for a tier other than free
-- Locks   none but the keys it inserts; imports of the same names at once wait for each other
-- Owned by plinth_system: it makes accounts for others.
create or replace function api.create_users(p_users jsonb, p_all_or_nothing boolean default false)
returns table (created integer, failed integer, items jsonb)
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

  created := 0;
  failed := 0;
  items := '[]';
  for v_item, v_row in
    -- In one order, whatever the list's: of two imports of the same names one waits, and neither deadlocks.
    select e.item, e.n - 1
      from jsonb_array_elements(p_users) with ordinality as e (item, n)
     order by lower(e.item ->> 'username'), e.n
  loop
    begin
      v_id := core.import_account(v_item);
      created := created + 1;
      items := items || jsonb_build_object('row', v_row, 'id', v_id, 'status', 'created');
    exception when sqlstate 'VL001' or sqlstate 'VL002' or sqlstate 'KC001' or sqlstate 'NP001' then
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
  items := coalesce((select jsonb_agg(i order by (i -> 'row')::integer) from jsonb_array_elements(items) i), '[]');
  return next;
end
$$;

comment on function api.create_users(jsonb, boolean) is 'Makes up to 1,000 accounts at once, as an administrator';
grant execute on function api.create_users(jsonb, boolean) to plinth_web, plinth_operator;
alter function api.create_users(jsonb, boolean) owner to plinth_system;
select http.expose('POST /v1/users/bulk', 'api.create_users', permission => 'users:write');
