-- ops.flags and ops.flag_history: whoever writes, a flag keeps the rules, and every version is on record.
begin;
select plan(53);

-- What a flag may be: field by field.
create function pg_temp.refused(p_flag jsonb) returns text language plpgsql as $$
declare
  v_field text;
begin
  insert into ops.flags
  select f.* from jsonb_populate_record(null::ops.flags, '{"key": "tap_x", "description": "", "enabled": false, "percentage": 100,
    "rules": [], "variants": [{"name": "v", "weight": 1}], "slots": {}, "off_value": false, "prerequisites": [], "version": 1,
    "created_at": "now", "updated_at": "now"}'::jsonb || p_flag) f;
  raise exception using errcode = 'P0001';
exception when raise_exception then
  return 'fine';
when sqlstate 'VL001' then
  get stacked diagnostics v_field = column_name;
  return v_field;
end
$$;

select is(pg_temp.refused(c.flag::jsonb), c.field, c.field || ' ' || c.flag)
  from (values
    ('{}', 'fine'),
    ('{"key": "Tap"}', 'key'), ('{"key": ""}', 'key'),
    ('{"salt": ""}', 'salt'),
    ('{"percentage": -0.01}', 'percentage'), ('{"percentage": 100.01}', 'percentage'), ('{"percentage": 0.001}', 'percentage'),
    ('{"percentage": "NaN"}', 'percentage'),
    ('{"starts_at": "infinity"}', 'starts_at'), ('{"starts_at": "2026-01-02", "ends_at": "2026-01-02"}', 'ends_at'),
    ('{"prerequisites": ["tap_none"]}', 'prerequisites'), ('{"prerequisites": [null]}', 'prerequisites'),
    ('{"rules": {}}', 'rules'), ('{"rules": "x"}', 'rules'), ('{"rules": [{}, 1]}', 'rules[1]'),
    ('{"rules": [{"role": []}]}', 'rules[0].role'), ('{"rules": [{"users": []}]}', 'rules[0].users'),
    ('{"rules": [{"users": "019e0000-0000-7000-8000-00000000f0d1"}]}', 'rules[0].users'),
    ('{"rules": [{"users": ["019E0000-0000-7000-8000-00000000F0D1"]}]}', 'rules[0].users'),
    ('{"rules": [{"users": ["019e0000-0000-7000-8000-00000000f0d1"]}]}', 'fine'),
    ('{"rules": [{"roles": ["developer"]}, {"roles": ["developer", "nobody"]}]}', 'rules[1].roles'),
    ('{"rules": [{"roles": [1]}]}', 'rules[0].roles'), ('{"rules": [{"tiers": ["gold"]}]}', 'rules[0].tiers'),
    ('{"rules": [{"percentage": 100.5}]}', 'rules[0].percentage'), ('{"rules": [{"percentage": "50"}]}', 'rules[0].percentage'),
    ('{"rules": [{"enabled": 1}]}', 'rules[0].enabled'), ('{"rules": [{"variant": "w"}]}', 'rules[0].variant'),
    ('{"rules": [{"variant": "v", "description": "x", "percentage": 0.05, "enabled": true}]}', 'fine'),
    ('{"rules": [{"description": 1}]}', 'rules[0].description'),
    ('{"variants": {}}', 'variants'), ('{"variants": [1]}', 'variants[0]'), ('{"variants": [{"name": "a"}]}', 'variants[0]'),
    ('{"variants": [{"name": "a", "weight": 1, "wieght": 1}]}', 'variants[0]'),
    ('{"variants": [{"name": "a b", "weight": 1}]}', 'variants[0].name'),
    ('{"variants": [{"name": "a", "weight": 1}, {"name": "a", "weight": 1}]}', 'variants[1].name'),
    ('{"variants": [{"name": "a", "weight": -1}]}', 'variants[0].weight'),
    ('{"variants": [{"name": "a", "weight": "1"}]}', 'variants[0].weight'),
    ('{"variants": [{"name": "a", "weight": 0}]}', 'variants'),
    ('{"variants": []}', 'fine')) c (flag, field);

