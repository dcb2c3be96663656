-- core.provider_key_details: a key of another service as its owner sees it: enough to know it again, never to use it.
-- security_invoker, so that the policies of whoever asks decide which rows there are.
create or replace view core.provider_key_details with (security_invoker = true) as
select k.id,
       k.provider,
       k.name,
       k.last_four,
       k.fingerprint,
       k.created_at,
       k.updated_at,
       k.last_used_at,
       k.version
  from auth.provider_keys k
 where k.user_id = (select base.current_user_id());

comment on view core.provider_key_details is 'A key of another service as its owner sees it';
comment on column core.provider_key_details.id is 'Names the key';
comment on column core.provider_key_details.provider is 'The service it is for';
comment on column core.provider_key_details.name is 'Tells several keys of one service apart';
comment on column core.provider_key_details.last_four is 'Its last four characters';
comment on column core.provider_key_details.fingerprint is 'Equal for equal keys of one user';
comment on column core.provider_key_details.created_at is 'When it was first given';
comment on column core.provider_key_details.updated_at is 'When it was last replaced';
comment on column core.provider_key_details.last_used_at is 'When it was last read';
comment on column core.provider_key_details.version is 'Grows with every change';
grant select on core.provider_key_details to plinth_system;
