-- core.new_token: prefix, routing part, 32 random bytes, and a checksum by which junk is told without asking anybody.
begin;
select plan(13);

select is(pg_get_function_arguments('core.new_token'::regproc), 'p_prefix text, p_user_id uuid', 'arguments');
select is(pg_get_function_result('core.new_token'::regproc), 'text', 'result');
select volatility_is('core', 'new_token', array['text', 'uuid'], 'volatile');
select isnt_definer('core', 'new_token', array['text', 'uuid']);
select function_owner_is('core', 'new_token', array['text', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.new_token'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.new_token'::regproc;

\set anna 019e0000-0000-7000-8000-00000000beef

select matches(core.new_token('pls', :'anna'), '^pls_beef[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'of a session');
select matches(core.new_token('plr', :'anna'), '^plr_beef[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'of a refresh');
select is(right(t.token, 6), left(encode(sha256(convert_to(left(t.token, -6), 'UTF8')), 'hex'), 6),
          'the checksum is over all before it')
  from (select core.new_token('pls', :'anna') as token) t;
select is((select count(distinct substr(core.new_token('pls', :'anna'), 9, 43)) from generate_series(1, 1000)),
          1000::bigint, 'no two are alike');
-- Each of the 64 letters must occur somewhere in 300 tokens, also the two that base64 spells + and /.
select is((select count(distinct c)
             from (select core.new_token('pls', :'anna') as token from generate_series(1, 300)) t,
                  string_to_table(substr(t.token, 9, 43), null) c), 64::bigint, 'every letter occurs');

set session authorization plinth_web;
select throws_ok($$ select core.new_token('pls', '019e0000-0000-7000-8000-00000000beef') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
