-- api.v_errors: every error a caller can see, for whoever writes against the API.
begin;
select plan(12);

select view_owner_is('api', 'v_errors', 'plinth_owner', 'owner');
select columns_are('api', 'v_errors', array['code', 'http_status', 'title', 'description', 'retry_after']);
select results_eq('select * from v_errors',
                  'select code, http_status, title, description, retry_after from base.errors order by 2, 1',
                  'all of them, by status and code; api is on the search path');
select results_eq($$ select v.http_status, v.retry_after from api.v_errors v where v.code = 'SV503' $$,
                  $$ values (503, 1) $$, 'what is away says when to come back');
select is_empty(
  $$ select v.code from api.v_errors v
      where v.retry_after is not null and v.http_status not in (429, 503) and v.code <> 'KC009' $$,
  'nothing else does, but a call that is still under way');

insert into base.errors values ('TP001', 418, 'Of this test', 'Never raised.', null);
select isnt_empty($$ select from api.v_errors v where v.code = 'TP001' $$, 'a new one shows');
select throws_ok($$ insert into base.errors values ('tp', 418, 'a', 'b') $$, '23514', null, 'codes are upper case');
select throws_ok($$ insert into base.errors values ('TP002', 200, 'a', 'b') $$, '23514', null,
                 'an error has an error''s status');

set session authorization plinth_reader;
select lives_ok($$ select * from api.v_errors $$, 'a reader sees it');
select throws_ok($$ select * from base.errors $$, '42501', null, 'and not the table');
reset session authorization;
set session authorization plinth_operator;
select lives_ok($$ select * from api.v_errors $$, 'an operator sees it');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select * from api.v_errors $$, '42501', null, 'the layer''s login reads no view');
reset session authorization;

select * from finish();
rollback;
