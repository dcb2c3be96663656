-- core.use_one_time_token: takes a token: whose it is and what it was issued for. Whoever calls this has spent it.
--
-- Rules   Only of the named kind, once, in time. Unknown, of another kind, used, void and run out are one error. The
--         account may be in any state: whoever calls this asks.
--         Of two at once the second waits for the first: it fails, or gets the token when the first was rolled back.
-- Why by its key   Asked for the hash and what is in force, a session that planned while there were few tokens might
--         read all that are in force.
-- Errors  VL004 the token is not, or no longer, good
-- Locks   the account's row, then the token's: whatever comes of a token changes the account, or depends on it
-- Owned by plinth_system: whose token it is shows only here.
create or replace function core.use_one_time_token(p_kind text, p_token text)
returns auth.one_time_tokens
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_token auth.one_time_tokens;
begin
  select t.user_id, t.id into v_token.user_id, v_token.id
    from auth.one_time_tokens t where t.token_hash = sha256(convert_to(p_token, 'UTF8'));
  perform from auth.users u where u.id = v_token.user_id for no key update;

  update auth.one_time_tokens t
     set used_at = clock_timestamp()
   where t.user_id = v_token.user_id and t.id = v_token.id and t.kind = p_kind
     and t.used_at is null and t.voided_at is null and t.expires_at > clock_timestamp()
  returning t.* into v_token;

  if not found then
    perform base.raise('VL004', 'The link is unknown, was used before, or has run out', 'token');
  end if;
  return v_token;
end
$$;

comment on function core.use_one_time_token(text, text) is 'Takes a one-time token: whose it is and what it is for';
alter function core.use_one_time_token(text, text) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.use_one_time_token(text, text) to plinth_owner;
set local role plinth_owner;
