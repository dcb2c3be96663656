-- api.verify_audit: names the first row of the trail that is not as it was written, also when a superuser did it.
begin;
select plan(48);

select is(pg_get_function_arguments('api.verify_audit'::regproc),
  'p_from_seal bigint DEFAULT 1, p_head text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.verify_audit'::regproc),
  'TABLE(ok boolean, seals bigint, rows bigint, unsealed bigint, bad_seal bigint, bad_row uuid, '
  'reason text, head text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.verify_audit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.verify_audit'::regproc;

-- Only a superuser gets past the triggers; this is one, for a trail of its own.
set local session_replication_role = replica;
delete from ops.audit_unsealed;
delete from ops.audit_seals;
delete from ops.audit_erasures;
delete from ops.audit_details;
delete from ops.audit_logs;
reset session_replication_role;

select results_eq('select v.ok, v.seals, v.rows, v.head from api.verify_audit() v', $$ values (true, 0::bigint, 0::bigint, '') $$,
                  'an empty trail is a right one');

select set_config('plinth.context', concat_ws(E'\x1f', '', 'req-1', '192.0.2.1', 'curl', base.new_id()), true),
       set_config('plinth.caller', '019e0000-0000-7000-8000-00000000ca10', true);
select ops.write_audit('paint', 'tap.thing', n::text, ('019e0000-0000-7000-8000-00000000ca0' || n)::uuid,
                       '{"note": {"before": "y", "after": "x"}}'),
       core.seal_audit(2)
  from generate_series(1, 6) n;
select ops.write_audit('paint', 'tap.thing', 'waits', '019e0000-0000-7000-8000-00000000ca07');
select set_config('plinth.caller', '', true);
create temp view row as select l.id, l.entity_id as n from ops.audit_logs l where l.entity_type = 'tap.thing';

create function pg_temp.verdict(p_from bigint default 1, p_head text default null) returns text language sql volatile as $$
  select concat_ws(' ', case when v.ok then 'right' else 'wrong' end, v.bad_seal,
                   (select r.n from pg_temp.row r where r.id = v.bad_row), v.reason)
    from api.verify_audit(p_from, p_head) v
$$;
-- Does something as a superuser behind the triggers' back, asks for the verdict, and undoes it.
create function pg_temp.after(p_deed text, p_from bigint default 1) returns text language plpgsql as $$
declare
  v_verdict text;
begin
  begin
    set local session_replication_role = replica;
    execute p_deed;
    v_verdict := pg_temp.verdict(p_from);
    raise exception 'undo' using errcode = 'TP999';
  exception when sqlstate 'TP999' then
    return v_verdict;
  end;
end $$;

select results_eq('select v.ok, v.seals, v.rows, v.unsealed from api.verify_audit() v',
                  $$ values (true, 6::bigint, 6::bigint, 1::bigint) $$, 'all is right, and one row waits to be sealed');

select is(pg_temp.after($$ update ops.audit_logs set actor_id = base.new_id() where entity_id = '3' $$),
          'wrong 3 3 the row was changed', 'a changed row');
select is(pg_temp.after($$ update ops.audit_logs set changed = '{}' where entity_id in ('5', '2') $$),
          'wrong 2 2 the row was changed', 'the first of several');
select is(pg_temp.after($$ delete from ops.audit_logs where entity_id = '4' $$),
          'wrong 4 the row was removed', 'a removed row');
select is(pg_temp.after($$ update ops.audit_details d set difference = '{}' from pg_temp.row r
                            where r.id = d.audit_id and r.n = '4' $$),
          'wrong 4 4 its detail was changed', 'a changed detail');
select is(pg_temp.after($$ delete from ops.audit_details d using pg_temp.row r where r.id = d.audit_id and r.n = '4' $$),
          'wrong 4 4 its detail was removed', 'a removed detail');
select is(pg_temp.after($$ insert into ops.audit_logs (action, entity_type, entity_id) values ('paint', 'tap.thing', 'new') $$),
          'wrong new the row was added beside the chain', 'a row that was slipped in');
select is(pg_temp.after($$ delete from ops.audit_seals where seq = 3 $$), 'wrong 3 the seal was removed', 'a removed seal');
select is(pg_temp.after($$ delete from ops.audit_seals where seq = 1 $$), 'wrong 1 the seal was removed', 'the first one');
select is(pg_temp.after($$ update ops.audit_seals set audit_ids = '{}', digests = '{}' where seq = 3 $$),
          'wrong 3 the seal was changed', 'a changed seal');
-- Whoever knows how digests are made, and has no key.
select is(pg_temp.after($$ with forged as (update ops.audit_logs set action = 'forged' where entity_id = '3' returning *)
                           update ops.audit_seals s set digests = array[ops.audit_digest(f)] from forged f where s.seq = 3 $$),
          'wrong 3 the seal was changed', 'a row and its seal, made to fit');
