-- core.render_mail: values go in once, as one line each; the language asked for, or English.
begin;
select plan(21);

select is(pg_get_function_arguments('core.render_mail'::regproc),
  'p_kind text, p_language text, p_values jsonb', 'arguments');
select is(pg_get_function_result('core.render_mail'::regproc), 'TABLE(subject text, body text)', 'result');
select volatility_is('core', 'render_mail', array['text', 'text', 'jsonb'], 'stable');
select isnt_definer('core', 'render_mail', array['text', 'text', 'jsonb']);
select function_owner_is('core', 'render_mail', array['text', 'text', 'jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.render_mail'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.render_mail'::regproc;

insert into ops.mail_kinds (kind, description) values ('tap_note', 'test'), ('tap_plain', 'test');
insert into ops.mail_texts (kind, language, subject, body) values
  ('tap_note', 'en', 'Hello {name}', E'Dear {name},\n\n{what}{nothing} of {name}.\n'),
  ('tap_note', 'de', 'Hallo {name}', 'Liebe {name}'),
  ('tap_plain', 'en', 'No names', 'None here either');

select results_eq(
  $$ select r.subject, r.body from core.render_mail('tap_note', 'en', '{"name": "Anna", "what": 7}') r $$,
  $$ values ('Hello Anna', E'Dear Anna,\n\n7 of Anna.\n') $$, 'each name wherever it stands; one without a value is nothing');
select results_eq($$ select r.subject, r.body from core.render_mail('tap_plain', 'en', '{}') r $$,
                  $$ values ('No names', 'None here either') $$, 'nothing to replace');
select results_eq($$ select r.subject, r.body from core.render_mail('tap_note', 'de', '{"name": "Anna"}') r $$,
                  $$ values ('Hallo Anna', 'Liebe Anna') $$, 'in German');
select is((select r.subject from core.render_mail('tap_note', 'de-AT', '{"name": "Anna"}') r), 'Hallo Anna', 'in that of Austria');
select is((select r.subject from core.render_mail('tap_note', 'en-GB', '{"name": "Anna"}') r), 'Hello Anna', 'or of Britain');
select is((select r.subject from core.render_mail('tap_note', 'fr', '{"name": "Anna"}') r), 'Hello Anna',
          'a language that is not there is English');
select is((select r.subject from core.render_mail('tap_note', null, null) r), 'Hello ', 'no language and no values');
select throws_ok($$ select core.render_mail('tap_unknown', 'en', '{}') $$, 'P0002', null, 'a kind that is none');

-- What a stranger may have chosen.
select is((select r.subject from core.render_mail('tap_note', 'en', jsonb_build_object('name', v)) r), w, d)
  from (values
    (E'Eve\r\nBcc: victim@example.org', 'Hello Eve Bcc: victim@example.org', 'no header of its own'),
    (E'Eve\u0085\u2028x\u202ey\u200bz\ufeff', 'Hello Eve x y z ', 'no line break of another kind, no turned text'),
    ('{what}', 'Hello {what}', 'no value inside a value'),
    (repeat('x', 1000), 'Hello ' || repeat('x', 194), 'a subject of 200 characters at most')) t (v, w, d);
select is((select length(r.body) from core.render_mail('tap_note', 'en', jsonb_build_object('what', repeat('x', 1000))) r),
          length(E'Dear ,\n\n of .\n') + 300, 'a value of 300');
set session authorization plinth_web;
select throws_ok($$ select core.render_mail('tap_note', 'en', '{}') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
