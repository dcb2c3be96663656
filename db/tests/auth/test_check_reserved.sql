-- core.check_reserved: names that sound like the service itself are nobody's, but for an operator.
begin;
select plan(24);

select is(pg_get_function_arguments('core.check_reserved'::regproc),
  'p_username text', 'arguments');
select is(pg_get_function_result('core.check_reserved'::regproc),
  'void', 'result');
select volatility_is('core', 'check_reserved', array['text'], 'stable');
select isnt_definer('core', 'check_reserved', array['text']);
select function_owner_is('core', 'check_reserved', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_reserved'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_reserved'::regproc;

set session authorization plinth_web;
select throws_ok($$ select core.check_reserved('admin') $$, '42501', null, 'private');
reset session authorization;

-- As within a request: the function runs as its caller's owner, the login is the layer's.
create function pg_temp.reserved(p_name text) returns text language plpgsql security definer as $$
begin
  perform core.check_reserved(p_name);
  return 'free';
exception when sqlstate 'VL001' then
  return sqlerrm;
end
$$;
grant execute on function pg_temp.reserved(text) to plinth_web;
set session authorization plinth_web;
select is(pg_temp.reserved(n), 'username is reserved; choose another', format('%s is reserved', n))
  from unnest(array['admin', 'Admin', 'ad-min', 'root', 'S.upport', 'api', 'mailer-daemon', 'plinth',
                    'erased-019e0000000070008000000000000001']) with ordinality as u (n, i) order by i;
select is(pg_temp.reserved(n), 'free', format('%s is free', n))
  from unnest(array['anna', 'administrative', 'badmin', 'apis', 'erased-anna']) with ordinality as u (n, i) order by i;
select is(pg_temp.reserved(null), 'free', 'no name is no reserved one');
reset session authorization;
select is(pg_temp.reserved('admin'), 'free', 'an operator may');

select * from finish();
rollback;
