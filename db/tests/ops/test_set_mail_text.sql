-- api.set_mail_text: what a message says, by whoever may change settings.
begin;
select plan(32);

select is(pg_get_function_arguments('api.set_mail_text'::regproc), 'p_kind text, p_language text, p_subject text, p_body text',
          'arguments');
select is(pg_get_function_result('api.set_mail_text'::regproc), 'void', 'result');
select volatility_is('api', 'set_mail_text', array['text', 'text', 'text', 'text'], 'volatile');
select is_definer('api', 'set_mail_text', array['text', 'text', 'text', 'text']);
select function_owner_is('api', 'set_mail_text', array['text', 'text', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.set_mail_text'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.set_mail_text'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fc71', 'tap_text_anna', 'tap_text_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fc72', 'tap_text_root', 'tap_text_root@example.org');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000fc71', 'developer'), ('019e0000-0000-7000-8000-00000000fc72', 'administrator');

set session authorization plinth_web;
select throws_ok($$ select api.set_mail_text('reset_password', 'de', 'Neues Kennwort', '{token}') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fc71', true);
select throws_ok($$ select api.set_mail_text('reset_password', 'de', 'Neues Kennwort', '{token}') $$, 'NP001', null,
                 'the permission is missing');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fc72', true);
select lives_ok(
  $$ select api.set_mail_text('reset_password', 'de', 'Neues Kennwort', 'Weiter: {public_url}/#{token} {minutes}') $$,
  'an administrator adds a language');
select lives_ok(
  $$ select api.set_mail_text('reset_password', 'de', 'Kennwort, {username}', '{public_url}/x#{token} {minutes}') $$,
  'changes it');
select throws_ok(
  format('select api.set_mail_text(%L, %L, %L, %L)', 'reset_password', 'de', 'x', b), 'VL001',
  'body must hold {token} in an address that begins with {public_url}/', format('not %s', b))
  from unnest(array['https://evil.example/#{token}', '{token}', '{public_url}/#{token} and https://evil.example/?{token}',
                    '{public_url}@evil.example/{token}']) b;
reset session authorization;
select set_config('plinth.caller', '', true);
select results_eq($$ select t.subject, t.body from ops.mail_texts t where t.kind = 'reset_password' and t.language = 'de' $$,
                  $$ values ('Kennwort, {username}', '{public_url}/x#{token} {minutes}') $$, 'as it says');
select results_eq(
  $$ select l.actor_id, l.entity_id from ops.audit_logs l where l.action = 'mail_text.set' order by l.id limit 1 $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000fc72', 'reset_password de') $$, 'on record');

-- It is what goes out.
update base.settings s set value = 'de' where s.name = 'mail.language';
delete from ops.outbox;
select core.send_mail('019e0000-0000-7000-8000-00000000fc71', 'reset_password');
select is(http.claim_mail('x') #>> '{0,subject}', 'Kennwort, tap_text_anna', 'in the language of the setting');

set session authorization plinth_operator;
select lives_ok($$ select api.set_mail_text('password_changed', 'en', 'Changed', 'It was changed.') $$, 'an operator may');
select throws_ok($$ select api.set_mail_text('nothing', 'en', 'x', 'x') $$, 'NF001', 'There is no such message', 'no such one');
select throws_ok($$ select api.set_mail_text(null, 'en', 'x', 'x') $$, 'NF001', null, 'none');
select throws_ok(format('select api.set_mail_text(%L, %L, %L, %L)', 'reset_password', t.language, t.subject, t.body), 'VL001',
                 t.message, t.what)
  from (values
    ('English', 'x', '{public_url}/{token}', 'language must be a tag such as en or pt-BR', 'no language'),
    (null, 'x', '{public_url}/{token}', 'language must be a tag such as en or pt-BR', 'none at all'),
    ('en', E'x\nBcc: a@b', '{public_url}/{token}', 'subject must be one line of at most 200 characters, without the token',
     'a subject of two lines'),
    ('en', 'your {token}', '{public_url}/{token}', 'subject must be one line of at most 200 characters, without the token',
     'a token in the subject'),
    ('en', null, '{public_url}/{token}', 'subject must be one line of at most 200 characters, without the token', 'no subject'),
    ('en', 'x', 'no link', 'body must hold {token}: this message brings a link', 'a link is missing'),
    ('en', 'x', '{public_url}/{token} {Oops', 'braces must hold the name of a value', 'a brace that is none'),
    ('en', 'x', repeat('{token}', 3000), 'body must have 1 to 20,000 characters', 'too much'),
    ('en', 'x', null, 'body must have 1 to 20,000 characters', 'nothing')) as t (language, subject, body, message, what);
select throws_ok($$ select api.set_mail_text('password_changed', 'en', 'x', '{token}') $$, 'VL001', null, 'no link to bring');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.set_mail_text('reset_password', 'en', 'x', '{token}') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