-- Slots: as few as possible change hands.
create function pg_temp.sizes(p_slots jsonb) returns jsonb language sql as $$
  select jsonb_object_agg(s.name, (select sum(upper(r) - lower(r)) from unnest(s.slots::int4multirange) r))
    from jsonb_each_text(p_slots) s (name, slots)
$$;
insert into ops.flags (key, variants) values
  ('tap_s', '[{"name": "a", "weight": 50}, {"name": "b", "weight": 30}, {"name": "c", "weight": 20}]');
create temp table former as select f.slots from ops.flags f where f.key = 'tap_s';
select is(pg_temp.sizes(slots), '{"a": 5000, "b": 3000, "c": 2000}', 'each its share') from former;
update ops.flags set variants = '[{"name": "a", "weight": 50}, {"name": "c", "weight": 30}, {"name": "b", "weight": 20}]'
 where key = 'tap_s';
select is(pg_temp.sizes(f.slots), '{"a": 5000, "b": 2000, "c": 3000}', 'another share') from ops.flags f where f.key = 'tap_s';
select ok((f.slots ->> 'a') = (o.slots ->> 'a') and (f.slots ->> 'c')::int4multirange @> (o.slots ->> 'c')::int4multirange,
          'a keeps all of its slots, c keeps its own and takes what b gave') from ops.flags f, former o where f.key = 'tap_s';

-- The key stays, and so does the row.
select throws_ok($$ update ops.flags set key = 'tap_t' where key = 'tap_s' $$, 'VL001',
  'The key of a flag never changes: make another',
                 'the key stays');
-- PostgreSQL 18 tells RESTRICT apart from a missing key.
select throws_ok($$ delete from ops.flags where key = 'tap_s' $$,
  case when current_setting('server_version_num')::integer >= 180000 then '23001' else '23503' end, null,
  'a flag with a history is never deleted');
select throws_ok($$ update ops.flag_history set reason = 'x' $$, 'AU001', null, 'the history is never changed');
select throws_ok($$ delete from ops.flag_history $$, 'AU001', null, 'nor shortened');
select throws_ok($$ truncate ops.flag_history $$, 'AU001', null, 'nor emptied');

-- No circle, over however many.
insert into ops.flags (key) values ('tap_a'), ('tap_b'), ('tap_c');
update ops.flags set prerequisites = '{tap_a}' where key = 'tap_b';
update ops.flags set prerequisites = '{tap_b}' where key = 'tap_c';
select throws_ok($$ update ops.flags set prerequisites = '{tap_c}' where key = 'tap_a' $$, 'VL001',
                 'prerequisites form a circle: tap_c needs tap_a', 'no circle');
select throws_ok($$ insert into ops.flags (key, prerequisites) values ('tap_o', '{tap_o}') $$, 'VL001',
                 'prerequisites form a circle: tap_o needs tap_o', 'nor one of one');

-- The history: a row for each version, by whoever.
select results_eq(
  $$ select h.version, h.changed_by, h.acting_role collate "C", h.definition ->> 'prerequisites' from ops.flag_history h
                      where h.key = 'tap_b' order by 1 $$,
  $$ values (1, null::uuid, session_user::text collate "C", '[]'), (2, null, session_user::text, '["tap_a"]') $$,
  'in psql as well');
delete from base.touched_tags;
update ops.flags set enabled = enabled where key = 'tap_b';
select is((select f.version from ops.flags f where f.key = 'tap_b'), 2, 'what changes nothing is no version');
select results_eq('select tag from base.touched_tags', array['all:flags'], 'copies are void all the same');
delete from base.touched_tags;
update ops.flags set enabled = true where key = 'tap_b';
select results_eq('select tag from base.touched_tags', array['all:flags'], 'a change voids what was answered');

select * from finish();
rollback;
