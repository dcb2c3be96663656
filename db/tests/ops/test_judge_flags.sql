-- core.judge_flags: who has which flag, and what decided; and what it is given: core.flags_at, core.flag_and_needed.
begin;
select plan(51);

select function_returns('core', 'judge_flags', array['ops.flags[]', 'uuid', 'text[]', 'text', 'timestamp with time zone'],
                        'setof record');
select volatility_is('core', 'judge_flags', array['ops.flags[]', 'uuid', 'text[]', 'text', 'timestamp with time zone'], 'stable');
select volatility_is('core', 'flags_at', array['timestamp with time zone'], 'stable');
select volatility_is('core', 'has_flag', array['uuid', 'text'], 'stable');
select volatility_is('core', 'require_flag', array['uuid', 'text'], 'stable');
select volatility_is('core', 'flag_and_needed', array['text'], 'stable');
select volatility_is('core', 'flag_to_change', array['text', 'integer', 'text', 'integer'], 'volatile');
select volatility_is('core', 'say_why', array['text', 'integer'], 'volatile');
select volatility_is('core', 'fresh_until_a_flag_changes', array['ops.flags[]'], 'volatile');

-- One flag, given as JSON over the defaults; a user with two roles on the tier pro.
create function pg_temp.judged(p_flag jsonb, p_at timestamptz default now(),
  p_user uuid default '019e0000-0000-7000-8000-00000000f0c1')
returns text language sql as $$
  select concat_ws(' ', case when j.enabled then 'yes' else 'no' end, j.variant, j.value, j.reason)
    from jsonb_populate_record(null::ops.flags, '{"key": "tap", "enabled": true, "percentage": 100, "rules": [], "variants": [],
           "slots": {}, "off_value": false, "prerequisites": [], "salt": "tap"}'::jsonb || p_flag) f
   cross join lateral core.judge_flags(array[f], p_user, '{developer,user}', 'pro', p_at) j
$$;

select is(pg_temp.judged('{}'), 'yes true on', 'on for everybody');
select is(pg_temp.judged('{"enabled": false, "starts_at": "2999-01-01"}'), 'no false off', 'the main switch comes first');
select is(pg_temp.judged('{"starts_at": "2026-01-02"}', '2026-01-01'), 'no false schedule', 'before it starts');
select is(pg_temp.judged('{"starts_at": "2026-01-02"}', '2026-01-02'), 'yes true on', 'from the first moment');
select is(pg_temp.judged('{"ends_at": "2026-01-02"}', '2026-01-01 23:59:59.999999'), 'yes true on', 'to the last');
select is(pg_temp.judged('{"ends_at": "2026-01-02"}', '2026-01-02'), 'no false schedule', 'and no longer');
select is(pg_temp.judged('{"percentage": 0, "off_value": "none"}'), 'no "none" percentage', 'for nobody');

-- Rules: all conditions of one must hold; the first that does decides.
select is(pg_temp.judged('{"percentage": 0, "rules": [{"users": ["019e0000-0000-7000-8000-00000000f0c1"]}]}'),
          'yes true rule 1', 'by id');
select is(pg_temp.judged('{"percentage": 0, "rules": [{"users": ["019e0000-0000-7000-8000-00000000f0c2"]}]}'),
  'no false percentage',
          'of somebody else');
select is(pg_temp.judged('{"percentage": 0, "rules": [{"roles": ["administrator", "user"]}]}'), 'yes true rule 1',
  'by one of the roles');
select is(pg_temp.judged('{"percentage": 0, "rules": [{"roles": ["administrator"]}]}'), 'no false percentage', 'by none');
select is(pg_temp.judged('{"percentage": 0, "rules": [{"tiers": ["pro", "enterprise"]}]}'), 'yes true rule 1', 'by tier');
select is(pg_temp.judged('{"percentage": 0, "rules": [{"tiers": ["free"], "roles": ["user"]}]}'), 'no false percentage',
          'one condition of two is not enough');
select is(pg_temp.judged('{"rules": [{"tiers": ["free"]}, {"roles": ["user"], "enabled": false}, {"tiers": ["pro"]}]}'),
          'no false rule 2', 'the first that fits decides, also against');
select is(pg_temp.judged('{"percentage": 0, "rules": [{"percentage": 0}, {"percentage": 100}]}'), 'yes true rule 2', 'by share');
select is(pg_temp.judged('{"percentage": 0, "rules": [{}]}'), 'yes true rule 1', 'a rule without conditions is for everybody');

-- Variants.
select is(pg_temp.judged('{"variants": [{"name": "a", "weight": 1, "value": {"x": 1}}], "slots": {"a": "{[0,10000)}"}}'),
          'yes a {"x": 1} on', 'with the value of the variant');
