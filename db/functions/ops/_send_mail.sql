-- core.send_mail: leaves a message for the worker to send, in the transaction of what it tells about.
--
-- Rules   The kind is a row of ops.mail_kinds. A kind with a lifetime brings a link: its one-time token, of the same
--         kind and with the same payload, is issued here and waits encrypted.
--         It goes to p_address, or to the account's own, in the language the user prefers, else that of the setting.
--         p_dedup names the occasion: while a message of this kind for this user and occasion is known, another one is
--         not written, and NULL comes back.
-- Errors  NF001 there is no such account; SV503 the connection brought no keys, and the message brings a link
-- Locks   for a link, the user's open tokens of this kind
-- Owned by plinth_system: messages are caused before there is a caller, and for others.
create or replace function core.send_mail(
  p_user_id uuid,
  p_kind    text,
  p_payload jsonb default '{}',
  p_address text default null,
  p_dedup   text default null
)
returns uuid
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind  ops.mail_kinds;
  v_email text;
  v_id    uuid;
  v_token text;
begin
  select k.* into strict v_kind from ops.mail_kinds k where k.kind = p_kind;
  select u.email into v_email from auth.users u where u.id = p_user_id;
  if not found then
    perform base.raise('NF001', 'There is no account to write to', 'user_id');
  end if;

  insert into ops.outbox (user_id, kind, language, address, payload, dedup)
  values (p_user_id, p_kind,
          coalesce((select p.preferences ->> 'language' from auth.user_preferences p where p.user_id = p_user_id),
                   base.setting('mail.language')),
          coalesce(p_address, v_email), p_payload, p_dedup)
  on conflict on constraint outbox_dedup_key do nothing
  returning id into v_id;

  -- Two ifs, so that a message without a link asks nothing more.
  if v_id is not null then
    if v_kind.token_lifetime is not null then
      v_token := core.issue_one_time_token(p_user_id, p_kind, v_kind.token_lifetime, p_payload, v_kind.keeps_older);
      update ops.outbox o
         set token_id = t.id,
             token_encrypted = core.encrypt_secret(v_token, format('mail:%s:%s', p_user_id, v_id))
        from auth.one_time_tokens t
       where o.user_id = p_user_id and o.id = v_id and t.token_hash = sha256(convert_to(v_token, 'UTF8'));
    end if;
  end if;
  return v_id;
end
$$;

comment on function core.send_mail(uuid, text, jsonb, text, text) is 'Leaves a message for the worker to send';
alter function core.send_mail(uuid, text, jsonb, text, text) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.send_mail(uuid, text, jsonb, text, text) to plinth_owner;
set local role plinth_owner;
