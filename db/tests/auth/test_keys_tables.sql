-- auth.api_keys, auth.provider_keys, ops.secret_keys: what the tables themselves refuse, and who sees which rows.
begin;
select plan(21);

\set anna '''019e0000-0000-7000-8000-0000000ab401'''
\set ben '''019e0000-0000-7000-8000-0000000ab402'''
insert into auth.users (id, username, email) values
  (:anna, 'tap_tables_anna', 'tap_tables_anna@example.org'), (:ben, 'tap_tables_ben', 'tap_tables_ben@example.org');
insert into auth.api_keys (user_id, name, prefix, secret_hash, scopes) values
  (:anna, 'hers', 'plk_', sha256('tap tables 1'), '{*}'), (:ben, 'his', 'plk_', sha256('tap tables 2'), '{*}');
insert into auth.provider_keys (user_id, provider, name, secret_encrypted, last_four, fingerprint)
select u.id, 'openai', u.username, core.encrypt_secret('x', 'tap'), '', '' from auth.users u where u.id in (:anna, :ben);

-- A row that breaks a rule.
create function pg_temp.api_key(p_changes jsonb) returns void language sql as $$
  insert into auth.api_keys
  select (jsonb_populate_record(k, p_changes || jsonb_build_object('id', gen_random_uuid()))).* from auth.api_keys k
   where k.name = 'hers'
$$;
select throws_ok(format('select pg_temp.api_key(%L)', c.changes), c.code, null, c.why)
  from (values
    ('{}', '23505', 'two with one digest'),
    ('{"secret_hash": "\\x01"}', '23514', 'a digest of another kind'),
    ('{"secret_hash": "\\x0000000000000000000000000000000000000000000000000000000000000001", "scopes": []}', '23514', 'no scope'),
    ('{"secret_hash": "\\x0000000000000000000000000000000000000000000000000000000000000001", "scopes": [null]}', '23514',
     'a scope without a name'),
    ('{"secret_hash": "\\x0000000000000000000000000000000000000000000000000000000000000001", "name": ""}', '23514', 'no name'),
    ('{"secret_hash": "\\x0000000000000000000000000000000000000000000000000000000000000001", "limits": []}', '23514',
     'limits that are none'),
    ('{"secret_hash": "\\x0000000000000000000000000000000000000000000000000000000000000001",
       "previous_expires_at": "2030-01-01"}', '23514', 'a grace for nothing'),
    ('{"secret_hash": "\\x0000000000000000000000000000000000000000000000000000000000000001", "revoked_at": "2020-01-01"}',
     '23514', 'revoked without a reason')) c (changes, code, why);
select throws_ok(format('update auth.provider_keys set secret_encrypted = %L', 'sk-0123456789'::bytea), '23514', null,
                 'clear text is too short to be encrypted');
select throws_ok($$ insert into ops.secret_keys (key_id, check_encrypted) values ('A1', '') $$, '23514', null,
  'an id that is none');

-- Who sees which rows.
create function pg_temp.seen() returns text[] language sql volatile as $$
  select array_agg(name order by name)
    from (select k.name from auth.api_keys k union all select p.name from auth.provider_keys p) n
   where name in ('hers', 'his', 'tap_tables_anna', 'tap_tables_ben')
$$;
select set_config('plinth.caller', :anna, true);
set role plinth_owner;
select is(pg_temp.seen(), '{hers,tap_tables_anna}', 'the owner''s functions: those of the caller');
select is_empty($$ select from ops.secret_keys $$, 'and no key of the installation');
reset role;
select set_config('plinth.caller', '', true);
set role plinth_owner;
select is(pg_temp.seen(), null, 'without a caller none');
reset role;
set role plinth_operator;
select is(pg_temp.seen(), '{hers,his,tap_tables_anna,tap_tables_ben}', 'operators: everybody''s, encrypted');
select throws_ok('update auth.api_keys set name = name', '42501', null, 'and change none');
reset role;
set role plinth_web;
select throws_ok('select from auth.api_keys', '42501', null, 'the layer: no table');
select throws_ok('select from auth.provider_keys', '42501', null, 'neither this one');
select throws_ok('select from ops.secret_keys', '42501', null, 'nor that');
reset role;

-- What changes, and what only was used.
update auth.api_keys set name = 'hers too' where user_id = :anna;
select is((select k.version from auth.api_keys k where k.user_id = :anna), 2, 'a change counts');
update auth.api_keys set last_used_at = now() where user_id = :anna;
select is((select k.version from auth.api_keys k where k.user_id = :anna), 2, 'a use does not');
delete from auth.users where id = :anna;
select is((select count(*)::integer from auth.api_keys k where k.user_id = :anna)
        + (select count(*)::integer from auth.provider_keys k where k.user_id = :anna), 0, 'what is gone with its account');

select * from finish();
rollback;
