-- core.count_tokens: tokens that were used count, whether or not they fit.
begin;
select plan(11);

select is(pg_get_function_arguments('core.count_tokens'::regproc),
  'p_user_id uuid, p_tokens bigint, p_key_id uuid DEFAULT NULL::uuid', 'arguments');
select is(pg_get_function_result('core.count_tokens'::regproc), 'void', 'result');
select volatility_is('core', 'count_tokens', array['uuid', 'bigint', 'uuid'], 'volatile');
select isnt_definer('core', 'count_tokens', array['uuid', 'bigint', 'uuid']);
select function_owner_is('core', 'count_tokens', array['uuid', 'bigint', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.count_tokens'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.count_tokens'::regproc;

\set anna 019e0000-0000-7000-8000-000000011a31
\set ben 019e0000-0000-7000-8000-000000011a32
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_ctok_anna', 'tap_ctok_anna@example.org', 'free'), (:'ben', 'tap_ctok_ben', 'tap_ctok_ben@example.org', 'pro');

create function pg_temp.tokens() returns text[] language sql as $$
  select array_agg(concat_ws(' ', left(t.subject, 4), (t.tokens_day).total) order by t.subject)
    from ops.rate_limit_tracking t where t.user_id = '019e0000-0000-7000-8000-000000011a31'
$$;
select set_config('plinth.limits', '0,0,0,10', true);
select core.count_tokens(:'ben', 3);
select core.count_tokens(:'anna', 8);
select core.count_tokens(:'anna', 8, '019e0000-0000-7000-8000-0000000000aa');
select is(pg_temp.tokens(), '{"key: 8","user 16"}', 'for the user, and for the key that is named');
select is((select (t.tokens_day).total from ops.rate_limit_tracking t where t.subject = 'user:' || :'ben'), 3::bigint,
          'and for nobody else');
select core.count_tokens(:'anna', 0), core.count_tokens(:'anna', -5), core.count_tokens(:'anna', null);
select is(pg_temp.tokens(), '{"key: 8","user 16"}', 'nothing is not counted');
select is((select c.allowed from api.check_rate_limit(:'anna', 0, 1) c), false, 'and they count against the limit');

select * from finish();
rollback;