select is(pg_temp.after($$ with forged as (update ops.audit_logs set action = 'forged' where entity_id = '3' returning *),
                                next as (select s.*, ops.audit_digest(f) as d from ops.audit_seals s, forged f where s.seq = 3)
                           update ops.audit_seals s
                              set digests = array[n.d],
                                  digest = ops.seal_digest((s.seq, s.sealed_at, s.key_id, s.previous, s.audit_ids,
                                                            array[n.d], s.digest)::ops.audit_seals, 'a guess')
                             from next n where s.seq = 3 $$),
          'wrong 3 the seal was changed', 'and sealed again with a guessed key');

-- Each seal is a right one, and one of them belongs to another chain.
select is(pg_temp.after($$ create temp table sixth as select s.* from ops.audit_seals s where s.seq = 6;
                           delete from ops.audit_seals where seq >= 5;
                           delete from ops.audit_unsealed;
                           insert into ops.audit_unsealed select r.id from pg_temp.row r where r.n = '5';
                           select core.seal_audit(9);
                           insert into ops.audit_seals select s.* from pg_temp.sixth s $$),
          'wrong 6 the seal was changed', 'a seal of a chain that went on otherwise');
-- Seals over several rows, and over what was not as it should be by then.
select is(pg_temp.after($$ select ops.write_audit('paint', 'tap.thing', n::text) from generate_series(8, 9) n;
                           select core.seal_audit(9);
                           update ops.audit_logs set changed = '{x}' where entity_id in ('9', '8') $$),
          'wrong 7 8 the row was changed', 'the first of several rows of one seal');
select is(pg_temp.after($$ create temp table back as select l.* from ops.audit_logs l where l.entity_id = 'waits';
                           delete from ops.audit_logs where entity_id = 'waits';
                           select core.seal_audit(9);
                           insert into ops.audit_logs select b.* from pg_temp.back b $$),
          'wrong 7 waits the row was changed', 'a row that came back after its absence was sealed');
select is(pg_temp.after($$ insert into ops.audit_logs (action, entity_type, entity_id) values ('paint', 'tap.thing', 'bare');
                           insert into ops.audit_details (audit_id) select r.id from pg_temp.row r where r.n = 'bare';
                           insert into ops.audit_unsealed select r.id from pg_temp.row r where r.n = 'bare';
                           select core.seal_audit(9) $$),
          'wrong 7 bare its detail was changed', 'a detail of a row that was written without');
-- What is beside the chain is looked for when all of it is.
select is(pg_temp.after($$ insert into ops.audit_logs (action, entity_type, entity_id)
                           select 'paint', 'tap.thing', 'new ' || n from generate_series(1, 50) n $$),
          'wrong new 1 the row was added beside the chain', 'the first of fifty rows');
select is(pg_temp.after(d, 4), 'right', 'not seen from a later seal on')
  from unnest(array[$$ insert into ops.audit_logs (action, entity_type) values ('paint', 'tap.thing') $$,
                    $$ insert into ops.audit_erasures (audit_id, reason, key_id, digest)
                       values (base.new_id(), 'of this test', 'eeeeeeee', sha256('')) $$]) d;

-- The end cut off is a right chain; only a head that was noted tells.
create temp table noted as select v.head from api.verify_audit() v;
select is(pg_temp.verdict(1, (select head from noted)), 'right', 'a noted head is part of the chain');
savepoint cut;
set local session_replication_role = replica;
delete from ops.audit_seals where seq = 6;
delete from ops.audit_logs where entity_id in ('6', 'waits');
delete from ops.audit_unsealed;
select is(pg_temp.verdict(), 'right', 'a chain without its end');
select is(pg_temp.verdict(1, (select head from noted)), 'wrong the chain does not lead to that head: its end was removed',
          'does not lead to the noted head');
rollback to cut;

-- An erasure is no damage, also of a row that was not sealed yet.
create temp table detail as select d.* from ops.audit_details d;
select core.erase_audit('019e0000-0000-7000-8000-00000000ca02', '{}', 'of this test', 1000),
       core.erase_audit('019e0000-0000-7000-8000-00000000ca07', '{}', 'of this test', 1000);
select is(pg_temp.verdict(), 'right', 'an erased detail');
select is(pg_temp.after('select core.seal_audit(9)'), 'right', 'one that was erased before its row was sealed');

-- Any column of all that is sealed, of a row, its detail, the record of an erasure, and a seal.
create function pg_temp.unseen() returns setof text language plpgsql as $$
declare
  v_column record;
