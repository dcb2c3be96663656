-- core.password_matches: whether a password belongs to a hash, in our format or plain bcrypt; without one it is
-- as much work.
begin;
select plan(41);

select is(pg_get_function_arguments('core.password_matches'::regproc), 'p_password text, p_hash text', 'arguments');
select is(pg_get_function_result('core.password_matches'::regproc), 'boolean', 'result');
select volatility_is('core', 'password_matches', array['text', 'text'], 'stable');
select isnt_definer('core', 'password_matches', array['text', 'text']);
select function_owner_is('core', 'password_matches', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.password_matches'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.password_matches'::regproc;

create temp table hash as
select core.hash_password('correct horse battery') as ours,
       ext.crypt('correct horse battery', ext.gen_salt('bf', 4)) as plain;
grant select on hash to public;

select is(core.password_matches('correct horse battery', h.ours), true, 'ours') from hash h;
select is(core.password_matches('correct horse batterY', h.ours), false, 'ours, wrong') from hash h;
select is(core.password_matches('', h.ours), false, 'ours, empty') from hash h;
select is(core.password_matches(h.ours, h.ours), false, 'ours, the hash itself') from hash h;
select is(core.password_matches('correct horse battery', h.plain), true, '$2a$') from hash h;
select is(core.password_matches('correct horse battery', '$2b$' || substr(h.plain, 5)), true, '$2b$')
  from hash h;
select is(core.password_matches('correct horse battery', '$2y$' || substr(h.plain, 5)), true, '$2y$')
  from hash h;
select is(core.password_matches('wrong horse battery', h.plain), false, 'plain, wrong') from hash h;
select is(core.password_matches('correct horse battery', 'p1' || h.plain), false, 'a plain one is not ours')
  from hash h;

-- bcrypt by itself stops after 72 bytes.
select is(core.password_matches(repeat('a', 72) || 'x', core.hash_password(repeat('a', 72) || 'y')), false,
          'what comes after 72 bytes counts');
select is(core.password_matches('ﬁne' || chr(233), core.hash_password('fine' || 'e' || chr(769))), true,
          'however the keyboard composes it (NFKC)');

-- Never NULL: "if not matches" would let NULL pass.
select is(core.password_matches(null, h.ours), false, 'no password') from hash h;
select is(core.password_matches(null, h.plain), false, 'no password, plain') from hash h;
select is(core.password_matches('correct horse battery', null), false, 'no hash');
select is(core.password_matches(null, null), false, 'neither');
select is(core.password_matches('x', ''), false, 'an empty hash');
select is(core.password_matches('x', 'x'), false, 'an unknown format');
select is(core.password_matches('x', left(h.plain, 59)), false, 'a plain hash that was cut off') from hash h;
select is(core.password_matches('x', left(h.ours, -1)), false, 'ours, cut off') from hash h;
select is(core.password_matches('x', '$2a$99$' || repeat('a', 53)), false, 'a cost that does not exist');
select is(core.password_matches('x', 'p1$2a$12$' || repeat('!', 53)), false, 'letters that do not exist');
select is(core.password_matches('x', 'p1$2a$12$' || repeat('a', 54)), false, 'one letter too many');
select is(core.password_matches('correct horse battery', h.ours), true, 'ours again, in the same session') from hash h;

select set_config('plinth.pepper', 'p1:' || repeat('00', 32), true);
select is(core.password_matches('correct horse battery', h.ours), false, 'with another pepper it is another password')
  from hash h;
select is(core.password_matches('correct horse battery', h.plain), true, 'a plain hash knows no pepper') from hash h;

-- A pepper that was replaced still checks what it made; the next sign-in makes it anew.
select set_config('plinth.pepper', 'p1:' || repeat('ab', 32), true);
create temp table old as select core.hash_password('correct horse battery') as hash;
select set_config('plinth.pepper', 'pcafe0001:' || repeat('cd', 32) || ',p1:' || repeat('ab', 32), true);
select is(core.password_matches('correct horse battery', o.hash), true, 'under the pepper that was replaced') from old o;
select is(core.password_matches('wrong horse battery', o.hash), false, 'the wrong one under it') from old o;
select is(core.password_is_current(o.hash), false, 'it is due to be made anew') from old o;

-- The same work: the fastest of eight, in turns, at a cost where bcrypt outweighs everything else. What differs is more
-- than a factor of ten when the work is left out or of another cost; a busy machine does not make that.
update base.settings s set value = '8' where s.name = 'password.bcrypt_cost';
create function pg_temp.seconds(p_hash text)
returns double precision
language plpgsql
as $$
declare
  v_start timestamptz := clock_timestamp();
begin
  perform core.password_matches('wrong horse battery', p_hash);
  return extract(epoch from clock_timestamp() - v_start);
end
$$;
create temp table known as select core.hash_password('correct horse battery') as hash;
create temp table taken as
select min(pg_temp.seconds(null)) / min(pg_temp.seconds(k.hash)) as ratio from known k, generate_series(1, 8);
select cmp_ok(t.ratio, '>', 0.3::double precision, 'an unknown account takes as long as a known one') from taken t;
select cmp_ok(t.ratio, '<', 3::double precision, 'and no longer') from taken t;

-- Made by Django 5 and passlib 1.7 from one password.
create temp table imported (hash text);
insert into imported values
  ('pbkdf2_sha256$1000$seasalt$J9S4VPpfNS4LBdgnZVB6CpEZCcyXkEYrjpWeApOer/8='),
  ('pbkdf2_sha1$1000$seasalt$hBV3QwB85fC6+Py/OIb/PSoWLek='),
  ('bcrypt_sha256$$2b$04$wBYplU/PGQLaCR4rQh8uuO9y3gjfFzC3TQBpaWfp.gDG1y2ILq1ym'),
  ('bcrypt$$2b$04$G/QETv5QISk4qD9tpi7auOoLRUUXogd/3IEaNf/AZCxibHezvun2O'),
  ('$pbkdf2-sha256$1000$c2VhIHNhbHQh$7d1H1xUzzw5YevF7NrBePfi.CcAMxWiKTOSTEcDmbys'),
  ('$pbkdf2-sha512$1000$c2VhIHNhbHQh$KGK5xX9aqb9OdcgCycGwpwSuSDt8NqlBg8zcavHzxyWcR5RIJ1.gPuXQnKEem4kGzoZiI6.0ySWpWoH8ESdkHw'),
  ('$pbkdf2$1000$c2VhIHNhbHQh$HgL/lKEixlxUSteWk00.4q/OmY4'),
  ('$2b$04$hILE9WQmCbA3N0PxNtoUTOdIDAaHGNqwDdY527acfg4kjegg60djm'),
  ('$2y$04$Pq/0OrgDJk9mPpTkIVCkKeCAsLfXpqYpn02YmxHdsPWDQcZGpmMVe'),
  ('$bcrypt-sha256$v=2,t=2b,r=4$VBrR.r0VxkE8dIyo09D0qe$Eresog1rdtAHp4GKEFOsY9rZNRWTuwW'),
  ('$bcrypt-sha256$2b,4$FGgCjzMod6uMkTeJkkbLre$3YjJrJKkA92N71iH5lK9fncpo26ws6K');
select is_empty($$ select i.hash from imported i where not core.password_matches('correct horse báttery', i.hash) $$,
                'hashes of Django and passlib are known');
select is_empty($$ select i.hash from imported i where core.password_matches('correct horse battery', i.hash) $$,
                'and no other password');
select is_empty($$ select i.hash from imported i where core.password_is_current(i.hash) $$, 'sign-in renews them');

set session authorization plinth_web;
select throws_ok($$ select core.password_matches('x', 'x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
