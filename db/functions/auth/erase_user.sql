-- api.erase_user: leaves nothing personal of a deleted account, at once instead of after its time.
--
-- Rules   Operators only. The account is deleted, for at least ten seconds; see core.erase_rows.
-- Errors  UN001 not an operator; NF001 there is no such account, or it is erased; KC004 the account is not deleted, or
--         was a moment ago
-- Locks   the account's row, then its rows
-- Touches whatever the rows touch
create or replace function api.erase_user(p_user_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.erase_rows(p_user_id, 'erased by an operator');
  perform ops.write_audit('user.erased', 'auth.users', p_user_id::text, p_user_id);
end
$$;

comment on function api.erase_user(uuid) is 'Leaves nothing personal of a deleted account; for operators';
grant execute on function api.erase_user(uuid) to plinth_operator;
select http.no_route('api.erase_user', 'operators only: it cannot be undone; DELETE /v1/users/{id} can');
