-- api.v_mail: how mail goes, per kind, in numbers only.
begin;
select plan(7);

select view_owner_is('api', 'v_mail', 'plinth_system', 'owner');
select columns_are('api', 'v_mail',
                   array['kind', 'description', 'waiting', 'oldest_waiting', 'failing', 'sent', 'given_up']);
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fc61', 'tap_vmail_anna', 'tap_vmail_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fc62', 'tap_vmail_ben', 'tap_vmail_ben@example.org');
insert into ops.mail_kinds (kind, description) values ('tap_some', 'some'), ('tap_none', 'none');
insert into ops.outbox (user_id, kind, language, address, created_at, last_error, sent_at, given_up_at)
select u.id, 'tap_some', 'en', u.email, '2026-01-02 03:04:05Z'::timestamptz + make_interval(secs => m.n), m.error,
       case m.state when 'sent' then now() end, case m.state when 'given up' then now() end
  from auth.users u,
       (values (1, 'sent', null), (2, 'waits', null), (3, 'waits', '451 later'), (4, 'waits', null), (0, 'given up', '550 no'),
               (5, 'given up', '550 no')) m (n, state, error)
 where u.username like 'tap\_vmail\_%';

set session authorization plinth_reader;
select results_eq($$ select m.* from api.v_mail m where m.kind = 'tap_some' $$,
                  $$ values ('tap_some', 'some', 6::bigint, timestamptz '2026-01-02 03:04:07Z', 2::bigint, 2::bigint, 4::bigint) $$,
                  'over all users');
select results_eq($$ select m.* from api.v_mail m where m.kind = 'tap_none' $$,
                  $$ values ('tap_none', 'none', 0::bigint, null::timestamptz, 0::bigint, 0::bigint, 0::bigint) $$,
                  'a kind that never was needed');
select is_empty($$ select m from api.v_mail m where m::text like '%@%' $$, 'no address');
select throws_ok('select * from ops.outbox', '42501', null, 'a reader sees no message');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select * from api.v_mail', '42501', null, 'the layer''s login reads no view');
reset session authorization;

select * from finish();
rollback;
