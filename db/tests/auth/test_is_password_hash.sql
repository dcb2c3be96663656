-- core.is_password_hash: hashes that can be checked, and what only looks like one.
begin;
select plan(24);

select is(pg_get_function_arguments('core.is_password_hash'::regproc),
  'p_hash text', 'arguments');
select is(pg_get_function_result('core.is_password_hash'::regproc),
  'boolean', 'result');
select volatility_is('core', 'is_password_hash', array['text'], 'stable');
select isnt_definer('core', 'is_password_hash', array['text']);
select function_owner_is('core', 'is_password_hash', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.is_password_hash'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.is_password_hash'::regproc;

select ok(core.is_password_hash(h), format('%s is one', left(h, 8)))
  from unnest(array['$2a$12$', '$2b$04$', '$2y$14$', 'p1$2a$12$', 'pff$2a$12$']) as p (prefix)
 cross join lateral (select prefix || 'abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234') as f (h);
select ok(core.is_password_hash(core.hash_password('correct horse battery staple')), 'so is what we make');
select ok(core.is_password_hash('pbkdf2_sha256$600000$salt$' || encode(sha256('x'), 'base64')), 'so is Django''s');
select ok(not core.is_password_hash('pbkdf2_sha256$9000000$salt$' || encode(sha256('x'), 'base64')), 'not with too many rounds');
select is(core.is_password_hash(h), false, format('%L is none', left(h, 30)))
  from unnest(array[null, '', 'secret', '5f4dcc3b5aa765d61d8327deb882cf99', '$2a$12$short', '$1$salt$hash',
    '$2a$03$' || repeat('a', 53), '$2a$15$' || repeat('a', 53),
    '$2a$12$plinthseedsadmin00000uJsrT3WVQN//6UaYHCSFXpFcURYDjhoq']) as f (h);

select * from finish();
rollback;
