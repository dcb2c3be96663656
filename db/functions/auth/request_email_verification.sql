-- api.request_email_verification: mails the caller a link that verifies the account's address.
--
-- Rules   One in five minutes; the newest link is the one that works. Nothing where the address is verified already.
-- Errors  UN001 nobody is signed in
-- Locks   the account's open links of this kind
create or replace function api.request_email_verification(p_user_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user auth.users;
begin
  p_user_id := core.act_for(p_user_id);
  select u.* into v_user from auth.users u where u.id = p_user_id;

  if not v_user.email_verified then
    perform core.send_mail(p_user_id, 'verify_email', jsonb_build_object('email', v_user.email), v_user.email,
                           core.mail_occasion(v_user.email));
  end if;
end
$$;

comment on function api.request_email_verification(uuid) is
  'Mails the caller a link that verifies the account''s address';
grant execute on function api.request_email_verification(uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/me/email-verification', 'api.request_email_verification', status => 204);
