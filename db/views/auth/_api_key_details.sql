-- core.api_key_details: an API key as its owner sees it, without what it could be presented or found by.
-- security_invoker, so that the policies of whoever asks decide which rows there are.
create or replace view core.api_key_details with (security_invoker = true) as
select k.id,
       k.name,
       k.prefix,
       k.scopes,
       k.limits,
       k.created_at,
       k.last_used_at,
       k.expires_at,
       k.previous_expires_at,
       k.revoked_at,
       k.version
  from auth.api_keys k;

comment on view core.api_key_details is 'An API key as its owner sees it';
comment on column core.api_key_details.id is 'Names the key';
comment on column core.api_key_details.name is 'What its owner calls it';
comment on column core.api_key_details.prefix is 'How the key begins';
comment on column core.api_key_details.scopes is 'Permissions it is bounded by';
comment on column core.api_key_details.limits is 'How much it may be used';
comment on column core.api_key_details.created_at is 'When it was made';
comment on column core.api_key_details.last_used_at is 'When it was last used, roughly';
comment on column core.api_key_details.expires_at is 'When it stops working; NULL: when it is revoked';
comment on column core.api_key_details.previous_expires_at is 'Until when the key it had before works, too';
comment on column core.api_key_details.revoked_at is 'When it was revoked';
comment on column core.api_key_details.version is 'Grows with every change';
grant select on core.api_key_details to plinth_system;
