-- api.v_flags: the flags as an analyst sees them.
begin;
select plan(4);

insert into ops.flags (key, enabled, percentage, rules, variants) values
  ('tap_a', true, 5, '[{"users": ["019e0000-0000-7000-8000-00000000f0e1"]}]', '[{"name": "x", "weight": 1}]');
insert into ops.flags (key, enabled, starts_at) values ('tap_b', true, now() + interval '1 day'), ('tap_c', true, now());
select set_config('plinth.change', '{"reason": "enough"}', true);
update ops.flags set archived_at = now() where key = 'tap_a';

set session authorization plinth_reader;
select results_eq(
  $$ select f.key, f.state, f.percentage, f.rules, f.variants, f.version, f.reason
  from api.v_flags f where f.key ~ '^tap_' order by 1 $$,
  $$ values ('tap_a', 'archived', 5::numeric, 1, '{x}'::text[], 2, 'enough'), ('tap_b', 'waiting', 100, 0, '{}', 1, null),
            ('tap_c', 'on', 100, 0, '{}', 1, null) $$,
  'state, share, and the last change');
select is_empty($$ select from api.v_flags f where f::text like '%019e0000%' $$, 'no user of a rule');
select throws_ok('select from ops.flags', '42501', null, 'a reader has the view only');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select from api.v_flags', '42501', null, 'the layer not even that');
reset session authorization;

select * from finish();
rollback;
