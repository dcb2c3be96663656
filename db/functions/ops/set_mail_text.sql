-- api.set_mail_text: what a message says in a language: for an own front end, an own tone, another language.
--
-- Rules   {name} is replaced by a value: public_url, username, address, of a link token, days, hours and minutes, and
--         what the message itself knows; email_changed knows new_address. There is no other use of braces.
--         The text of a message with a link must hold {token}; another one must not. It stands in an address that
--         begins with {public_url}/, so that whoever writes texts cannot have links sent elsewhere.
-- Permission settings:write
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such message; VL001 language, subject
--         or body
-- Owned by plinth_system: the texts are everybody's.
create or replace function api.set_mail_text(p_kind text, p_language text, p_subject text, p_body text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind ops.mail_kinds;
begin
  perform core.require_permission('settings:write');

  select k.* into v_kind from ops.mail_kinds k where k.kind = p_kind;
  if not found then
    perform base.raise('NF001', 'There is no such message', 'kind');
  end if;
  if p_language is null or p_language !~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' then
    perform base.raise('VL001', 'language must be a tag such as en or pt-BR', 'language');
  end if;
  if p_subject is null or length(p_subject) not between 1 and 200 or p_subject ~ '[[:cntrl:]]'
     or strpos(p_subject, '{token}') > 0
  then
    perform base.raise('VL001', 'subject must be one line of at most 200 characters, without the token', 'subject');
  end if;
  if p_body is null or length(p_body) not between 1 and 20000 then
    perform base.raise('VL001', 'body must have 1 to 20,000 characters', 'body');
  end if;
  if regexp_replace(p_subject || p_body, '\{[a-z_]+\}', '', 'g') ~ '[{}]' then
    perform base.raise('VL001', 'braces must hold the name of a value', 'body');
  end if;
  if (v_kind.token_lifetime is not null) <> (strpos(p_body, '{token}') > 0) then
    perform base.raise('VL001', case when v_kind.token_lifetime is null
      then 'body must not hold {token}: this message brings no link'
      else 'body must hold {token}: this message brings a link' end, 'body');
  end if;

  if strpos(regexp_replace(p_body, '(^|\s)\{public_url\}/[^\s{}]*\{token\}', '', 'g'), '{token}') > 0 then
    perform base.raise('VL001', 'body must hold {token} in an address that begins with {public_url}/', 'body');
  end if;

  insert into ops.mail_texts (kind, language, subject, body)
  values (p_kind, p_language, p_subject, p_body)
  on conflict (kind, language) do update set subject = excluded.subject, body = excluded.body;
  perform ops.write_audit('mail_text.set', 'ops.mail_texts', concat_ws(' ', p_kind, p_language), null,
                          jsonb_build_object('subject', jsonb_build_object('after', p_subject),
                                             'body', jsonb_build_object('after', p_body)));
end
$$;

comment on function api.set_mail_text(text, text, text, text) is 'What a message says in a language';
grant execute on function api.set_mail_text(text, text, text, text) to plinth_web, plinth_operator;
alter function api.set_mail_text(text, text, text, text) owner to plinth_system;
select http.expose('PUT /v1/mail-texts/{kind}/{language}', 'api.set_mail_text', permission => 'settings:write', status => 204);
