-- core.memories_are_rare: at most one in twenty of the newest thousand.
begin;
select plan(12);

select is(pg_get_function_arguments('core.memories_are_rare'::regproc), 'p_user_id uuid, p_kind text, p_metadata jsonb',
          'arguments');
select is(pg_get_function_result('core.memories_are_rare'::regproc), 'boolean', 'result');
select is(p.provolatile::text || p.prosecdef, 'sfalse', 'stable, as its caller') from pg_proc p
 where p.oid = 'core.memories_are_rare'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
          'who may call it')
  from pg_proc p where p.oid = 'core.memories_are_rare'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001c301', 'tap_rare_anna', 'tap_rare_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001c302', 'tap_rare_ben', 'tap_rare_ben@example.org');
insert into memory.semantic_memories (user_id, id, content, kind, metadata)
select '019e0000-0000-7000-8000-00000001c301', base.id_at(now() - n * interval '1 minute'), 'thing ' || n,
       case when n % 20 = 0 then 'event' else 'fact' end, jsonb_build_object('n', n, 'old', n > 1000, 'third', n % 3)
  from generate_series(1, 1100) n;
create function pg_temp.rare(p_kind text, p_metadata jsonb, p_who text default '1') returns boolean language sql as $$
  select core.memories_are_rare(('019e0000-0000-7000-8000-00000001c30' || p_who)::uuid, p_kind, p_metadata)
$$;
select is(pg_temp.rare('event', null), true, 'a kind that one in twenty is of');
select is(pg_temp.rare('fact', null), false, 'a kind that more are of');
select is(pg_temp.rare(null, '{"n": 7}'), true, 'metadata that one has');
select is(pg_temp.rare(null, '{"third": 1}'), false, 'that many have');
select is(pg_temp.rare('event', '{"third": 1}'), true, 'both');
select is(pg_temp.rare(null, '{"old": true}'), true, 'that only older ones have');
select is(pg_temp.rare('fact', null, '2'), true, 'of somebody who has none');
set session authorization plinth_web;
select throws_ok($$ select core.memories_are_rare(null, null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