begin
  for v_column in
    select c.oid::regclass as of, a.attname as name,
           case t.n when 'ops.audit_erasures' then 2 else 3 end as place,
           case t.n when 'ops.audit_seals' then 'seq = 3'
                    else format('%I = (select r.id from pg_temp.row r where r.n = %L)', t.key,
                                case t.n when 'ops.audit_erasures' then 2 else 3 end) end as which,
           case a.atttypid::regtype::text
             when 'uuid' then 'base.new_id()'
             when 'timestamp with time zone' then format('%I + interval ''1 microsecond''', a.attname)
             when 'text' then format('%I || ''x''', a.attname)
             when 'text[]' then format('%I || ''{x}''::text[]', a.attname)
             when 'bytea' then $x$ sha256('x') $x$
             when 'bigint' then format('%I + 100', a.attname)
             when 'inet' then $x$ inet '192.0.2.9' $x$
             when 'jsonb' then $x$ '{"x": 1}'::jsonb $x$
             when 'uuid[]' then 'array[base.new_id()]'
             when 'bytea[]' then $x$ array[sha256('x')] $x$ end as value
      from (values ('ops.audit_logs', 'id'), ('ops.audit_details', 'audit_id'), ('ops.audit_erasures', 'audit_id'),
                   ('ops.audit_seals', 'seq')) as t (n, key)
      join pg_class c on c.oid = t.n::regclass
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where (t.n, a.attname) <> ('ops.audit_seals', 'key_id')
  loop
    if pg_temp.after(format('update %s set %I = %s where %s', v_column.of, v_column.name,
                            coalesce(v_column.value, 'a value of its type'), v_column.which)) !~ ('^wrong ' || v_column.place)
    then
      return next concat_ws('.', v_column.of, v_column.name);
    end if;
  end loop;
end $$;
select is_empty('select pg_temp.unseen()', 'no column can be changed unseen');
select is(pg_temp.after($$ update ops.audit_seals set key_id = 'eeeeeeee' where seq = 3 $$),
          'wrong 3 the key that it was sealed with is not at hand', 'nor a seal''s key');
select is(pg_temp.after('update ops.audit_logs set api_key_id = null'), 'wrong 1 1 the row was changed',
          'above all not which key acted');
select is(pg_temp.after('update ops.audit_details set address = null, user_agent = host(address)'),
          'wrong 1 1 its detail was changed', 'nor does one value go for another');

-- Erasures that core.erase_audit did not make.
create function pg_temp.forge(p_key_id text, p_digest bytea) returns text language sql as $$
  select pg_temp.after(format($x$
    insert into ops.audit_erasures (audit_id, reason, key_id, digest)
    select r.id, 'of this test', %L, %L from pg_temp.row r where r.n = '4';
    delete from ops.audit_details d using pg_temp.row r where r.id = d.audit_id and r.n = '4' $x$, p_key_id, p_digest))
$$;
select is(pg_temp.forge(left(current_setting('plinth.secret_keys'), 8), sha256('a guess')),
          'wrong 4 4 the record of its erasure is forged', 'a record of somebody who has no key');
select is(pg_temp.forge('eeeeeeee', sha256('a guess')), 'wrong 4 4 the key that its erasure was recorded with is not at hand',
          'of a key that nobody has');
select is(pg_temp.after($$ insert into ops.audit_erasures
                           select r.id, e.user_id, e.erased_at, e.acting_role, e.reason, e.key_id, e.digest
                             from ops.audit_erasures e, pg_temp.row r where e.user_id::text like '%ca02' and r.n = '4' $$),
          'wrong 4 4 the record of its erasure is forged', 'the record of another row''s');
select is(pg_temp.after($$ delete from ops.audit_erasures $$), 'wrong 2 2 its detail was removed', 'a removed record');
select is(pg_temp.after($$ insert into ops.audit_details select d.* from pg_temp.detail d, pg_temp.row r
                            where r.id = d.audit_id and r.n = '2' $$),
          'wrong 2 2 its detail is there, and so is the record of its erasure', 'an erased detail that came back');
select is(pg_temp.after($$ insert into ops.audit_erasures (audit_id, reason, key_id, digest)
                           values (base.new_id(), 'of this test', 'eeeeeeee', sha256('')) $$),
          'wrong an erasure is on record of a row that is not there', 'a record of nothing');

select is(pg_temp.verdict(4), 'right', 'from a later seal on');
select is(pg_temp.verdict(7), 'right', 'from the one to come');
select throws_ok(format('select api.verify_audit(%s)', n), 'VL001', 'from_seal must be the number of a seal, or of the next one',
                 format('not from seal %s', n)) from unnest(array['0', '8', 'null']) n;
select throws_ok($$ select api.verify_audit(1, 'zz') $$, 'VL001', null, 'a head that is none');

set local plinth.secret_keys = '00000000:0000000000000000000000000000000000000000000000000000000000000000';
select is(pg_temp.verdict(), 'wrong 1 the key that it was sealed with is not at hand', 'without the key nothing is proved');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000ca01', true);
set session authorization plinth_web;
select throws_ok('select api.verify_audit()', 'NP001', 'This needs the permission audit:read', 'a caller without the permission');
reset session authorization;
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok('select api.verify_audit()', 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
