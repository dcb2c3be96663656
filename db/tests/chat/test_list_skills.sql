-- api.list_skills: the skills there are, by name.
begin;
select plan(16);

select is(pg_get_function_arguments('api.list_skills'::regproc),
  'p_user_id uuid, p_search text DEFAULT NULL::text, p_tag text DEFAULT NULL::text, p_metadata jsonb '
  'DEFAULT NULL::jsonb, p_enabled boolean DEFAULT true, p_after text DEFAULT NULL::text, p_limit '
  'integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_skills'::regproc),
  'TABLE(name text, version text, enabled boolean, description text, parameters jsonb, timeout_seconds '
  'integer, tags text[], metadata jsonb, created_at timestamp with time zone, updated_at timestamp '
  'with time zone, revision integer, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}',
            'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.list_skills'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_skills'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050501'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050501', 'tap_skills05_anna', 'tap_skills05_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050502', 'tap_skills05_ben', 'tap_skills05_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);

update chat.skills set tags = '{text,short}', metadata = '{"team": "a"}' where name = 'TapEcho';
insert into chat.skills (name, version, description, current) values ('TapZ', '1.0.0', 'x',
  true) on conflict do nothing;

create function pg_temp.listed(p_search text default 'tap', p_tag text default null, p_metadata jsonb default null,
                               p_enabled boolean default true, p_after text default null, p_limit integer default 50)
returns text[] language sql volatile as $$
  select array_agg(l.name || ' ' || l.version order by l.n)
    from (select s.*, row_number() over () as n
            from api.list_skills(pg_temp.anna(), p_search, p_tag, p_metadata, p_enabled, p_after, p_limit) s) l
$$;
set session authorization plinth_operator;

select is(pg_temp.listed(), '{"TapEcho 1.0.0","TapZ 1.0.0"}', 'the current versions of what is on');
select is(pg_temp.listed(p_enabled => false), '{"TapOff 1.0.0"}', 'what is off');
select is(pg_temp.listed('says IT'), '{"TapEcho 1.0.0"}', 'a part of the description');
select is(pg_temp.listed('tap%'), null, 'a percent sign is one');
select is(pg_temp.listed(p_tag => 'short'), '{"TapEcho 1.0.0"}', 'a tag');
select is(pg_temp.listed(p_metadata => '{"team": "a"}'), '{"TapEcho 1.0.0"}', 'metadata');
select is(pg_temp.listed(p_limit => 1), '{"TapEcho 1.0.0"}', 'a page');
select is(pg_temp.listed(p_after => 'TapEcho'), '{"TapZ 1.0.0"}', 'the next');
select throws_ok($$ select api.list_skills(pg_temp.anna(), repeat('x', 101)) $$, 'VL001',
  'search must have at most 100 characters',
  'a long search');
select throws_ok($$ select api.list_skills(pg_temp.anna(), p_metadata => '"team"') $$, 'VL001', 'metadata must be an object',
  'metadata are an object');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.list_skills(pg_temp.anna()) $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.list_skills(pg_temp.anna()) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
