-- ops.outbox: mail that waits. Per role and verb exactly what it may.
begin;
select plan(11);

insert into ops.outbox (user_id, kind) values
  ('019e0000-0000-7000-8000-00000000c041', 'tap_one'), ('019e0000-0000-7000-8000-00000000c042', 'tap_two');

select col_not_null('ops', 'outbox', 'user_id', 'a message is to somebody');
select results_eq($$ select o.payload, o.sent_at from ops.outbox o where o.kind = 'tap_one' $$,
                  $$ values ('{}'::jsonb, null::timestamptz) $$, 'it waits, and needs to know nothing');

select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000c041', true);
set role plinth_owner;
select is(array(select o.kind from ops.outbox o), '{tap_one}', 'owner: the caller''s own');
select lives_ok($$ insert into ops.outbox (user_id, kind) values (base.current_user_id(), 'tap_more') $$,
                'owner: may write to the caller');
select throws_ok(
  $$ insert into ops.outbox (user_id, kind) values ('019e0000-0000-7000-8000-00000000c042', 'tap_forged') $$,
  '42501', null, 'owner: to nobody else');
reset role;
select set_config('plinth.caller', '', true);
set role plinth_owner;
select is_empty($$ select from ops.outbox $$, 'owner: without a caller nothing');
reset role;

set role plinth_system;
select lives_ok(
  $$ insert into ops.outbox (user_id, kind) values ('019e0000-0000-7000-8000-00000000c042', 'tap_system') $$,
  'functions that cross users may write to anybody');
select throws_ok($$ select from ops.outbox $$, '42501', null, 'and read none');
reset role;

set session authorization plinth_operator;
select is(array(select o.kind from ops.outbox o where o.kind like 'tap\_%' order by 1),
          '{tap_more,tap_one,tap_system,tap_two}', 'operator: sees all');
select throws_ok($$ update ops.outbox set sent_at = now() $$, '42501', null, 'operator: changes none');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select from ops.outbox $$, '42501', null, 'web: nothing');
reset session authorization;

select * from finish();
rollback;
