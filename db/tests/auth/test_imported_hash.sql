-- core.imported_hash: what it knows of password hashes made elsewhere, and what it does not.
begin;
select plan(26);

select is(pg_get_function_arguments('core.imported_hash'::regproc),
  'p_hash text, OUT method text, OUT prepare text, OUT setting text, OUT digest text, OUT salt bytea, '
  'OUT rounds integer, OUT wanted bytea', 'arguments');
select is(pg_get_function_result('core.imported_hash'::regproc),
  'record', 'result');
select volatility_is('core', 'imported_hash', array['text'], 'immutable');
select isnt_definer('core', 'imported_hash', array['text']);
select function_owner_is('core', 'imported_hash', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.imported_hash'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.imported_hash'::regproc;

create function pg_temp.known(p_hash text) returns text language sql as $$
  select concat_ws(' ', i.method, i.prepare, i.digest, convert_from(i.salt, 'UTF8'), i.rounds, length(i.wanted), i.setting)
    from core.imported_hash(p_hash) i where i.method is not null
$$;
select is(pg_temp.known('pbkdf2_sha256$1000$seasalt$J9S4VPpfNS4LBdgnZVB6CpEZCcyXkEYrjpWeApOer/8='),
          'pbkdf2 sha256 seasalt 1000 32', 'Django');
select is(pg_temp.known('pbkdf2_sha1$1000$seasalt$hBV3QwB85fC6+Py/OIb/PSoWLek='), 'pbkdf2 sha1 seasalt 1000 20', 'Django, sha1');
select is(pg_temp.known('$pbkdf2-sha256$1000$c2VhIHNhbHQh$7d1H1xUzzw5YevF7NrBePfi.CcAMxWiKTOSTEcDmbys'),
          'pbkdf2 sha256 sea salt! 1000 32',
          'passlib');
select is(pg_temp.known('$pbkdf2$1000$c2VhIHNhbHQh$HgL/lKEixlxUSteWk00.4q/OmY4'), 'pbkdf2 sha1 sea salt! 1000 20', 'passlib, sha1');
select is(pg_temp.known('$2y$04$Pq/0OrgDJk9mPpTkIVCkKeCAsLfXpqYpn02YmxHdsPWDQcZGpmMVe'),
          'bcrypt itself $2a$04$Pq/0OrgDJk9mPpTkIVCkKeCAsLfXpqYpn02YmxHdsPWDQcZGpmMVe', 'bcrypt');
select is(pg_temp.known('bcrypt$$2b$04$G/QETv5QISk4qD9tpi7auOoLRUUXogd/3IEaNf/AZCxibHezvun2O'),
          'bcrypt itself $2a$04$G/QETv5QISk4qD9tpi7auOoLRUUXogd/3IEaNf/AZCxibHezvun2O', 'Django, bcrypt');
select is(pg_temp.known('bcrypt_sha256$$2b$04$wBYplU/PGQLaCR4rQh8uuO9y3gjfFzC3TQBpaWfp.gDG1y2ILq1ym'),
          'bcrypt hex of sha256 $2a$04$wBYplU/PGQLaCR4rQh8uuO9y3gjfFzC3TQBpaWfp.gDG1y2ILq1ym', 'Django, bcrypt over sha256');
select is(pg_temp.known('$bcrypt-sha256$v=2,t=2b,r=4$VBrR.r0VxkE8dIyo09D0qe$Eresog1rdtAHp4GKEFOsY9rZNRWTuwW'),
          'bcrypt base64 of hmac VBrR.r0VxkE8dIyo09D0qe $2a$04$VBrR.r0VxkE8dIyo09D0qeEresog1rdtAHp4GKEFOsY9rZNRWTuwW', 'passlib');
select is(pg_temp.known('$bcrypt-sha256$2b,4$FGgCjzMod6uMkTeJkkbLre$3YjJrJKkA92N71iH5lK9fncpo26ws6K'),
          'bcrypt base64 of sha256 $2a$04$FGgCjzMod6uMkTeJkkbLre3YjJrJKkA92N71iH5lK9fncpo26ws6K', 'passlib, its older form');

select is(pg_temp.known('pbkdf2_sha256$3000000$seasalt$J9S4VPpfNS4LBdgnZVB6CpEZCcyXkEYrjpWeApOer/8='),
          'pbkdf2 sha256 seasalt 3000000 32', 'as many rounds as there may be');
select is(pg_temp.known('pbkdf2_sha256$3000001$seasalt$J9S4VPpfNS4LBdgnZVB6CpEZCcyXkEYrjpWeApOer/8='), null, 'one more');
select is(pg_temp.known('pbkdf2_sha256$0$seasalt$J9S4VPpfNS4LBdgnZVB6CpEZCcyXkEYrjpWeApOer/8='), null, 'none');
select is(pg_temp.known('pbkdf2_md5$1000$seasalt$J9S4VPpfNS4LBdgnZVB6CpEZCcyXkEYrjpWeApOer/8='), null, 'another digest');
select is(pg_temp.known('pbkdf2_sha256$1000$seasalt$hBV3QwB85fC6+Py/OIb/PSoWLek='), null, 'too short');
select is(pg_temp.known('pbkdf2_sha512$1000$seasalt$J9S4VPpfNS4LBdgnZVB6CpEZCcyXkEYrjpWeApOer/8='), null,
          'too short for its digest');
select is(pg_temp.known('$2b$17$G/QETv5QISk4qD9tpi7auOoLRUUXogd/3IEaNf/AZCxibHezvun2O'), null, 'bcrypt that takes too long');
select is(pg_temp.known('$2b$04$G/QETv5QISk4qD9tpi7auOoLRUUXogd/3IEaNf/AZCxibHezvun2'), null, 'bcrypt cut off');
select is(pg_temp.known(null), null, 'nothing');

set session authorization plinth_web;
select throws_ok($$ select core.imported_hash('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
