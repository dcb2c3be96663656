-- api.erase_user: leaves nothing personal of a deleted account, at once instead of after its time. Tells whether all of
-- it is gone.
--
-- Rules   Operators only. The account is deleted, for at least ten seconds; see core.begin_erasure. The account itself
--         is gone with this call, and 2,000 of its rows; of a larger one a job removes the rest (false).
-- Errors  UN001 not an operator; NF001 there is no such account, or it is erased; KC004 the account is not deleted, or
--         was a moment ago
-- Locks   the account's row, then its rows
-- Touches whatever the rows touch
create or replace function api.erase_user(p_user_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c_most constant integer := 2000;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.begin_erasure(p_user_id, 'erased by an operator');
  if core.erase_rows(p_user_id, c_most) >= c_most then
    return false;
  end if;
  perform ops.write_audit('user.erased', 'auth.users', p_user_id::text, p_user_id);
  return true;
end
$$;

comment on function api.erase_user(uuid) is
  'Leaves nothing personal of a deleted account; false: a job removes the rest. For operators';
grant execute on function api.erase_user(uuid) to plinth_operator;
select http.no_route('api.erase_user', 'operators only: it cannot be undone; DELETE /v1/users/{id} can');
