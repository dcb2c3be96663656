-- http.claim_mail: messages that are due, ready to be sent, as a JSON array; NULL when there is none. Whoever takes
-- them has a minute to report each to http.settle_mail; after that they are due again, with the same id, which is their
-- Message-ID. So a message is sent once, or, where a worker died between sending and reporting, twice under one id.
--
-- Rules   Two workers never get the same message: a row that another is at is passed over.
--         A message is given up when its link is no longer good, when its key is gone, or after so many attempts.
--         Links begin with p_public_url. The connection has to bring the keys: the login alone reads no link.
-- Errors  SV503 the connection brought no keys, and a message brings a link
-- Locks   the rows it hands out
-- Owned by plinth_system: it sends for everybody.
create or replace function http.claim_mail(p_public_url text, p_limit integer default 10)
returns json
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_mail   ops.outbox;
  v_life   interval;
  v_token  text;
  v_reason text;
  v_all    json[] := '{}';
begin
  for v_mail in
    select o.*
      from ops.outbox o
     where o.sent_at is null and o.given_up_at is null and o.next_attempt_at <= clock_timestamp()
     order by o.next_attempt_at
     limit p_limit
       for no key update skip locked
  loop
    v_token := null;
    v_reason := case when v_mail.attempts >= base.setting('mail.attempts')::integer then
                  format('%s attempts came to nothing', v_mail.attempts) end;

    if v_mail.token_encrypted is not null and v_reason is null then
      perform from auth.one_time_tokens t
        where t.user_id = v_mail.user_id and t.id = v_mail.token_id
          and t.used_at is null and t.voided_at is null and t.expires_at > clock_timestamp();
      if found then
        begin
          v_token := core.decrypt_secret(v_mail.token_encrypted, format('mail:%s:%s', v_mail.user_id, v_mail.id));
        exception when sqlstate 'SV510' then
          v_reason := sqlerrm;
        end;
      else
        v_reason := 'Its link is no longer good';
      end if;
    end if;

    if v_reason is not null then
      update ops.outbox o
         set given_up_at = clock_timestamp(), token_encrypted = null, last_error = concat_ws('; ', v_reason, o.last_error)
       where o.user_id = v_mail.user_id and o.id = v_mail.id;
      continue;
    end if;

    update ops.outbox o
       set attempts = o.attempts + 1, next_attempt_at = clock_timestamp() + interval '1 minute'
     where o.user_id = v_mail.user_id and o.id = v_mail.id;

    select k.token_lifetime into v_life from ops.mail_kinds k where k.kind = v_mail.kind;
    v_all := v_all || (
      select json_build_object('user_id', v_mail.user_id, 'id', v_mail.id, 'attempt', v_mail.attempts + 1,
                               'address', v_mail.address, 'subject', m.subject, 'body', m.body)
        from auth.users u
       cross join lateral core.render_mail(v_mail.kind, v_mail.language, v_mail.payload || jsonb_build_object(
               'public_url', rtrim(p_public_url, '/'), 'token', v_token,
               'username', u.username, 'address', v_mail.address,
               'days', floor(extract(epoch from v_life) / 86400),
               'hours', floor(extract(epoch from v_life) / 3600),
               'minutes', floor(extract(epoch from v_life) / 60))) m
       where u.id = v_mail.user_id);
  end loop;

  return case when cardinality(v_all) > 0 then array_to_json(v_all) end;
end
$$;

comment on function http.claim_mail(text, integer) is
  'Messages that are due, ready to be sent; NULL when there is none';
grant execute on function http.claim_mail(text, integer) to plinth_web;
alter function http.claim_mail(text, integer) owner to plinth_system;
