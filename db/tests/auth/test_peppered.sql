-- core.peppered: a keyed digest of the password goes into bcrypt, so that nothing is cut off and a stolen table is
-- worthless.
begin;
select plan(22);

select is(pg_get_function_arguments('core.peppered'::regproc), 'p_password text, p_version text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('core.peppered'::regproc), 'text', 'result');
select volatility_is('core', 'peppered', array['text', 'text'], 'stable');
select isnt_definer('core', 'peppered', array['text', 'text']);
select function_owner_is('core', 'peppered', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.peppered'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.peppered'::regproc;

select set_config('plinth.pepper', 'p1:' || repeat('ab', 32), true);

-- Computed elsewhere: HMAC-SHA256 in base64.
select is(core.peppered('correct horse battery'), 'hHIME4pTAqfObewLz2DMuOmNbbBWPG+oOFW8TA5PEDA=',
          'the digest it must be');
select is(length(core.peppered(repeat('x', 1000))), 44, '44 characters, however long the password');
select isnt(core.peppered(repeat('a', 72) || 'x'), core.peppered(repeat('a', 72) || 'y'), 'all of it counts');
select is(core.peppered(chr(233)), core.peppered('e' || chr(769)), 'however the keyboard composes it (NFKC)');
select isnt(core.peppered('A'), core.peppered('a'), 'case counts');
select is(core.peppered(null), null, 'no password');

select set_config('plinth.pepper', 'p1:' || repeat('ac', 32), true);
select isnt(core.peppered('correct horse battery'), 'hHIME4pTAqfObewLz2DMuOmNbbBWPG+oOFW8TA5PEDA=',
            'another pepper, another digest');
select set_config('plinth.pepper', 'p2:' || repeat('ab', 32), true);
select is(core.peppered('correct horse battery'), 'hHIME4pTAqfObewLz2DMuOmNbbBWPG+oOFW8TA5PEDA=',
          'the version is no part of it');

select set_config('plinth.pepper', 'pcafe:' || repeat('cd', 32) || ',p1:' || repeat('ab', 32), true);
select isnt(core.peppered('correct horse battery'), 'hHIME4pTAqfObewLz2DMuOmNbbBWPG+oOFW8TA5PEDA=',
            'the first is in force');
select is(core.peppered('correct horse battery', 'p1'), 'hHIME4pTAqfObewLz2DMuOmNbbBWPG+oOFW8TA5PEDA=',
          'one that it replaced is had by its version');
select is(core.peppered('correct horse battery', 'p'), core.peppered('correct horse battery'),
          'one that is not at hand costs as much');

select set_config('plinth.pepper', '', true);
select throws_ok($$ select core.peppered('x') $$, 'SV503',
                 'This connection brought no pepper, so no password can be hashed or checked', 'no pepper');
select set_config('plinth.pepper', 'p1:' || repeat('a', 31), true);
select throws_ok($$ select core.peppered('x') $$, 'SV503', null, 'a pepper that is too short is none');
select set_config('plinth.pepper', repeat('ab', 32), true);
select throws_ok($$ select core.peppered('x') $$, 'SV503', null, 'one without a version neither');

set session authorization plinth_web;
select throws_ok($$ select core.peppered('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
