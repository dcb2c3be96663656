-- api.set_provider_key: keeps the caller's key of another service, encrypted, or puts a new one in its place.
--
-- Rules   One key per service and name. It is shown to nobody again: lists have its last four characters and a
--         fingerprint, which is equal for equal keys of one user and useless to anybody else.
--         Only api.use_provider_key reads it. A session is needed to write it: an API key that leaked could otherwise
--         put a key in place that tells its thief what the user asks.
-- Errors  UN001 nobody is signed in; VL001 provider, name or secret break a rule; VL003 provider or secret is missing;
--         KC008 there are as many keys as there may be; NF001 the account is not active;
--         SV503 the connection brought no keys
-- Locks   the account's row, so that two at once neither pass the limit nor make the same key twice
create or replace function api.set_provider_key(
  p_user_id  uuid,
  p_provider text,
  p_secret   text,
  p_name     text default 'default'
)
returns setof core.provider_key_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id      uuid;
  v_purpose text;
begin
  p_user_id := core.act_for(p_user_id);
  p_name := coalesce(p_name, 'default');

  if p_provider is null or p_secret is null then
    perform base.raise('VL003', 'A service and its key are needed', case when p_provider is null then 'provider' else 'secret' end);
  end if;
  if p_provider !~ '^[a-z0-9][a-z0-9_.-]{0,49}$' then
    perform base.raise('VL001', 'provider must have 1 to 50 characters: a-z, 0-9, and after the first also _ . -', 'provider');
  end if;
  if length(p_name) not between 1 and 100 or p_name ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'name must have 1 to 100 characters and no control characters', 'name');
  end if;
  -- Of a shorter one, four characters would tell too much.
  if length(p_secret) not between 16 and 4096 or p_secret !~ '^[!-~]+$' then
    perform base.raise('VL001', 'secret must have 16 to 4,096 characters of ASCII without spaces', 'secret');
  end if;

  perform from auth.users u where u.id = p_user_id and u.status = 'active' for no key update;
  if not found then
    perform base.raise('NF001', 'There is no such active account', 'user_id');
  end if;
  select k.id into v_id from auth.provider_keys k
   where k.user_id = p_user_id and k.provider = p_provider and k.name = p_name;
  if not found then
    if (select count(*) from auth.provider_keys k where k.user_id = p_user_id) >= base.setting('provider_key.limit')::integer then
      perform base.raise('KC008', format('There are %s keys already; remove one', base.setting('provider_key.limit')));
    end if;
    v_id := base.new_id();
  end if;

  v_purpose := concat('provider_key:', p_user_id, ':', v_id);
  insert into auth.provider_keys as k (user_id, id, provider, name, secret_encrypted, last_four, fingerprint)
  values (p_user_id, v_id, p_provider, p_name, core.encrypt_secret(p_secret, v_purpose), right(p_secret, 4),
          core.fingerprint(p_secret, concat('provider_key:', p_user_id)))
  on conflict on constraint provider_keys_pkey do update
     set secret_encrypted = excluded.secret_encrypted, last_four = excluded.last_four,
         fingerprint = excluded.fingerprint, updated_at = clock_timestamp(), version = k.version + 1;

  return query select d.* from core.provider_key_details d where d.id = v_id;
end
$$;

comment on function api.set_provider_key(uuid, text, text, text) is
  'Keeps the caller''s key of another service, encrypted; nothing shows it again';
grant execute on function api.set_provider_key(uuid, text, text, text) to plinth_web, plinth_operator;
select http.expose('PUT /v1/provider-keys', 'api.set_provider_key', auth => 'session', permission => 'self:write');
