-- api.get_totp_uri: what an authenticator app reads, as long as it is not confirmed; over HTTP a picture (QR code).
--
-- Rules   A request for its own caller only, by the layer's login: who read the seed unseen would have the factor.
-- Errors  UN001 nobody is signed in; UN003 a step-up is needed; NP001 an operator asks; NF001 nothing was begun, or it
--         is confirmed; SV503 no keys
create or replace function api.get_totp_uri(p_user_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_uri text;
begin
  p_user_id := core.act_for(p_user_id);
  if core.in_request() is not true then
    perform base.raise('NP001', 'A seed is shown to its owner''s requests only');
  end if;
  select core.totp_uri(u.username, core.decrypt_secret(t.secret_encrypted, 'totp:' || p_user_id)) into v_uri
    from auth.totp t
    join auth.users u on u.id = t.user_id
   where t.user_id = p_user_id and t.confirmed_at is null;
  if v_uri is null then
    perform base.raise('NF001', 'No second factor waits to be confirmed');
  end if;
  return v_uri;
end
$$;

comment on function api.get_totp_uri(uuid) is
  'What an authenticator app reads, until it is confirmed; a QR code over HTTP';
grant execute on function api.get_totp_uri(uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/me/totp/qr', 'api.get_totp_uri', auth => 'step_up', result => 'qr');
