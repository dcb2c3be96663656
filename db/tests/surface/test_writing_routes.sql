-- surface: what writes asks for a permission, or whoever may only look would change things. Without one are, by a
-- reviewed list, the guarding of one's own account, which everybody may, and telling what was used.
begin;
select plan(1);

select is(array(
  select distinct r.function_name from http.routes r
    join pg_proc p on p.oid = r.function_name::regproc
   where r.auth <> 'none' and r.permission is null and p.provolatile = 'v'
   order by 1),
  array[
    'api.begin_totp',
    'api.change_email',
    'api.change_password',
    'api.confirm_totp',
    'api.end_all_sessions',
    'api.end_other_sessions',
    'api.end_session',
    'api.increment_rate_limit',
    'api.issue_access_jwt',
    'api.leave_team',
    'api.record_usage',
    'api.record_usages',
    'api.regenerate_recovery_codes',
    'api.remove_provider_key',
    'api.remove_totp',
    'api.request_email_verification',
    'api.revoke_api_key',
    'api.step_up_session'
  ], 'routes that write and ask for no permission');

select * from finish();
rollback;
