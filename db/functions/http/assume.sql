-- http.assume: the way in on a replica, in place of http.enter: the caller is whom the primary vouched for.
--
-- Rules   The vouch is the one that http.present_vouch found the replica far enough for, in this transaction.
--         Its signature must be right by one of the keys at hand, its time not over, and it must be about exactly this
--         question (p_auth, p_permission, p_scope) with this token. No table is read.
--         Caller and context are set as http.enter sets them.
-- Errors  UN001 there is no vouch, or not one for this; SV503, SV510 the key that signed it is not at hand. Whatever is
--         refused here, the layer asks the primary, which decides.
-- Locks   none
create or replace function http.assume(
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
as $$
declare
  v_vouch  text := coalesce(current_setting('plinth.vouch', true), '');
  v_parts  text[] := string_to_array(v_vouch, '|');
  v_signed text := left(v_vouch, -65);
  v_found  text;
  v_set    text;
begin
  if cardinality(v_parts) <> 13 or v_parts[1] <> 'v1' or v_parts[2] !~ '^[0-9a-f]{8}$' then
    perform base.raise('UN001', 'Nobody vouched for the caller');
  end if;

  v_found := encode(ext.hmac(convert_to(v_signed, 'UTF8'), core.secret_key('authenticate', 'vouch', v_parts[2]), 'sha256'),
                    'hex');
  -- Digests are compared, so the time of the comparison says nothing about the right one.
  if sha256(convert_to(v_found, 'UTF8')) <> sha256(convert_to(v_parts[13], 'UTF8')) then
    perform base.raise('UN001', 'The vouch was altered');
  end if;
  if v_parts[12]::numeric <= extract(epoch from clock_timestamp()) then
    perform base.raise('UN001', 'The vouch is no longer good');
  end if;
  if v_parts[6:9] <> array[p_auth, coalesce(p_permission, ''), coalesce(p_scope, ''), coalesce(encode(p_token, 'hex'), '')]
  then
    perform base.raise('UN001', 'The vouch is for something else');
  end if;

  user_id := v_parts[3]::uuid;
  -- An API key goes behind the three parts the layer knows.
  if v_parts[5] <> '' then
    p_context := concat(split_part(p_context, E'\x1f', 1), E'\x1f', split_part(p_context, E'\x1f', 2), E'\x1f',
                        split_part(p_context, E'\x1f', 3), E'\x1f', v_parts[5]);
  end if;
  v_set := set_config('plinth.caller', v_parts[3], true);
  v_set := set_config('plinth.context', concat(v_parts[4], E'\x1f', p_context), true);
  proceed := true;
  return next;
end
$$;

comment on function http.assume(text, text, bytea, text, text) is
  'Fixes the user the primary vouched for as the caller of this transaction, on a replica';
grant execute on function http.assume(text, text, bytea, text, text) to plinth_web, plinth_operator;
