-- api.close_memory: a fact ends, and stays to be asked for.
begin;
select plan(21);

select is(pg_get_function_arguments('api.close_memory'::regproc),
  'p_user_id uuid, p_memory_id uuid, p_valid_to timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.close_memory'::regproc),
  'SETOF core.memory_details', 'result');
select volatility_is('api', 'close_memory', array['uuid', 'uuid', 'timestamp with time zone', 'integer'], 'volatile');
select is_definer('api', 'close_memory', array['uuid', 'uuid', 'timestamp with time zone', 'integer']);
select function_owner_is('api', 'close_memory', array['uuid', 'uuid', 'timestamp with time zone', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'api.close_memory'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.close_memory'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001a801', 'tap_close_memory_anna', 'tap_close_memory_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001a802', 'tap_close_memory_ben', 'tap_close_memory_ben@example.org');
insert into memory.semantic_memories (user_id, id, content, valid_from, valid_to)
select '019e0000-0000-7000-8000-00000001a801', ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, 'x', m.valid_from, m.valid_to
  from (values ('a821', timestamptz '2020-01-01', null),
               ('a822', '2020-01-01', timestamptz '2999-01-01'),
               ('a823', '2020-01-01', '2021-01-01'),
               ('a824', now() + interval '1 s', null)) as m (id, valid_from, valid_to);

create function pg_temp.close(p_id text, p_valid_to timestamptz default null, p_version integer default null)
returns timestamptz
language sql volatile
as $$
  select m.valid_to from api.close_memory('019e0000-0000-7000-8000-00000001a801',
                                          ('019e0000-0000-7000-8000-00000001' || p_id)::uuid, p_valid_to, p_version) m
$$;

set session authorization plinth_operator;
select throws_ok($$ select pg_temp.close('a821', null, 2) $$, 'KC002', 'The version is 1 by now, not 2', 'changed meanwhile');
select throws_ok($$ select pg_temp.close('a821', '2019-12-31') $$, 'VL001',
                 'valid_to must be a moment, not before valid_from, up to the year 9999', 'an end before the beginning');
select throws_ok($$ select pg_temp.close('a821', 'infinity') $$, 'VL001',
                 'valid_to must be a moment, not before valid_from, up to the year 9999', 'an end that is none');
select is(pg_temp.close('a821', null, 1), now(), 'from now on');
select throws_ok($$ select pg_temp.close('a821') $$, 'KC004', 'It is closed already', 'once');
select throws_ok($$ select pg_temp.close('a823', '2022-01-01') $$, 'KC004', 'It is closed already', 'an end that was is history');
select is(pg_temp.close('a822', '2998-01-01'), '2998-01-01', 'an end to come can be moved');
select is(pg_temp.close('a822'), now(), 'also to now');
select is(pg_temp.close('a824'), now() + interval '1 s', 'what has not begun never was');
select is((api.get_memory('019e0000-0000-7000-8000-00000001a801', '019e0000-0000-7000-8000-00000001a821')).content, 'x',
          'it stays');
select throws_ok($$ select pg_temp.close('a829') $$, 'NF001', 'There is no such memory', 'none at all');
select throws_ok($$ select api.close_memory('019e0000-0000-7000-8000-00000001a802', '019e0000-0000-7000-8000-00000001a821') $$,
                 'NF001', 'There is no such memory', 'another user''s, in the same words');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.close_memory('019e0000-0000-7000-8000-00000001a801', '019e0000-0000-7000-8000-00000001a821') $$,
                 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.close_memory('019e0000-0000-7000-8000-00000001a801', '019e0000-0000-7000-8000-00000001a821') $$,
                 '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