select is(pg_temp.judged('{"variants": [{"name": "a", "weight": 1}, {"name": "b", "weight": 0, "value": null}],
  "slots": {"a": "{[0,10000)}"}, "rules": [{"tiers": ["pro"], "variant": "b"}]}'), 'yes b null rule 1', 'a rule may name it');
select is(pg_temp.judged('{"enabled": false, "variants": [{"name": "a", "weight": 1}], "slots": {"a": "{[0,10000)}"}}'),
  'no false off',
          'who does not have the flag has no variant');

-- The draw is written down, since it must never change: bucket and slot of one user and salt.
select is(('x' || left(md5('tap:019e0000-0000-7000-8000-00000000f0c1'), 8))::bit(32)::bigint % 10000, 3431::bigint,
          'what the user draws');
select is(pg_temp.judged('{"percentage": 34.31}'), 'no false percentage', 'the share ends before whom it does not reach');
select is(pg_temp.judged('{"percentage": 34.32}'), 'yes true percentage', 'a hundredth more reaches');
select is(pg_temp.judged('{"percentage": 0, "rules": [{"percentage": 34.31}]}'), 'no false percentage', 'so does that of a rule');
select is(pg_temp.judged('{"percentage": 0, "rules": [{"percentage": 34.32}]}'), 'yes true rule 1', 'to the hundredth');
select isnt(pg_temp.judged('{"percentage": 34.32, "salt": "another"}'), 'yes true percentage', 'another salt, another draw');

-- Prerequisites, and what they need.
insert into ops.flags (key, enabled, percentage, rules) values ('tap_a', true, 0, '[{"tiers": ["pro"]}]');
insert into ops.flags (key, enabled, prerequisites) values ('tap_b', true, '{tap_a}');
insert into ops.flags (key, enabled, prerequisites) values ('tap_c', true, '{tap_b}'), ('tap_d', false, '{tap_a}');
create temp table moment as select clock_timestamp() as at;
insert into ops.flags (key, enabled, prerequisites) values ('tap_e', true, '{tap_a,tap_d}');
create function pg_temp.all_judged(p_tier text, p_at timestamptz default null) returns text language sql as $$
  select string_agg(concat_ws(' ', j.key, j.enabled, j.reason), ', ' order by j.key)
    from core.judge_flags(core.flags_at(p_at), '019e0000-0000-7000-8000-00000000f0c1',
  '{}', p_tier, now()) j where j.key ~ '^tap_.$'
$$;
select is(pg_temp.all_judged('pro'), 'tap_a t rule 1, tap_b t on, tap_c t on, tap_d f off, tap_e f prerequisite',
          'one that is off takes with it what needs it');
select is(pg_temp.all_judged('free'),
          'tap_a f percentage, tap_b f prerequisite, tap_c f prerequisite, tap_d f off, tap_e f prerequisite',
          'down the whole chain');
select is(array(select f.key from unnest(core.flag_and_needed('tap_c')) f order by 1), '{tap_a,tap_b,tap_c}',
  'a flag and its needs');
select is(core.flag_and_needed('tap_none'), null, 'or nothing');
select is((select j.enabled from core.judge_flags((select array_agg(f) from ops.flags f where f.key = 'tap_b'),
  '019e0000-0000-7000-8000-00000000f0c1', '{}', 'pro', now()) j), false, 'what is needed and not there counts as off');

-- Behind a flag.
insert into auth.users (id, username, email, tier) values
  ('019e0000-0000-7000-8000-00000000f0c1', 'tap_judge_anna', 'tap_judge_anna@example.org', 'pro'),
  ('019e0000-0000-7000-8000-00000000f0c2', 'tap_judge_ben', 'tap_judge_ben@example.org', 'free');
insert into ops.flags (key, enabled, starts_at) values ('tap_later', true, now() + interval '7 s');
select ok(core.has_flag('019e0000-0000-7000-8000-00000000f0c1', 'tap_b'), 'who has it');
select lives_ok($$ select core.require_flag('019e0000-0000-7000-8000-00000000f0c1', 'tap_b') $$, 'gets in');
select throws_ok($$ select core.require_flag('019e0000-0000-7000-8000-00000000f0c2', 'tap_b') $$, 'NF002',
  'This is not switched on for you', 'who has not does not');
select is(core.has_flag('019e0000-0000-7000-8000-00000000f0c1', 'tap_none'), false, 'nobody has what is not there');
select is(current_setting('plinth.fresh_until', true), null, 'no schedule, no end of the answer');
select is(core.has_flag('019e0000-0000-7000-8000-00000000f0c1', 'tap_later'), false, 'nor what is to come');
select is(current_setting('plinth.fresh_until')::float8, extract(epoch from now() + interval '7 s')::float8, 'good until then');

-- As of.
update ops.flags set rules = '[]' where key = 'tap_a';
select is(pg_temp.all_judged('pro', m.at), 'tap_a t rule 1, tap_b t on, tap_c t on, tap_d f off', 'as it was then') from moment m;
select is(pg_temp.all_judged('pro', h.valid_from), 'tap_a f percentage, tap_b f prerequisite, tap_c f prerequisite, tap_d f off, '
          'tap_e f prerequisite', 'from the moment it changed')
  from ops.flag_history h where h.key = 'tap_a' order by h.version desc limit 1;
select is(pg_temp.all_judged('pro', now() - interval '1 day'), null, 'before there was one');
update ops.flags set archived_at = now() where key in ('tap_e');
select is(pg_temp.all_judged('pro'), 'tap_a f percentage, tap_b f prerequisite, tap_c f prerequisite, tap_d f off',
  'as it is now');
select is(pg_temp.all_judged('pro', clock_timestamp()), pg_temp.all_judged('pro'), 'asked for by its moment as well');

select * from finish();
rollback;
