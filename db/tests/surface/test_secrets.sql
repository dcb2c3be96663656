-- Secrets at rest: a column that holds one is a digest (…_hash) or encrypted (…_encrypted), and what is encrypted is
-- read by the functions listed here and by no other.
begin;
set local search_path = tap, pg_catalog;
select plan(7);

-- Names that promise a secret; what follows them says what it really is.
create function pg_temp.clear_secrets() returns setof text language sql as $$
  select format('%s.%s', c.oid::regclass, a.attname)
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
   where n.nspowner = 'plinth_owner'::regrole and c.relkind in ('r', 'p', 'm') and a.attnum > 0 and not a.attisdropped
     and a.atttypid in ('text'::regtype, 'bytea'::regtype, 'jsonb'::regtype, 'text[]'::regtype, 'bytea[]'::regtype)
     and a.attname ~ '(secret|token|password|passphrase|api_?key|private_?key|seed|otp|recovery|credential|pepper)'
     and a.attname !~ '_(hash|encrypted)$'
$$;

-- What is looked at: name -> why it is no secret.
create temp table reviewed (name text primary key, reason text not null);

-- Digests have the length of SHA-256, or describe themselves; encrypted values are bytes.
create function pg_temp.misnamed() returns setof text language sql as $$
  select format('%s.%s', c.oid::regclass, a.attname)
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
   where n.nspowner = 'plinth_owner'::regrole and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
     and (a.attname ~ '_encrypted$' and a.atttypid <> 'bytea'::regtype
       or a.attname ~ '_hash$' and a.attname <> 'password_hash' and not exists (
            select from pg_constraint k
             where k.conrelid = c.oid and k.contype = 'c' and a.attnum = any (k.conkey)
               and pg_get_constraintdef(k.oid) ~ format('length\(%s\) = 32', a.attname)))
$$;

create function pg_temp.readers() returns setof text language sql as $$
  select p.oid::regproc::text from pg_proc p
   where p.prosrc ~ '\m(decrypt_secret|secret_key|secret_keys)\M' and p.pronamespace <> 'tap'::regnamespace
     and p.pronamespace <> pg_my_temp_schema()
   order by 1
$$;

select is_empty($$ select pg_temp.clear_secrets() except select name from reviewed $$,
                'no column that is called a secret holds clear text');
select is_empty('select pg_temp.misnamed()', 'digests are 32 bytes long, what is encrypted is bytes');
create temp table reader as
select distinct split_part(trim(l), ' ', 1) as name from regexp_split_to_table($$
  api.confirm_totp     reads the seed it is shown a code of
  api.get_signing_key  tells operators the key that services check by
  api.get_totp_uri     shows a seed until it is confirmed
  api.refresh_session  derives the successors of a refresh token
  api.use_provider_key gives a user's own key to the user's own request
  api.verify_audit     checks seals
  http.enter_once      gives the answer to a call that was sent again
  core.adopt_secret_key takes the id of the key in force
  core.attempt_digest  keys the digests of logins and addresses
  core.check_second_factor  checks a code against the seed
  core.decrypt_secret  itself
  core.encrypt_secret  takes the key in force
  core.erase_audit     seals records of erasures
  core.fingerprint     keys a digest
  core.seal_audit      seals
  core.secret_key      derives it
  core.signing_key     signs what services check
  core.reencrypt_secrets writes anew what a replaced key wrote
  core.reencrypted     one secret of it
  core.wrong_secret_key tells a key that does not fit
  api.list_secret_keys counts what needs which key
  http.assume          checks what vouches for a caller
  http.vouch           signs it
  http.claim_mail      writes the link into the message that is sent now
$$, '\n') l where trim(l) <> '';
select set_eq('select pg_temp.readers()', 'select name from reader',
              'secrets and keys are read by the reviewed functions and no other');

create table base.planted (api_key text, seed_encrypted text, token_hash bytea);
create function core.planted() returns text language sql as $$ select core.decrypt_secret(null, 'x') $$;
select results_eq('select pg_temp.clear_secrets() except select name from reviewed', array['base.planted.api_key'],
                  'a clear secret is found');
select set_eq('select pg_temp.misnamed()', array['base.planted.seed_encrypted', 'base.planted.token_hash'],
              'names that promise too much are found');
select ok('core.planted' in (select pg_temp.readers()), 'one reader more is found');
select is_empty(
  $$ select c from pg_settings s cross join lateral unnest(array[s.setting, s.boot_val, s.reset_val]) c
      where s.source not in ('client', 'session', 'override') and s.name ~ '^plinth\.(pepper|secret_keys)$' $$,
  'no key is kept in the server''s configuration');

select * from finish();
rollback;
