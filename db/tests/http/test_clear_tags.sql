-- http.clear_tags: removes the record of tags that were bumped, of the named transactions and no others.
begin;
select plan(16);

select is(pg_get_function_arguments('http.clear_tags'::regproc), 'p_xids text[], p_tags text[] DEFAULT NULL::text[]',
          'arguments');
select is(pg_get_function_result('http.clear_tags'::regproc), 'void', 'result');
select volatility_is('http', 'clear_tags', array['text[]', 'text[]'], 'volatile');
select is_definer('http', 'clear_tags', array['text[]', 'text[]']);
select function_owner_is('http', 'clear_tags', array['text[]', 'text[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.clear_tags'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.clear_tags'::regproc;

insert into base.touched_tags (xid, tag) values ('3', 'tap:1'), ('3', 'tap:2'), ('4', 'tap:1'), ('5', 'tap:3');
create temp view record as select t.xid::text, t.tag from base.touched_tags t where t.tag like 'tap:_' order by 1, 2;
grant select on record to public;

set session authorization plinth_web;
select lives_ok($$ select http.clear_tags('{3}') $$, 'the layer clears');
reset session authorization;
select results_eq('select * from record', $$ values ('4', 'tap:1'), ('5', 'tap:3') $$,
                  'a later touch of the same tag stays on record');
select http.clear_tags('{}');
select http.clear_tags(null);
select http.clear_tags('{99}');
select is((select count(*) from record), 2::bigint, 'nothing named, nothing cleared');
select http.clear_tags('{4,5}');
select is_empty('select * from record', 'several at once');

insert into base.touched_tags (xid, tag) values ('6', 'tap:1'), ('6', 'tap:2'), ('7', 'tap:1'), ('7', 'tap:3');
select http.clear_tags('{6,7,6}', '{tap:1,tap:3,tap:9}');
select results_eq('select * from record', $$ values ('6', 'tap:2'), ('7', 'tap:1') $$,
                  'only those of their tags that were bumped');
select http.clear_tags('{6,7}', '{}');
select is((select count(*) from record), 2::bigint, 'none was bumped');

select throws_ok($$ select http.clear_tags('{somewhen}') $$, '22P02', null, 'no transaction');

set session authorization plinth_operator;
select throws_ok($$ select http.clear_tags('{3}') $$, '42501', null, 'operators do not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select http.clear_tags('{3}') $$, '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
