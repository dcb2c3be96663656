-- api.list_secret_keys: which keys something in this database still needs, and whether they are at hand.
--
-- Rules   Operators and administrators. A key is known by its id; nothing here tells the key.
--         passwords count until their owners sign in; seals of the audit trail (a record of an erasure has one of its
--         own) for as long as they are to be checked.
-- Permission settings:read
-- Errors  UN001 nobody is signed in; NP001 permission settings:read missing
-- Owned by plinth_system: it counts the rows of every user.
create or replace function api.list_secret_keys()
returns table (
  key_id        text,
  in_force      boolean,
  at_hand       boolean,
  first_used_at timestamptz,
  secrets       bigint,
  passwords     bigint,
  seals         bigint
)
language plpgsql
stable
security definer
rows 5
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys text := coalesce(current_setting('plinth.secret_keys', true), '');
begin
  perform core.require_permission('settings:read');
  return query
    with used as (
      select encode(substr(k.secret_encrypted, 2, 4), 'hex') as id, 1 as secret, 0 as word, 0 as seal from auth.provider_keys k
      union all
      select encode(substr(t.secret_encrypted, 2, 4), 'hex'), 1, 0, 0 from auth.totp t
      union all
      select encode(substr(k.key_encrypted, 2, 4), 'hex'), 1, 0, 0 from auth.signing_keys k
      union all
      select encode(substr(i.answer_encrypted, 2, 4), 'hex'), 1, 0, 0 from ops.idempotency_keys i
      union all
      select encode(substr(o.token_encrypted, 2, 4), 'hex'), 1, 0, 0 from ops.outbox o where o.token_encrypted is not null
      union all
      select substr(u.password_hash, 2, 8), 0, 1, 0 from auth.users u where u.password_hash ~ '^p[0-9a-f]{8}\$'
      union all
      select s.key_id, 0, 0, 1 from ops.audit_seals s
      union all
      select e.key_id, 0, 0, 1 from ops.audit_erasures e
      union all
      select k.key_id, 0, 0, 0 from ops.secret_keys k
    )
    select u.id, starts_with(v_keys, u.id || ':'), strpos(v_keys, u.id || ':') > 0, min(k.first_used_at),
           sum(u.secret), sum(u.word), sum(u.seal)
      from used u
      left join ops.secret_keys k on k.key_id = u.id
     group by u.id
     order by 2 desc, 4 desc nulls last, 1;
end
$$;

comment on function api.list_secret_keys() is 'Which keys something in this database still needs; for operators';
grant execute on function api.list_secret_keys() to plinth_operator;
alter function api.list_secret_keys() owner to plinth_system;
select http.no_route('api.list_secret_keys', 'operators only: plinth secret status, or psql');
