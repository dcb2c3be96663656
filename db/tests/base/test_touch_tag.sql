-- base.touch_tag: records, in the transaction that writes, that what is cached under a tag is no longer true.
-- (That the commit tells the layers when there is no request takes two sessions: tests/.)
begin;
select plan(16);

select is(pg_get_function_arguments('base.touch_tag'::regproc), 'p_tag text', 'arguments');
select is(pg_get_function_result('base.touch_tag'::regproc), 'void', 'result');
select volatility_is('base', 'touch_tag', array['text'], 'volatile');
select is_definer('base', 'touch_tag', array['text']);
select function_owner_is('base', 'touch_tag', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'base.touch_tag'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'base.touch_tag'::regproc;

create temp view touched as select t.tag, t.touched_at from base.touched_tags t where t.xid = pg_current_xact_id();

select base.touch_tag('thing:1');
select results_eq($$ select t.tag from touched t $$, $$ values ('thing:1') $$, 'recorded under this transaction');
select lives_ok($$ select base.touch_tag('thing:1') $$, 'the same tag once more is no error');
select cmp_ok((select t.touched_at from touched t), '>=', now(), 'with its time, for the sweeper');
select base.touch_tag('all:thing');
select results_eq($$ select t.tag from touched t order by 1 $$, $$ values ('all:thing'), ('thing:1') $$,
                  'each tag once');

insert into base.touched_tags (xid, tag) values ('3', 'thing:2');
select base.touch_tag('thing:2');
select is((select count(*) from base.touched_tags t where t.tag = 'thing:2'), 2::bigint,
          'that another transaction touched it before is another record');

select throws_ok($$ select base.touch_tag(null) $$, '23502', null, 'no tag');

set role plinth_system;
select lives_ok($$ select base.touch_tag('thing:3') $$, 'functions that cross users may touch');
reset role;
set session authorization plinth_web;
select throws_ok($$ select base.touch_tag('thing:4') $$, '42501', null, 'the layer''s login may not');
select throws_ok($$ insert into base.touched_tags (tag) values ('thing:4') $$, '42501', null,
                 'nor write the record itself');
reset session authorization;

select * from finish();
rollback;
